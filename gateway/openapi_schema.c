/*
 * From a template to the JSON Schema (2020-12) of what it writes: what stands
 * there literally is a constant, and a reference has its field's type. The
 * recursion follows a template that was compiled, which bounds it.
 */
#include <string.h>

#include "gateway/message.h"
#include "gateway/openapi_part.h"
#include "gateway/pair.h"
#include "gateway/template_op.h"

#define FIELDS_SCHEMA                                                          \
	"{\"type\":\"object\",\"additionalProperties\":{\"anyOf\":["           \
	"{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"                \
	"{\"type\":\"object\",\"additionalProperties\":"                       \
	"{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}]}}"

/* Where a template's names are looked up. */
struct place {
	const ProtobufCMessageDescriptor *message; /* NULL: variables */
	const struct template_objects *objects;
};

/* NOLINTBEGIN(misc-no-recursion): as deep as the template */
static bool
has_object(const struct json *json)
{
	if (json_member(json, "$object") != NULL)
		return true;
	for (const struct json *v = json->first; v != NULL; v = v->next)
		if (has_object(v))
			return true;
	return false;
}

/* NOLINTEND(misc-no-recursion) */

static bool
is_name_free(const struct openapi *o, const char *name)
{
	for (const struct openapi_object *i = o->objects; i; i = i->next)
		if (strcmp(i->name, name) == 0)
			return false;
	return true;
}

static const char *
choose_name(struct openapi *o, const char *name)
{
	const char *chosen = name;

	for (unsigned n = 2; chosen != NULL && !is_name_free(o, chosen); n++)
		chosen = arena_printf(o->out.arena, "%s.%u", name, n);
	return chosen;
}

/* The schema's name; what holds no objects is the same in every profile. */
static const char *
object_name(struct openapi *o, const struct place *place, const char *name,
            const struct json *json)
{
	struct openapi_object **link = &o->objects;

	for (; *link != NULL; link = &(*link)->next)
		if ((*link)->json == json &&
		    (*link)->message == place->message &&
		    ((*link)->objects == place->objects || !has_object(json)))
			return (*link)->name;
	name = choose_name(o, name);
	if (name != NULL)
		*link = arena_alloc(o->out.arena, sizeof(**link));
	if (*link == NULL) {
		o->out.failed = true;
		return "";
	}
	**link = (struct openapi_object){ .name = name,
		                          .json = json,
		                          .message = place->message,
		                          .objects = place->objects };
	return name;
}

/* Templates were checked when they were compiled; nothing but memory fails. */
static bool
read_ref(struct openapi *o, const struct place *place, const struct json *json,
         struct template_ref *ref)
{
	char err[64];
	struct spec_file file = { .name = "",
		                  .arena = o->out.arena,
		                  .err = err,
		                  .err_size = sizeof(err) };
	const struct spec at = { .file = &file, .value = json };
	const char *text = json->text + 1;

	if (template_ref_read(&at, place->message, &text, ref) == CODE_OK)
		return true;
	o->out.failed = true;
	return false;
}

static const ProtobufCFieldDescriptor *
find_field(struct openapi *o, const struct place *place, const char *path)
{
	char err[64];
	struct spec_file file = { .name = "",
		                  .arena = o->out.arena,
		                  .err = err,
		                  .err_size = sizeof(err) };
	const struct spec at = { .file = &file };
	struct template_ref ref = { 0 };

	if (template_ref_path(&at, place->message, path, &ref) == CODE_OK)
		return template_ref_target(&ref);
	o->out.failed = true;
	return NULL;
}

/* Messages are always there in our replies but for those in a oneof. */
static bool
is_optional(const ProtobufCFieldDescriptor *field)
{
	return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
}

static bool
is_nullable(const struct template_ref *ref)
{
	for (size_t i = 0; i < ref->depth; i++)
		if (is_optional(ref->path[i]))
			return !ref->omit;
	return false;
}

static void
write_enum(struct openapi *o, const ProtobufCEnumDescriptor *type,
           bool nullable)
{
	openapi_type(o, "string", nullable);
	openapi_key(o, "enum");
	openapi_put(o, "[");
	for (unsigned i = 0; i < type->n_value_names; i++) {
		const char *name = type->values_by_name[i].name;

		openapi_item(o);
		json_out_string(&o->out, name, strlen(name));
	}
	openapi_put(o, nullable ? ",null]" : "]");
}

