#include "gateway/translate.h"

#include <stdio.h>
#include <string.h>

#include "base/encoding.h"
#include "gateway/caller_check.h"
#include "gateway/form.h"
#include "gateway/header_value.h"
#include "gateway/message.h"
#include "gateway/refresh_cookie.h"
#include "gateway/render.h"

/* Bounds of rpc.v1.Caller. */
#define TOKEN_MAX 4096
#define USER_AGENT_MAX 512
#define TRACEPARENT_MAX 55

#define MEDIA_TYPE_MAX 256 /* of a header quoted in an answer */

static const char *
header(const struct exchange *x, const char *name)
{
	return x->inquiry.header(x->inquiry.ctx, name);
}

/* Always false: the answer is made, there is no call. */
static bool
refuse_with(const struct translator *t, struct exchange *x,
            struct refusal *refusal)
{
	const char *type = header(x, "Content-Type");
	const char **variables = refusal->source.variables;

	variables[TEMPLATE_METHOD] = x->inquiry.method;
	variables[TEMPLATE_RETRY_AFTER] = "1";
	variables[TEMPLATE_RETRY_WORDS] = "1 second";
	if (type != NULL && strlen(type) <= MEDIA_TYPE_MAX &&
	    utf8_is_valid(type, strlen(type)))
		variables[TEMPLATE_MEDIA_TYPE] = type;
	render_error(t, x, refusal);
	return false;
}

static bool
refuse(const struct translator *t, struct exchange *x, unsigned condition)
{
	struct refusal refusal = { .condition = condition };

	return refuse_with(t, x, &refusal);
}

/* A body, or what is made of it, that is more than a request may use. */
static bool
refuse_too_large(const struct translator *t, struct exchange *x)
{
	return refuse(t, x, CONDITION_BODY_TOO_LARGE);
}

static bool
refuse_body(const struct translator *t, struct exchange *x)
{
	struct refusal refusal = { .condition = x->body.condition };
	char line[24], column[24];

	(void)snprintf(line, sizeof(line), "%zu", x->body.at.line);
	(void)snprintf(column, sizeof(column), "%zu", x->body.at.column);
	refusal.source.variables[TEMPLATE_LINE] = line;
	refusal.source.variables[TEMPLATE_COLUMN] = column;
	refusal.source.variables[TEMPLATE_WHAT] = x->body.what;
	refusal.source.variables[TEMPLATE_GOT] = x->body.got;
	return refuse_with(t, x, &refusal);
}

static bool
refuse_fields(const struct translator *t, struct exchange *x)
{
	struct refusal refusal = { .condition = CONDITION_FIELDS_INVALID,
		                   .violations = &x->outcome.violations };

	if (violations_write(&x->outcome.violations,
	                     &refusal.source.variables[TEMPLATE_FIELDS]) !=
	    CODE_OK)
		return refuse_too_large(t, x);
	return refuse_with(t, x, &refusal);
}

/* Compact JWS: visible ASCII. Anything else the server could not even read. */
static bool
is_token(const char *text)
{
	size_t len = strnlen(text, TOKEN_MAX + 1);

	for (size_t i = 0; i < len; i++)
		if (text[i] <= 0x20 || text[i] > 0x7e)
			return false;
	return len >= 1 && len <= TOKEN_MAX;
}

/* The rule for a token that needs no server to be seen as none. */
static bool
refuse_token(const struct translator *t, struct exchange *x)
{
	static const Latchkey__Rpc__V1__Status status = {
		.base = { .descriptor =
		                  &latchkey__rpc__v1__status__descriptor },
		.code = CODE_UNAUTHENTICATED,
		.reason = LATCHKEY__RPC__V1__REASON__REASON_TOKEN_INVALID,
		.subject = LATCHKEY__RPC__V1__SUBJECT__SUBJECT_CALLER,
	};
	const struct error_table *errors =
		x->route == NULL ? t->profiles->errors : &x->route->errors;

	return refuse(t, x,
	              error_table_find(errors, CODE_UNAUTHENTICATED, &status));
}

static bool
take_token(const struct translator *t, struct exchange *x)
{
	bool malformed;
	const char *token = header_value_bearer(
		x->inquiry.arena, header(x, "Authorization"), &malformed);

	if (x->inquiry.arena->full)
		return refuse_too_large(t, x);
	if (malformed)
		return refuse(t, x, CONDITION_CREDENTIALS_MALFORMED);
	if (token == NULL)
		return refuse(t, x, CONDITION_CREDENTIALS_MISSING);
	if (!is_token(token))
		return refuse_token(t, x);
	x->access_token = token;
	return true;
}

