#ifndef GATEWAY_ROUTE_H
#define GATEWAY_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "base/code.h"
#include "gateway/error_table.h"
#include "gateway/field.h"
#include "gateway/media_type.h"
#include "gateway/route_answer.h"
#include "gateway/spec.h"

/*
 * One method of one path: which RPC it stands for, how the request becomes its
 * message and its reply the answer. A row of a profile's "routes", compiled
 * and immutable.
 */
#define ROUTE_SEGMENT_MAX 12
#define ROUTE_PARAMETER_MAX 4
#define ROUTE_RULE_MAX 4

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

/* Two rows whose texts must be equal where both are present. */
struct route_rule {
	size_t a, b; /* rows */
	const char *message;
	const char *report_as;
};

/* What happens to the refresh cookie (route_cookie.h). */
struct route_cookie {
	bool is_used;
	bool clears;                              /* a success ends it */
	const ProtobufCFieldDescriptor *set_from; /* of the reply; NULL */
	const ProtobufCFieldDescriptor *expires;  /* of the reply; NULL */
	const struct field *row; /* that takes it; NULL: none does */
};

/* Who may make the call, if it needs a user at all. The server decides; this
 * is for requests that never get there, and for readers. */
enum route_rank { ROUTE_FOR_USERS, ROUTE_FOR_STAFF, ROUTE_FOR_SUPERUSERS };

struct route {
	const char *profile; /* its name */
	const char *path;    /* as the profile writes it */
	const char *summary; /* for people; NULL: none */
	const char *text;    /* the row as JSON, to compare rows */
	enum method method;
	struct route_segment segments[ROUTE_SEGMENT_MAX];
	size_t segment_count;
	const char *rpc_name; /* NULL: answered without a call */
	const ProtobufCMethodDescriptor *rpc;
	uint32_t timeout_ms; /* 0: the gateway's */
	uint32_t body_max;   /* bytes; 0: the gateway's */
	bool needs_bearer;
	enum route_rank rank;
	bool needs_body;  /* some field comes from the body */
	bool needs_query; /* or from the query */
	bool all_errors;  /* ask the server too when fields are bad */
	/* With all_errors, what makes that call change nothing; NULL: none. */
	const ProtobufCFieldDescriptor *validate_only;
	const char *raw_types[MEDIA_TYPE_LIST_MAX + 1]; /* NULL ends them */
	struct field *fields;
	size_t field_count;
	struct route_rule rules[ROUTE_RULE_MAX];
	size_t rule_count;
	struct route_answer answer;
	struct route_cookie cookie;
	struct error_table errors;
	bool may[CONDITION_MAX]; /* the conditions it can meet */

	const struct route *browser; /* the same for a browser; NULL */
	const struct route *confirm; /* before a GET that changes; NULL */
};

/* What a route takes from the profiles. */
struct route_scope {
	const char *profile;
	bool refresh_cookie; /* the profile says so */
	const struct template_objects *objects;
	const struct page_set *pages;
	const struct error_table *errors; /* of the profile */
	/* find_errors returns those of a profile; NULL: there is none. */
	const struct error_table *(*find_errors)(void *ctx, const char *name);
	void *ctx;
};

/* route_compile reads a row of "routes" into *out. */
NODISCARD enum code route_compile(const struct spec *at,
                                  const struct route_scope *scope,
                                  struct route *out);

/* route_equals tells whether both answer every request alike. */
bool route_equals(const struct route *a, const struct route *b);

#endif
