/*
 * What requests and successes look like. A success is written from a reply of
 * samples by what writes real answers, so that it cannot look otherwise.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway/message.h"
#include "gateway/openapi_part.h"
#include "gateway/paging.h"
#include "gateway/sample.h"
#include "gateway/template_op.h"

/* For who prints a description without saying where the gateway is. */
#define BASE "https://auth.example.com"

/* A success of one kind. */
struct success {
	const struct route *route;
	const struct template *body;
	const struct route_choice *when;
	const ProtobufCFieldDescriptor *absent; /* of the reply; NULL */
	const char *name;
};

static bool
set_links(struct openapi *o, const struct route *route,
          const ProtobufCMessage *reply, struct template_source *source)
{
	const struct route_paging *paging = &route->answer.paging;
	const struct inquiry inquiry = { .arena = o->out.arena,
		                         .path = route->path,
		                         .query = "" };
	struct paging_links links;

	if (paging->parameter == NULL)
		return true;
	if (!paging_write(paging, &inquiry, source->public_base, reply, &links))
		return false;
	source->variables[TEMPLATE_NEXT_PAGE] = links.next;
	source->variables[TEMPLATE_PREVIOUS_PAGE] = links.previous;
	return true;
}

static bool
set_reply(struct openapi *o, const struct success *success,
          struct template_source *source)
{
	const struct route *route = success->route;
	const struct route_choice *when = success->when;
	ProtobufCMessage *reply;

	source->public_base = o->public_base == NULL ? BASE : o->public_base;
	if (route->rpc == NULL)
		return true;
	reply = sample_message(o->out.arena, route->rpc->output,
	                       success->absent);
	if (reply == NULL)
		return false;
	if (when->count > 0)
		message_set_integer(reply, when->field, when->numbers[0]);
	source->message = reply;
	return set_links(o, route, reply, source);
}

static void
write_success(struct openapi *o, const struct success *success)
{
	struct template_source source = { 0 };

	if (!set_reply(o, success, &source)) {
		o->out.failed = true;
		return;
	}
	openapi_key(o, success->name);
	openapi_put(o, "{\"value\":");
	template_write(success->body, &source, &o->out);
	openapi_put(o, "}");
}

/* Whether a step leaves out a member because the reply has no such field. */
static bool
is_left_out(const struct template_op *op,
            const ProtobufCMessageDescriptor *reply)
{
	const ProtobufCFieldDescriptor *field = op->ref.path[0];

	return op->kind == TEMPLATE_UNLESS && op->ref.depth == 1 &&
	       protobuf_c_message_descriptor_get_field_by_name(
		       reply, field->name) == field;
}

/* What may be missing is there in one example, and not in another. */
static void
write_main(struct openapi *o, const struct route *route)
{
	const struct template *body = &route->answer.body;
	struct success success = { .route = route,
		                   .body = body,
		                   .when = &route->answer.accepted,
		                   .name = "success" };

	write_success(o, &success);
	for (size_t i = 0; i < body->count; i++) {
		const struct template_op *op = &body->ops[i];

		if (route->rpc == NULL || !is_left_out(op, route->rpc->output))
			continue;
		success.absent = op->ref.path[0];
		success.name = arena_printf(o->out.arena, "without_%s",
		                            success.absent->name);
		if (success.name != NULL)
			write_success(o, &success);
		else
			o->out.failed = true;
	}
}

static void
write_variant(struct openapi *o, const struct route *route,
              const struct route_variant *variant)
{
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(
		variant->when.field->descriptor, variant->when.numbers[0]);
	const struct success success = { .route = route,
		                         .body = &variant->body,
		                         .when = &variant->when,
		                         .name = value->name };

	write_success(o, &success);
}

