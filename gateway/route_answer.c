#include "gateway/route_answer.h"

#include <string.h>
#include <strings.h>

#include "gateway/message.h"

static const ProtobufCFieldDescriptor *
find_field(const struct route_answer_scope *scope, const char *name)
{
	return protobuf_c_message_descriptor_get_field_by_name(scope->reply,
	                                                       name);
}

/* The member names a singular field of the reply of this kind. */
static enum code
read_field(const struct spec *at, const struct route_answer_scope *scope,
           enum message_kind kind, const ProtobufCFieldDescriptor **out)
{
	const char *name = NULL;
	enum code code = spec_value_text(at, &name);

	if (code != CODE_OK)
		return code;
	if (scope->reply == NULL)
		return spec_fail(at, "without an rpc there is no reply");
	*out = find_field(scope, name);
	if (*out == NULL || message_kind(*out) != kind ||
	    (*out)->label == PROTOBUF_C_LABEL_REPEATED)
		return spec_fail(at,
		                 "%s has no field \"%s\" of the type that is "
		                 "needed here",
		                 scope->reply->name, name);
	return CODE_OK;
}

static enum code
read_values(const struct spec *list, struct route_choice *choice)
{
	const ProtobufCEnumDescriptor *type = choice->field->descriptor;
	enum code code = spec_check_type(list, JSON_LIST);

	for (const struct json *v = list->value->first; v && code == CODE_OK;
	     v = v->next) {
		struct spec at = spec_child(list, v, choice->count);
		const ProtobufCEnumValue *value = NULL;
		const char *name = "";

		if (choice->count == ROUTE_CHOICE_MAX)
			return spec_fail(&at, "is more than %d values",
			                 ROUTE_CHOICE_MAX);
		code = spec_value_text(&at, &name);
		if (code == CODE_OK)
			value = protobuf_c_enum_descriptor_get_value_by_name(
				type, name);
		if (code == CODE_OK && value == NULL)
			return spec_fail(&at, "%s has no value \"%s\"",
			                 type->name, name);
		if (value != NULL)
			choice->numbers[choice->count++] = value->value;
	}
	return code == CODE_OK && choice->count == 0
	               ? spec_fail(list, "must not be empty")
	               : code;
}

/* "field": an enum of the reply, "in": names of its values. */
static enum code
read_choice(const struct spec *at, const struct route_answer_scope *scope,
            struct route_choice *choice)
{
	struct spec field, list;
	enum code code;

	if (!spec_find(at, "field", &field) || !spec_find(at, "in", &list))
		return spec_fail(at, "needs \"field\" and \"in\"");
	code = read_field(&field, scope, MESSAGE_ENUM, &choice->field);
	return code == CODE_OK ? read_values(&list, choice) : code;
}

/* {"field": ENUM FIELD, "in": [NAMES], "otherwise": CONDITION} */
static enum code
read_accepted(const struct spec *row, const struct route_answer_scope *scope,
              struct route_answer *out)
{
	static const char *const known[] = { "field", "in", "otherwise", NULL };
	const char *otherwise = "";
	struct spec at;
	enum code code;

	if (!spec_find(row, "accept_when", &at))
		return CODE_OK;
	code = spec_check_members(&at, known);
	if (code == CODE_OK)
		code = spec_text(&at, "otherwise", &otherwise);
	if (code == CODE_OK)
		code = read_choice(&at, scope, &out->accepted);
	if (code == CODE_OK && (!condition_find(otherwise, &out->otherwise) ||
	                        out->otherwise >= CONDITION_OWN_COUNT))
		return spec_fail(&at, "\"otherwise\" must be a condition of "
		                      "the gateway's own");
	return code;
}

static enum code
read_status(const struct spec *row, unsigned *status)
{
	uint32_t number = *status;
	enum code code = spec_uint(row, "status", 200, 299, &number);

	*status = number;
	return code;
}

