#include "client/ctl/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/message_limit.h"
#include "base/version.h"
#include "client/channel.h"
#include "client/client_settings.h"
#include "client/ctl/commands.h"
#include "client/ctl/credential.h"
#include "client/ctl/input.h"
#include "client/ctl/message_json.h"

#define TIMEOUT_MS 10000
#define TIMEOUT_MAX_MS 60000

struct connection {
	struct arena *arena;
	struct channel *channel;
	const char *url;
	char *access_token; /* in the arena; NULL: none */
	uint32_t timeout_ms;
};

int
connection_set_option(struct connection_options *options, int option,
                      const char *value)
{
	switch (option) {
	case CONNECTION_CONFIG:
		options->config = value;
		return 1;
	case CONNECTION_HOME:
		options->home = value;
		return 1;
	case CONNECTION_TIMEOUT:
		options->timeout = value;
		return 1;
	case CONNECTION_TOKEN:
		options->token_from = value;
		return 1;
	default:
		return 0;
	}
}

static int
read_timeout(const char *text, uint32_t *out)
{
	char *end;
	unsigned long value;

	*out = TIMEOUT_MS;
	if (text == NULL)
		return EXIT_CODE_OK;
	value = strtoul(text, &end, 10);
	if (*end != '\0' || *text < '0' || *text > '9' || value == 0 ||
	    value > TIMEOUT_MAX_MS)
		return command_fail(EXIT_CODE_USAGE, PROGRAM,
		                    "--timeout wants 1 to %d milliseconds",
		                    TIMEOUT_MAX_MS);
	*out = (uint32_t)value;
	return EXIT_CODE_OK;
}

int
connection_config(const struct connection_options *options, char out[PATH_MAX])
{
	const char *home = options->home;
	int len;

	if (home == NULL)
		home = getenv("LATCHKEY_HOME");
	if (options->config != NULL)
		len = snprintf(out, PATH_MAX, "%s", options->config);
	else if (home != NULL && *home != '\0')
		len = snprintf(out, PATH_MAX, "%s/clients/operator/%s", home,
		               CREDENTIAL_CONFIG);
	else
		return command_fail(EXIT_CODE_USAGE, PROGRAM,
		                    "no server: give --config FILE or "
		                    "--home DIR, or set LATCHKEY_HOME");
	if (len > 0 && len < PATH_MAX)
		return EXIT_CODE_OK;
	return command_fail(EXIT_CODE_USAGE, PROGRAM, "too long a path");
}

/* in_arena resolves a path of the configuration and keeps it in the arena. */
static const char *
in_arena(struct arena *arena, const char *config, const char *text)
{
	char *path = settings_path(config, text);
	const char *kept = path == NULL ? NULL : arena_strdup(arena, path);

	free(path);
	return kept;
}

static const char *
resolve_url(struct arena *arena, const char *config, const char *url)
{
	static const char ipc[] = "ipc://";
	const char *path;

	if (strncmp(url, ipc, strlen(ipc)) != 0)
		return arena_strdup(arena, url);
	path = in_arena(arena, config, url + strlen(ipc));
	return path == NULL ? NULL : arena_printf(arena, "%s%s", ipc, path);
}

static int
dial(struct connection *connection, const char *config,
     const struct client_settings *settings)
{
	struct arena *arena = connection->arena;
	struct channel_options options = {
		.url = resolve_url(arena, config, settings->server.url),
		.calls_max = 1,
		.arena_size = MESSAGE_ARENA_SIZE,
		.message_max = REPLY_LIMIT,
	};
	char err[512] = "";

	if (strncmp(settings->server.url, "tls+tcp", strlen("tls+tcp")) == 0) {
		options.server_name =
			arena_strdup(arena, settings->server.name);
		options.ca_path = in_arena(arena, config, settings->server.ca);
		options.cert_path =
			in_arena(arena, config, settings->server.cert);
		options.key_path =
			in_arena(arena, config, settings->server.key);
	}
	connection->url = options.url;
	if (arena->full)
		return command_fail(EXIT_CODE_USAGE, PROGRAM, "out of memory");
	if (channel_open(&options, &connection->channel, err, sizeof(err)) !=
	    CODE_OK)
		return command_fail(EXIT_CODE_USAGE, PROGRAM, "%s", err);
	if (channel_wait(connection->channel, connection->timeout_ms))
		return EXIT_CODE_OK;
	return command_fail(EXIT_CODE_UNREACHABLE, PROGRAM,
	                    "nobody answers at %s", connection->url);
}

static int
connect_by(struct connection *connection,
           const struct connection_options *options)
{
	struct client_settings settings = { 0 };
	char config[PATH_MAX], err[512] = "";
	int status = read_timeout(options->timeout, &connection->timeout_ms);

	if (status == EXIT_CODE_OK)
		status = connection_config(options, config);
	if (status == EXIT_CODE_OK && options->token_from != NULL &&
	    input_read_token(connection->arena, options->token_from,
	                     &connection->access_token) != CODE_OK)
		status = EXIT_CODE_USAGE;
	if (status != EXIT_CODE_OK)
		return status;
	if (settings_load(&client_settings_table, config, &settings, err,
	                  sizeof(err)) != CODE_OK)
		return command_fail(EXIT_CODE_USAGE, PROGRAM, "%s", err);
	status = dial(connection, config, &settings);
	settings_free(&client_settings_table, &settings);
	return status;
}

