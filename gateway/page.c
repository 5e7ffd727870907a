#include "gateway/page.h"

#include <stdio.h>
#include <string.h>

#include "gateway/page_op.h"
#include "gateway/pages/builtin.h"

#define LAYOUT "layout.html"
#define STYLE "style.css"
#define STYLE_HASH "style.css.sha256"

/* One page being compiled: the layout, and within it the page's own file. */
struct compiler {
	struct arena *arena;
	struct page_op ops[PAGE_OP_MAX];
	size_t count;
	size_t open[PAGE_DEPTH_MAX]; /* sections begun */
	size_t depth;
	const struct embedded_file *content;
	const struct embedded_file *file; /* at work now */
	char *err;
	size_t err_size;
};

static const struct embedded_file *
find_file(const char *name)
{
	for (size_t i = 0; i < builtin_pages_count; i++)
		if (strcmp(builtin_pages[i].name, name) == 0)
			return &builtin_pages[i];
	return NULL;
}

static enum code
fail(struct compiler *c, const char *what)
{
	(void)snprintf(c->err, c->err_size, "gateway/pages/%s: %s",
	               c->file->name, what);
	return CODE_INTERNAL;
}

static enum code
add(struct compiler *c, enum page_op_kind kind, const char *text, size_t len)
{
	if (c->count == PAGE_OP_MAX)
		return fail(c, "has too many parts");
	c->ops[c->count++] =
		(struct page_op){ .kind = kind, .text = text, .len = len };
	return CODE_OK;
}

/* A page's title is its heading, with which it begins. */
static enum code
add_title(struct compiler *c)
{
	static const char open[] = "<h1>";
	const char *text = (const char *)c->content->data;
	const char *end = strstr(text, "</h1>");

	if (strncmp(text, open, sizeof(open) - 1) != 0 || end == NULL)
		return fail(c, "a page begins with <h1>");
	text += sizeof(open) - 1;
	return add(c, PAGE_RAW, text, (size_t)(end - text));
}

static enum code
begin_section(struct compiler *c, enum page_op_kind kind, const char *name)
{
	if (c->depth == PAGE_DEPTH_MAX)
		return fail(c, "has sections too deep within each other");
	if (strncmp(name, "errors.", 7) == 0)
		name += 7;
	else if (strcmp(name, "errors") == 0)
		name = NULL;
	else
		return fail(c, "has a section that is not of errors");
	c->open[c->depth++] = c->count;
	return add(c, kind, name, 0);
}

static enum code
end_section(struct compiler *c)
{
	struct page_op *begin;
	enum code code;

	if (c->depth == 0)
		return fail(c, "ends a section that it did not begin");
	begin = &c->ops[c->open[--c->depth]];
	code = CODE_OK;
	if (begin->kind == PAGE_EACH) {
		code = add(c, PAGE_ANOTHER, NULL, 0);
		c->ops[c->count - 1].jump = (size_t)(begin - c->ops);
	}
	begin->jump = c->count;
	return code;
}

static bool
is_in_each(const struct compiler *c)
{
	for (size_t i = 0; i < c->depth; i++)
		if (c->ops[c->open[i]].kind == PAGE_EACH)
			return true;
	return false;
}

static enum code compile_file(struct compiler *c,
                              const struct embedded_file *file);

/* The page's own file, once: it holds no {{content}} itself. */
static enum code
// NOLINTNEXTLINE(misc-no-recursion): one level, see above
add_content(struct compiler *c)
{
	const struct embedded_file *layout = c->file;
	enum code code;

	if (layout == c->content)
		return fail(c, "is no layout");
	code = compile_file(c, c->content);
	if (code == CODE_OK)
		c->file = layout;
	return code;
}

static enum code
// NOLINTNEXTLINE(misc-no-recursion): one level, see add_content
compile_tag(struct compiler *c, const char *name)
{
	const struct embedded_file *style = find_file(STYLE);

	if (*name == '#' && !is_in_each(c))
		return begin_section(c, PAGE_EACH, name + 1);
	if (*name == '?')
		return begin_section(c, PAGE_IF, name + 1);
	if (strcmp(name, "/") == 0)
		return end_section(c);
	if (strncmp(name, "input.", 6) == 0)
		return add(c, PAGE_INPUT, name + 6, 0);
	if (strcmp(name, "operator") == 0)
		return add(c, PAGE_OPERATOR, NULL, 0);
	if (strcmp(name, "retry_after") == 0)
		return add(c, PAGE_RETRY_AFTER, NULL, 0);
	if (strcmp(name, "message") == 0 && is_in_each(c))
		return add(c, PAGE_MESSAGE, NULL, 0);
	if (strcmp(name, "title") == 0)
		return add_title(c);
	if (strcmp(name, "content") == 0)
		return add_content(c);
	if (strcmp(name, "style") == 0 && style != NULL)
		return add(c, PAGE_RAW, (const char *)style->data, style->len);
	return fail(c, "has a tag between braces that is not known");
}

