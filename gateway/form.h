#ifndef GATEWAY_FORM_H
#define GATEWAY_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/code.h"
#include "base/json.h"

/*
 * Forms, read into what a JSON object of strings would be, so that everything
 * behind them knows one kind of body. Of fields with one name the last wins;
 * all their values are its children, for who wants a list.
 */
#define FORM_FIELD_MAX 256

/*
 * form_read reads application/x-www-form-urlencoded (the URL standard, "5.
 * application/x-www-form-urlencoded"), a body or a query. INVALID_ARGUMENT and
 * *what for bad escapes, for what is not UTF-8 and for too many fields;
 * RESOURCE_EXHAUSTED if the arena is full.
 */
NODISCARD enum code form_read(struct arena *arena, struct bytes text,
                              struct json **out, const char **what);

/*
 * form_read_multipart reads multipart/form-data (RFC 7578). A part that is a
 * file becomes what no JSON can be: a list without items whose text is the
 * file, lent from the body and without a NUL after it. Errors as form_read.
 */
NODISCARD enum code form_read_multipart(struct arena *arena, struct bytes body,
                                        const char *boundary, struct json **out,
                                        const char **what);

/* A form being read; shared by the two readers. */
struct form {
	struct arena *arena;
	struct json *object;
	struct json **tail;
	size_t count;
	const char *what;
};

NODISCARD enum code form_init(struct form *form, struct arena *arena);

/* form_add adds a field; name and value are in the arena, followed by NUL if
 * it is no file. */
NODISCARD enum code form_add(struct form *form, struct bytes name,
                             struct bytes value, bool is_file);

#endif
