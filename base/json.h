#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/code.h"

/*
 * JSON (RFC 8259) read into an arena and written from it. It exists beside
 * jansson because a REST body needs what jansson does not give: the position
 * of every error, a lone surrogate or a NUL in a string kept and flagged
 * rather than refused, numbers as they were written, and memory that is wiped
 * with its request.
 */
enum json_type {
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER, /* text holds it as written */
	JSON_STRING, /* text holds it decoded */
	JSON_LIST,
	JSON_OBJECT,
};

struct json {
	enum json_type type;
	bool has_nul;       /* a string with U+0000 in it */
	uint16_t surrogate; /* the first lone surrogate in a string, or 0 */
	char *key;          /* inside an object: its name, NUL-terminated */
	size_t key_len;
	char *text; /* NUL-terminated; a lone surrogate is U+FFFD in it */
	size_t text_len;
	struct json *first; /* children, in order */
	struct json *next;
};

struct json_error {
	const char *what; /* static text; never quotes the input */
	size_t line;      /* from 1 */
	size_t column;    /* from 1, in bytes */
};

#define JSON_DEPTH_MAX 32 /* levels of lists and objects */

/*
 * json_read reads one value and nothing after it. Of repeated keys the last
 * wins and the others are gone. CODE_INVALID_ARGUMENT and *err if the text is
 * not JSON, holds NaN or Infinity, begins with a byte order mark, is not UTF-8
 * or is nested too deep; CODE_RESOURCE_EXHAUSTED if the arena is full.
 */
NODISCARD enum code json_read(struct arena *arena, const char *text, size_t len,
                              struct json **out, struct json_error *err);

/* json_member returns an object's member, or NULL if absent or no object. */
const struct json *json_member(const struct json *object, const char *key);

/* A text being written; grows inside the arena. */
struct json_out {
	struct arena *arena;
	char *data; /* not NUL-terminated until json_out_end */
	size_t len;
	size_t size;
	bool failed; /* sticky: the arena is full */
};

void json_out_init(struct json_out *out, struct arena *arena);
/* json_out_raw appends bytes as they are. */
void json_out_raw(struct json_out *out, const char *text, size_t len);
/* json_out_text appends escaped text without quotes. */
void json_out_text(struct json_out *out, const char *text, size_t len);
/* json_out_string appends a quoted, escaped string; UTF-8 is kept as it is. */
void json_out_string(struct json_out *out, const char *text, size_t len);
/* json_string_len returns how many bytes json_out_string appends for a text. */
size_t json_string_len(const char *text, size_t len);
void json_out_int(struct json_out *out, int64_t number);
void json_out_uint(struct json_out *out, uint64_t number);
/* json_out_value appends a read value, compactly. */
void json_out_value(struct json_out *out, const struct json *value);
/* json_out_end adds a NUL after the text; CODE_RESOURCE_EXHAUSTED if full. */
NODISCARD enum code json_out_end(struct json_out *out);

#endif
