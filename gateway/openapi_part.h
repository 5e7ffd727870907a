#ifndef GATEWAY_OPENAPI_PART_H
#define GATEWAY_OPENAPI_PART_H

#include "gateway/openapi_writer.h"

/* The parts of the description, each in a file of its own. */

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
