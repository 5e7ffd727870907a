/*
 * References: what stands between braces in a template, checked against the
 * message's descriptor or the list of variables.
 */
#include "gateway/template_op.h"

#include <string.h>

#include "gateway/message.h"

#define NAME_MAX_LEN 64

static const char *const variables[TEMPLATE_VARIABLE_COUNT] = {
	[TEMPLATE_METHOD] = "method",
	[TEMPLATE_MEDIA_TYPE] = "media_type",
	[TEMPLATE_WHAT] = "what",
	[TEMPLATE_GOT] = "got",
	[TEMPLATE_LINE] = "line",
	[TEMPLATE_COLUMN] = "column",
	[TEMPLATE_RETRY_AFTER] = "retry_after_s",
	[TEMPLATE_RETRY_WORDS] = "retry_after",
	[TEMPLATE_FIELDS] = "fields",
	[TEMPLATE_NEXT_PAGE] = "@next",
	[TEMPLATE_PREVIOUS_PAGE] = "@previous",
};

/* "a.b" into the fields of the message; the last one is what is meant. */
enum code
template_ref_path(const struct spec *at,
                  const ProtobufCMessageDescriptor *message, const char *path,
                  struct template_ref *ref)
{
	while (message != NULL) {
		size_t len = strcspn(path, ".");
		const ProtobufCFieldDescriptor *field;
		char name[NAME_MAX_LEN];

		if (len == 0 || len >= sizeof(name))
			return spec_fail(at, "\"%s\" names no field", path);
		memcpy(name, path, len);
		name[len] = '\0';
		field = protobuf_c_message_descriptor_get_field_by_name(message,
		                                                        name);
		if (field == NULL)
			return spec_fail(at, "%s has no field \"%s\"",
			                 message->name, name);
		if (ref->depth == TEMPLATE_PATH_MAX)
			return spec_fail(at, "the path is too long");
		ref->path[ref->depth++] = field;
		if (path[len] == '\0')
			return CODE_OK;
		path += len + 1;
		message = message_kind(field) == MESSAGE_CHILD &&
		                          field->label !=
		                                  PROTOBUF_C_LABEL_REPEATED
		                  ? field->descriptor
		                  : NULL;
	}
	return spec_fail(at, "\"%s\" follows what is no single message", path);
}

static enum code
resolve_variable(const struct spec *at, const char *name, bool in_answer,
                 struct template_ref *ref)
{
	for (unsigned i = 0; i < TEMPLATE_VARIABLE_COUNT; i++) {
		bool is_answers = variables[i][0] == '@';

		if (strcmp(variables[i], name) == 0 &&
		    is_answers == in_answer) {
			ref->variable = i;
			return CODE_OK;
		}
	}
	return spec_fail(at, "there is no variable \"%s\"", name);
}

const ProtobufCFieldDescriptor *
template_ref_target(const struct template_ref *ref)
{
	return ref->depth == 0 ? NULL : ref->path[ref->depth - 1];
}

static bool
is_repeated(const ProtobufCFieldDescriptor *field)
{
	return field->label == PROTOBUF_C_LABEL_REPEATED;
}

static enum code
apply_filter(const struct spec *at, const char *name, struct template_ref *ref)
{
	const ProtobufCFieldDescriptor *field = template_ref_target(ref);
	enum message_kind kind =
		field == NULL ? MESSAGE_OTHER : message_kind(field);

	if (strcmp(name, "time") == 0 &&
	    (kind != MESSAGE_INTEGER || is_repeated(field)))
		return spec_fail(at, "\"time\" is for integers");
	if (strcmp(name, "url") == 0 &&
	    (kind != MESSAGE_TEXT || is_repeated(field)))
		return spec_fail(at, "\"url\" is for strings");
	if (strcmp(name, "omit") == 0 &&
	    (field == NULL || !message_has_presence(field)))
		return spec_fail(at, "\"omit\" is for fields with presence");
	if (strcmp(name, "time") == 0)
		ref->filter = TEMPLATE_AS_TIME;
	else if (strcmp(name, "url") == 0)
		ref->filter = TEMPLATE_AS_URL;
	else if (strcmp(name, "text") == 0)
		ref->filter = TEMPLATE_AS_TEXT;
	else if (strcmp(name, "omit") == 0)
		ref->omit = true;
	else
		return spec_fail(at, "there is no filter \"%s\"", name);
	return CODE_OK;
}

/* "user.avatar|url|omit": the text between braces. */
static enum code
resolve_ref(const struct spec *at, const ProtobufCMessageDescriptor *message,
            char *text, struct template_ref *ref)
{
	char *rest = text;
	const char *name = strsep(&rest, "|");
	enum code code;

	*ref = (struct template_ref){ 0 };
	if (message == NULL || *name == '@')
		code = resolve_variable(at, name, message != NULL, ref);
	else
		code = template_ref_path(at, message, name, ref);
	while (code == CODE_OK && rest != NULL)
		code = apply_filter(at, strsep(&rest, "|"), ref);
	return code;
}

enum code
template_ref_check(const struct spec *at, const struct template_ref *ref,
                   bool within)
{
	const ProtobufCFieldDescriptor *field = template_ref_target(ref);
	enum message_kind kind;

	if (field == NULL) {
		if (within && ref->variable >= TEMPLATE_FIELDS)
			return spec_fail(at, "\"%s\" must stand alone",
			                 variables[ref->variable]);
		return CODE_OK;
	}
	kind = message_kind(field);
	if (kind == MESSAGE_OTHER || kind == MESSAGE_BYTES)
		return spec_fail(at, "bytes and floats cannot be shown");
	if (kind == MESSAGE_CHILD)
		return spec_fail(at,
		                 "\"%s\" is a message: use $object or "
		                 "$each",
		                 field->name);
	if (within && is_repeated(field))
		return spec_fail(at, "a list must stand alone");
	if (within && ref->omit)
		return spec_fail(at, "\"omit\" must stand alone");
	return CODE_OK;
}

enum code
template_ref_read(const struct spec *at,
                  const ProtobufCMessageDescriptor *message, const char **text,
                  struct template_ref *out)
{
	size_t len = strcspn(*text, "{}");
	char *name;

	if ((*text)[len] != '}')
		return spec_fail(at, "a brace is not closed; write {{ for one");
	name = arena_memdup(at->file->arena, *text, len);
	if (name == NULL)
		return spec_fail(at, "not enough memory");
	*text += len + 1;
	return resolve_ref(at, message, name, out);
}
