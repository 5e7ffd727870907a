#ifndef GATEWAY_PROFILE_H
#define GATEWAY_PROFILE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/code.h"
#include "gateway/error_table.h"
#include "gateway/page.h"
#include "gateway/router.h"
#include "gateway/spec.h"

/*
 * Profiles: the documented JSON APIs as JSON files, those compiled in and those
 * of a directory (docs/profiles.md). Everything in them is checked against the
 * protobuf descriptors when they are loaded, and is immutable afterwards.
 */
#define PROFILE_MAX 64
#define PROFILE_BASE "drf" /* what all others fall back to */

struct profile {
	struct spec_file file;
	struct spec root;
	struct spec objects_at;
	const char *name;
	const char *summary;        /* for people; NULL: none */
	const struct profile *base; /* it extends; NULL for PROFILE_BASE */
	struct template_objects objects;
	struct error_table errors;
	bool refresh_cookie; /* its routes keep that token in a cookie */
	bool is_ready;       /* objects and errors are there */
	bool is_served;      /* its routes are answered */
};

struct profile_options {
	const char *const *names; /* of those to serve */
	size_t name_count;        /* 0: all */
	const char *dir;          /* more of them, *.json; NULL: none */
};

struct profile_set {
	struct arena arena;
	struct profile profiles[PROFILE_MAX];
	size_t count;
	struct router router;
	struct page_set pages;
	bool has_cookie;   /* a route that is served uses the refresh cookie */
	uint32_t body_max; /* the largest of any route; 0: none has its own */
	const struct error_table *errors; /* of answers without a route */
};

/*
 * profile_set_open loads all. INVALID_ARGUMENT, NOT_FOUND or PERMISSION_DENIED
 * with one sentence that names the file and where in it; RESOURCE_EXHAUSTED.
 */
NODISCARD enum code profile_set_open(const struct profile_options *options,
                                     struct profile_set **out, char *err,
                                     size_t err_size);

/*
 * profile_set_rule returns how a condition is answered before a route of the
 * path is chosen: like its others, but for pages, because who wanted none is
 * not known. path NULL: there is none.
 */
const struct error_rule *profile_set_rule(const struct profile_set *set,
                                          const struct router_path *path,
                                          unsigned condition);

/* profile_set_close accepts NULL. */
void profile_set_close(struct profile_set *set);

#endif
