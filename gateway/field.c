/* Reads and checks the rows of a route's "request". */
#include "gateway/field.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/condition.h"
#include "gateway/message.h"
#include "gateway/pair.h"

#define BYTES_MAX (64U * 1024)

static const char *const origin_prefixes[] = {
	[FIELD_BODY] = "body.",
	[FIELD_PATH] = "path.",
	[FIELD_QUERY] = "query.",
	[FIELD_HEADER] = "header.",
};

/* A row without a target is a string that only the gateway looks at. */
static enum message_kind
kind_of(const struct field *field)
{
	return field->target == NULL ? MESSAGE_TEXT
	                             : message_kind(field->target);
}

static enum code
read_source(const struct spec *at, struct field_source *out)
{
	const char *text;
	enum code code = spec_value_text(at, &text);

	if (code != CODE_OK)
		return code;
	if (strcmp(text, "raw") == 0) {
		*out = (struct field_source){ FIELD_RAW, text };
		return CODE_OK;
	}
	if (strcmp(text, "body.*") == 0) {
		*out = (struct field_source){ FIELD_REST, text };
		return CODE_OK;
	}
	for (unsigned i = 0; i < 4; i++) {
		size_t len = strlen(origin_prefixes[i]);

		if (strncmp(text, origin_prefixes[i], len) == 0 &&
		    text[len] != '\0') {
			*out = (struct field_source){ i, text + len };
			return CODE_OK;
		}
	}
	return spec_fail(at, "must begin with body., path., query. or header., "
	                     "or be raw");
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

/* Which sources can give such a value. */
static enum code
check_sources(const struct spec *row, const struct field *field)
{
	for (size_t i = 0; i < field->source_count; i++) {
		enum field_origin origin = field->sources[i].origin;

		if (origin == FIELD_RAW && field->shape != FIELD_FILE)
			return spec_fail(row, "\"raw\" is for bytes");
		if (field->shape == FIELD_FILE && origin != FIELD_RAW &&
		    origin != FIELD_BODY)
			return spec_fail(row, "bytes come from \"raw\" or the "
			                      "body");
		if ((origin == FIELD_REST) != (field->shape == FIELD_MEMBERS) ||
		    (origin == FIELD_REST && field->source_count > 1))
			return spec_fail(row, "\"body.*\" alone is for lists "
			                      "of names and values");
		if (field->shape == FIELD_LIST && origin != FIELD_BODY &&
		    origin != FIELD_QUERY)
			return spec_fail(row, "lists come from the body or the "
			                      "query");
		if (field->join != NULL && origin != FIELD_PATH)
			return spec_fail(row, "\"join\" is for the path");
	}
	return CODE_OK;
}

static enum code
choose_shape(const struct spec *row, struct field *out)
{
	enum message_kind kind = kind_of(out);
	struct pair_shape pair;

	if (out->target != NULL &&
	    out->target->label == PROTOBUF_C_LABEL_REPEATED) {
		out->shape = FIELD_LIST;
		if (kind == MESSAGE_CHILD &&
		    pair_shape_find(out->target->descriptor, &pair) &&
		    pair.unfit != NULL)
			out->shape = FIELD_MEMBERS;
		else if (kind != MESSAGE_TEXT)
			return spec_fail(row,
			                 "only lists of strings, or of names "
			                 "and values, are filled from a "
			                 "request");
		return CODE_OK;
	}
	out->shape = kind == MESSAGE_BYTES ? FIELD_FILE : FIELD_SCALAR;
	if (kind > MESSAGE_INTEGER && kind != MESSAGE_BYTES)
		return spec_fail(row, "only strings, booleans, integers and "
		                      "bytes are filled from a request");
	return CODE_OK;
}

static enum code
check_type_name(const struct spec *row, const struct field *field)
{
	static const char *const names[] = { [MESSAGE_TEXT] = "string",
		                             [MESSAGE_BOOL] = "boolean",
		                             [MESSAGE_INTEGER] = "integer" };
	const char *type = NULL, *is = "";
	struct spec at = *row;
	enum code code = spec_text(row, "type", &type);

	if (code != CODE_OK || type == NULL)
		return code;
	(void)spec_find(row, "type", &at);
	if (field->shape == FIELD_SCALAR)
		is = names[kind_of(field)];
	else if (field->shape == FIELD_LIST)
		is = "list";
	else
		is = field->shape == FIELD_FILE ? "file" : "members";
	return strcmp(type, is) == 0
	               ? CODE_OK
	               : spec_fail(&at, "is \"%s\" and the field's type is %s",
	                           type, is);
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

/* "ignore", or the condition that a bad value is answered with. */
static enum code
read_if_bad(const struct spec *row, struct field *out)
{
	const char *name = NULL;
	struct spec at = *row;
	enum code code = spec_text(row, "if_bad", &name);

	if (code != CODE_OK || name == NULL)
		return code;
	(void)spec_find(row, "if_bad", &at);
	out->if_bad = strcmp(name, "ignore") == 0 ? FIELD_IGNORE : FIELD_ANSWER;
	if (out->if_bad == FIELD_ANSWER && !condition_find(name, &out->bad))
		return spec_fail(&at, "there is no condition \"%s\"", name);
	return CODE_OK;
}

static enum code
read_bounds(const struct spec *row, struct field *out)
{
	bool is_text = kind_of(out) == MESSAGE_TEXT;
	enum code code =
		spec_uint(row, "max_length", 1, BYTES_MAX, &out->max_length);

	if (code == CODE_OK)
		code = read_too_long(row, out);
	if (code == CODE_OK)
		code = spec_uint(row, "min", 0, UINT32_MAX, &out->min);
	if (code == CODE_OK)
		code = spec_uint(row, "max", 1, UINT32_MAX, &out->max);
	if (code == CODE_OK)
		code = spec_uint(row, "cap", 1, UINT32_MAX, &out->cap);
	if (code != CODE_OK)
		return code;
	if (!is_text && (out->allow_blank || out->null_as_blank ||
	                 out->max_length > 0 || out->max_bytes > 0))
		return spec_fail(row, "allow_blank, null_as_blank, max_length "
		                      "and max_bytes are for strings");
	if ((out->min > 0 || out->max > 0 || out->cap > 0) &&
	    kind_of(out) != MESSAGE_INTEGER)
		return spec_fail(row, "min, max and cap are for integers");
	return CODE_OK;
}

static enum code
read_flags(const struct spec *row, struct field *out)
{
	enum code code = spec_bool(row, "required", &out->required);

	if (code == CODE_OK)
		code = spec_bool(row, "allow_null", &out->allow_null);
	if (code == CODE_OK)
		code = spec_bool(row, "null_as_blank", &out->null_as_blank);
	if (code == CODE_OK)
		code = spec_bool(row, "allow_blank", &out->allow_blank);
	if (code == CODE_OK)
		code = spec_bool(row, "trim", &out->trim);
	if (code == CODE_OK)
		code = spec_text(row, "report_as", &out->report_as);
	if (code == CODE_OK)
		code = spec_text(row, "join", &out->join);
	if (code == CODE_OK)
		code = read_if_bad(row, out);
	return code == CODE_OK ? read_bounds(row, out) : code;
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

	/* A row with "value" has no "input": see field_compile. */
	assert(out->target != NULL);
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
	case MESSAGE_BYTES:
	case MESSAGE_OTHER:
		break;
	}
	return spec_fail(at, "this field cannot be a constant");
}

static const ProtobufCFieldDescriptor *
find_field(const ProtobufCMessageDescriptor *message, const char *name)
{
	return protobuf_c_message_descriptor_get_field_by_name(message, name);
}

/* "field", or "message.field" of a message within the request. */
static enum code
read_target(const struct spec *row, const ProtobufCMessageDescriptor *message,
            struct field *out)
{
	struct spec at = *row;
	char *text, *dot;

	(void)spec_find(row, "field", &at);
	text = arena_strdup(row->file->arena, out->name);
	if (text == NULL)
		return spec_fail(&at, "not enough memory");
	dot = strchr(text, '.');
	if (dot != NULL) {
		*dot = '\0';
		out->parent = find_field(message, text);
		if (out->parent == NULL ||
		    message_kind(out->parent) != MESSAGE_CHILD ||
		    out->parent->label == PROTOBUF_C_LABEL_REPEATED)
			return spec_fail(&at, "%s has no message \"%s\"",
			                 message->name, text);
		message = out->parent->descriptor;
		text = dot + 1;
	}
	out->target = find_field(message, text);
	return out->target != NULL ? CODE_OK
	                           : spec_fail(&at, "%s has no field \"%s\"",
	                                       message->name, text);
}

/* What the row is called, and the field it fills, if it fills one. */
static enum code
read_name(const struct spec *row, const ProtobufCMessageDescriptor *message,
          struct field *out)
{
	const char *field = NULL, *input = NULL;
	enum code code = spec_text(row, "field", &field);

	if (code == CODE_OK)
		code = spec_text(row, "input", &input);
	if (code != CODE_OK)
		return code;
	if ((field == NULL) == (input == NULL))
		return spec_fail(row, "needs \"field\" or \"input\"");
	out->name = field == NULL ? input : field;
	return field == NULL ? CODE_OK : read_target(row, message, out);
}

static enum code
read_row(const struct spec *at, struct field *out)
{
	enum code code = choose_shape(at, out);

	if (code == CODE_OK)
		code = read_sources(at, out);
	if (code == CODE_OK)
		code = check_type_name(at, out);
	if (out->shape == FIELD_MEMBERS)
		out->required = false;
	if (code == CODE_OK)
		code = read_flags(at, out);
	if (code == CODE_OK)
		code = check_sources(at, out);
	if (out->report_as == NULL)
		out->report_as = out->sources[0].origin == FIELD_RAW
		                         ? out->name
		                         : out->sources[0].name;
	return code;
}

enum code
field_compile(const struct spec *at, const ProtobufCMessageDescriptor *message,
              struct field *out)
{
	static const char *const constant[] = { "field", "value", NULL };
	static const char *const known[] = {
		"field",      "input",         "from",      "type",
		"required",   "allow_null",    "trim",      "allow_blank",
		"max_length", "max_bytes",     "too_long",  "min",
		"max",        "cap",           "report_as", "join",
		"if_bad",     "null_as_blank", NULL
	};
	struct field field = { .required = true, .trim = true };
	struct spec value;
	bool is_constant = json_member(at->value, "value") != NULL;
	enum code code = spec_check_members(at, is_constant ? constant : known);

	if (code == CODE_OK)
		code = read_name(at, message, &field);
	if (code != CODE_OK)
		return code;
	if (spec_find(at, "value", &value))
		code = read_constant(&value, &field);
	else
		code = read_row(at, &field);
	if (code == CODE_OK)
		*out = field;
	return code;
}