static bool
is_natural(const ProtobufCFieldDescriptor *field)
{
	return field->type == PROTOBUF_C_TYPE_UINT32 ||
	       field->type == PROTOBUF_C_TYPE_UINT64;
}

static void
write_field(struct openapi *o, const struct template_ref *ref, bool nullable)
{
	const ProtobufCFieldDescriptor *field = template_ref_target(ref);
	enum message_kind kind = message_kind(field);

	if (ref->filter == TEMPLATE_AS_TIME || ref->filter == TEMPLATE_AS_URL) {
		openapi_type(o, "string", nullable);
		openapi_member(o, "format",
		               ref->filter == TEMPLATE_AS_TIME
		                       ? "date-time"
		                       : "uri-reference");
	} else if (kind == MESSAGE_ENUM) {
		write_enum(o, field->descriptor, nullable);
	} else if (kind == MESSAGE_TEXT || ref->filter == TEMPLATE_AS_TEXT) {
		openapi_type(o, "string", nullable);
	} else if (kind == MESSAGE_BOOL) {
		openapi_type(o, "boolean", nullable);
	} else {
		openapi_type(o, "integer", nullable);
		if (is_natural(field))
			openapi_number(o, "minimum", 0);
	}
}

static void
write_variable(struct openapi *o, enum template_variable variable)
{
	switch (variable) {
	case TEMPLATE_LINE:
	case TEMPLATE_COLUMN:
	case TEMPLATE_RETRY_AFTER:
		openapi_put(o, "{\"type\":\"integer\",\"minimum\":0}");
		break;
	case TEMPLATE_FIELDS:
		openapi_put(o, FIELDS_SCHEMA);
		break;
	case TEMPLATE_NEXT_PAGE:
	case TEMPLATE_PREVIOUS_PAGE:
		openapi_put(o, "{\"type\":[\"string\",\"null\"]}");
		break;
	default:
		openapi_put(o, "{\"type\":\"string\"}");
		break;
	}
}

static void
write_ref(struct openapi *o, const struct template_ref *ref)
{
	const ProtobufCFieldDescriptor *field = template_ref_target(ref);

	if (field == NULL) {
		write_variable(o, ref->variable);
		return;
	}
	if (field->label != PROTOBUF_C_LABEL_REPEATED) {
		openapi_put(o, "{");
		write_field(o, ref, is_nullable(ref));
		openapi_put(o, "}");
		return;
	}
	openapi_put(o, "{\"type\":\"array\",\"items\":{");
	write_field(o, ref, false);
	openapi_put(o, "}}");
}

static bool
is_lone(const struct json *json)
{
	const char *text = json->text;

	return json->type == JSON_STRING && text[0] == '{' && text[1] != '{' &&
	       strcspn(text + 1, "{}") + 2 == json->text_len &&
	       text[json->text_len - 1] == '}';
}

/* Whatever stands for a reference between what stands there literally. */
static void
write_pattern(struct openapi *o, const char *text)
{
	openapi_key(o, "pattern");
	openapi_put(o, "\"^");
	while (*text != '\0') {
		bool is_brace = *text == '{' || *text == '}';

		if (*text == '{' && text[1] != '{') {
			openapi_put(o, "[\\\\s\\\\S]*");
			text += strcspn(text, "}") + 1;
			continue;
		}
		if (strchr("^$\\.*+?()[]{}|/", *text) != NULL)
			openapi_put(o, "\\\\");
		json_out_text(&o->out, text, 1);
		text += is_brace ? 2 : 1;
	}
	openapi_put(o, "$\"");
}

static void
write_string(struct openapi *o, const struct place *place,
             const struct json *json)
{
	struct template_ref ref;

	if (is_lone(json)) {
		if (read_ref(o, place, json, &ref))
			write_ref(o, &ref);
		return;
	}
	openapi_put(o, "{\"type\":\"string\"");
	if (strpbrk(json->text, "{}") == NULL) {
		openapi_key(o, "const");
		json_out_value(&o->out, json);
	} else {
		write_pattern(o, json->text);
	}
	openapi_put(o, "}");
}

/* NOLINTBEGIN(misc-no-recursion): bounded, see the top of this file */

static void write_value(struct openapi *o, const struct place *place,
                        const struct json *json);