/* A template's pages are told by "paging" only. */
static enum code
read_body(const struct spec *row, const struct route_answer_scope *scope,
          const struct route_answer *out, struct template *body)
{
	static const ProtobufCMessageDescriptor nothing = {
		.name = "an answer without an rpc",
	};
	const struct template_scope inside = {
		.message = scope->reply == NULL ? &nothing : scope->reply,
		.objects = scope->objects,
	};
	struct spec at;
	enum code code;

	if (!spec_find(row, "body", &at))
		return CODE_OK;
	code = template_compile(&at, &inside, body);
	if (code == CODE_OK && out->paging.parameter == NULL &&
	    (template_uses(body, TEMPLATE_NEXT_PAGE) ||
	     template_uses(body, TEMPLATE_PREVIOUS_PAGE)))
		return spec_fail(&at, "{@next} and {@previous} need "
		                      "\"paging\"");
	return code;
}

/* {"field", "in", "status", "body"} */
static enum code
read_variant(const struct spec *at, const struct route_answer_scope *scope,
             struct route_answer *out)
{
	static const char *const known[] = { "field", "in", "status", "body",
		                             NULL };
	struct route_variant *variant = &out->variants[out->variant_count];
	enum code code = spec_check_members(at, known);

	if (code == CODE_OK && out->variant_count == ROUTE_VARIANT_MAX)
		return spec_fail(at, "is more than %d variants",
		                 ROUTE_VARIANT_MAX);
	variant->status = out->status;
	if (code == CODE_OK)
		code = read_choice(at, scope, &variant->when);
	if (code == CODE_OK)
		code = read_status(at, &variant->status);
	if (code == CODE_OK)
		code = read_body(at, scope, out, &variant->body);
	out->variant_count++;
	return code;
}

static enum code
read_variants(const struct spec *row, const struct route_answer_scope *scope,
              struct route_answer *out)
{
	struct spec list;
	size_t index = 0;
	enum code code;

	if (!spec_find(row, "variants", &list))
		return CODE_OK;
	code = spec_check_type(&list, JSON_LIST);
	for (const struct json *v = list.value->first; v && code == CODE_OK;
	     v = v->next) {
		struct spec at = spec_child(&list, v, index++);

		code = read_variant(&at, scope, out);
	}
	return code;
}

/* {"parameter": OF THE QUERY, "page", "size", "total": FIELDS OF THE REPLY} */
static enum code
read_paging(const struct spec *row, const struct route_answer_scope *scope,
            struct route_paging *out)
{
	static const char *const known[] = { "parameter", "page", "size",
		                             "total", NULL };
	struct spec at, page, size, total;
	enum code code;

	if (!spec_find(row, "paging", &at))
		return CODE_OK;
	code = spec_check_members(&at, known);
	if (code != CODE_OK)
		return code;
	if (!spec_find(&at, "page", &page) || !spec_find(&at, "size", &size) ||
	    !spec_find(&at, "total", &total))
		return spec_fail(&at, "needs \"page\", \"size\" and \"total\"");
	out->parameter = "page";
	code = spec_text(&at, "parameter", &out->parameter);
	if (code == CODE_OK)
		code = read_field(&page, scope, MESSAGE_INTEGER, &out->page);
	if (code == CODE_OK)
		code = read_field(&size, scope, MESSAGE_INTEGER, &out->size);
	if (code == CODE_OK)
		code = read_field(&total, scope, MESSAGE_INTEGER, &out->total);
	return code;
}

/* {"bytes": FIELD, "type": FIELD, "types": [MEDIA TYPES]} */
static enum code
read_raw(const struct spec *row, const struct route_answer_scope *scope,
         struct route_answer *out)
{
	static const char *const known[] = { "bytes", "type", "types", NULL };
	struct spec at, bytes, type, types;
	enum code code;

	if (!spec_find(row, "raw", &at))
		return CODE_OK;
	code = spec_check_members(&at, known);
	if (code != CODE_OK)
		return code;
	if (!spec_find(&at, "bytes", &bytes) ||
	    !spec_find(&at, "type", &type) || !spec_find(&at, "types", &types))
		return spec_fail(&at,
		                 "needs \"bytes\", \"type\" and \"types\"");
	code = read_field(&bytes, scope, MESSAGE_BYTES, &out->raw);
	if (code == CODE_OK)
		code = read_field(&type, scope, MESSAGE_TEXT, &out->raw_type);
	if (code == CODE_OK)
		code = media_type_read_list(&types, false, out->served_types);
	return code;
}

