#ifndef GATEWAY_OPENAPI_WRITER_H
#define GATEWAY_OPENAPI_WRITER_H

#include <stdbool.h>

#include "base/json.h"
#include "gateway/error_table.h"
#include "gateway/profile.h"
#include "gateway/route.h"
#include "gateway/template.h"

/*
 * What the parts of the description share, private to openapi*.c: the text so
 * far, and the named schemas that it refers to, which are written last. Lack
 * of memory stays in out.failed.
 */

/* A named object of a profile, filled from one kind of message. */
struct openapi_object {
	const char *name;
	const struct json *json;
	const ProtobufCMessageDescriptor *message;
	const struct template_objects *objects;
	struct openapi_object *next;
};

/* One way to answer a condition. */
struct openapi_error {
	const char *name;
	unsigned condition;
	const struct error_rule *rule;
	struct openapi_error *next;
};

#define OPENAPI_VERSION "3.1.0"

struct openapi {
	struct json_out out;
	const struct profile_set *set;
	const char *public_base;        /* NULL: none is known */
	struct openapi_object *objects; /* in the order of their first use */
	struct openapi_error *errors;
	bool has_cookie; /* some route takes the refresh cookie */
};

/* openapi_put appends text as it is. */
void openapi_put(struct openapi *o, const char *text);

/* openapi_item appends a comma unless an object or list has just begun. */
void openapi_item(struct openapi *o);

/* openapi_key appends the name of a member, after a comma if needed. */
void openapi_key(struct openapi *o, const char *name);

/* openapi_member appends a member whose value is a string. */
void openapi_member(struct openapi *o, const char *name, const char *text);

/* openapi_number appends a member whose value is a number. */
void openapi_number(struct openapi *o, const char *name, uint64_t number);

/* openapi_type appends a member "type", with null as another if nullable. */
void openapi_type(struct openapi *o, const char *type, bool nullable);

/*
 * openapi_others appends a member "additionalProperties": the values of
 * members that nobody names, as the attributes of users are. TypeScript holds
 * the named members to it too; with_lists says that one of those is a list.
 */
void openapi_others(struct openapi *o, bool with_lists);

/*
 * openapi_any_begin begins schemas of which one must hold, each begun by
 * openapi_item, and returns the place for openapi_any_end, to which count says
 * how many there were: of one alone nothing but that is left.
 */
size_t openapi_any_begin(struct openapi *o);
void openapi_any_end(struct openapi *o, size_t begin, size_t count);

/* openapi_bytes appends a member of "content": bytes of a type or a range. */
void openapi_bytes(struct openapi *o, const char *type);

#endif
