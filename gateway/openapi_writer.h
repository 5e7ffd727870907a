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

/* openapi_schema appends the schema of what a template writes. */
void openapi_schema(struct openapi *o, const struct template *t);

/*
 * openapi_success_examples appends what successes with the status look like in
 * JSON, as members of "examples".
 */
void openapi_success_examples(struct openapi *o, const struct route *route,
                              unsigned status);

/*
 * openapi_body_example appends a member "example": a body with all members but
 * files, of those with several names under the first.
 */
void openapi_body_example(struct openapi *o, const struct route *route);

/*
 * openapi_parameter_example appends a member "example" of a parameter that the
 * row reads; NULL: none does.
 */
void openapi_parameter_example(struct openapi *o, const struct route *route,
                               const struct field *field, const char *name);

/*
 * openapi_error_name returns the name of an error's schema: the condition's,
 * and with it the profile's where that answers otherwise than all others.
 */
const char *openapi_error_name(struct openapi *o, const char *profile,
                               unsigned condition,
                               const struct error_rule *rule);

/*
 * openapi_error_example appends a member that shows a rule's answer; faults is
 * what stands for {fields}, NULL where it does not occur.
 */
void openapi_error_example(struct openapi *o, const char *name,
                           const struct error_rule *rule, const char *faults);

/*
 * openapi_field_faults returns the object of bad fields that a route answers
 * to a bad request, as text; NULL when there is no memory.
 */
const char *openapi_field_faults(struct openapi *o, const struct route *route);

/* openapi_components appends the named schemas and examples. */
void openapi_components(struct openapi *o);

/*
 * openapi_member_name returns the first name of a row in a body; NULL: it is
 * no member of one.
 */
const char *openapi_member_name(const struct field *field);

/* openapi_text_max returns the limit of a text, in characters; 0: none. */
uint32_t openapi_text_max(const struct field *field);

/*
 * openapi_header_parameters appends parameters, those headers of requests that
 * the gateway itself reads.
 */
void openapi_header_parameters(struct openapi *o, const struct route *route);

/* openapi_answer_headers appends the member "headers" of a response. */
void openapi_answer_headers(struct openapi *o, const struct route *route,
                            unsigned status);

/* openapi_request appends the members "parameters" and "requestBody". */
void openapi_request(struct openapi *o, const struct router_path *path,
                     const struct route *route);

/* openapi_responses appends the member "responses". */
void openapi_responses(struct openapi *o, const struct router_path *path,
                       const struct route *route);

#endif
