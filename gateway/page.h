#ifndef GATEWAY_PAGE_H
#define GATEWAY_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/code.h"
#include "base/json.h"
#include "gateway/violation.h"

/*
 * The HTML pages for people who open a link from a mail, or the gateway's own
 * address: compiled in from gateway/pages/, each put into layout.html. They
 * need no JavaScript, and whatever is filled into them is escaped. What may
 * stand between {{ and }}, docs/profiles.md says; all of it is checked when
 * they are loaded.
 */
#define PAGE_MAX 16

struct page_op;

struct page {
	const char *name; /* "verify" */
	const struct page_op *ops;
	size_t count;
};

struct page_set {
	struct page pages[PAGE_MAX];
	size_t count;
	const char *policy; /* for the header Content-Security-Policy */
};

/*
 * page_set_load compiles all pages; they live in the arena. INTERNAL if one is
 * wrong, RESOURCE_EXHAUSTED; err gets one sentence that names the file.
 */
NODISCARD enum code page_set_load(struct arena *arena, struct page_set *out,
                                  char *err, size_t err_size);

/* page_find finds a page by its name; NULL: there is none. */
const struct page *page_find(const struct page_set *set, const char *name);

/* page_input returns the n-th input that the page shows; NULL: no more. */
const char *page_input(const struct page *page, size_t n);

/* What a page is filled from. */
struct page_source {
	const char *operator_name; /* whose service this is */
	const char *retry_after;   /* "30 seconds" */
	/* input returns what the client sent; NULL: nothing. */
	const char *(*input)(const void *ctx, const char *name);
	const void *ctx;
	const struct violations *violations; /* NULL: none */
};

/* page_write appends the filled page. */
void page_write(const struct page *page, const struct page_source *source,
                struct json_out *out);

#endif