static enum code
// NOLINTNEXTLINE(misc-no-recursion): one level, see add_content
compile_file(struct compiler *c, const struct embedded_file *file)
{
	const char *at = (const char *)file->data;
	enum code code = CODE_OK;

	c->file = file;
	while (code == CODE_OK && *at != '\0') {
		const char *open = strstr(at, "{{");
		size_t len = open == NULL ? strlen(at) : (size_t)(open - at);
		const char *close = open == NULL ? NULL : strstr(open, "}}");
		char *name;

		code = len == 0 ? CODE_OK : add(c, PAGE_RAW, at, len);
		if (open == NULL || code != CODE_OK)
			return code;
		if (close == NULL)
			return fail(c, "has braces that are not closed");
		name = arena_memdup(c->arena, open + 2,
		                    (size_t)(close - open) - 2);
		if (name == NULL)
			return CODE_RESOURCE_EXHAUSTED;
		at = close + 2;
		code = compile_tag(c, name);
	}
	return code;
}

static enum code
compile_page(struct compiler *c, struct page *out)
{
	const struct embedded_file *layout = find_file(LAYOUT);
	enum code code;

	c->file = c->content;
	if (layout == NULL)
		return fail(c, "there is no " LAYOUT);
	code = compile_file(c, layout);
	if (code == CODE_OK && c->depth > 0)
		return fail(c, "has a section that does not end");
	if (code != CODE_OK)
		return code;
	out->count = c->count;
	out->ops = arena_memdup(c->arena, c->ops, c->count * sizeof(c->ops[0]));
	out->name = arena_memdup(c->arena, c->content->name,
	                         strcspn(c->content->name, "."));
	return out->ops == NULL || out->name == NULL ? CODE_RESOURCE_EXHAUSTED
	                                             : CODE_OK;
}

static bool
is_page(const struct embedded_file *file)
{
	const char *dot = strchr(file->name, '.');

	return dot != NULL && strcmp(dot, ".html") == 0 &&
	       strcmp(file->name, LAYOUT) != 0;
}

/* Styles are allowed by their hash, and nothing else is. */
static enum code
make_policy(struct arena *arena, struct page_set *set)
{
	const struct embedded_file *hash = find_file(STYLE_HASH);

	set->policy = arena_printf(
		arena,
		"default-src 'none'; style-src '%.*s'; form-action 'self'; "
		"frame-ancestors 'none'; base-uri 'none'",
		hash == NULL ? 0 : (int)strcspn((const char *)hash->data, "\n"),
		hash == NULL ? "" : (const char *)hash->data);
	return set->policy == NULL ? CODE_RESOURCE_EXHAUSTED : CODE_OK;
}

enum code
page_set_load(struct arena *arena, struct page_set *out, char *err,
              size_t err_size)
{
	enum code code = make_policy(arena, out);

	out->count = 0;
	for (size_t i = 0; i < builtin_pages_count && code == CODE_OK; i++) {
		struct compiler c = { .arena = arena,
			              .content = &builtin_pages[i],
			              .file = &builtin_pages[i],
			              .err = err,
			              .err_size = err_size };

		if (!is_page(&builtin_pages[i]))
			continue;
		code = out->count == PAGE_MAX
		               ? fail(&c, "is one page too many")
		               : compile_page(&c, &out->pages[out->count]);
		out->count++;
	}
	if (code == CODE_RESOURCE_EXHAUSTED)
		(void)snprintf(err, err_size,
		               "gateway/pages: not enough memory");
	return code;
}

const struct page *
page_find(const struct page_set *set, const char *name)
{
	for (size_t i = 0; i < set->count; i++)
		if (strcmp(set->pages[i].name, name) == 0)
			return &set->pages[i];
	return NULL;
}
