#ifndef GATEWAY_TEMPLATE_OP_H
#define GATEWAY_TEMPLATE_OP_H

#include <stdbool.h>
#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

#include "base/code.h"
#include "gateway/spec.h"
#include "gateway/template.h"

/* A step of a compiled template: shared by its compiler and its writer. */

#define TEMPLATE_PATH_MAX 4  /* fields in one reference, "a.b.c.d" */
#define TEMPLATE_LEVEL_MAX 8 /* objects and lists entered at once */
#define TEMPLATE_OP_MAX 256  /* steps */

enum template_op_kind {
	TEMPLATE_RAW,    /* bytes as they are */
	TEMPLATE_NEXT,   /* a comma unless the list or object is empty */
	TEMPLATE_VALUE,  /* a field or variable as a JSON value */
	TEMPLATE_TEXT,   /* likewise, within a string */
	TEMPLATE_PLAIN,  /* likewise, without JSON's escapes */
	TEMPLATE_UNLESS, /* jump if the field is absent */
	TEMPLATE_ENTER,  /* into a message; if absent null, and jump */
	TEMPLATE_LEAVE,
	TEMPLATE_EACH,    /* into the first of a list; jump if empty */
	TEMPLATE_ANOTHER, /* into the next, and jump; or leave */
	TEMPLATE_SPREAD,  /* a list of pairs as members of the object */
};

enum template_filter {
	TEMPLATE_AS_IS,
	TEMPLATE_AS_TIME, /* microseconds since the epoch -> ISO 8601 */
	TEMPLATE_AS_URL,  /* a path -> an absolute URL */
	TEMPLATE_AS_TEXT, /* a number -> a string */
};

/* What a step refers to: a path of fields, or a variable. */
struct template_ref {
	const ProtobufCFieldDescriptor *path[TEMPLATE_PATH_MAX];
	size_t depth; /* 0: the message itself, or the variable */
	enum template_variable variable;
	enum template_filter filter;
	bool omit; /* leave the member out when absent */
};

struct template_op {
	enum template_op_kind kind;
	const char *raw;
	size_t raw_len;
	struct template_ref ref;
	size_t jump; /* index of a step */
};

/*
 * template_ref_read reads "a.b|filter}" at *text, behind the brace, and moves
 * *text behind the closing one. message is NULL where variables are meant.
 */
NODISCARD enum code template_ref_read(const struct spec *at,
                                      const ProtobufCMessageDescriptor *message,
                                      const char **text,
                                      struct template_ref *out);

/* template_ref_path follows "a.b.c" into a message's fields. */
NODISCARD enum code template_ref_path(const struct spec *at,
                                      const ProtobufCMessageDescriptor *message,
                                      const char *path,
                                      struct template_ref *ref);

/* template_object_find finds a named object, in the nearest profile first. */
bool template_object_find(const struct template_objects *objects,
                          const char *name, struct spec *out);

/*
 * template_ref_check tells whether the value can be shown: alone, as a JSON
 * value, or within a string.
 */
NODISCARD enum code template_ref_check(const struct spec *at,
                                       const struct template_ref *ref,
                                       bool within);

/* template_ref_target returns the field meant; NULL for a variable. */
const ProtobufCFieldDescriptor *
template_ref_target(const struct template_ref *ref);

#endif