static void
write_object(struct openapi *o, const struct place *place,
             const struct json *json)
{
	const char *name = json_member(json, "$object")->text;
	const struct json *of = json_member(json, "of");
	struct place inside = *place;
	bool nullable = false;
	struct spec found = { 0 };

	if (of != NULL) {
		const ProtobufCFieldDescriptor *field =
			find_field(o, place, of->text);

		if (field == NULL)
			return;
		inside.message = field->descriptor;
		nullable = is_optional(field);
	}
	if (!template_object_find(place->objects, name, &found)) {
		o->out.failed = true;
		return;
	}
	openapi_put(o, nullable ? "{\"anyOf\":[{" : "{");
	openapi_key(o, "$ref");
	openapi_put(o, "\"#/components/schemas/");
	openapi_put(o, object_name(o, &inside, name, found.value));
	openapi_put(o, nullable ? "\"},{\"type\":\"null\"}]}" : "\"}");
}

static void
write_each(struct openapi *o, const struct place *place,
           const struct json *json)
{
	const ProtobufCFieldDescriptor *field =
		find_field(o, place, json_member(json, "$each")->text);
	struct place inside = *place;

	if (field == NULL)
		return;
	inside.message = field->descriptor;
	openapi_put(o, "{\"type\":\"array\",\"items\":");
	write_value(o, &inside, json_member(json, "item"));
	openapi_put(o, "}");
}

static bool
is_omitted(struct openapi *o, const struct place *place,
           const struct json *json)
{
	struct template_ref ref;

	return is_lone(json) && read_ref(o, place, json, &ref) && ref.omit;
}

static void
write_required(struct openapi *o, const struct place *place,
               const struct json *json)
{
	bool is_first = true;

	for (const struct json *v = json->first; v != NULL; v = v->next) {
		if (v->key[0] == '$' || is_omitted(o, place, v))
			continue;
		if (is_first) {
			openapi_key(o, "required");
			openapi_put(o, "[");
		}
		is_first = false;
		openapi_item(o);
		json_out_string(&o->out, v->key, v->key_len);
	}
	openapi_put(o, is_first ? "" : "]");
}

static void
write_members(struct openapi *o, const struct place *place,
              const struct json *json)
{
	bool is_open = json_member(json, "$spread") != NULL;

	openapi_put(o, "{\"type\":\"object\",\"properties\":{");
	for (const struct json *v = json->first; v != NULL; v = v->next) {
		if (v->key[0] == '$')
			continue;
		openapi_key(o, v->key);
		write_value(o, place, v);
	}
	openapi_put(o, "}");
	write_required(o, place, json);
	if (is_open)
		openapi_others(o, true);
	else
		openapi_put(o, ",\"additionalProperties\":false");
	openapi_put(o, "}");
}

static size_t
length_of(const struct json *list)
{
	size_t count = 0;

	for (const struct json *v = list->first; v != NULL; v = v->next)
		count++;
	return count;
}

/* A list that is written out: each item is one of those. */
static void
write_list(struct openapi *o, const struct place *place,
           const struct json *json)
{
	size_t count = length_of(json), begin;

	openapi_put(o, "{\"type\":\"array\",\"items\":");
	begin = openapi_any_begin(o);
	for (const struct json *v = json->first; v != NULL; v = v->next) {
		openapi_item(o);
		write_value(o, place, v);
	}
	if (count == 0)
		openapi_put(o, "{}");
	openapi_any_end(o, begin, count == 0 ? 1 : count);
	openapi_number(o, "minItems", count);
	openapi_number(o, "maxItems", count);
	openapi_put(o, "}");
}

static void
write_value(struct openapi *o, const struct place *place,
            const struct json *json)
{
	if (o->out.failed)
		return;
	switch (json->type) {
	case JSON_STRING:
		write_string(o, place, json);
		break;
	case JSON_LIST:
		write_list(o, place, json);
		break;
	case JSON_OBJECT:
		if (json_member(json, "$object") != NULL)
			write_object(o, place, json);
		else if (json_member(json, "$each") != NULL)
			write_each(o, place, json);
		else
			write_members(o, place, json);
		break;
	default:
		openapi_put(o, "{\"const\":");
		json_out_value(&o->out, json);
		openapi_put(o, "}");
		break;
	}
}

/* NOLINTEND(misc-no-recursion) */

void
openapi_schema(struct openapi *o, const struct template *t)
{
	const struct place place = { t->message, t->objects };

	write_value(o, &place, t->json);
}
