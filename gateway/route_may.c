/*
 * Which conditions a route can meet. Most follow from what the row says; which
 * reasons the server has for a refusal, only the row can tell. Whoever tests
 * or documents the API reads the result, so that no list of errors is written
 * twice.
 */
#include <string.h>

#include "gateway/message.h"
#include "gateway/route_request.h"

#define REASON(name) LATCHKEY__RPC__V1__REASON__REASON_##name

/* What is wrong with an access token: true of every route that wants one. */
static const Latchkey__Rpc__V1__Reason caller_reasons[] = {
	REASON(TOKEN_INVALID),    REASON(TOKEN_EXPIRED),
	REASON(TOKEN_WRONG_TYPE), REASON(TOKEN_NO_TYPE),
	REASON(TOKEN_NO_ID),      REASON(TOKEN_NO_EXPIRY),
	REASON(TOKEN_REVOKED),    REASON(USER_GONE),
	REASON(USER_INACTIVE),    REASON(TOKEN_NO_USER_ID),
};

static void
mark_caller(struct route *route)
{
	route->may[CONDITION_CREDENTIALS_MISSING] = true;
	route->may[CONDITION_CREDENTIALS_MALFORMED] = true;
	for (size_t i = 0;
	     i < sizeof(caller_reasons) / sizeof(caller_reasons[0]); i++) {
		const Latchkey__Rpc__V1__Status status = {
			.reason = caller_reasons[i],
			.subject = LATCHKEY__RPC__V1__SUBJECT__SUBJECT_CALLER,
		};

		route->may[condition_of_reason(&status)] = true;
	}
}

static void
mark_body(struct route *route)
{
	route->may[CONDITION_BODY_TOO_LARGE] = true;
	route->may[CONDITION_MEDIA_TYPE] = true;
	route->may[CONDITION_JSON_MALFORMED] = true;
	route->may[CONDITION_FORM_MALFORMED] = true;
	route->may[CONDITION_BODY_NOT_OBJECT] = true;
	route->may[CONDITION_BODY_NULL] = true;
}

static void
mark_field(const struct field *field, struct route *route)
{
	if (field->shape == FIELD_CONSTANT)
		return;
	if (field->if_bad == FIELD_ANSWER)
		route->may[field->bad] = true;
	else if (field->if_bad == FIELD_REPORT)
		route->may[CONDITION_FIELDS_INVALID] = true;
	if (field->max_bytes > 0)
		route->may[field->too_long] = true;
}

static enum code
read_may(const struct spec *row, struct route *route)
{
	struct spec list;
	size_t index = 0;
	enum code code;

	if (!spec_find(row, "may", &list))
		return CODE_OK;
	if (route->rpc == NULL)
		return spec_fail(&list, "without an rpc nothing can fail");
	code = spec_check_type(&list, JSON_LIST);
	for (const struct json *v = list.value->first; v && code == CODE_OK;
	     v = v->next) {
		struct spec at = spec_child(&list, v, index++);
		const char *name = "";
		unsigned condition;

		code = spec_value_text(&at, &name);
		if (code != CODE_OK)
			return code;
		if (!condition_find(name, &condition))
			return spec_fail(&at, "there is no condition \"%s\"",
			                 name);
		if (route->may[condition])
			return spec_fail(&at, "follows from the rest of the "
			                      "row");
		if (strncmp(name, "caller.", 7) == 0 && !route->needs_bearer)
			return spec_fail(&at, "without \"bearer\" there is no "
			                      "caller");
		route->may[condition] = true;
	}
	return code;
}

/* Every rule that a row names must be there when it is needed. */
static enum code
check_rules(const struct spec *row, const struct route *route)
{
	char name[CONDITION_NAME_SIZE];

	for (unsigned i = CONDITION_OWN_COUNT; i < CONDITION_MAX; i++)
		if (route->may[i] && route->errors.rules[i] == NULL)
			return spec_fail(row,
			                 "no \"errors\" say what \"%s\" looks "
			                 "like",
			                 condition_write(i, name));
	return CODE_OK;
}

enum code
route_may_compile(const struct spec *row, struct route *route)
{
	const struct route_answer *answer = &route->answer;
	enum code code;

	route->may[CONDITION_NOT_ACCEPTABLE] =
		answer->page == NULL && answer->raw == NULL &&
		answer->document == DOCUMENT_NONE;
	route->may[CONDITION_NOT_FOUND] =
		answer->document == DOCUMENT_DOCS_FILE;
	if (route->needs_bearer)
		mark_caller(route);
	route->may[CONDITION_PERMISSION_DENIED] =
		route->rank != ROUTE_FOR_USERS;
	if (route->needs_body)
		mark_body(route);
	route->may[CONDITION_FORM_MALFORMED] |= route->needs_query;
	for (size_t i = 0; i < route->field_count; i++)
		mark_field(&route->fields[i], route);
	route->may[CONDITION_FIELDS_INVALID] |= route->rule_count > 0;
	if (route->rpc != NULL) {
		route->may[CONDITION_UNAVAILABLE] = true;
		route->may[CONDITION_INTERNAL] = true;
	}
	if (answer->accepted.count > 0)
		route->may[answer->otherwise] = true;
	code = read_may(row, route);
	return code == CODE_OK ? check_rules(row, route) : code;
}
