#ifndef GATEWAY_FIELD_H
#define GATEWAY_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "base/bytes.h"
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
#define FIELD_MAX 16 /* rows of a route */
#define FIELD_SOURCE_MAX 4

enum field_origin {
	FIELD_BODY,
	FIELD_PATH,
	FIELD_QUERY,
	FIELD_HEADER,
	FIELD_RAW,    /* the whole body as it is */
	FIELD_COOKIE, /* the refresh cookie, under the row's own name */
	FIELD_REST,   /* the body's members that no other row names */
};

struct field_source {
	enum field_origin origin;
	const char *name;
};

enum field_shape {
	FIELD_CONSTANT,
	FIELD_SCALAR,  /* a string, boolean or integer */
	FIELD_LIST,    /* of strings */
	FIELD_FILE,    /* bytes */
	FIELD_MEMBERS, /* pairs (pair.h) */
};

/* What happens to a bad value when it is not reported. */
enum field_if_bad { FIELD_REPORT, FIELD_IGNORE, FIELD_ANSWER };

struct field {
	enum field_shape shape;
	const char *name; /* as the profile names the row */
	const ProtobufCFieldDescriptor *target; /* NULL: checked, not sent */
	const ProtobufCFieldDescriptor *parent; /* the message the target is
	                                           in; NULL: the request */
	struct field_source sources[FIELD_SOURCE_MAX]; /* the first present */
	size_t source_count;
	const char *join;      /* between all of them; NULL: the first only */
	const char *report_as; /* name when none is present */
	bool required;
	bool allow_null;
	bool null_as_blank;
	bool allow_blank;
	bool trim;
	uint32_t max_length; /* characters; 0: any */
	uint32_t max_bytes;  /* of UTF-8; 0: any */
	unsigned too_long;   /* condition when over max_bytes */
	uint32_t min, max;   /* of integers; max 0: any */
	uint32_t cap;        /* a larger integer counts as this; 0: none */
	enum field_if_bad if_bad;
	unsigned bad; /* condition, with FIELD_ANSWER */
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
	const char *cookie;       /* the refresh cookie; NULL: not to be
	                             used */
	struct bytes raw;         /* data NULL: the body is none of "raw" */
	const struct field_parameter *parameters;
	size_t parameter_count;
};

struct field_outcome {
	struct violations violations; /* none: the message is filled */
	bool refused;                 /* answer `condition`; without outranks
	                                 only if there is no violation */
	bool outranks;
	bool leads_nowhere; /* what outranks is a part of the path */
	unsigned condition;
	bool lacks_required; /* a required string of the request is left out */
	const char *texts[FIELD_MAX]; /* of each row that is a string */
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
 * field_name_of returns what the client called the row, for violations found
 * elsewhere.
 */
const char *field_name_of(const struct field *field,
                          const struct field_input *input);

#endif
