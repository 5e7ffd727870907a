#include "server/store/lmdb_walk.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/store/checksum.h"

#define DEPTH_MAX 32 /* LMDB's own bound */
#define NODE_HEADER 8
#define FIRST_PAGE 2 /* after the two metas */

enum page_flag { PAGE_BRANCH = 0x01, PAGE_LEAF = 0x02, PAGE_OVERFLOW = 0x04 };
enum node_flag { NODE_BIG = 0x01, NODE_TREE = 0x02 };

/*
 * What a tree's leaves hold. Foreign is a table that we do not know: a newer
 * server's, or one whose name is damaged. Which, lmdb_engine.c finds out.
 */
enum content {
	CONTENT_FREE_PAGES,
	CONTENT_TREES,
	CONTENT_RECORDS,
	CONTENT_FOREIGN,
};

#define FOREIGN_MAX 64
#define TREES_MAX (STORE_TABLE_COUNT + FOREIGN_MAX)

struct node {
	struct bytes key;
	uint16_t flags;
	uint64_t child;     /* of a branch page */
	struct bytes value; /* of a leaf page */
};

struct named_tree {
	struct lmdb_tree tree;
	enum store_table table; /* STORE_TABLE_COUNT is a foreign one */
};

/*
 * `wrong` is the first thing found wrong, with `page` where it was; nothing is
 * looked at after that.
 */
struct walk {
	int fd;
	uint32_t page_size;
	uint64_t pages;
	uint8_t *seen;  /* one bit a page */
	uint8_t *stack; /* DEPTH_MAX pages: from the root to here */
	uint8_t *value; /* of a value that has pages of its own */
	struct named_tree named[TREES_MAX];
	unsigned named_count;
	/* The tree at hand. */
	enum content content;
	enum store_table table;
	uint64_t entries;
	/* Every key from here on is above this one, or equal if inclusive. */
	uint8_t bound[STORE_KEY_MAX];
	size_t bound_len;
	bool inclusive;
	uint64_t page;
	const char *wrong;
};

static uint16_t
u16_at(const uint8_t *bytes)
{
	uint16_t v;

	memcpy(&v, bytes, sizeof(v));
	return v;
}

static uint64_t
u64_at(const uint8_t *bytes)
{
	uint64_t v;

	memcpy(&v, bytes, sizeof(v));
	return v;
}

static void
complain(struct walk *walk, const char *wrong)
{
	if (walk->wrong == NULL)
		walk->wrong = wrong;
}

/* Notes that a page has its one use. */
static void
use_page(struct walk *walk, uint64_t page)
{
	if (page < FIRST_PAGE || page >= walk->pages) {
		complain(walk, "it is outside of the file");
		return;
	}
	if ((walk->seen[page / 8] & (1U << (page % 8))) != 0)
		complain(walk, "it is used twice");
	walk->seen[page / 8] |= (uint8_t)(1U << (page % 8));
}

/* Reads the beginning of a page that must be what `flags` says. */
static void
read_page(struct walk *walk, uint64_t page, unsigned flags, uint8_t *out)
{
	ssize_t len;

	walk->page = page;
	use_page(walk, page);
	if (walk->wrong != NULL)
		return;
	len = pread(walk->fd, out, walk->page_size,
	            (off_t)(page * walk->page_size));
	if (len < 0)
		complain(walk, strerror(errno));
	else if ((size_t)len < walk->page_size)
		complain(walk, "the file ends before it");
	else if (u64_at(out) != page || u16_at(out + 10) != flags)
		complain(walk, "it is not what its parent says");
}

/* A value too long for a leaf: a run of pages, one header in front. */
static struct bytes
read_big(struct walk *walk, uint64_t page, size_t len)
{
	uint64_t count = (LMDB_PAGE_HEADER + len + walk->page_size - 1) /
	                 walk->page_size;
	uint8_t *value;

	if (page >= walk->pages || count > walk->pages - page) {
		complain(walk, "its long value is outside of the file");
		return (struct bytes){ 0 };
	}
	value = realloc(walk->value, count * walk->page_size);
	if (value == NULL) {
		complain(walk, "too little memory to look at it");
		return (struct bytes){ 0 };
	}
	walk->value = value;
	read_page(walk, page, PAGE_OVERFLOW, value);
	if (walk->wrong == NULL &&
	    (u16_at(value + 12) | (uint32_t)u16_at(value + 14) << 16) != count)
		complain(walk, "its long value has another length");
	for (uint64_t i = 1; i < count; i++)
		use_page(walk, page + i);
	if (walk->wrong == NULL &&
	    pread(walk->fd, value, count * walk->page_size,
	          (off_t)(page * walk->page_size)) !=
	            (ssize_t)(count * walk->page_size))
		complain(walk, "the file ends before it");
	return (struct bytes){ value + LMDB_PAGE_HEADER, len };
}

