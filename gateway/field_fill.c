/* Fills a request message from an HTTP request, by the rows of a route. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gateway/field_value.h"
#include "gateway/message.h"
#include "gateway/python_type.h"
#include "gateway/text.h"

static size_t
index_of(const struct field_filler *f, const struct field *fields)
{
	return (size_t)(f->field - fields);
}

static void
fill_string(struct field_filler *f, const struct json *value,
            const struct field *fields)
{
	char *text = field_value_text(f, value, VIOLATION_WHOLE);
	ProtobufCMessage *message;

	if (text == NULL)
		return;
	f->outcome->texts[index_of(f, fields)] = text;
	if (f->field->target == NULL)
		return;
	message = field_value_message(f);
	if (message != NULL)
		message_set_text(message, f->field->target, text);
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
fill_bool(struct field_filler *f, const struct json *value)
{
	static const char *const yes[] = { "true", "t", "yes", "y",
		                           "on",   "1", NULL };
	static const char *const no[] = { "false", "f", "no", "n",
		                          "off",   "0", NULL };
	bool has_text = (value->type == JSON_STRING && !value->has_nul) ||
	                value->type == JSON_NUMBER;
	ProtobufCMessage *message = field_value_message(f);

	if (message == NULL)
		return;
	if (value->type == JSON_TRUE ||
	    (has_text && is_one_of(yes, value->text)))
		message_set_bool(message, f->field->target, true);
	else if (value->type == JSON_FALSE ||
	         (has_text && is_one_of(no, value->text)))
		message_set_bool(message, f->field->target, false);
	else
		field_value_report(f, "Must be a valid boolean.");
}

/* Digits, and perhaps a point and zeros: 12, "12", 12.0. */
static bool
read_integer(struct field_filler *f, struct bytes text, int64_t *out)
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

static bool
check_integer(struct field_filler *f, int64_t number)
{
	const struct field *field = f->field;

	if (number < (int64_t)field->min)
		field_value_report(f, arena_printf(f->arena,
		                                   "Ensure this value is "
		                                   "greater than or equal to "
		                                   "%u.",
		                                   field->min));
	else if (field->max > 0 && number > (int64_t)field->max)
		field_value_report(f, arena_printf(f->arena,
		                                   "Ensure this value is less "
		                                   "than or equal to %u.",
		                                   field->max));
	else
		return true;
	return false;
}

static void
fill_integer(struct field_filler *f, const struct json *value)
{
	ProtobufCMessage *message = field_value_message(f);
	const struct field *field = f->field;
	int64_t number;

	if (message == NULL)
		return;
	if ((value->type != JSON_NUMBER && value->type != JSON_STRING) ||
	    !read_integer(f, text_trim(value->text, value->text_len),
	                  &number)) {
		field_value_report(f, "A valid integer is required.");
		return;
	}
	if (field->cap > 0 && number > (int64_t)field->cap)
		number = field->cap;
	if ((field->min == 0 && field->max == 0) || check_integer(f, number))
		message_set_integer(message, field->target, number);
}

/* The items of a JSON list, or the values of a form's name; NULL: neither. */
static bool
find_items(const struct json *value, const struct json **out)
{
	bool is_file = value->type == JSON_LIST && value->text != NULL;

	*out = value->first;
	if (value->type == JSON_LIST && !is_file)
		return true;
	return value->type == JSON_STRING && value->first != NULL;
}

static void
fill_list(struct field_filler *f, const struct json *value)
{
	ProtobufCMessage *message = field_value_message(f);
	const struct json *items;
	size_t count = 0;
	void **texts;

	if (message == NULL)
		return;
	if (!find_items(value, &items)) {
		field_value_report(
			f, arena_printf(f->arena,
		                        "Expected a list of items but got "
		                        "type \"%s\".",
		                        python_type(value)));
		return;
	}
	for (const struct json *v = items; v != NULL; v = v->next)
		count++;
	texts = arena_alloc(f->arena, (count + 1) * sizeof(*texts));
	if (texts == NULL) {
		f->outcome->violations.failed = true;
		return;
	}
	count = 0;
	for (const struct json *v = items; v != NULL; v = v->next, count++)
		texts[count] = field_value_text(f, v, (long)count);
	if (!f->bad && !f->outcome->refused && !f->outcome->violations.failed)
		message_set_list(message, f->field->target, texts, count);
}

