/* From the outcome of a call to the answer. */
#include "gateway/translate.h"

#include <stdio.h>
#include <string.h>

#include "gateway/caller_check.h"
#include "gateway/message.h"
#include "gateway/refresh_cookie.h"
#include "gateway/render.h"

/* "roles" and "roles.names" are about the row that fills "roles.names". */
static bool
is_about(const struct field *field, const char *target)
{
	size_t len = strlen(target);

	if (field->target == NULL)
		return false;
	return strcmp(field->name, target) == 0 ||
	       (field->parent != NULL &&
	        strncmp(field->name, target, len) == 0 &&
	        field->name[len] == '.');
}

/* "attributes.phone" is the member "phone" that the client sent. */
static const char *
member_of(const struct route *route, const char *target)
{
	for (size_t i = 0; i < route->field_count; i++) {
		const struct field *field = &route->fields[i];
		size_t len = strlen(field->name);

		if (field->shape == FIELD_MEMBERS &&
		    strncmp(field->name, target, len) == 0 &&
		    target[len] == '.')
			return target + len + 1;
	}
	return NULL;
}

static void
add_violation(struct violations *list, const char *name,
              const Latchkey__Rpc__V1__FieldViolation *v)
{
	bool absent = strcmp(v->code, "required") == 0;

	violations_add(list, name, VIOLATION_WHOLE,
	               absent ? "This field is required." : v->message);
}

/* What both found about a row: of one that is bad here, only that. */
static void
name_row(struct exchange *x, const Latchkey__Rpc__V1__Status *status,
         const struct field *field, struct violations *list)
{
	const char *name = field_name_of(field, &x->input);

	if (violations_next(list, name, NULL) == NULL &&
	    violations_merge(list, name, &x->outcome.violations, name))
		return;
	for (size_t i = 0; i < status->n_violations; i++)
		if (is_about(field, status->violations[i]->field))
			add_violation(list, name, status->violations[i]);
}

static bool
is_of_some_row(const struct route *route, const char *target)
{
	for (size_t i = 0; i < route->field_count; i++)
		if (route->fields[i].source_count > 0 &&
		    is_about(&route->fields[i], target))
			return true;
	return false;
}

/* Every bad field, in the order of the rows, under the client's names. */
static void
name_violations(struct exchange *x, const Latchkey__Rpc__V1__Status *status,
                struct violations *list)
{
	const struct route *route = x->route;

	violations_init(list, x->inquiry.arena);
	/* A rule is about fields that are good by themselves. */
	if (x->rules_broken)
		violations_init(&x->outcome.violations, x->inquiry.arena);
	for (size_t i = 0; i < route->field_count; i++)
		if (route->fields[i].source_count > 0)
			name_row(x, status, &route->fields[i], list);
	for (size_t i = 0; i < status->n_violations; i++) {
		const char *target = status->violations[i]->field;
		const char *member = member_of(route, target);

		if (!is_of_some_row(route, target))
			add_violation(list,
			              member == NULL ? "non_field_errors"
			                             : member,
			              status->violations[i]);
	}
	violations_merge_rest(list, &x->outcome.violations);
}

/* A client that waits as long as it is told has waited long enough. */
static void
say_when(struct exchange *x, uint32_t retry_after_ms,
         struct template_source *source)
{
	unsigned seconds = retry_after_ms / 1000 + (retry_after_ms % 1000 > 0);

	if (seconds == 0)
		seconds = 1;
	(void)snprintf(x->retry_after, sizeof(x->retry_after), "%u", seconds);
	(void)snprintf(x->retry_words, sizeof(x->retry_words), "%u second%s",
	               seconds, seconds == 1 ? "" : "s");
	source->variables[TEMPLATE_RETRY_AFTER] = x->retry_after;
	source->variables[TEMPLATE_RETRY_WORDS] = x->retry_words;
}

static void
translate_failure(const struct translator *t, struct exchange *x,
                  enum code code, const Latchkey__Rpc__V1__Status *status)
{
	struct refusal refusal = {
		.condition = error_table_find(&x->route->errors, code, status),
	};
	struct violations violations;