static void
read_leaf_value(struct walk *walk, const uint8_t *at, size_t room,
                struct node *node)
{
	size_t len = u16_at(at) | (size_t)u16_at(at + 2) << 16;
	const uint8_t *data = at + NODE_HEADER + node->key.len;
	bool big = (node->flags & NODE_BIG) != 0;

	if ((big ? sizeof(uint64_t) : len) > room)
		complain(walk, "a record leaves the page");
	else if (big)
		node->value = read_big(walk, u64_at(data), len);
	else
		node->value = (struct bytes){ data, len };
}

static struct node
read_node(struct walk *walk, const uint8_t *page, unsigned index)
{
	size_t upper = u16_at(page + 14);
	size_t at = u16_at(page + LMDB_PAGE_HEADER + (size_t)index * 2);
	struct node node = { 0 };
	size_t room;

	if (at < upper || at % 2 != 0 || at + NODE_HEADER > walk->page_size) {
		complain(walk, "a record leaves the page");
		return node;
	}
	room = walk->page_size - at - NODE_HEADER;
	node.flags = u16_at(page + at + 4);
	node.key.len = u16_at(page + at + 6);
	node.key.data = page + at + NODE_HEADER;
	if (node.key.len > room || node.key.len > STORE_KEY_MAX) {
		complain(walk, "a key leaves the page");
		return node;
	}
	if (u16_at(page + 10) == PAGE_LEAF)
		read_leaf_value(walk, page + at, room - node.key.len, &node);
	else
		node.child = u16_at(page + at) |
		             (uint64_t)u16_at(page + at + 2) << 16 |
		             (uint64_t)node.flags << 32;
	return node;
}

