/* Fills a request message from an HTTP request, by the rows of a route. */
#include "gateway/field.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/encoding.h"
#include "gateway/message.h"
#include "gateway/text.h"

struct filler {
	struct arena *arena;
	const struct field *field;
	const char *name; /* what the client calls it */
	ProtobufCMessage *message;
	struct field_outcome *outcome;
};

/* what is NULL when there was no memory to make it. */
static void
report(struct filler *f, const char *what)
{
	if (what == NULL)
		f->outcome->violations.failed = true;
	else
		violations_add(&f->outcome->violations, f->name, what);
}

/* Path parameters and headers look like members that are strings. */
static const struct json *
find_value(const struct field_input *input, const struct field_source *source,
           struct json *made)
{
	const char *text = NULL;

	if (source->origin == FIELD_BODY)
		return json_member(input->body, source->name);
	if (source->origin == FIELD_QUERY)
		return json_member(input->query, source->name);
	if (source->origin == FIELD_HEADER)
		text = input->inquiry->header(input->inquiry->ctx,
		                              source->name);
	for (size_t i = 0;
	     source->origin == FIELD_PATH && i < input->parameter_count; i++)
		if (strcmp(input->parameters[i].name, source->name) == 0)
			text = input->parameters[i].value;
	if (text == NULL)
		return NULL;
	*made = (struct json){ .type = JSON_STRING,
		               .text = (char *)text,
		               .text_len = strlen(text) };
	/* A list is what no reader of a scalar takes. */
	if (!utf8_is_valid(text, made->text_len))
		made->type = JSON_LIST;
	return made;
}

/* The first source that is present; NULL and the name to report if none. */
static const struct json *
find_first(const struct field *field, const struct field_input *input,
           struct json *made, const char **name)
{
	for (size_t i = 0; i < field->source_count; i++) {
		const struct json *value =
			find_value(input, &field->sources[i], made);

		if (value != NULL) {
			*name = field->sources[i].name;
			return value;
		}
	}
	*name = field->report_as;
	return NULL;
}

/* DRF's validators all speak, in this order; true if none had to. */
static bool
check_string(struct filler *f, const struct json *value, struct bytes text)
{
	const struct field *field = f->field;
	bool good = true;

	if (field->max_length > 0 &&
	    text_length(text.data, text.len) > field->max_length) {
		report(f, arena_printf(f->arena,
		                       "Ensure this field has no more than %u "
		                       "characters.",
		                       field->max_length));
		good = false;
	}
	if (value->has_nul) {
		report(f, "Null characters are not allowed.");
		good = false;
	}
	if (value->surrogate != 0) {
		report(f, arena_printf(
				  f->arena,
				  "Surrogate characters are not allowed: U+%X.",
				  value->surrogate));
		good = false;
	}
	return good;
}

static void
fill_string(struct filler *f, const struct json *value)
{
	const struct field *field = f->field;
	struct bytes text = { value->text, value->text_len };
	char *copy;

	if (value->type != JSON_STRING && value->type != JSON_NUMBER) {
		report(f, "Not a valid string.");
		return;
	}
	if (field->trim)
		text = text_trim(value->text, value->text_len);
	if (text.len == 0 && !field->allow_blank) {
		report(f, "This field may not be blank.");
		return;
	}
	if (!check_string(f, value, text))
		return;
	if (field->max_bytes > 0 && text.len > field->max_bytes) {
		f->outcome->too_long = true;
		f->outcome->condition = field->too_long;
		return;
	}
	copy = arena_memdup(f->arena, text.data, text.len);
	if (copy == NULL)
		f->outcome->violations.failed = true;
	else
		message_set_text(f->message, field->target, copy);
}

static bool
is_one_of(const char *const *words, const char *text)
{
	for (; *words != NULL; words++)
		if (strcasecmp(*words, text) == 0)
			return true;
	return false;
}

