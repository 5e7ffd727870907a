#ifndef GATEWAY_ROUTE_H
#define GATEWAY_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "base/code.h"
#include "gateway/error_table.h"
#include "gateway/field.h"
#include "gateway/spec.h"
#include "gateway/template.h"

/*
 * One method of one path: which RPC it stands for, how the request becomes its
 * message and its reply the answer. A row of a profile's "routes", compiled
 * and immutable.
 */
#define ROUTE_SEGMENT_MAX 12
#define ROUTE_PARAMETER_MAX 4
#define ROUTE_FIELD_MAX 16
#define ROUTE_ACCEPT_MAX 8

/* In the order in which Allow lists them. */
enum method {
	METHOD_GET,
	METHOD_POST,
	METHOD_PUT,
	METHOD_PATCH,
	METHOD_DELETE,
	METHOD_COUNT,
};

/* method_name returns "GET" and the like. */
const char *method_name(enum method method);

struct route_segment {
	const char *text; /* a literal, or the name of a parameter */
	bool is_parameter;
};

/* Which values of an enum in the reply are a success; none: all. */
struct route_gate {
	const ProtobufCFieldDescriptor *field;
	int numbers[ROUTE_ACCEPT_MAX];
	size_t count;
	unsigned otherwise; /* condition */
};

struct route {
	const char *profile; /* its name */
	const char *text;    /* the row as JSON, to compare rows */
	enum method method;
	struct route_segment segments[ROUTE_SEGMENT_MAX];
	size_t segment_count;
	const char *rpc_name; /* NULL: answered without a call */
	const ProtobufCMethodDescriptor *rpc;
	uint32_t timeout_ms; /* 0: the gateway's */
	bool needs_bearer;
	bool needs_body;  /* some field comes from the body */
	bool needs_query; /* or from the query */
	bool no_store;
	struct field *fields;
	size_t field_count;
	struct route_gate gate;
	unsigned status;
	struct template body;
	struct header_rule headers[ERROR_HEADER_MAX];
	size_t header_count;
	struct error_table errors;
};

/* What a route takes from its profile. */
struct route_scope {
	const char *profile;
	const struct template_objects *objects;
	const struct error_table *errors; /* of "errors_from" or the profile */
};

/* route_compile reads a row of "routes" into *out. */
NODISCARD enum code route_compile(const struct spec *at,
                                  const struct route_scope *scope,
                                  struct route *out);

/* route_equals tells whether both answer every request alike. */
bool route_equals(const struct route *a, const struct route *b);

#endif