/* As LMDB compares: numbers in its own table, bytes in all others. */
static int
compare_keys(const struct walk *walk, struct bytes a, struct bytes b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	uint64_t x, y;
	int order;

	if (walk->content == CONTENT_FREE_PAGES && len == sizeof(uint64_t)) {
		x = u64_at(a.data);
		y = u64_at(b.data);
		return (x > y) - (x < y);
	}
	order = memcmp(a.data, b.data, len);
	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/*
 * Keys rise from leaf to leaf, and a branch's key lies between the subtree
 * before it and its own, which may begin with it.
 */
static void
raise_bound(struct walk *walk, struct bytes key, bool inclusive)
{
	struct bytes bound = { walk->bound, walk->bound_len };
	int order;

	if (walk->wrong != NULL)
		return;
	if (key.len == 0) {
		complain(walk, "a key is empty");
		return;
	}
	order = bound.len == 0 ? 1 : compare_keys(walk, key, bound);
	if (order < 0 || (order == 0 && (inclusive || !walk->inclusive)))
		complain(walk, "its keys are out of order");
	memcpy(walk->bound, key.data, key.len);
	walk->bound_len = key.len;
	walk->inclusive = inclusive;
}

static void
check_free_pages(struct walk *walk, struct bytes value)
{
	const uint8_t *list = value.data;
	uint64_t count;

	if (value.len < sizeof(count)) {
		complain(walk, "a list of free pages is too short");
		return;
	}
	count = u64_at(list);
	if (count > value.len / sizeof(count) - 1) {
		complain(walk, "a list of free pages is too short");
		return;
	}
	for (uint64_t i = 1; i <= count; i++)
		use_page(walk, u64_at(list + i * sizeof(count)));
}

static enum store_table
table_of(struct bytes name)
{
	for (unsigned i = 0; i < STORE_TABLE_COUNT; i++)
		if (strlen(lmdb_table_name(i)) == name.len &&
		    memcmp(lmdb_table_name(i), name.data, name.len) == 0)
			return i;
	return STORE_TABLE_COUNT;
}

static void
note_tree(struct walk *walk, const struct node *node)
{
	if (node->flags != NODE_TREE || node->value.len != LMDB_TREE_SIZE) {
		complain(walk, "a table's root is not one");
		return;
	}
	if (walk->named_count == TREES_MAX) {
		complain(walk, "it names too many tables");
		return;
	}
	walk->named[walk->named_count++] = (struct named_tree){
		.tree = lmdb_tree_read(node->value.data),
		.table = table_of(node->key),
	};
}

static void
check_leaf(struct walk *walk, const struct node *node)
{
	struct bytes value;

	raise_bound(walk, node->key, false);
	walk->entries++;
	if (walk->wrong != NULL)
		return;
	if (walk->content == CONTENT_FREE_PAGES)
		check_free_pages(walk, node->value);
	else if (walk->content == CONTENT_TREES)
		note_tree(walk, node);
	else if (walk->content == CONTENT_RECORDS &&
	         ((node->flags & ~(unsigned)NODE_BIG) != 0 ||
	          !checksum_open(walk->table, node->key, node->value, &value)))
		complain(walk, "the checksum of a record is wrong");
}

/* Where the walk stands on one page of its path. */
struct level {
	unsigned next;
	unsigned count;
};

static void
enter_page(struct walk *walk, uint64_t page, unsigned depth, bool leaf,
           struct level *level)
{
	uint8_t *buf = walk->stack + (size_t)depth * walk->page_size;
	size_t lower, upper;

	read_page(walk, page, leaf ? PAGE_LEAF : PAGE_BRANCH, buf);
	if (walk->wrong != NULL)
		return;
	lower = u16_at(buf + 12);
	upper = u16_at(buf + 14);
	if (lower <= LMDB_PAGE_HEADER || lower > upper ||
	    upper > walk->page_size || lower % 2 != 0) {
		complain(walk, "its bounds are impossible");
		return;
	}
	*level = (struct level){ .count = (unsigned)(lower - LMDB_PAGE_HEADER) /
		                          2 };
}

static void
walk_pages(struct walk *walk, const struct lmdb_tree *tree)
{
	struct level levels[DEPTH_MAX] = { 0 };
	unsigned depth = 0;

	enter_page(walk, tree->root, 0, tree->depth == 1, &levels[0]);
	while (walk->wrong == NULL) {
		const uint8_t *page =
			walk->stack + (size_t)depth * walk->page_size;
		unsigned index = levels[depth].next++;
		bool leaf = depth + 1U == tree->depth;
		struct node node;

		if (index == levels[depth].count && depth == 0)
			break;
		if (index == levels[depth].count) {
			depth--;
			continue;
		}
		walk->page = u64_at(page);
		node = read_node(walk, page, index);
		if (leaf) {
			check_leaf(walk, &node);
			continue;
		}
		if (index > 0)
			raise_bound(walk, node.key, true);
		depth++;
		enter_page(walk, node.child, depth, depth + 1U == tree->depth,
		           &levels[depth]);
	}
}

static void
walk_tree(struct walk *walk, const struct lmdb_tree *tree, enum content content)
{
	unsigned flags = content == CONTENT_FREE_PAGES ? MDB_INTEGERKEY : 0;

	if (walk->wrong != NULL)
		return;
	walk->content = content;
	walk->entries = 0;
	walk->bound_len = 0;
	walk->inclusive = false;
	walk->page = tree->root;
	if (tree->flags != flags || tree->depth > DEPTH_MAX ||
	    (tree->depth == 0) != (tree->root == LMDB_NO_PAGE)) {
		complain(walk, "a table's root is impossible");
		return;
	}
	if (tree->root != LMDB_NO_PAGE)
		walk_pages(walk, tree);
	if (walk->entries != tree->entries)
		complain(walk, "a table has lost records");
}

/*
 * A page freed in the transaction that made it is never written: a file may
 * lack its last pages and be whole, but only if they are free. No transaction
 * has more than so many.
 */
#define MISSING_MAX (1U << 17)

static uint64_t
pages_present(struct walk *walk)
{
	uint64_t present;
	struct stat st;

	if (fstat(walk->fd, &st) != 0) {
		complain(walk, strerror(errno));
		return walk->pages;
	}
	present = (uint64_t)st.st_size / walk->page_size;
	if (present < walk->pages && walk->pages - present > MISSING_MAX)
		complain(walk, "the file ends before its last page");
	return present;
}

static void
check_missing(struct walk *walk, uint64_t present)
{
	for (uint64_t page = present; page < walk->pages && walk->wrong == NULL;
	     page++) {
		walk->page = page;
		if ((walk->seen[page / 8] & (1U << (page % 8))) == 0)
			complain(walk, "the file ends before it");
	}
}

/* The list of free pages last: by then every page in use is known. */
static void
walk_state(struct walk *walk, const struct lmdb_meta *meta, uint64_t present)
{
	walk_tree(walk, &meta->main, CONTENT_TREES);
	for (unsigned i = 0; i < walk->named_count; i++) {
		walk->table = walk->named[i].table;
		walk_tree(walk, &walk->named[i].tree,
		          walk->table == STORE_TABLE_COUNT ? CONTENT_FOREIGN
		                                           : CONTENT_RECORDS);
	}
	walk_tree(walk, &meta->free, CONTENT_FREE_PAGES);
	check_missing(walk, present);
}

enum code
lmdb_walk_check(int fd, const struct lmdb_meta *meta, char *detail, size_t size)
{
	struct walk walk = { .fd = fd,
		             .page_size = meta->page_size,
		             .pages = meta->last_page + 1 };
	uint64_t present = pages_present(&walk);
	enum code code = CODE_OK;

	if (walk.wrong == NULL) {
		walk.seen = calloc(walk.pages / 8 + 1, 1);
		walk.stack = calloc(DEPTH_MAX, walk.page_size);
		if (walk.seen == NULL || walk.stack == NULL)
			code = CODE_RESOURCE_EXHAUSTED;
		else
			walk_state(&walk, meta, present);
	}
	if (walk.wrong != NULL) {
		(void)snprintf(detail, size, "page %" PRIu64 ": %s", walk.page,
		               walk.wrong);
		code = CODE_DATA_LOSS;
	}
	free(walk.value);
	free(walk.stack);
	free(walk.seen);
	return code;
}
