/*
 * Compiles templates. The recursion follows the JSON of a profile, which its
 * operator wrote and which DEPTH_MAX bounds, so that two objects which hold
 * each other end in a sentence and not in an endless template.
 */
#include "gateway/template.h"

#include <string.h>

#include "gateway/message.h"
#include "gateway/pair.h"
#include "gateway/template_op.h"

#define DEPTH_MAX 16

struct compiler {
	struct template_op ops[TEMPLATE_OP_MAX];
	size_t count;
	struct json_out raw; /* literal text not yet a step */
	const struct template_objects *objects;
	size_t levels; /* entered now */
	size_t depth;  /* of our own recursion */
	bool plain;    /* a header's value */
};

/* What is known about the members of an object that are already written. */
enum written { WRITTEN_NONE, WRITTEN_PERHAPS, WRITTEN_SOME };

static enum code
add(struct compiler *c, const struct spec *at, struct template_op op)
{
	if (c->count == TEMPLATE_OP_MAX)
		return spec_fail(at, "the template is too long");
	c->ops[c->count++] = op;
	return CODE_OK;
}

/* Makes a step of the literal text that has gathered. */
static enum code
flush(struct compiler *c, const struct spec *at)
{
	struct template_op op = { .kind = TEMPLATE_RAW,
		                  .raw = c->raw.data,
		                  .raw_len = c->raw.len };

	if (c->raw.failed)
		return spec_fail(at, "not enough memory");
	json_out_init(&c->raw, at->file->arena);
	return op.raw_len == 0 ? CODE_OK : add(c, at, op);
}

static enum code
add_op(struct compiler *c, const struct spec *at, struct template_op op)
{
	enum code code = flush(c, at);

	return code == CODE_OK ? add(c, at, op) : code;
}

static void
add_raw(struct compiler *c, const char *text)
{
	json_out_raw(&c->raw, text, strlen(text));
}

/* A string that is one reference and nothing else; *found tells. */
static enum code
find_lone(const struct spec *at, const ProtobufCMessageDescriptor *message,
          struct template_ref *ref, bool *found)
{
	const char *text = at->value->text;
	size_t len;

	*found = false;
	if (at->value->type != JSON_STRING || text[0] != '{' || text[1] == '{')
		return CODE_OK;
	len = strcspn(text + 1, "{}");
	if (text[len + 1] != '}' || text[len + 2] != '\0')
		return CODE_OK;
	*found = true;
	text++;
	return template_ref_read(at, message, &text, ref);
}

static enum code
compile_braced(struct compiler *c, const struct spec *at,
               const ProtobufCMessageDescriptor *message, const char **text)
{
	struct template_op op = { .kind = c->plain ? TEMPLATE_PLAIN
		                                   : TEMPLATE_TEXT };
	enum code code = template_ref_read(at, message, text, &op.ref);

	if (code == CODE_OK)
		code = template_ref_check(at, &op.ref, true);
	return code == CODE_OK ? add_op(c, at, op) : code;
}

/* Literal text and references within one string. */
static enum code
compile_mixed(struct compiler *c, const struct spec *at,
              const ProtobufCMessageDescriptor *message)
{
	const char *text = at->value->text;
	enum code code = CODE_OK;

	while (*text != '\0' && code == CODE_OK) {
		size_t len = strcspn(text, "{}");

		if (c->plain)
			json_out_raw(&c->raw, text, len);
		else
			json_out_text(&c->raw, text, len);
		text += len;
		if (*text == '\0')
			break;
		if (text[0] == text[1]) {
			json_out_raw(&c->raw, text, 1);
			text += 2;
		} else if (*text == '{') {
			text++;
			code = compile_braced(c, at, message, &text);
		} else {
			code = spec_fail(at, "a brace closes nothing; write "
			                     "}} for one");
		}
	}
	return code;
}

static enum code
compile_string(struct compiler *c, const struct spec *at,
               const ProtobufCMessageDescriptor *message, bool may_omit)
{
	struct template_op op = { .kind = TEMPLATE_VALUE };
	enum code code;
	bool is_lone;

	if (at->value->has_nul || at->value->surrogate != 0)
		return spec_fail(at, "holds a NUL or a lone surrogate");
	code = find_lone(at, message, &op.ref, &is_lone);
	if (code != CODE_OK)
		return code;
	if (!is_lone) {
		add_raw(c, "\"");
		code = compile_mixed(c, at, message);
		add_raw(c, "\"");
		return code;
	}
	code = template_ref_check(at, &op.ref, false);
	if (code != CODE_OK)
		return code;
	if (op.ref.omit && !may_omit)
		return spec_fail(at, "\"omit\" is for members of an object");
	return add_op(c, at, op);
}

