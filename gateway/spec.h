#ifndef GATEWAY_SPEC_H
#define GATEWAY_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/code.h"
#include "base/json.h"

/*
 * Reads what people wrote into a profile, strictly: a member nobody knows, a
 * value of the wrong type or out of range becomes one sentence that names the
 * file and the JSON pointer (RFC 6901) of the place. The first failure stays.
 */
struct spec_file {
	const char *name; /* as the sentences call it */
	struct arena *arena;
	char *err; /* gets the sentence */
	size_t err_size;
	bool failed;
};

/* A value and where it stands. Its parents outlive it. */
struct spec {
	struct spec_file *file;
	const struct json *value;
	const struct spec *parent; /* NULL for the whole document */
	size_t index;              /* in its parent, if that is a list */
};

/* spec_fail writes the sentence and returns CODE_INVALID_ARGUMENT. */
enum code spec_fail(const struct spec *at, const char *fmt, ...)
	PRINTF_LIKE(2, 3);

/* spec_child stands for the index-th child, value, of parent. */
struct spec spec_child(const struct spec *parent, const struct json *value,
                       size_t index);

/* spec_find finds a member; *out is untouched if there is none. */
bool spec_find(const struct spec *object, const char *key, struct spec *out);

/* spec_check_members wants an object with members of the list only, which
 * ends with NULL. */
NODISCARD enum code spec_check_members(const struct spec *object,
                                       const char *const *known);

/*
 * These read a member if it is there and leave *out as it is otherwise. Texts
 * are 1 to 4096 bytes without NUL or lone surrogate and live in the file's
 * arena.
 */
NODISCARD enum code spec_text(const struct spec *object, const char *key,
                              const char **out);
NODISCARD enum code spec_bool(const struct spec *object, const char *key,
                              bool *out);
NODISCARD enum code spec_uint(const struct spec *object, const char *key,
                              uint32_t min, uint32_t max, uint32_t *out);

/* spec_value_text reads the value itself as a text. */
NODISCARD enum code spec_value_text(const struct spec *at, const char **out);

/* spec_check_type wants a value of the type. */
NODISCARD enum code spec_check_type(const struct spec *at, enum json_type type);

#endif
