#ifndef GATEWAY_CORS_H
#define GATEWAY_CORS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/code.h"

/*
 * Cross-origin resource sharing (the Fetch standard, "CORS protocol"): which
 * web pages of other origins may read our answers.
 */
struct cors;
struct answer;

/* All text is copied. Without origins and without allow_all none may. */
struct cors_options {
	const char *const *origins; /* "https://app.example", exact */
	size_t origin_count;
	bool allow_all;         /* any origin: answers "*" */
	bool allow_credentials; /* cookies and the like may be sent along */
};

/*
 * cors_open refuses, with INVALID_ARGUMENT and one sentence in err that says
 * what to write instead: allow_all with credentials, "*" in the list, and what
 * is no origin.
 */
NODISCARD enum code cors_open(const struct cors_options *options,
                              struct cors **out, char *err, size_t err_size);

/* cors_close accepts NULL. */
void cors_close(struct cors *cors);

/*
 * cors_preflight adds the headers of a preflight's answer; cors_expose those
 * of every other answer. origin is the request's, NULL if it has none;
 * credentials: here cookies may be sent along whatever the options say. The
 * header values live as long as cors.
 */
void cors_preflight(const struct cors *cors, const char *origin,
                    bool credentials, struct answer *answer);
void cors_expose(const struct cors *cors, const char *origin, bool credentials,
                 struct answer *answer);

/* cors_lists: is this very origin on the list? Never by allow_all. */
bool cors_lists(const struct cors *cors, const char *origin);

#endif