	x->is_too_long = status->reason ==
	                 LATCHKEY__RPC__V1__REASON__REASON_RESPONSE_TOO_LARGE;
	say_when(x, status->retry_after_ms, &refusal.source);
	refusal.source.variables[TEMPLATE_METHOD] = x->inquiry.method;
	if (status->n_violations > 0) {
		name_violations(x, status, &violations);
		refusal.violations = &violations;
		if (violations_write(
			    &violations,
			    &refusal.source.variables[TEMPLATE_FIELDS]) !=
		    CODE_OK)
			refusal.condition = CONDITION_INTERNAL;
	}
	render_error(t, x, &refusal);
	if (code == CODE_UNAUTHENTICATED)
		refresh_cookie_drop(x);
}

/* A reply to a request with bad fields is none: the server was to refuse it,
 * and whatever it did, nobody is told. */
static bool
is_reply(const struct exchange *x, const ProtobufCMessage *reply)
{
	return reply != NULL && reply->descriptor == x->route->rpc->output &&
	       x->outcome.violations.first == NULL;
}

/* What was found here is all there is to say. */
static void
refuse_own(const struct translator *t, struct exchange *x,
           struct refusal *refusal)
{
	refusal->condition = CONDITION_FIELDS_INVALID;
	refusal->violations = &x->outcome.violations;
	if (violations_write(&x->outcome.violations,
	                     &refusal->source.variables[TEMPLATE_FIELDS]) !=
	    CODE_OK)
		refusal->condition = CONDITION_INTERNAL;
	render_error(t, x, refusal);
}

/* The row with which a client says how long a page is to be; NULL: none. */
static const struct field *
size_row(const struct route *route)
{
	const struct route_paging *paging = &route->answer.paging;

	for (size_t i = 0; paging->parameter != NULL && i < route->field_count;
	     i++) {
		const struct field *field = &route->fields[i];

		if (field->target != NULL && field->parent == NULL &&
		    field->source_count > 0 &&
		    strcmp(field->target->name, paging->size->name) == 0)
			return field;
	}
	return NULL;
}

/* The answer is longer than there is room for: a shorter page would not be. */
static void
refuse_length(const struct translator *t, struct exchange *x,
              struct refusal *refusal)
{
	const struct field *size = size_row(x->route);

	if (size == NULL) {
		x->is_too_long = true;
		render_error(t, x, refusal);
		return;
	}
	violations_add(&x->outcome.violations, field_name_of(size, &x->input),
	               VIOLATION_WHOLE,
	               "A page of this size is too long for one answer: ask "
	               "for fewer.");
	refuse_own(t, x, refusal);
}

static void
translate_success(const struct translator *t, struct exchange *x,
                  const ProtobufCMessage *reply)
{
	const struct route_answer *answer = &x->route->answer;
	struct refusal refusal = { .condition = CONDITION_INTERNAL };

	say_when(x, 0, &refusal.source);
	refusal.source.variables[TEMPLATE_METHOD] = x->inquiry.method;
	if (x->route->validate_only != NULL &&
	    x->outcome.violations.first != NULL) {
		refuse_own(t, x, &refusal);
		return;
	}
	if (is_reply(x, reply)) {
		if (answer->accepted.count == 0 ||
		    route_choice_holds(&answer->accepted, reply)) {
			if (!render_success(t, x, reply))
				refuse_length(t, x, &refusal);
			return;
		}
		refusal.condition = answer->otherwise;
	}
	render_error(t, x, &refusal);
}

void
translate_reply(const struct translator *t, struct exchange *x, enum code code,
                const Latchkey__Rpc__V1__Status *status,
                const ProtobufCMessage *reply)
{
	if (x->is_caller_check)
		caller_check_end(t, x, code, status, reply);
	else if (code != CODE_OK)
		translate_failure(t, x, code, status);
	else
		translate_success(t, x, reply);
}