/* As much of it as the server takes, cut between characters. */
static void
take_user_agent(struct exchange *x)
{
	const char *text = header(x, "User-Agent");
	size_t len;

	if (text == NULL)
		return;
	len = strnlen(text, USER_AGENT_MAX + 1);
	if (len > USER_AGENT_MAX) {
		len = USER_AGENT_MAX;
		while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
			len--;
	}
	if (len > 0 && utf8_is_valid(text, len))
		x->user_agent = arena_memdup(x->inquiry.arena, text, len);
}

/* W3C Trace Context, section 3.2: version 00 is what we understand. */
static void
take_traceparent(struct exchange *x)
{
	const char *text = header(x, "traceparent");

	if (text != NULL && strlen(text) == TRACEPARENT_MAX &&
	    strspn(text, "0123456789abcdef-") == TRACEPARENT_MAX)
		x->traceparent = text;
}

static void
take_parameters(struct exchange *x)
{
	size_t count = 0;

	for (size_t i = 0; i < x->route->segment_count; i++)
		if (x->route->segments[i].is_parameter)
			x->parameters[count++] = (struct field_parameter){
				.name = x->route->segments[i].text,
				.value = x->match.segments[i],
			};
	x->input = (struct field_input){ .inquiry = &x->inquiry,
		                         .parameters = x->parameters,
		                         .parameter_count = count };
}

/* Reads what the route's fields look into. */
static bool
take_input(const struct translator *t, struct exchange *x)
{
	const struct bytes query = { x->inquiry.query,
		                     strlen(x->inquiry.query) };
	struct json *form = NULL;
	enum code code = CODE_OK;
	unsigned condition;

	take_parameters(x);
	if (x->route->needs_body) {
		code = body_read(&x->inquiry, x->route->raw_types, &x->body);
		if (code == CODE_OK && x->body.object == NULL)
			return refuse_body(t, x);
	}
	x->input.body = x->body.object;
	x->input.raw = x->body.raw;
	if (code == CODE_OK && x->route->needs_query) {
		code = form_read(x->inquiry.arena, query, &form, &x->body.what);
		x->body.condition = CONDITION_FORM_MALFORMED;
		if (code == CODE_INVALID_ARGUMENT)
			return refuse_body(t, x);
	}
	x->input.query = form;
	if (code != CODE_OK)
		return refuse_too_large(t, x);
	return refresh_cookie_take(t, x, &condition) || refuse(t, x, condition);
}

/* What concerns two fields is looked at once each is good by itself. */
static void
check_rules(struct exchange *x)
{
	struct field_outcome *outcome = &x->outcome;

	for (size_t i = 0; i < x->route->rule_count; i++) {
		const struct route_rule *rule = &x->route->rules[i];
		const char *a = outcome->texts[rule->a];
		const char *b = outcome->texts[rule->b];

		if (a != NULL && b != NULL && strcmp(a, b) != 0)
			violations_add(&outcome->violations, rule->report_as,
			               VIOLATION_WHOLE, rule->message);
	}
	x->rules_broken = outcome->violations.first != NULL;
}

/*
 * Whether the server may be asked though something is bad: it is told to
 * change nothing, or is sure to refuse for want of a field.
 */
static bool
can_ask_for_more(struct exchange *x)
{
	if (!x->route->all_errors)
		return false;
	if (x->route->validate_only == NULL)
		return x->outcome.lacks_required;
	message_set_bool(x->request, x->route->validate_only, true);
	return true;
}

/* With anything bad there is no call, unless to learn what else is. */
static bool
judge_fields(const struct translator *t, struct exchange *x)
{
	struct field_outcome *outcome = &x->outcome;

	if (outcome->refused)
		return refuse(t, x, outcome->condition);
	if (outcome->violations.first == NULL)
		check_rules(x);
	if (outcome->violations.failed)
		return refuse_too_large(t, x);
	if (outcome->violations.first == NULL || can_ask_for_more(x))
		return true;
	return refuse_fields(t, x);
}

static bool
take_fields(const struct translator *t, struct exchange *x)
{
	const struct route *route = x->route;

	x->request = message_new(x->inquiry.arena, route->rpc->input);
	if (x->request == NULL)
		return refuse_too_large(t, x);
	if (field_fill(route->fields, route->field_count, &x->input, x->request,
	               &x->outcome) != CODE_OK)
		return refuse_too_large(t, x);
	return judge_fields(t, x);
}