static enum code
read_page(const struct spec *row, const struct route_answer_scope *scope,
          struct route_answer *out)
{
	const char *name = NULL;
	struct spec at = *row;
	enum code code = spec_text(row, "page", &name);

	if (code != CODE_OK || name == NULL)
		return code;
	(void)spec_find(row, "page", &at);
	out->page = page_find(scope->pages, name);
	return out->page != NULL
	               ? CODE_OK
	               : spec_fail(&at, "there is no page \"%s\"", name);
}

/* One of the gateway's own. */
static enum code
read_document(const struct spec *row, const struct route_answer_scope *scope,
              struct route_answer *out)
{
	const char *name = NULL;
	enum code code = spec_text(row, "document", &name);

	if (code != CODE_OK || name == NULL)
		return code;
	if (scope->reply != NULL)
		return spec_fail(row, "a document needs no rpc");
	return document_kind_find(name, &out->document)
	               ? CODE_OK
	               : spec_fail(row, "there is no document \"%s\"", name);
}

static enum code
read_headers(const struct spec *row, const struct route_answer_scope *scope,
             struct route_answer *out)
{
	static const ProtobufCMessageDescriptor nothing = {
		.name = "an answer without an rpc",
	};
	const struct template_scope inside = {
		.message = scope->reply == NULL ? &nothing : scope->reply,
		.objects = scope->objects,
	};
	struct spec headers;
	enum code code;

	if (!spec_find(row, "headers", &headers))
		return CODE_OK;
	code = header_rules_compile(&headers, &inside, out->headers,
	                            &out->header_count);
	for (size_t i = 0; code == CODE_OK && i < out->header_count; i++)
		if ((out->no_store || out->page != NULL) &&
		    strcasecmp(out->headers[i].name, "Cache-Control") == 0)
			return spec_fail(&headers,
			                 "\"no_store\" sets Cache-Control");
	return code;
}

static enum code
check_one_body(const struct spec *row, const struct route_answer *out)
{
	unsigned count = 0;

	count += out->body.ops != NULL;
	count += out->page != NULL;
	count += out->raw != NULL;
	count += out->document != DOCUMENT_NONE;
	if (count > 1)
		return spec_fail(row,
		                 "has more than one of body, page, raw and "
		                 "document");
	if (count > 0 && (out->status == 204 || out->status == 205))
		return spec_fail(row, "an answer %u has no body", out->status);
	return CODE_OK;
}

enum code
route_answer_compile(const struct spec *row,
                     const struct route_answer_scope *scope,
                     struct route_answer *out)
{
	enum code code;

	*out = (struct route_answer){ .status = 200 };
	code = read_status(row, &out->status);
	if (code == CODE_OK)
		code = spec_bool(row, "no_store", &out->no_store);
	if (code == CODE_OK)
		code = read_accepted(row, scope, out);
	if (code == CODE_OK)
		code = read_paging(row, scope, &out->paging);
	if (code == CODE_OK)
		code = read_page(row, scope, out);
	if (code == CODE_OK)
		code = read_raw(row, scope, out);
	if (code == CODE_OK)
		code = read_document(row, scope, out);
	if (code == CODE_OK)
		code = read_headers(row, scope, out);
	if (code == CODE_OK)
		code = read_body(row, scope, out, &out->body);
	if (code == CODE_OK)
		code = check_one_body(row, out);
	if (code == CODE_OK)
		code = read_variants(row, scope, out);
	return code;
}

bool
route_choice_holds(const struct route_choice *choice,
                   const ProtobufCMessage *reply)
{
	int64_t number;

	if (message_count(reply, choice->field) == 0)
		return false;
	number = message_get(reply, choice->field, 0).number;
	for (size_t i = 0; i < choice->count; i++)
		if (choice->numbers[i] == number)
			return true;
	return false;
}

bool
route_answer_equals(const struct route_answer *a, const struct route_answer *b)
{
	if (a->variant_count != b->variant_count ||
	    !template_equals(&a->body, &b->body))
		return false;
	for (size_t i = 0; i < a->variant_count; i++)
		if (!template_equals(&a->variants[i].body,
		                     &b->variants[i].body))
			return false;
	return true;
}