static void
fill_bool(struct filler *f, const struct json *value)
{
	static const char *const yes[] = { "true", "t", "yes", "y",
		                           "on",   "1", NULL };
	static const char *const no[] = { "false", "f", "no", "n",
		                          "off",   "0", NULL };
	bool has_text = (value->type == JSON_STRING && !value->has_nul) ||
	                value->type == JSON_NUMBER;

	if (value->type == JSON_TRUE ||
	    (has_text && is_one_of(yes, value->text)))
		message_set_bool(f->message, f->field->target, true);
	else if (value->type == JSON_FALSE ||
	         (has_text && is_one_of(no, value->text)))
		message_set_bool(f->message, f->field->target, false);
	else
		report(f, "Must be a valid boolean.");
}

/* Digits, and perhaps a point and zeros: 12, "12", 12.0. */
static bool
read_integer(struct filler *f, struct bytes text, int64_t *out)
{
	char digits[32];
	char *end;

	if (text.len == 0 || text.len >= sizeof(digits))
		return false;
	memcpy(digits, text.data, text.len);
	digits[text.len] = '\0';
	errno = 0;
	*out = strtoll(digits, &end, 10);
	if (end == digits || errno != 0)
		return false;
	if (*end == '.')
		end += 1 + strspn(end + 1, "0");
	return *end == '\0' && (size_t)(end - digits) == text.len &&
	       message_integer_fits(f->field->target, *out);
}

static void
fill_integer(struct filler *f, const struct json *value)
{
	int64_t number;

	if ((value->type == JSON_NUMBER || value->type == JSON_STRING) &&
	    read_integer(f, text_trim(value->text, value->text_len), &number))
		message_set_integer(f->message, f->field->target, number);
	else
		report(f, "A valid integer is required.");
}

static void
fill_constant(ProtobufCMessage *message, const struct field *field)
{
	if (field->target->label == PROTOBUF_C_LABEL_REPEATED)
		message_set_enums(message, field->target, field->enums,
		                  field->enum_count);
	else if (message_kind(field->target) == MESSAGE_TEXT)
		message_set_text(message, field->target, field->text);
	else if (message_kind(field->target) == MESSAGE_BOOL)
		message_set_bool(message, field->target, field->number != 0);
	else
		message_set_integer(message, field->target, field->number);
}

static void
fill_one(struct filler *f, const struct field_input *input)
{
	struct json made;
	const struct json *value = find_first(f->field, input, &made, &f->name);

	if (value == NULL) {
		if (f->field->required)
			report(f, "This field is required.");
		return;
	}
	if (value->type == JSON_NULL) {
		if (!f->field->allow_null)
			report(f, "This field may not be null.");
		return;
	}
	switch (message_kind(f->field->target)) {
	case MESSAGE_TEXT:
		fill_string(f, value);
		break;
	case MESSAGE_BOOL:
		fill_bool(f, value);
		break;
	default:
		fill_integer(f, value);
		break;
	}
}

enum code
field_fill(const struct field *fields, size_t count,
           const struct field_input *input, ProtobufCMessage *message,
           struct field_outcome *outcome)
{
	struct arena *arena = input->inquiry->arena;

	*outcome = (struct field_outcome){ 0 };
	violations_init(&outcome->violations, arena);
	for (size_t i = 0; i < count; i++) {
		struct filler f = { .arena = arena,
			            .field = &fields[i],
			            .message = message,
			            .outcome = outcome };

		if (fields[i].source_count == 0)
			fill_constant(message, &fields[i]);
		else
			fill_one(&f, input);
	}
	if (outcome->violations.first != NULL)
		outcome->too_long = false;
	return outcome->violations.failed ? CODE_RESOURCE_EXHAUSTED : CODE_OK;
}

const char *
field_name_of(const struct field *fields, size_t count,
              const struct field_input *input, const char *target)
{
	for (size_t i = 0; i < count; i++) {
		struct json made;
		const char *name;

		if (fields[i].source_count == 0 ||
		    strcmp(fields[i].target->name, target) != 0)
			continue;
		(void)find_first(&fields[i], input, &made, &name);
		return name;
	}
	return NULL;
}