/* Accept names JSON, or a browser says that a script of a page asks. */
static bool
is_script(const struct exchange *x)
{
	const char *mode = header(x, "Sec-Fetch-Mode");

	return header_value_names(header(x, "Accept"), "application/json") ||
	       (mode != NULL && strcmp(mode, "cors") == 0);
}

/* HEAD asks for nothing to happen, whoever sends it. */
static bool
must_confirm(const struct translator *t, const struct exchange *x)
{
	if (strcmp(x->inquiry.method, "HEAD") == 0)
		return true;
	switch (t->confirm) {
	case TRANSLATE_CONFIRM_NOBODY:
		return false;
	case TRANSLATE_CONFIRM_ALL:
		return true;
	case TRANSLATE_CONFIRM_PEOPLE:
		break;
	}
	return !is_script(x);
}

/* The row itself, or what it says of pages. */
static const struct route *
choose_form(const struct translator *t, const struct exchange *x,
            const struct route *route)
{
	if (route->confirm != NULL && must_confirm(t, x))
		return route->confirm;
	if (route->browser != NULL && !is_script(x) &&
	    header_value_names(header(x, "Accept"), "text/html"))
		return route->browser;
	return route;
}

static bool
is_acceptable(const struct exchange *x)
{
	/* What a link or an <img> leads to is taken as it is. */
	if (x->route != NULL &&
	    (x->route->answer.page != NULL || x->route->answer.raw != NULL ||
	     x->route->answer.document != DOCUMENT_NONE))
		return true;
	return header_value_accepts_json(header(x, "Accept"));
}

/* Path, Accept, credentials, method: the order in which DRF looks. */
static bool
choose_route(const struct translator *t, struct exchange *x)
{
	const struct router_path *path = x->match.path;
	enum method method;

	if (path == NULL)
		return refuse(t, x, CONDITION_NOT_FOUND);
	if (strcmp(x->inquiry.method, "OPTIONS") == 0) {
		render_empty(t, x, 200);
		return false;
	}
	if (router_method_find(x->inquiry.method, &method) &&
	    path->routes[method] != NULL)
		x->route = choose_form(t, x, path->routes[method]);
	if (!is_acceptable(x))
		return refuse(t, x, CONDITION_NOT_ACCEPTABLE);
	if (x->route != NULL ? x->route->needs_bearer : path->needs_bearer)
		if (!take_token(t, x))
			return false;
	if (x->route == NULL)
		return refuse(t, x, CONDITION_METHOD_NOT_ALLOWED);
	return true;
}

bool
translate_request(const struct translator *t, struct exchange *x)
{
	if (router_find(&t->profiles->router, x->inquiry.arena, x->inquiry.path,
	                &x->match) != CODE_OK)
		return refuse_too_large(t, x);
	if (strcmp(x->inquiry.method, "OPTIONS") == 0 &&
	    header(x, "Access-Control-Request-Method") != NULL) {
		render_preflight(t, x);
		return false;
	}
	if (!choose_route(t, x))
		return caller_check_begin(x);
	if (x->route->rpc == NULL) {
		return !render_success(t, x, NULL) &&
		       refuse(t, x, CONDITION_INTERNAL);
	}
	if (!take_input(t, x) || !take_fields(t, x))
		return caller_check_begin(x);
	x->rpc_name = x->route->rpc_name;
	x->reply_type = x->route->rpc->output;
	take_user_agent(x);
	take_traceparent(x);
	return true;
}

void
translate_refusal(const struct translator *t, struct exchange *x,
                  unsigned status)
{
	static const struct {
		unsigned status;
		enum condition condition;
	} conditions[] = {
		{ 408, CONDITION_REQUEST_TIMEOUT },
		{ 413, CONDITION_BODY_TOO_LARGE },
		{ 414, CONDITION_URI_TOO_LONG },
		{ 431, CONDITION_HEAD_TOO_LARGE },
		{ 503, CONDITION_UNAVAILABLE },
	};
	enum condition condition = CONDITION_FRAMING;

	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++)
		if (conditions[i].status == status)
			condition = conditions[i].condition;
	if (router_find(&t->profiles->router, x->inquiry.arena, x->inquiry.path,
	                &x->match) != CODE_OK)
		x->match.path = NULL;
	(void)refuse(t, x, condition);
}