/* Finds the message a "$object" or "$each" goes into. */
static enum code
resolve_child(const struct spec *at, const ProtobufCMessageDescriptor *message,
              bool is_list, struct template_ref *ref)
{
	const ProtobufCFieldDescriptor *field;
	const char *path = NULL;
	enum code code = spec_value_text(at, &path);

	if (code != CODE_OK)
		return code;
	if (message == NULL)
		return spec_fail(at, "errors have no messages");
	code = template_ref_path(at, message, path, ref);
	if (code != CODE_OK)
		return code;
	field = template_ref_target(ref);
	if (message_kind(field) != MESSAGE_CHILD ||
	    (field->label == PROTOBUF_C_LABEL_REPEATED) != is_list)
		return spec_fail(at, "\"%s\" is not a %s", path,
		                 is_list ? "list of messages" : "message");
	return CODE_OK;
}

/* {"$spread": PATH}: members that the gateway does not know beforehand. */
static enum code
compile_spread(struct compiler *c, const struct spec *at,
               const ProtobufCMessageDescriptor *message, enum written *written)
{
	struct template_op op = { .kind = TEMPLATE_SPREAD };
	struct pair_shape shape;
	enum code code = resolve_child(at, message, true, &op.ref);

	if (code != CODE_OK)
		return code;
	if (!pair_shape_find(template_ref_target(&op.ref)->descriptor, &shape))
		return spec_fail(at, "\"$spread\" is for lists of names and "
		                     "values");
	if (*written == WRITTEN_NONE)
		*written = WRITTEN_PERHAPS;
	return add_op(c, at, op);
}

/* NOLINTBEGIN(misc-no-recursion): bounded, see the top of this file */

static enum code compile_value(struct compiler *c, const struct spec *at,
                               const ProtobufCMessageDescriptor *message,
                               bool may_omit);

static enum code
separate(struct compiler *c, const struct spec *at, enum written written)
{
	if (written == WRITTEN_SOME)
		add_raw(c, ",");
	if (written != WRITTEN_PERHAPS)
		return CODE_OK;
	return add_op(c, at, (struct template_op){ .kind = TEMPLATE_NEXT });
}

/* A member; before one that may be omitted, a step that jumps behind it. */
static enum code
compile_member(struct compiler *c, const struct spec *at,
               const ProtobufCMessageDescriptor *message, enum written *written)
{
	struct template_op op = { .kind = TEMPLATE_UNLESS };
	size_t unless = TEMPLATE_OP_MAX;
	enum code code;
	bool found;

	if (strcmp(at->value->key, "$spread") == 0)
		return compile_spread(c, at, message, written);
	if (at->value->key[0] == '$')
		return spec_fail(at, "is no member known here");
	code = find_lone(at, message, &op.ref, &found);
	if (code == CODE_OK && op.ref.omit) {
		code = add_op(c, at, op);
		unless = c->count - 1;
	}
	if (code == CODE_OK)
		code = separate(c, at, *written);
	if (code != CODE_OK)
		return code;
	json_out_string(&c->raw, at->value->key, at->value->key_len);
	add_raw(c, ":");
	code = compile_value(c, at, message, true);
	if (unless != TEMPLATE_OP_MAX)
		c->ops[unless].jump = c->count;
	if (!op.ref.omit)
		*written = WRITTEN_SOME;
	else if (*written == WRITTEN_NONE)
		*written = WRITTEN_PERHAPS;
	return code;
}

static enum code
compile_children(struct compiler *c, const struct spec *at,
                 const ProtobufCMessageDescriptor *message)
{
	bool is_list = at->value->type == JSON_LIST;
	enum written written = WRITTEN_NONE;
	enum code code = CODE_OK;
	size_t index = 0;

	add_raw(c, is_list ? "[" : "{");
	for (const struct json *v = at->value->first; v && code == CODE_OK;
	     v = v->next) {
		struct spec child = spec_child(at, v, index);

		if (!is_list) {
			code = compile_member(c, &child, message, &written);
			continue;
		}
		if (index++ > 0)
			add_raw(c, ",");
		code = compile_value(c, &child, message, false);
	}
	add_raw(c, is_list ? "]" : "}");
	return code;
}

bool
template_object_find(const struct template_objects *objects, const char *name,
                     struct spec *out)
{
	for (; objects != NULL; objects = objects->base)
		if (objects->members != NULL &&
		    spec_find(objects->members, name, out))
			return true;
	return false;
}

static enum code
enter(struct compiler *c, const struct spec *at, struct template_op op)
{
	if (c->levels == TEMPLATE_LEVEL_MAX)
		return spec_fail(at, "too many objects within each other");
	c->levels++;
	return add_op(c, at, op);
}