/* What a form's file or a raw body holds is lent, not copied. */
static void
fill_file(struct field_filler *f, const struct json *value)
{
	ProtobufCMessage *message = field_value_message(f);

	if (message == NULL)
		return;
	if (value->type != JSON_LIST || value->text == NULL)
		field_value_report(f, "The submitted data was not a file. "
		                      "Check the encoding type on the form.");
	else if (value->text_len == 0)
		field_value_report(f, "The submitted file is empty.");
	else
		message_set_bytes(
			message, f->field->target,
			(struct bytes){ value->text, value->text_len });
}

static void
fill_constant(struct field_filler *f)
{
	const struct field *field = f->field;
	ProtobufCMessage *message = field_value_message(f);

	if (message == NULL)
		return;
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
fill_scalar(struct field_filler *f, const struct json *value,
            const struct field *fields)
{
	enum message_kind kind = f->field->target == NULL
	                                 ? MESSAGE_TEXT
	                                 : message_kind(f->field->target);

	if (kind == MESSAGE_TEXT)
		fill_string(f, value, fields);
	else if (kind == MESSAGE_BOOL)
		fill_bool(f, value);
	else
		fill_integer(f, value);
}

static void
fill_present(struct field_filler *f, const struct json *value,
             const struct field *fields)
{
	switch (f->field->shape) {
	case FIELD_SCALAR:
		fill_scalar(f, value, fields);
		break;
	case FIELD_LIST:
		fill_list(f, value);
		break;
	case FIELD_FILE:
		fill_file(f, value);
		break;
	case FIELD_CONSTANT:
	case FIELD_MEMBERS:
		break;
	}
}

static void
fill_one(struct field_filler *f, const struct field *fields)
{
	static char nothing[1];
	static const struct json blank = { .type = JSON_STRING,
		                           .text = nothing };
	struct json made;
	const struct json *value =
		field_value_find(f->field, f->input, &made, &f->name);

	if (value == NULL && f->field->required)
		field_value_report(f, f->field->shape == FIELD_FILE
		                              ? "No file was submitted."
		                              : "This field is required.");
	if (value == NULL)
		return;
	if (value->type == JSON_NULL && f->field->null_as_blank)
		value = &blank;
	if (value->type != JSON_NULL)
		fill_present(f, value, fields);
	else if (!f->field->allow_null)
		field_value_report(f, "This field may not be null.");
}

/* A bad value that is not to be reported, and what its absence means. */
static void
judge(const struct field_filler *f)
{
	const struct field *field = f->field;
	struct field_outcome *outcome = f->outcome;

	if (!f->bad)
		return;
	if (field->if_bad == FIELD_ANSWER && !outcome->outranks) {
		outcome->refused = true;
		outcome->outranks = true;
		outcome->leads_nowhere = field->sources[0].origin == FIELD_PATH;
		outcome->condition = field->bad;
	}
	outcome->lacks_required |=
		field->if_bad == FIELD_REPORT && field->required &&
		field->target != NULL && field->parent == NULL &&
		message_kind(field->target) == MESSAGE_TEXT &&
		!message_has_presence(field->target);
}

enum code
field_fill(const struct field *fields, size_t count,
           const struct field_input *input, ProtobufCMessage *message,
           struct field_outcome *outcome)
{
	*outcome = (struct field_outcome){ 0 };
	violations_init(&outcome->violations, input->inquiry->arena);
	for (size_t i = 0; i < count; i++) {
		struct field_filler f = { .arena = input->inquiry->arena,
			                  .field = &fields[i],
			                  .input = input,
			                  .message = message,
			                  .outcome = outcome };

		if (fields[i].shape == FIELD_CONSTANT)
			fill_constant(&f);
		else if (fields[i].shape == FIELD_MEMBERS)
			field_members_fill(&f, fields, count);
		else
			fill_one(&f, fields);
		judge(&f);
	}
	if (outcome->violations.first != NULL && !outcome->outranks)
		outcome->refused = false;
	return outcome->violations.failed ? CODE_RESOURCE_EXHAUSTED : CODE_OK;
}
