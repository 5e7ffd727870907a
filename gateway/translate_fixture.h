#ifndef GATEWAY_TRANSLATE_FIXTURE_H
#define GATEWAY_TRANSLATE_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/code.h"
#include "gateway/translate.h"

/*
 * For tests of the translation: the shipped profiles, one allowed origin, and
 * requests written down as text.
 */
#define FIXTURE_ORIGIN "http://localhost:3000"
#define FIXTURE_MEMORY (1 << 20)

struct translate_fixture {
	struct profile_set *profiles;
	struct cors *cors;
	struct translator translator;
	struct arena arena;
	struct exchange *exchange;
	const char *headers; /* of the request, "Name: value\n..." */
	uint8_t memory[FIXTURE_MEMORY];
};

/* For cmocka; *state is the fixture. */
int translate_fixture_setup(void **state);
int translate_fixture_teardown(void **state);

/* A request: "POST /path?query", headers one to a line, a body. */
struct translate_case {
	const char *line;
	const char *headers; /* NULL: none */
	const char *body;    /* NULL: none */
};

/*
 * translate_fixture_send runs translate_request with an arena of arena_size
 * bytes and returns what it returned. *f->exchange then tells.
 */
bool translate_fixture_send(struct translate_fixture *f,
                            const struct translate_case *request,
                            size_t arena_size);

/*
 * translate_fixture_refused sends what must be refused without the route's own
 * call; if the server is asked about the caller, that is a superuser.
 */
void translate_fixture_refused(struct translate_fixture *f,
                               const struct translate_case *request);

/*
 * translate_fixture_call sends what must become a call of this rpc and returns
 * the request message.
 */
const void *translate_fixture_call(struct translate_fixture *f,
                                   const struct translate_case *request,
                                   const char *rpc);

/* translate_fixture_reply lets the server answer the call with success. */
void translate_fixture_reply(struct translate_fixture *f, const void *reply);

/* translate_fixture_refuse lets the server answer the call with a failure. */
void translate_fixture_refuse(struct translate_fixture *f, enum code code,
                              Latchkey__Rpc__V1__Reason reason,
                              Latchkey__Rpc__V1__Subject subject);

/* translate_fixture_header returns a header of the answer; NULL: not set. */
const char *translate_fixture_header(const struct translate_fixture *f,
                                     const char *name);

/* translate_fixture_body returns the answer's body as a string. */
const char *translate_fixture_body(const struct translate_fixture *f);

#endif