/* {"$object": NAME, "of": PATH} */
static enum code
compile_object(struct compiler *c, const struct spec *at,
               const ProtobufCMessageDescriptor *message)
{
	static const char *const known[] = { "$object", "of", NULL };
	struct template_op op = { .kind = TEMPLATE_ENTER };
	struct spec name_at = *at, of, object;
	const char *name = NULL;
	enum code code = spec_check_members(at, known);
	size_t begin;

	if (code == CODE_OK)
		code = spec_text(at, "$object", &name);
	if (code != CODE_OK)
		return code;
	(void)spec_find(at, "$object", &name_at);
	if (!template_object_find(c->objects, name, &object))
		return spec_fail(&name_at, "there is no object \"%s\"", name);
	if (!spec_find(at, "of", &of))
		return compile_value(c, &object, message, false);
	code = resolve_child(&of, message, false, &op.ref);
	if (code == CODE_OK)
		code = enter(c, at, op);
	if (code != CODE_OK)
		return code;
	begin = c->count - 1;
	code = compile_value(c, &object,
	                     template_ref_target(&op.ref)->descriptor, false);
	if (code == CODE_OK)
		code = add_op(c, at,
		              (struct template_op){ .kind = TEMPLATE_LEAVE });
	c->levels--;
	c->ops[begin].jump = c->count;
	return code;
}

/* {"$each": PATH, "item": TEMPLATE} */
static enum code
compile_each(struct compiler *c, const struct spec *at,
             const ProtobufCMessageDescriptor *message)
{
	static const char *const known[] = { "$each", "item", NULL };
	struct template_op op = { .kind = TEMPLATE_EACH };
	struct spec path = *at, item;
	enum code code = spec_check_members(at, known);
	size_t begin;

	if (code != CODE_OK)
		return code;
	(void)spec_find(at, "$each", &path);
	if (!spec_find(at, "item", &item))
		return spec_fail(at, "\"item\" is missing");
	code = resolve_child(&path, message, true, &op.ref);
	add_raw(c, "[");
	if (code == CODE_OK)
		code = enter(c, at, op);
	if (code == CODE_OK)
		code = add_op(c, at,
		              (struct template_op){ .kind = TEMPLATE_NEXT });
	if (code != CODE_OK)
		return code;
	begin = c->count - 1;
	code = compile_value(c, &item, template_ref_target(&op.ref)->descriptor,
	                     false);
	if (code == CODE_OK)
		code = add_op(c, at,
		              (struct template_op){ .kind = TEMPLATE_ANOTHER,
		                                    .jump = begin });
	c->levels--;
	c->ops[begin - 1].jump = c->count;
	add_raw(c, "]");
	return code;
}

static enum code
compile_value(struct compiler *c, const struct spec *at,
              const ProtobufCMessageDescriptor *message, bool may_omit)
{
	enum code code = CODE_OK;

	if (c->depth == DEPTH_MAX)
		return spec_fail(at, "too many objects within each other");
	c->depth++;
	switch (at->value->type) {
	case JSON_STRING:
		code = compile_string(c, at, message, may_omit);
		break;
	case JSON_LIST:
		code = compile_children(c, at, message);
		break;
	case JSON_OBJECT:
		if (json_member(at->value, "$object") != NULL)
			code = compile_object(c, at, message);
		else if (json_member(at->value, "$each") != NULL)
			code = compile_each(c, at, message);
		else
			code = compile_children(c, at, message);
		break;
	default:
		json_out_value(&c->raw, at->value);
		break;
	}
	c->depth--;
	return code;
}

/* NOLINTEND(misc-no-recursion) */

static enum code
finish(struct compiler *c, const struct spec *at, struct template *out)
{
	enum code code = flush(c, at);
	struct template_op *ops;

	if (code != CODE_OK)
		return code;
	ops = arena_memdup(at->file->arena, c->ops,
	                   c->count * sizeof(c->ops[0]));
	if (ops == NULL)
		return spec_fail(at, "not enough memory");
	*out = (struct template){ .ops = ops, .count = c->count };
	return CODE_OK;
}

enum code
template_compile(const struct spec *at, const struct template_scope *scope,
                 struct template *out)
{
	struct compiler c = { .objects = scope->objects };
	enum code code;

	json_out_init(&c.raw, at->file->arena);
	code = compile_value(&c, at, scope->message, false);
	if (code == CODE_OK)
		code = finish(&c, at, out);
	out->json = at->value;
	out->message = scope->message;
	out->objects = scope->objects;
	return code;
}

enum code
template_compile_text(const struct spec *at, const struct template_scope *scope,
                      struct template *out)
{
	struct compiler c = { .plain = true };
	const char *text;
	enum code code = spec_value_text(at, &text);

	if (code != CODE_OK)
		return code;
	json_out_init(&c.raw, at->file->arena);
	code = compile_mixed(&c, at, scope->message);
	return code == CODE_OK ? finish(&c, at, out) : code;
}
