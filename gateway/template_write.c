/*
 * Writes answers from compiled templates: a loop over the steps with a small
 * stack of the messages entered. Nothing can fail here but the arena, which
 * json_out remembers, and a header's value that holds control characters.
 */
#include "gateway/template.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "gateway/message.h"
#include "gateway/pair.h"
#include "gateway/template_op.h"

/* A message or list entered; what it was entered from lies below it. */
struct frame {
	const ProtobufCMessage *message;
	const ProtobufCMessage *owner; /* of the list */
	const ProtobufCFieldDescriptor *list;
	size_t index;
};

struct writer {
	const struct template_source *source;
	struct json_out *out;
	struct frame frames[TEMPLATE_LEVEL_MAX + 1];
	size_t depth;
};

/* A referred field: its message is NULL if a message on the way is absent. */
struct place {
	const ProtobufCMessage *message;
	const ProtobufCFieldDescriptor *field;
	size_t count;
};

static struct place
find_place(const struct writer *w, const struct template_ref *ref)
{
	struct place place = { .message = w->frames[w->depth].message };

	for (size_t i = 0; i < ref->depth; i++) {
		if (i > 0)
			place.message =
				message_child(place.message, place.field, 0);
		place.field = ref->path[i];
		place.count = message_count(place.message, place.field);
		if (place.count == 0)
			return place;
	}
	return place;
}

static void
write_text(struct json_out *out, enum template_op_kind kind, const char *text,
           size_t len)
{
	if (kind == TEMPLATE_VALUE)
		json_out_string(out, text, len);
	else if (kind == TEMPLATE_TEXT)
		json_out_text(out, text, len);
	else
		json_out_raw(out, text, len);
	for (size_t i = 0; kind == TEMPLATE_PLAIN && i < len; i++)
		out->failed |= (unsigned char)text[i] < 0x20 || text[i] == 0x7f;
}

static void
write_time(struct json_out *out, enum template_op_kind kind, int64_t us)
{
	int64_t fraction = ((us % 1000000) + 1000000) % 1000000;
	time_t seconds = (time_t)(us / 1000000 - (us % 1000000 < 0));
	struct tm tm;
	char text[48];
	int len;

	/* Years beyond what anybody meant are not worth a fifth digit. */
	if (gmtime_r(&seconds, &tm) == NULL || tm.tm_year < -1900 ||
	    tm.tm_year > 9999 - 1900) {
		json_out_raw(out, "null", kind == TEMPLATE_VALUE ? 4 : 0);
		return;
	}
	len = snprintf(text, sizeof(text),
	               "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", tm.tm_year + 1900,
	               tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
	               tm.tm_sec, (int)fraction);
	write_text(out, kind, text, (size_t)len);
}

static void
write_url(const struct writer *w, enum template_op_kind kind, const char *path)
{
	const char *base = w->source->public_base;
	bool quoted = kind == TEMPLATE_VALUE;

	if (quoted)
		kind = TEMPLATE_TEXT;
	json_out_raw(w->out, "\"", quoted);
	if (base != NULL)
		write_text(w->out, kind, base, strlen(base));
	write_text(w->out, kind, path, strlen(path));
	json_out_raw(w->out, "\"", quoted);
}

static void
write_integer(struct json_out *out, const struct message_value *value)
{
	if (value->is_unsigned)
		json_out_uint(out, value->natural);
	else
		json_out_int(out, value->number);
}

static void
write_one(const struct writer *w, const struct template_op *op,
          const struct place *place, size_t index)
{
	struct message_value value =
		message_get(place->message, place->field, index);
	bool quoted = op->ref.filter == TEMPLATE_AS_TEXT &&
	              op->kind == TEMPLATE_VALUE;

	switch (message_kind(place->field)) {
	case MESSAGE_TEXT:
	case MESSAGE_ENUM:
		if (op->ref.filter == TEMPLATE_AS_URL)
			write_url(w, op->kind, value.text);
		else
			write_text(w->out, op->kind, value.text,
			           strlen(value.text));
		return;
	default:
		break;
	}
	if (op->ref.filter == TEMPLATE_AS_TIME) {
		write_time(w->out, op->kind, value.number);
		return;
	}
	json_out_raw(w->out, "\"", quoted);
	if (message_kind(place->field) == MESSAGE_BOOL)
		json_out_raw(w->out, value.number ? "true" : "false",
		             value.number ? 4 : 5);
	else
		write_integer(w->out, &value);
	json_out_raw(w->out, "\"", quoted);
}

static void
write_field(const struct writer *w, const struct template_op *op)
{
	struct place place = find_place(w, &op->ref);
	const ProtobufCFieldDescriptor *field = template_ref_target(&op->ref);
	bool is_list = field->label == PROTOBUF_C_LABEL_REPEATED;

	if (is_list)
		json_out_raw(w->out, "[", 1);
	else if (place.count == 0 && op->kind == TEMPLATE_VALUE)
		json_out_raw(w->out, "null", 4);
	for (size_t i = 0; i < place.count; i++) {
		json_out_raw(w->out, ",", i > 0);
		write_one(w, op, &place, i);
	}
	if (is_list)
		json_out_raw(w->out, "]", 1);
}

