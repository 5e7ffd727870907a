#include "gateway/paging.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "gateway/message.h"

#define PAIR_MAX 64 /* of a query; more are left out of links */

struct link {
	struct arena *arena;
	struct bytes pairs[PAIR_MAX];
	size_t count;
};

/* "page" and "page=7", but not "page_size=7". */
static bool
is_parameter(struct bytes pair, const char *name)
{
	size_t len = strlen(name);
	const char *text = pair.data;

	return pair.len >= len && memcmp(text, name, len) == 0 &&
	       (pair.len == len || text[len] == '=');
}

static int
compare(const void *a, const void *b)
{
	const struct bytes *x = a, *y = b;
	size_t len = x->len < y->len ? x->len : y->len;
	int order = memcmp(x->data, y->data, len);

	if (order != 0)
		return order;
	return (x->len > y->len) - (x->len < y->len);
}

/* The query's other parameters, and the page's. */
static void
take_pairs(struct link *link, const char *query, const char *parameter,
           const char *page)
{
	link->count = 0;
	while (*query != '\0' && link->count < PAIR_MAX - 1) {
		struct bytes pair = { query, strcspn(query, "&") };

		query += pair.len + (query[pair.len] == '&');
		if (pair.len > 0 && !is_parameter(pair, parameter))
			link->pairs[link->count++] = pair;
	}
	if (page != NULL)
		link->pairs[link->count++] =
			(struct bytes){ page, strlen(page) };
	qsort(link->pairs, link->count, sizeof(link->pairs[0]), compare);
}

/* What a URL cannot hold as it is, and what HTML or JSON might trip over. */
static void
add_escaped(struct json_out *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		char code[4];

		if (c > 0x20 && c < 0x7f && strchr("\"<>\\^`{|}", c) == NULL) {
			json_out_raw(out, &text[i], 1);
			continue;
		}
		(void)snprintf(code, sizeof(code), "%%%02X", c);
		json_out_raw(out, code, 3);
	}
}

static const char *
write_link(struct link *link, const char *base, const char *path)
{
	struct json_out out;

	json_out_init(&out, link->arena);
	json_out_raw(&out, "\"", 1);
	json_out_text(&out, base, strlen(base));
	add_escaped(&out, path, strlen(path));
	for (size_t i = 0; i < link->count; i++) {
		json_out_raw(&out, i == 0 ? "?" : "&", 1);
		add_escaped(&out, link->pairs[i].data, link->pairs[i].len);
	}
	json_out_raw(&out, "\"", 1);
	return json_out_end(&out) == CODE_OK ? out.data : NULL;
}

static uint64_t
number(const ProtobufCMessage *reply, const ProtobufCFieldDescriptor *field)
{
	return message_get(reply, field, 0).natural;
}

bool
paging_write(const struct route_paging *paging, const struct inquiry *inquiry,
             const char *public_base, const ProtobufCMessage *reply,
             struct paging_links *out)
{
	uint64_t page = number(reply, paging->page);
	uint64_t size = number(reply, paging->size);
	uint64_t total = number(reply, paging->total);
	const char *base = public_base == NULL ? "" : public_base;
	struct link link = { .arena = inquiry->arena };
	char pair[96];

	*out = (struct paging_links){ 0 };
	if (size > 0 && page > 0 && page < total / size + (total % size > 0)) {
		(void)snprintf(pair, sizeof(pair), "%.60s=%" PRIu64,
		               paging->parameter, page + 1);
		take_pairs(&link, inquiry->query, paging->parameter, pair);
		out->next = write_link(&link, base, inquiry->path);
	}
	/* The first page has no number, so that it has one address only. */
	if (page > 1) {
		(void)snprintf(pair, sizeof(pair), "%.60s=%" PRIu64,
		               paging->parameter, page - 1);
		take_pairs(&link, inquiry->query, paging->parameter,
		           page == 2 ? NULL : pair);
		out->previous = write_link(&link, base, inquiry->path);
	}
	return !inquiry->arena->full;
}
