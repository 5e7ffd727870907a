/* Where the rows of a route find their values, and what a string must be. */
#include "gateway/field_value.h"

#include <string.h>

#include "base/encoding.h"
#include "gateway/message.h"
#include "gateway/text.h"

void
field_value_report(struct field_filler *f, const char *what)
{
	struct violations *list = &f->outcome->violations;

	f->bad = true;
	if (what == NULL)
		list->failed = true;
	else if (f->field->if_bad == FIELD_REPORT)
		violations_add(list, f->name, VIOLATION_WHOLE, what);
}

/* Path parameters, headers and raw bodies look like members. */
static const struct json *
make(struct json *made, const char *text, size_t len, enum json_type type)
{
	*made = (struct json){ .type = type,
		               .text = (char *)(uintptr_t)text,
		               .text_len = len };
	return made;
}

static const char *
find_parameter(const struct field_input *input, const char *name)
{
	for (size_t i = 0; i < input->parameter_count; i++)
		if (strcmp(input->parameters[i].name, name) == 0)
			return input->parameters[i].value;
	return NULL;
}

static const struct json *
find_in(const struct field_input *input, const struct field_source *source,
        struct json *made)
{
	const char *text = NULL;

	switch (source->origin) {
	case FIELD_BODY:
		return json_member(input->body, source->name);
	case FIELD_QUERY:
		return json_member(input->query, source->name);
	case FIELD_RAW:
		/* As a form's file: a list without items that has a text. */
		return input->raw.data == NULL
		               ? NULL
		               : make(made, input->raw.data, input->raw.len,
		                      JSON_LIST);
	case FIELD_HEADER:
		text = input->inquiry->header(input->inquiry->ctx,
		                              source->name);
		break;
	case FIELD_PATH:
		text = find_parameter(input, source->name);
		break;
	case FIELD_COOKIE:
		text = input->cookie;
		break;
	case FIELD_REST:
		break;
	}
	if (text == NULL)
		return NULL;
	/* A list is what no reader of a scalar takes. */
	return make(made, text, strlen(text),
	            utf8_is_valid(text, strlen(text)) ? JSON_STRING
	                                              : JSON_LIST);
}

/* A parameter that holds what joins them would be two of them. */
static const struct json *
join_all(const struct field *field, const struct field_input *input,
         struct json *made)
{
	const char *text = "";
	bool good = true;

	for (size_t i = 0; i < field->source_count && text != NULL; i++) {
		const char *part =
			find_parameter(input, field->sources[i].name);

		good &= strstr(part, field->join) == NULL;
		text = arena_printf(input->inquiry->arena, "%s%s%s", text,
		                    i == 0 ? "" : field->join, part);
	}
	if (text == NULL)
		return NULL;
	return make(made, text, strlen(text),
	            good && utf8_is_valid(text, strlen(text)) ? JSON_STRING
	                                                      : JSON_LIST);
}

const struct json *
field_value_find(const struct field *field, const struct field_input *input,
                 struct json *made, const char **name)
{
	*name = field->report_as;
	if (field->join != NULL)
		return join_all(field, input, made);
	for (size_t i = 0; i < field->source_count; i++) {
		const struct json *value =
			find_in(input, &field->sources[i], made);

		if (value == NULL)
			continue;
		/* What is the whole body has no name of its own. */
		if (field->sources[i].origin != FIELD_RAW)
			*name = field->sources[i].name;
		return value;
	}
	return NULL;
}

const char *
field_name_of(const struct field *field, const struct field_input *input)
{
	struct json made;
	const char *name;

	(void)field_value_find(field, input, &made, &name);
	return name;
}

ProtobufCMessage *
field_value_message(struct field_filler *f)
{
	const ProtobufCFieldDescriptor *parent = f->field->parent;
	ProtobufCMessage *child;

	if (parent == NULL)
		return f->message;
	if (message_count(f->message, parent) > 0)
		return (ProtobufCMessage *)(uintptr_t)message_child(f->message,
		                                                    parent, 0);
	child = message_new(f->arena, parent->descriptor);
	if (child == NULL)
		f->outcome->violations.failed = true;
	else
		message_set_child(f->message, parent, child);
	return child;
}

static void
report_text(struct field_filler *f, long index, const char *what)
{
	if (index == VIOLATION_WHOLE || what == NULL) {
		field_value_report(f, what);
		return;
	}
	f->bad = true;
	if (f->field->if_bad == FIELD_REPORT)
		violations_add(&f->outcome->violations, f->name, index, what);
}

/* DRF's validators all speak, in this order; true if none had to. */
static bool
check_string(struct field_filler *f, const struct json *value,
             struct bytes text, long index)
{
	const struct field *field = f->field;
	bool good = true;

	if (field->max_length > 0 &&
	    text_length(text.data, text.len) > field->max_length) {
		report_text(f, index,
		            arena_printf(f->arena,
		                         "Ensure this field has no more than "
		                         "%u characters.",
		                         field->max_length));
		good = false;
	}
	if (value->has_nul) {
		report_text(f, index, "Null characters are not allowed.");
		good = false;
	}
	if (value->surrogate != 0) {
		report_text(f, index,
		            arena_printf(f->arena,
		                         "Surrogate characters are not "
		                         "allowed: U+%X.",
		                         value->surrogate));
		good = false;
	}
	return good;
}

char *
field_value_text(struct field_filler *f, const struct json *value, long index)
{
	const struct field *field = f->field;
	struct bytes text = { value->text, value->text_len };
	char *copy;

	if (value->type != JSON_STRING && value->type != JSON_NUMBER) {
		report_text(f, index,
		            value->type == JSON_NULL
		                    ? "This field may not be null."
		                    : "Not a valid string.");
		return NULL;
	}
	if (field->trim)
		text = text_trim(value->text, value->text_len);
	if (text.len == 0 && !field->allow_blank) {
		report_text(f, index, "This field may not be blank.");
		return NULL;
	}
	if (!check_string(f, value, text, index))
		return NULL;
	if (field->max_bytes > 0 && text.len > field->max_bytes) {
		f->outcome->refused = true;
		f->outcome->condition = field->too_long;
		return NULL;
	}
	copy = arena_memdup(f->arena, text.data, text.len);
	if (copy == NULL)
		f->outcome->violations.failed = true;
	return copy;
}
