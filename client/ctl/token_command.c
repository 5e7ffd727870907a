#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "base/json.h"
#include "base/process.h"
#include "client/ctl/commands.h"
#include "client/ctl/connection.h"
#include "client/ctl/input.h"
#include "client/ctl/method.h"
#include "proto/latchkey/v1/auth_service.pb-c.h"

const char token_help[] =
	"Usage: latchkeyctl token inspect [@FILE | -] [--verify]\n"
	"                                 [--config FILE | --home DIR]\n"
	"\n"
	"Shows what a token says: its header and its claims, as JSON. That\n"
	"proves nothing: anybody can write a token. With --verify the server\n"
	"is asked whether it is good now, by VerifyToken. The token is read\n"
	"from a file or from standard input (-, the default).\n"
	"\n"
	"  --verify          ask the server instead\n" CONNECTION_HELP;

enum { OPTION_VERIFY = CONNECTION_OPTION_END };

struct token_options {
	struct connection_options connection;
	bool verify;
	const char *from;
};

/* put_part appends one decoded segment: it must be a JSON object. */
static bool
put_part(struct json_out *out, const char *text, size_t len)
{
	struct json_error syntax;
	struct json *json = NULL;
	char *decoded = arena_alloc(out->arena, len + 1);
	size_t decoded_len = 0;

	if (decoded == NULL ||
	    !base64url_decode(text, len, decoded, len, &decoded_len) ||
	    json_read(out->arena, decoded, decoded_len, &json, &syntax) !=
	            CODE_OK ||
	    json->type != JSON_OBJECT)
		return false;
	json_out_value(out, json);
	return true;
}

static int
inspect(struct arena *arena, const char *token)
{
	static const char before[] = "{\"header\":", between[] = ",\"claims\":";
	const char *dot = strchr(token, '.');
	const char *second = dot == NULL ? NULL : strchr(dot + 1, '.');
	struct json_out out;

	json_out_init(&out, arena);
	json_out_raw(&out, before, strlen(before));
	if (second == NULL || !put_part(&out, token, (size_t)(dot - token)))
		return command_fail(EXIT_CODE_USAGE, PROGRAM,
		                    "not a token: no header that can be read");
	json_out_raw(&out, between, strlen(between));
	if (!put_part(&out, dot + 1, (size_t)(second - dot) - 1))
		return command_fail(EXIT_CODE_USAGE, PROGRAM,
		                    "not a token: no claims that can be read");
	json_out_raw(&out, "}", 1);
	if (json_out_end(&out) != CODE_OK)
		return command_fail(EXIT_CODE_USAGE, PROGRAM, "out of memory");
	(void)fputs(PROGRAM ": not verified; --verify asks the server\n",
	            stderr);
	(void)puts(out.data);
	return fflush(stdout) == 0 ? EXIT_CODE_OK : EXIT_CODE_USAGE;
}

static int
verify(const struct token_options *options, struct arena *arena, char *token)
{
	Latchkey__V1__VerifyTokenRequest request =
		LATCHKEY__V1__VERIFY_TOKEN_REQUEST__INIT;
	Latchkey__V1__TokenType types[] = {
		LATCHKEY__V1__TOKEN_TYPE__TOKEN_TYPE_ACCESS,
		LATCHKEY__V1__TOKEN_TYPE__TOKEN_TYPE_REFRESH,
	};
	struct method method;

	request.token = token;
	request.n_accepted_types = sizeof(types) / sizeof(types[0]);
	request.accepted_types = types;
	if (method_find("latchkey.v1.AuthService/VerifyToken", &method) != 1)
		return EXIT_CODE_USAGE;
	return connection_call(&options->connection, arena, &method,
	                       &request.base);
}

static int
parse(int argc, char **argv, struct token_options *options)
{
	static const struct option known[] = {
		CONNECTION_OPTIONS,
		{ "verify", no_argument, NULL, OPTION_VERIFY },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == OPTION_VERIFY)
			options->verify = true;
		else if (!connection_set_option(&options->connection, option,
		                                optarg))
			return EXIT_CODE_USAGE;
	}
	if (argc - optind < 1 || argc - optind > 2 ||
	    strcmp(argv[optind], "inspect") != 0)
		return command_fail(EXIT_CODE_USAGE, PROGRAM,
		                    "token wants inspect and maybe @FILE or -");
	options->from = argc - optind == 2 ? argv[optind + 1] : "-";
	return EXIT_CODE_OK;
}

int
token_command(int argc, char **argv)
{
	struct token_options options = { 0 };
	struct arena arena;
	char *token = NULL;
	void *memory;
	int status = parse(argc, argv, &options);

	if (status != EXIT_CODE_OK)
		return status;
	process_harden();
	memory = malloc(CONNECTION_ARENA_SIZE);
	if (memory == NULL)
		return command_fail(EXIT_CODE_USAGE, PROGRAM, "out of memory");
	arena_init(&arena, memory, CONNECTION_ARENA_SIZE);
	if (input_read_token(&arena, options.from, &token) != CODE_OK)
		status = EXIT_CODE_USAGE;
	else if (options.verify)
		status = verify(&options, &arena, token);
	else
		status = inspect(&arena, token);
	arena_reset(&arena);
	free(memory);
	return status;
}
