#ifndef GATEWAY_FIELD_H
#define GATEWAY_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "base/code.h"
#include "base/json.h"
#include "gateway/inquiry.h"
#include "gateway/spec.h"
#include "gateway/violation.h"

/*
 * One field of a request message and where an HTTP request has it: a row of a
 * route's "request" (docs/profiles.md), and the filling of a message from it
 * with the manners and messages of the Django REST framework's serializers.
 */
#define FIELD_SOURCE_MAX 4

enum field_origin { FIELD_BODY, FIELD_PATH, FIELD_QUERY, FIELD_HEADER };

struct field_source {
	enum field_origin origin;
	const char *name;
};

struct field {
	const ProtobufCFieldDescriptor *target;
	struct field_source sources[FIELD_SOURCE_MAX]; /* the first present */
	size_t source_count;                           /* 0: a constant */
	const char *report_as; /* name when none is present */
	bool required;
	bool allow_null;
	bool allow_blank;
	bool trim;
	uint32_t max_length; /* characters; 0: any */
	uint32_t max_bytes;  /* of UTF-8; 0: any */
	unsigned too_long;   /* condition when over max_bytes */
	/* A constant. */
	char *text;
	int64_t number;
	int *enums; /* of a list */
	size_t enum_count;
};

/* field_compile reads a row; message is the RPC's request. */
NODISCARD enum code field_compile(const struct spec *at,
                                  const ProtobufCMessageDescriptor *message,
                                  struct field *out);

/* A {parameter} of the path, decoded. */
struct field_parameter {
	const char *name;
	const char *value;
};

/* Where the sources look. */
struct field_input {
	const struct inquiry *inquiry;
	const struct json *body;  /* an object; NULL: none of the route's
	                             fields comes from it */
	const struct json *query; /* likewise, all members strings */
	const struct field_parameter *parameters;
	size_t parameter_count;
};

struct field_outcome {
	struct violations violations; /* none: the message is filled */
	bool too_long;                /* and no violation: answer `condition` */
	unsigned condition;
};

/*
 * field_fill fills the message from all fields of a route and collects every
 * bad one. RESOURCE_EXHAUSTED when the request's arena is full.
 */
NODISCARD enum code field_fill(const struct field *fields, size_t count,
                               const struct field_input *input,
                               ProtobufCMessage *message,
                               struct field_outcome *outcome);

/*
 * field_name_of returns what the client called the field of the request
 * message, for violations found by the server; NULL if it cannot know it.
 */
const char *field_name_of(const struct field *fields, size_t count,
                          const struct field_input *input, const char *target);

#endif
