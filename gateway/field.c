/* Reads and checks the rows of a route's "request". */
#include "gateway/field.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/condition.h"
#include "gateway/message.h"

#define BYTES_MAX (64U * 1024)

static const char *const origin_prefixes[] = {
	[FIELD_BODY] = "body.",
	[FIELD_PATH] = "path.",
	[FIELD_QUERY] = "query.",
	[FIELD_HEADER] = "header.",
};

static enum code
read_source(const struct spec *at, struct field_source *out)
{
	const char *text;
	enum code code = spec_value_text(at, &text);

	if (code != CODE_OK)
		return code;
	for (unsigned i = 0; i < 4; i++) {
		size_t len = strlen(origin_prefixes[i]);

		if (strncmp(text, origin_prefixes[i], len) == 0 &&
		    text[len] != '\0') {
			*out = (struct field_source){ i, text + len };
			return CODE_OK;
		}
	}
	return spec_fail(at, "must begin with body., path., query. or header.");
}

static enum code
read_sources(const struct spec *row, struct field *out)
{
	struct spec from;
	enum code code;
	size_t index = 0;

	if (!spec_find(row, "from", &from))
		return spec_fail(row, "needs \"from\" or \"value\"");
	code = spec_check_type(&from, JSON_LIST);
	for (const struct json *v = from.value->first; v && code == CODE_OK;
	     v = v->next) {
		struct spec at = spec_child(&from, v, index++);

		if (out->source_count == FIELD_SOURCE_MAX)
			return spec_fail(&at, "is more than %d sources",
			                 FIELD_SOURCE_MAX);
		code = read_source(&at, &out->sources[out->source_count++]);
	}
	if (code == CODE_OK && out->source_count == 0)
		return spec_fail(&from, "must not be empty");
	return code;
}

static enum code
check_type_name(const struct spec *row, enum message_kind kind)
{
	static const char *const names[] = { [MESSAGE_TEXT] = "string",
		                             [MESSAGE_BOOL] = "boolean",
		                             [MESSAGE_INTEGER] = "integer" };
	const char *type = NULL;
	struct spec at = *row;
	enum code code = spec_text(row, "type", &type);

	if (code != CODE_OK)
		return code;
	(void)spec_find(row, "type", &at);
	if (kind > MESSAGE_INTEGER)
		return spec_fail(row, "only strings, booleans and integers "
		                      "are filled from a request");
	if (type != NULL && strcmp(type, names[kind]) != 0)
		return spec_fail(&at, "is \"%s\" and the field's type is %s",
		                 type, names[kind]);
	return CODE_OK;
}

static enum code
read_too_long(const struct spec *row, struct field *out)
{
	const char *name = NULL;
	struct spec at = *row;
	enum code code =
		spec_uint(row, "max_bytes", 1, BYTES_MAX, &out->max_bytes);

	if (code == CODE_OK)
		code = spec_text(row, "too_long", &name);
	if (code != CODE_OK)
		return code;
	(void)spec_find(row, "too_long", &at);
	if ((name == NULL) != (out->max_bytes == 0))
		return spec_fail(&at, "max_bytes and too_long go together");
	if (name != NULL && !condition_find(name, &out->too_long))
		return spec_fail(&at, "there is no condition \"%s\"", name);
	return CODE_OK;
}

static enum code
read_flags(const struct spec *row, struct field *out)
{
	enum message_kind kind = message_kind(out->target);
	enum code code = spec_bool(row, "required", &out->required);

	if (code == CODE_OK)
		code = spec_bool(row, "allow_null", &out->allow_null);
	if (code == CODE_OK)
		code = spec_bool(row, "allow_blank", &out->allow_blank);
	if (code == CODE_OK)
		code = spec_bool(row, "trim", &out->trim);
	if (code == CODE_OK)
		code = spec_uint(row, "max_length", 1, BYTES_MAX,
		                 &out->max_length);
	if (code == CODE_OK)
		code = spec_text(row, "report_as", &out->report_as);
	if (code == CODE_OK)
		code = read_too_long(row, out);
	if (code == CODE_OK && kind != MESSAGE_TEXT &&
	    (out->allow_blank || out->max_length > 0 || out->max_bytes > 0))
		return spec_fail(row, "allow_blank, max_length and max_bytes "
		                      "are for strings");
	return code;
}