void
openapi_success_examples(struct openapi *o, const struct route *route,
                         unsigned status)
{
	const struct route_answer *answer = &route->answer;

	if (answer->status == status && answer->body.ops != NULL)
		write_main(o, route);
	if (answer->status == status && answer->document == DOCUMENT_OPENAPI) {
		openapi_key(o, "success");
		openapi_put(o, "{\"value\":{\"openapi\":\"" OPENAPI_VERSION
		               "\",\"paths\":{}}}");
	}
	for (size_t i = 0; i < answer->variant_count; i++)
		if (answer->variants[i].status == status &&
		    answer->variants[i].body.ops != NULL)
			write_variant(o, route, &answer->variants[i]);
}

/* The first row that has to be equal to this one: both get one value. */
static const struct field *
find_model(const struct route *route, const struct field *field)
{
	for (size_t i = 0; i < route->rule_count; i++)
		if (&route->fields[route->rules[i].b] == field)
			return &route->fields[route->rules[i].a];
	return field;
}

/* By the name clients use, else by the profile's; NULL: nobody knows it. */
static const char *
find_text(const struct route *route, const struct field *field,
          const char *name)
{
	const char *message =
		route->rpc == NULL ? "" : route->rpc->input->short_name;
	const struct field *model;
	const char *text;

	if (field == NULL)
		return sample_find(message, name);
	model = find_model(route, field);
	text = sample_find(message,
	                   model == field ? name : model->sources[0].name);
	return text == NULL ? sample_find(message, model->name) : text;
}

/* As much of it as the field takes. */
static void
write_text(struct openapi *o, const struct field *field, const char *text)
{
	size_t len, max = field == NULL ? 0 : openapi_text_max(field);

	if (text == NULL)
		text = "example";
	len = strlen(text);
	json_out_string(&o->out, text, max > 0 && len > max ? max : len);
}

static void
write_integer(struct openapi *o, const struct field *field, const char *text)
{
	uint64_t number = text == NULL ? 1 : strtoull(text, NULL, 10);

	if (number < field->min)
		number = field->min;
	if (field->max > 0 && number > field->max)
		number = field->max;
	json_out_uint(&o->out, number);
}

static void
write_value(struct openapi *o, const struct route *route,
            const struct field *field, const char *name)
{
	const char *text = find_text(route, field, name);
	enum message_kind kind = MESSAGE_TEXT;

	if (field != NULL && field->join == NULL && field->target != NULL)
		kind = message_kind(field->target);
	if (field != NULL && field->shape == FIELD_LIST) {
		openapi_put(o, "[");
		write_text(o, field, text);
		openapi_put(o, "]");
	} else if (kind == MESSAGE_BOOL) {
		openapi_put(o, text == NULL || strcmp(text, "true") == 0
		                       ? "true"
		                       : "false");
	} else if (kind == MESSAGE_INTEGER) {
		write_integer(o, field, text);
	} else {
		write_text(o, field, text);
	}
}

void
openapi_parameter_example(struct openapi *o, const struct route *route,
                          const struct field *field, const char *name)
{
	openapi_key(o, "example");
	write_value(o, route, field, name);
}

/* A token that a cookie brings is not sent in a body too. */
static bool
is_sent(const struct field *field)
{
	if (field->shape != FIELD_SCALAR && field->shape != FIELD_LIST)
		return false;
	for (size_t i = 0; i < field->source_count; i++)
		if (field->sources[i].origin == FIELD_COOKIE)
			return false;
	return openapi_member_name(field) != NULL;
}

/* Whether an earlier row is sent under the same name. */
static bool
is_sent_before(const struct route *route, size_t row)
{
	const char *name = openapi_member_name(&route->fields[row]);

	for (size_t i = 0; i < row; i++)
		if (is_sent(&route->fields[i]) &&
		    strcmp(openapi_member_name(&route->fields[i]), name) == 0)
			return true;
	return false;
}

void
openapi_body_example(struct openapi *o, const struct route *route)
{
	openapi_key(o, "example");
	openapi_put(o, "{");
	for (size_t i = 0; i < route->field_count; i++) {
		const struct field *field = &route->fields[i];
		const char *name = openapi_member_name(field);

		if (!is_sent(field) || is_sent_before(route, i))
			continue;
		openapi_key(o, name);
		write_value(o, route, field, name);
	}
	openapi_put(o, "}");
}
