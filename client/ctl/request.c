#include "client/ctl/request.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "base/json.h"
#include "base/secret_input.h"
#include "client/ctl/commands.h"
#include "client/ctl/message_json.h"

#define SECRET_SIZE 1026 /* bytes: 1024, one too many, NUL */

int
request_takes_value(enum request_kind kind)
{
	return kind != REQUEST_TRUE && kind != REQUEST_FALSE &&
	       kind != REQUEST_NONE;
}

static bool
is_list(enum request_kind kind)
{
	return kind == REQUEST_LIST || kind == REQUEST_NONE ||
	       kind == REQUEST_ATTRIBUTE || kind == REQUEST_UNSET;
}

static void
put(struct json_out *out, const char *text)
{
	json_out_raw(out, text, strlen(text));
}

static void
put_text(struct json_out *out, const char *text, size_t len)
{
	json_out_string(out, text, len);
}

static int
wants(const struct request_option *option, const char *what)
{
	return command_fail(EXIT_CODE_USAGE, PROGRAM, "--%s wants %s",
	                    option->name, what);
}

static int
put_number(struct json_out *out, const struct request_value *value)
{
	size_t len = strlen(value->text);

	if (len == 0 || len > 18 || strspn(value->text, "0123456789") != len)
		return wants(value->option, "a number");
	json_out_int(out, strtoll(value->text, NULL, 10));
	return EXIT_CODE_OK;
}

static int
put_yes_no(struct json_out *out, const struct request_value *value)
{
	bool yes = strcmp(value->text, "yes") == 0;

	if (!yes && strcmp(value->text, "no") != 0)
		return wants(value->option, "yes or no");
	put(out, yes ? "true" : "false");
	return EXIT_CODE_OK;
}

static int
put_secret(struct json_out *out, const struct request_value *value)
{
	char secret[SECRET_SIZE] = "";
	char *end;
	long fd = strtol(value->text, &end, 10);
	enum code code;

	if (*end != '\0' || end == value->text || fd < 0 || fd > 65535)
		return wants(value->option, "the number of a file descriptor");
	code = secret_read((int)fd, secret, sizeof(secret));
	if (code == CODE_OK)
		put_text(out, secret, strlen(secret));
	explicit_bzero(secret, sizeof(secret));
	if (code == CODE_OK)
		return EXIT_CODE_OK;
	return wants(value->option, "a descriptor to read one line of 1 to "
	                            "1024 bytes from");
}

static int
put_scalar(struct json_out *out, const struct request_value *value)
{
	switch (value->option->kind) {
	case REQUEST_NUMBER:
		return put_number(out, value);
	case REQUEST_YES_NO:
		return put_yes_no(out, value);
	case REQUEST_SECRET:
		return put_secret(out, value);
	case REQUEST_TRUE:
		put(out, "true");
		return EXIT_CODE_OK;
	case REQUEST_FALSE:
		put(out, "false");
		return EXIT_CODE_OK;
	default:
		put_text(out, value->text, strlen(value->text));
		return EXIT_CODE_OK;
	}
}

static int
put_attribute(struct json_out *out, const struct request_value *value)
{
	const char *equals = strchr(value->text, '=');

	if (equals == NULL || equals == value->text)
		return wants(value->option, "NAME=VALUE");
	put(out, "{\"name\":");
	put_text(out, value->text, (size_t)(equals - value->text));
	put(out, ",\"text\":");
	put_text(out, equals + 1, strlen(equals + 1));
	put(out, "}");
	return EXIT_CODE_OK;
}

static int
put_item(struct json_out *out, const struct request_value *value)
{
	if (value->option->kind == REQUEST_ATTRIBUTE)
		return put_attribute(out, value);
	if (value->option->kind == REQUEST_UNSET)
		put(out, "{\"name\":");
	put_text(out, value->text, strlen(value->text));
	if (value->option->kind == REQUEST_UNSET)
		put(out, "}");
	return EXIT_CODE_OK;
}

/* put_list writes every value of the member. */
static int
put_list(struct json_out *out, const struct request_value *values, size_t count,
         const char *member)
{
	int status = EXIT_CODE_OK;
	size_t written = 0;

	put(out, "[");
	for (size_t i = 0; i < count && status == EXIT_CODE_OK; i++) {
		if (strcmp(values[i].option->member, member) != 0 ||
		    values[i].option->kind == REQUEST_NONE)
			continue;
		if (written++ > 0)
			put(out, ",");
		status = put_item(out, &values[i]);
	}
	put(out, "]");
	return status;
}

/* put_member writes "a":V, or "a":{"b":V} for "a.b". */
static int
put_member(struct json_out *out, const struct request_value *values,
           size_t count, const struct request_value *value)
{
	const char *member = value->option->member;
	const char *dot = strchr(member, '.');
	int status;

	put_text(out, member,
	         dot == NULL ? strlen(member) : (size_t)(dot - member));
	put(out, ":");
	if (dot != NULL) {
		put(out, "{");
		put_text(out, dot + 1, strlen(dot + 1));
		put(out, ":");
	}
	status = is_list(value->option->kind)
	                 ? put_list(out, values, count, member)
	                 : put_scalar(out, value);
	if (dot != NULL)
		put(out, "}");
	return status;
}

/* is_last: the member is written where it is given last. */
static bool
is_last(const struct request_value *values, size_t count, size_t index)
{
	for (size_t i = index + 1; i < count; i++)
		if (strcmp(values[i].option->member,
		           values[index].option->member) == 0)
			return false;
	return true;
}

static int
check_text(const struct request_value *value)
{
	if (value->text == NULL ||
	    utf8_is_valid(value->text, strlen(value->text)))
		return EXIT_CODE_OK;
	return wants(value->option, "UTF-8");
}

int
request_make(struct arena *arena, const ProtobufCMessageDescriptor *type,
             const struct request_value *values, size_t count,
             ProtobufCMessage **out)
{
	struct message_json_error err = { "" };
	struct json_error syntax;
	struct json *json = NULL;
	struct json_out text;
	int status = EXIT_CODE_OK;
	size_t written = 0;

	json_out_init(&text, arena);
	put(&text, "{");
	for (size_t i = 0; i < count && status == EXIT_CODE_OK; i++) {
		status = check_text(&values[i]);
		if (status != EXIT_CODE_OK || !is_last(values, count, i))
			continue;
		if (written++ > 0)
			put(&text, ",");
		status = put_member(&text, values, count, &values[i]);
	}
	put(&text, "}");
	if (status != EXIT_CODE_OK)
		return status;
	if (json_out_end(&text) != CODE_OK ||
	    json_read(arena, text.data, text.len, &json, &syntax) != CODE_OK)
		return command_fail(EXIT_CODE_USAGE, PROGRAM, "out of memory");
	if (message_from_json(arena, type, json, out, &err) != CODE_OK)
		return command_fail(EXIT_CODE_USAGE, PROGRAM, "%s", err.text);
	return EXIT_CODE_OK;
}