static enum code
read_enum(const struct spec *at, const ProtobufCFieldDescriptor *field,
          int *out)
{
	const ProtobufCEnumDescriptor *type = field->descriptor;
	const ProtobufCEnumValue *value;
	const char *name;
	enum code code = spec_value_text(at, &name);

	if (code != CODE_OK)
		return code;
	value = protobuf_c_enum_descriptor_get_value_by_name(type, name);
	if (value == NULL)
		return spec_fail(at, "%s has no value \"%s\"", type->name,
		                 name);
	*out = value->value;
	return CODE_OK;
}

static enum code
read_enums(const struct spec *at, struct field *out)
{
	enum code code = spec_check_type(at, JSON_LIST);
	size_t count = 0;

	for (const struct json *v = at->value->first; v; v = v->next)
		count++;
	if (message_kind(out->target) != MESSAGE_ENUM)
		return spec_fail(at, "lists are for repeated enums");
	out->enums = arena_alloc(at->file->arena, count * sizeof(int) + 1);
	if (out->enums == NULL)
		return spec_fail(at, "not enough memory");
	for (const struct json *v = at->value->first; v && code == CODE_OK;
	     v = v->next) {
		struct spec item = spec_child(at, v, out->enum_count);

		code = read_enum(&item, out->target,
		                 &out->enums[out->enum_count++]);
	}
	return code;
}

static enum code
read_integer(const struct spec *at, struct field *out)
{
	enum code code = spec_check_type(at, JSON_NUMBER);
	char *end;

	if (code != CODE_OK)
		return code;
	out->number = strtoll(at->value->text, &end, 10);
	if (*end != '\0' || at->value->text_len > 18 ||
	    !message_integer_fits(out->target, out->number))
		return spec_fail(at, "is no number that fits the field");
	return CODE_OK;
}

static enum code
read_constant(const struct spec *at, struct field *out)
{
	int number = 0;
	const char *text = NULL;
	enum code code;

	if (out->target->label == PROTOBUF_C_LABEL_REPEATED)
		return read_enums(at, out);
	switch (message_kind(out->target)) {
	case MESSAGE_TEXT:
		code = spec_value_text(at, &text);
		if (code != CODE_OK)
			return code;
		out->text = arena_strdup(at->file->arena, text);
		return out->text == NULL ? spec_fail(at, "not enough memory")
		                         : CODE_OK;
	case MESSAGE_BOOL:
		out->number = at->value->type == JSON_TRUE;
		if (!out->number && at->value->type != JSON_FALSE)
			return spec_fail(at, "must be true or false");
		return CODE_OK;
	case MESSAGE_INTEGER:
		return read_integer(at, out);
	case MESSAGE_ENUM:
		code = read_enum(at, out->target, &number);
		out->number = number;
		return code;
	case MESSAGE_CHILD:
	case MESSAGE_OTHER:
		break;
	}
	return spec_fail(at, "this field cannot be a constant");
}

static enum code
read_target(const struct spec *row, const ProtobufCMessageDescriptor *message,
            const ProtobufCFieldDescriptor **out)
{
	const char *name = NULL;
	struct spec at = *row;
	enum code code = spec_text(row, "field", &name);

	if (code != CODE_OK)
		return code;
	if (name == NULL)
		return spec_fail(row, "needs \"field\"");
	(void)spec_find(row, "field", &at);
	*out = protobuf_c_message_descriptor_get_field_by_name(message, name);
	return *out != NULL ? CODE_OK
	                    : spec_fail(&at, "%s has no field \"%s\"",
	                                message->name, name);
}

enum code
field_compile(const struct spec *at, const ProtobufCMessageDescriptor *message,
              struct field *out)
{
	static const char *const constant[] = { "field", "value", NULL };
	static const char *const known[] = {
		"field",      "from",        "type",      "required",
		"allow_null", "allow_blank", "trim",      "max_length",
		"max_bytes",  "too_long",    "report_as", NULL
	};
	struct field field = { .required = true, .trim = true };
	struct spec value;
	bool is_constant = json_member(at->value, "value") != NULL;
	enum code code = spec_check_members(at, is_constant ? constant : known);

	if (code == CODE_OK)
		code = read_target(at, message, &field.target);
	if (code != CODE_OK || field.target == NULL)
		return code;
	if (spec_find(at, "value", &value)) {
		code = read_constant(&value, &field);
	} else {
		if (field.target->label == PROTOBUF_C_LABEL_REPEATED)
			return spec_fail(at, "lists cannot be filled from a "
			                     "request yet");
		code = read_sources(at, &field);
		if (code == CODE_OK)
			code = check_type_name(at, message_kind(field.target));
		if (code == CODE_OK)
			code = read_flags(at, &field);
		if (field.report_as == NULL)
			field.report_as = field.sources[0].name;
	}
	if (code == CODE_OK)
		*out = field;
	return code;
}
