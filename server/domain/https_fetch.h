#ifndef SERVER_DOMAIN_HTTPS_FETCH_H
#define SERVER_DOMAIN_HTTPS_FETCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/code.h"

/*
 * GETs a small document over HTTPS: TLS 1.2 or newer, the server's name and
 * certificate checked, no redirects, no proxy, bounded in size and time. Waits
 * in the calling thread. Beside mail_smtp.c the one file that includes
 * libcurl's header.
 */
#define HTTPS_FETCH_URL_MAX 1024 /* bytes */

struct https_fetch {
	const char *url;    /* "https://..." */
	const char *ca;     /* PEM file; "" is the system's */
	int64_t timeout_ms; /* for all of it */
	char *out;          /* the caller's; holds the body, not a string */
	size_t out_size;    /* a longer body is a failure */
};

struct https_answer {
	size_t len;
	int64_t max_age_s; /* of Cache-Control; -1: not stated, 0: not at all */
};

/* Once per process that fetches, before threads start; https_end undoes it. */
NODISCARD enum code https_begin(void);
void https_end(void);

/*
 * https_fetch_run is OK for a whole answer with status 200. UNAVAILABLE and a
 * sentence in err for anything else.
 */
NODISCARD enum code https_fetch_run(const struct https_fetch *fetch,
                                    struct https_answer *answer, char *err,
                                    size_t err_size);

/* https_max_age_read reads the value of a Cache-Control header, not a string.
 */
int64_t https_max_age_read(const char *value, size_t len);

#endif
