#ifndef GATEWAY_TEMPLATE_H
#define GATEWAY_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/code.h"
#include "base/json.h"
#include "gateway/spec.h"

/*
 * The shape of an answer as a profile writes it (docs/profiles.md, "Templates")
 * compiled into a flat list of steps: literal JSON, and the fields or variables
 * that go between. Every reference is checked when it is compiled, so that
 * writing an answer cannot fail but for lack of memory.
 */
struct template_objects;
struct template_op;

struct template
{
	const struct template_op *ops; /* NULL: an empty body */
	size_t count;
	/* Where it came from, for who describes what it writes. */
	const struct json *json;
	const ProtobufCMessageDescriptor *message; /* NULL: variables */
	const struct template_objects *objects;
};

/*
 * What the templates of errors may refer to, and, with an '@', those of
 * successes beside the fields of the reply.
 */
enum template_variable {
	TEMPLATE_METHOD,        /* {method}: as the client sent it */
	TEMPLATE_MEDIA_TYPE,    /* {media_type}: its Content-Type */
	TEMPLATE_WHAT,          /* {what}: what is wrong with the body */
	TEMPLATE_GOT,           /* {got}: list, str, int, float, bool */
	TEMPLATE_LINE,          /* {line}: number */
	TEMPLATE_COLUMN,        /* {column}: number */
	TEMPLATE_RETRY_AFTER,   /* {retry_after_s}: number */
	TEMPLATE_RETRY_WORDS,   /* {retry_after}: "1 second", "30 seconds" */
	TEMPLATE_FIELDS,        /* {fields}: the object of bad fields */
	TEMPLATE_NEXT_PAGE,     /* {@next}: a JSON string or null; in answers */
	TEMPLATE_PREVIOUS_PAGE, /* {@previous}: likewise */
	TEMPLATE_VARIABLE_COUNT,
};

/* Named templates of a profile, then those of the one it extends. */
struct template_objects {
	const struct spec *members; /* NULL if it has none */
	const struct template_objects *base;
};

/* What a template may refer to. */
struct template_scope {
	const ProtobufCMessageDescriptor *message; /* NULL: variables */
	const struct template_objects *objects;
};

/* template_compile makes a JSON template; it lives in the file's arena. */
NODISCARD enum code template_compile(const struct spec *at,
                                     const struct template_scope *scope,
                                     struct template *out);

/* template_compile_text makes one of plain text, for a header's value. */
NODISCARD enum code template_compile_text(const struct spec *at,
                                          const struct template_scope *scope,
                                          struct template *out);

/* template_uses tells whether a variable occurs in it. */
bool template_uses(const struct template *t, enum template_variable variable);

/* template_equals tells whether both write the same. */
bool template_equals(const struct template *a, const struct template *b);

/* What a template is filled from; unset variables read as empty. */
struct template_source {
	const ProtobufCMessage *message;
	const char *variables[TEMPLATE_VARIABLE_COUNT];
	const char *public_base; /* before paths; NULL: none */
};

/* template_write appends the filled template. */
void template_write(const struct template *t,
                    const struct template_source *source, struct json_out *out);

#endif
