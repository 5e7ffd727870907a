#include <getopt.h>
#include <stdlib.h>

#include "base/process.h"
#include "client/ctl/commands.h"
#include "client/ctl/connection.h"
#include "client/ctl/input.h"
#include "client/ctl/message_json.h"
#include "client/ctl/method.h"

const char call_help[] =
	"Usage: latchkeyctl call METHOD [@FILE | -]\n"
	"                        [--config FILE | --home DIR]\n"
	"\n"
	"Calls any method and prints its answer as JSON. METHOD is a full\n"
	"name such as latchkey.v1.AuthService/Refresh or an end of one that\n"
	"fits only one method, such as Refresh; `latchkeyctl methods` lists\n"
	"them. The request is JSON from a file or from standard input (-);\n"
	"without it, it is {}. Its members are named as in the .proto file,\n"
	"enums by name, bytes as base64url; what is absent has its default.\n"
	"\n" CONNECTION_HELP "\n"
	"Example: echo '{\"refresh_token\":\"...\"}' |\n"
	"           latchkeyctl call Refresh - --home .latchkey\n";

static int
read_request(struct arena *arena, const char *from, const struct method *method,
             ProtobufCMessage **out)
{
	struct message_json_error err = { "" };
	struct json_error syntax = { 0 };
	struct json *json = NULL;
	char *text = NULL;
	size_t len = 0;
	enum code code = input_read(arena, from, &text, &len);

	if (code != CODE_OK)
		return EXIT_CODE_USAGE;
	code = json_read(arena, text, len, &json, &syntax);
	if (code == CODE_RESOURCE_EXHAUSTED)
		return command_fail(EXIT_CODE_USAGE, PROGRAM,
		                    "the request is too large");
	if (code != CODE_OK)
		return command_fail(EXIT_CODE_USAGE, PROGRAM, "%s:%zu:%zu: %s",
		                    from, syntax.line, syntax.column,
		                    syntax.what);
	code = message_from_json(arena, method->method->input, json, out, &err);
	if (code == CODE_OK)
		return EXIT_CODE_OK;
	return command_fail(EXIT_CODE_USAGE, PROGRAM, "%s: %s", from, err.text);
}

static int
find_method(const char *name, struct method *out)
{
	size_t count = method_find(name, out);

	if (count == 1)
		return EXIT_CODE_OK;
	return command_fail(EXIT_CODE_USAGE, PROGRAM,
	                    count == 0 ? "no method named \"%s\"; latchkeyctl "
	                                 "methods lists them"
	                               : "several methods fit \"%s\"; name it "
	                                 "in full",
	                    name);
}

static int
call(const struct connection_options *options, struct arena *arena,
     const char *name, const char *from)
{
	ProtobufCMessage *request = NULL;
	struct method method;
	int status = find_method(name, &method);

	if (status != EXIT_CODE_OK)
		return status;
	if (from != NULL) {
		status = read_request(arena, from, &method, &request);
	} else {
		request = arena_alloc(arena,
		                      method.method->input->sizeof_message);
		if (request == NULL)
			return EXIT_CODE_USAGE;
		protobuf_c_message_init(method.method->input, request);
	}
	if (status != EXIT_CODE_OK)
		return status;
	return connection_call(options, arena, &method, request);
}

int
call_command(int argc, char **argv)
{
	static const struct option known[] = { CONNECTION_OPTIONS, { 0 } };
	struct connection_options options = { 0 };
	struct arena arena;
	void *memory;
	int option, status;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1)
		if (!connection_set_option(&options, option, optarg))
			return EXIT_CODE_USAGE;
	if (argc - optind < 1 || argc - optind > 2)
		return command_fail(EXIT_CODE_USAGE, PROGRAM,
		                    "call wants METHOD and maybe @FILE or -");
	process_harden();
	memory = malloc(CONNECTION_ARENA_SIZE);
	if (memory == NULL)
		return command_fail(EXIT_CODE_USAGE, PROGRAM, "out of memory");
	arena_init(&arena, memory, CONNECTION_ARENA_SIZE);
	status = call(&options, &arena, argv[optind],
	              argc - optind == 2 ? argv[optind + 1] : NULL);
	arena_reset(&arena);
	free(memory);
	return status;
}