/* reason_name returns "TOKEN_EXPIRED" and the like. */
static const char *
reason_name(Latchkey__Rpc__V1__Reason reason)
{
	static const char prefix[] = "REASON_";
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(
		&latchkey__rpc__v1__reason__descriptor, (int)reason);

	if (value == NULL)
		return "an unknown reason";
	return strncmp(value->name, prefix, strlen(prefix)) == 0
	               ? value->name + strlen(prefix)
	               : value->name;
}

/* exit_code_of tells a script what to do about a refusal. */
static int
exit_code_of(const struct channel_call *call)
{
	if (call->code == CODE_NOT_FOUND)
		return EXIT_CODE_NOT_FOUND;
	if (call->code == CODE_UNAUTHENTICATED &&
	    call->status->subject == LATCHKEY__RPC__V1__SUBJECT__SUBJECT_CALLER)
		return EXIT_CODE_LOGIN;
	return EXIT_CODE_FAILED;
}

/* print_refusal says why; what never reached the server is told apart. */
static int
print_refusal(const struct connection *connection,
              const struct channel_call *call)
{
	const Latchkey__Rpc__V1__Status *status = call->status;
	bool local =
		status->reason == LATCHKEY__RPC__V1__REASON__REASON_UNSPECIFIED;

	if (local && (call->code == CODE_UNAVAILABLE ||
	              call->code == CODE_DEADLINE_EXCEEDED))
		return command_fail(EXIT_CODE_UNREACHABLE, PROGRAM,
		                    "%s: %s: %s", connection->url,
		                    code_name(call->code), status->message);
	(void)command_fail(EXIT_CODE_FAILED, PROGRAM, "%s %s: %s",
	                   code_name(call->code), reason_name(status->reason),
	                   status->message);
	for (size_t i = 0; i < status->n_violations; i++)
		(void)fprintf(stderr, "  %s: %s (%s)\n",
		              status->violations[i]->field,
		              status->violations[i]->message,
		              status->violations[i]->code);
	if (status->retry_after_ms > 0)
		(void)fprintf(stderr, "  try again after %u ms\n",
		              status->retry_after_ms);
	return exit_code_of(call);
}

int
connection_print(struct arena *arena, const ProtobufCMessage *message)
{
	struct json_out out;

	json_out_init(&out, arena);
	message_to_json(&out, message);
	if (json_out_end(&out) != CODE_OK)
		return command_fail(EXIT_CODE_USAGE, PROGRAM, "out of memory");
	(void)puts(out.data);
	return fflush(stdout) == 0 ? EXIT_CODE_OK : EXIT_CODE_USAGE;
}

int
connection_open(const struct connection_options *options, struct arena *arena,
                struct connection **out)
{
	struct connection *connection = arena_alloc(arena, sizeof(*connection));

	if (connection == NULL) {
		(void)command_fail(EXIT_CODE_USAGE, PROGRAM, "out of memory");
		return EXIT_CODE_USAGE;
	}
	connection->arena = arena;
	*out = connection;
	return connect_by(connection, options);
}

void
connection_close(struct connection *connection)
{
	if (connection != NULL)
		channel_close(connection->channel);
}

void
connection_set_token(struct connection *connection, char *access_token)
{
	connection->access_token = access_token;
}

/* copy keeps a reply beyond its call. */
static int
copy(struct arena *arena, const ProtobufCMessage *reply, ProtobufCMessage **out)
{
	size_t len = protobuf_c_message_get_packed_size(reply);
	uint8_t *packed = arena_alloc(arena, len);

	if (packed != NULL) {
		(void)protobuf_c_message_pack(reply, packed);
		*out = protobuf_c_message_unpack(reply->descriptor, &arena->pb,
		                                 len, packed);
	}
	if (packed != NULL && *out != NULL)
		return EXIT_CODE_OK;
	return command_fail(EXIT_CODE_USAGE, PROGRAM, "out of memory");
}

static int
invoke(struct connection *connection, const struct method *method,
       const ProtobufCMessage *request, ProtobufCMessage **reply)
{
	struct channel_call *call = NULL;
	enum code code = channel_call_begin(connection->channel, &call);
	char name[128];
	int status;

	if (code != CODE_OK)
		return command_fail(EXIT_CODE_UNREACHABLE, PROGRAM, "%s: %s",
		                    connection->url, code_name(code));
	(void)snprintf(name, sizeof(name), "%s/%s", method->service->name,
	               method->method->name);
	call->timeout_ms = connection->timeout_ms;
	call->caller.user_agent = (char *)PROGRAM "/" LATCHKEY_VERSION;
	if (connection->access_token != NULL)
		call->caller.access_token = connection->access_token;
	code = channel_call_send_wait(call, name, request,
	                              method->method->output);
	if (code == CODE_OK)
		status = copy(connection->arena, call->reply, reply);
	else
		status = print_refusal(connection, call);
	channel_call_end(call);
	return status;
}

int
connection_invoke(struct connection *connection, const char *method,
                  const ProtobufCMessage *request, ProtobufCMessage **reply)
{
	struct method found;

	if (method_find(method, &found) != 1)
		return command_fail(EXIT_CODE_USAGE, PROGRAM,
		                    "no method named \"%s\"", method);
	return invoke(connection, &found, request, reply);
}

int
connection_call(const struct connection_options *options, struct arena *arena,
                const struct method *method, const ProtobufCMessage *request)
{
	struct connection *connection = NULL;
	ProtobufCMessage *reply = NULL;
	int status = connection_open(options, arena, &connection);

	if (status == EXIT_CODE_OK)
		status = invoke(connection, method, request, &reply);
	if (status == EXIT_CODE_OK)
		status = connection_print(arena, reply);
	connection_close(connection);
	return status;
}
