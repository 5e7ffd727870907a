#include "gateway/translate.h"

#include <stdio.h>
#include <string.h>

#include "base/encoding.h"
#include "gateway/form.h"
#include "gateway/header_value.h"
#include "gateway/message.h"
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

/* Errors before a route is chosen look like those of its path's others. */
static const struct error_table *
errors_of(const struct translator *t, const struct exchange *x)
{
	if (x->route != NULL)
		return &x->route->errors;
	for (unsigned m = 0; x->match.path != NULL && m < METHOD_COUNT; m++)
		if (x->match.path->routes[m] != NULL)
			return &x->match.path->routes[m]->errors;
	return t->profiles->errors;
}

/* Always false: the answer is made, there is no call. */
static bool
refuse_with(const struct translator *t, struct exchange *x, unsigned condition,
            struct template_source *source)
{
	const char *type = header(x, "Content-Type");

	source->variables[TEMPLATE_METHOD] = x->inquiry.method;
	source->variables[TEMPLATE_RETRY_AFTER] = "1";
	if (type != NULL && strlen(type) <= MEDIA_TYPE_MAX &&
	    utf8_is_valid(type, strlen(type)))
		source->variables[TEMPLATE_MEDIA_TYPE] = type;
	render_error(t, x, errors_of(t, x)->rules[condition], source);
	return false;
}

static bool
refuse(const struct translator *t, struct exchange *x, unsigned condition)
{
	struct template_source source = { 0 };

	return refuse_with(t, x, condition, &source);
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
	struct template_source source = { 0 };
	char line[24], column[24];

	(void)snprintf(line, sizeof(line), "%zu", x->body.at.line);
	(void)snprintf(column, sizeof(column), "%zu", x->body.at.column);
	source.variables[TEMPLATE_LINE] = line;
	source.variables[TEMPLATE_COLUMN] = column;
	source.variables[TEMPLATE_WHAT] = x->body.what;
	source.variables[TEMPLATE_GOT] = x->body.got;
	return refuse_with(t, x, x->body.condition, &source);
}

static bool
refuse_fields(const struct translator *t, struct exchange *x,
              const struct violations *violations)
{
	struct template_source source = { 0 };

	if (violations_write(violations, &source.variables[TEMPLATE_FIELDS]) !=
	    CODE_OK)
		return refuse_too_large(t, x);
	return refuse_with(t, x, CONDITION_FIELDS_INVALID, &source);
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
	const struct template_source nothing = { 0 };

	render_error(t, x,
	             error_table_find(errors_of(t, x), CODE_UNAUTHENTICATED,
	                              &status),
	             &nothing);
	return false;
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

	take_parameters(x);
	if (x->route->needs_body) {
		code = body_read(&x->inquiry, &x->body);
		if (code == CODE_OK && x->body.object == NULL)
			return refuse_body(t, x);
	}
	x->input.body = x->body.object;
	if (code == CODE_OK && x->route->needs_query) {
		code = form_read(x->inquiry.arena, query, &form, &x->body.what);
		x->body.condition = CONDITION_FORM_MALFORMED;
		if (code == CODE_INVALID_ARGUMENT)
			return refuse_body(t, x);
	}
	x->input.query = form;
	return code == CODE_OK ? true : refuse_too_large(t, x);
}

static bool
take_fields(const struct translator *t, struct exchange *x)
{
	const struct route *route = x->route;
	struct field_outcome outcome;
	enum code code;

	x->request = message_new(x->inquiry.arena, route->rpc->input);
	if (x->request == NULL)
		return refuse_too_large(t, x);
	code = field_fill(route->fields, route->field_count, &x->input,
	                  x->request, &outcome);
	if (code != CODE_OK)
		return refuse_too_large(t, x);
	if (outcome.violations.first != NULL)
		return refuse_fields(t, x, &outcome.violations);
	if (outcome.too_long)
		return refuse(t, x, outcome.condition);
	return true;
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
	if (router_method_find(x->inquiry.method, &method))
		x->route = path->routes[method];
	if (!header_value_accepts_json(header(x, "Accept")))
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
		return false;
	if (x->route->rpc == NULL) {
		render_success(t, x, NULL);
		return false;
	}
	if (!take_input(t, x) || !take_fields(t, x))
		return false;
	take_user_agent(x);
	take_traceparent(x);
	return true;
}

/* The server's violations under the names that the client used. */
static enum code
name_violations(struct exchange *x, const Latchkey__Rpc__V1__Status *status,
                const char **out)
{
	struct violations list;

	violations_init(&list, x->inquiry.arena);
	for (size_t i = 0; i < status->n_violations; i++) {
		const Latchkey__Rpc__V1__FieldViolation *v =
			status->violations[i];
		const char *name =
			field_name_of(x->route->fields, x->route->field_count,
		                      &x->input, v->field);
		bool absent = strcmp(v->code, "required") == 0;

		violations_add(&list, name == NULL ? "non_field_errors" : name,
		               absent ? "This field is required." : v->message);
	}
	return violations_write(&list, out);
}

static void
translate_failure(const struct translator *t, struct exchange *x,
                  enum code code, const Latchkey__Rpc__V1__Status *status)
{
	const struct error_rule *rule =
		error_table_find(&x->route->errors, code, status);
	struct template_source source = { 0 };
	uint64_t retry_after_s =
		((uint64_t)status->retry_after_ms + 999) / 1000;

	if (retry_after_s == 0)
		retry_after_s = 1;
	(void)snprintf(x->retry_after, sizeof(x->retry_after), "%u",
	               (unsigned)retry_after_s);
	source.variables[TEMPLATE_RETRY_AFTER] = x->retry_after;
	source.variables[TEMPLATE_METHOD] = x->inquiry.method;
	if (status->n_violations > 0 &&
	    name_violations(x, status, &source.variables[TEMPLATE_FIELDS]) !=
	            CODE_OK)
		rule = x->route->errors.rules[CONDITION_INTERNAL];
	render_error(t, x, rule, &source);
}

static bool
passes(const struct route_gate *gate, const ProtobufCMessage *reply)
{
	int64_t number;

	if (gate->count == 0)
		return true;
	if (message_count(reply, gate->field) == 0)
		return false;
	number = message_get(reply, gate->field, 0).number;
	for (size_t i = 0; i < gate->count; i++)
		if (gate->numbers[i] == number)
			return true;
	return false;
}

void
translate_reply(const struct translator *t, struct exchange *x, enum code code,
                const Latchkey__Rpc__V1__Status *status,
                const ProtobufCMessage *reply)
{
	if (code != CODE_OK)
		translate_failure(t, x, code, status);
	else if (reply == NULL || reply->descriptor != x->route->rpc->output)
		(void)refuse(t, x, CONDITION_INTERNAL);
	else if (!passes(&x->route->gate, reply))
		(void)refuse(t, x, x->route->gate.otherwise);
	else
		render_success(t, x, reply);
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