static bool
is_json(enum template_variable variable)
{
	switch (variable) {
	case TEMPLATE_LINE:
	case TEMPLATE_COLUMN:
	case TEMPLATE_RETRY_AFTER:
	case TEMPLATE_FIELDS:
	case TEMPLATE_NEXT_PAGE:
	case TEMPLATE_PREVIOUS_PAGE:
		return true;
	default:
		return false;
	}
}

static void
write_ref(const struct writer *w, const struct template_op *op)
{
	const char *text = w->source->variables[op->ref.variable];

	if (op->ref.depth > 0) {
		write_field(w, op);
		return;
	}
	if (op->kind != TEMPLATE_VALUE || !is_json(op->ref.variable)) {
		text = text == NULL ? "" : text;
		write_text(w->out, op->kind, text, strlen(text));
		return;
	}
	text = text == NULL ? "null" : text;
	json_out_raw(w->out, text, strlen(text));
}

static void
write_separator(struct json_out *out)
{
	const char *last = out->data + out->len - 1;

	/* The brace or bracket of what this is in has been written. */
	if (*last != '{' && *last != '[')
		json_out_raw(out, ",", 1);
}

/* Goes into a message or list; false if there is nothing to go into. */
static bool
enter(struct writer *w, const struct template_ref *ref)
{
	struct place place = find_place(w, ref);
	const ProtobufCFieldDescriptor *target = template_ref_target(ref);

	if (place.count == 0)
		return false;
	assert(w->depth < TEMPLATE_LEVEL_MAX);
	w->frames[++w->depth] = (struct frame){
		.message = message_child(place.message, target, 0),
		.owner = place.message,
		.list = target,
	};
	return true;
}

/* Goes to the next of a list, or leaves it. */
static bool
advance(struct writer *w)
{
	struct frame *frame = &w->frames[w->depth];

	if (++frame->index < message_count(frame->owner, frame->list)) {
		frame->message =
			message_child(frame->owner, frame->list, frame->index);
		return true;
	}
	w->depth--;
	return false;
}

/* Its kind of message was found when the step was compiled. */
static void
write_pairs(struct writer *w, const struct template_op *op)
{
	struct place place = find_place(w, &op->ref);
	const ProtobufCFieldDescriptor *list = template_ref_target(&op->ref);
	struct pair_shape shape;

	if (!pair_shape_find(list->descriptor, &shape))
		return;
	for (size_t i = 0; i < place.count; i++) {
		const ProtobufCMessage *pair =
			message_child(place.message, list, i);
		const char *name = message_get(pair, shape.name, 0).text;

		write_separator(w->out);
		json_out_string(w->out, name, strlen(name));
		json_out_raw(w->out, ":", 1);
		pair_write(&shape, pair, w->out);
	}
}

/* Runs one step and returns the index of the next. */
static size_t
run(struct writer *w, const struct template_op *op, size_t at)
{
	switch (op->kind) {
	case TEMPLATE_RAW:
		json_out_raw(w->out, op->raw, op->raw_len);
		break;
	case TEMPLATE_NEXT:
		write_separator(w->out);
		break;
	case TEMPLATE_VALUE:
	case TEMPLATE_TEXT:
	case TEMPLATE_PLAIN:
		write_ref(w, op);
		break;
	case TEMPLATE_UNLESS:
		if (find_place(w, &op->ref).count == 0)
			return op->jump;
		break;
	case TEMPLATE_ENTER:
		if (!enter(w, &op->ref)) {
			json_out_raw(w->out, "null", 4);
			return op->jump;
		}
		break;
	case TEMPLATE_LEAVE:
		w->depth--;
		break;
	case TEMPLATE_EACH:
		if (!enter(w, &op->ref))
			return op->jump;
		break;
	case TEMPLATE_ANOTHER:
		if (advance(w))
			return op->jump;
		break;
	case TEMPLATE_SPREAD:
		write_pairs(w, op);
		break;
	}
	return at + 1;
}

void
template_write(const struct template *t, const struct template_source *source,
               struct json_out *out)
{
	struct writer w = { .source = source, .out = out };

	w.frames[0].message = source->message;
	for (size_t at = 0; at < t->count && !out->failed;)
		at = run(&w, &t->ops[at], at);
}

bool
template_uses(const struct template *t, enum template_variable variable)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct template_op *op = &t->ops[i];

		if (op->kind >= TEMPLATE_VALUE && op->kind <= TEMPLATE_PLAIN &&
		    op->ref.depth == 0 && op->ref.variable == variable)
			return true;
	}
	return false;
}

static bool
ref_equals(const struct template_ref *a, const struct template_ref *b)
{
	if (a->depth != b->depth || a->variable != b->variable ||
	    a->filter != b->filter || a->omit != b->omit)
		return false;
	for (size_t i = 0; i < a->depth; i++)
		if (a->path[i] != b->path[i])
			return false;
	return true;
}

bool
template_equals(const struct template *a, const struct template *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const struct template_op *x = &a->ops[i], *y = &b->ops[i];

		if (x->kind != y->kind || x->jump != y->jump ||
		    x->raw_len != y->raw_len || !ref_equals(&x->ref, &y->ref))
			return false;
		if (x->raw_len > 0 && memcmp(x->raw, y->raw, x->raw_len) != 0)
			return false;
	}
	return true;
}
