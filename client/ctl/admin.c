#include "client/ctl/admin.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/process.h"
#include "client/ctl/commands.h"
#include "client/ctl/method.h"
#include "client/ctl/user_argument.h"

#define OPTIONS_MAX 32 /* of a verb and of the connection */

enum {
	OPTION_JSON = CONNECTION_OPTION_END,
	OPTION_LOGIN_FILE,
	OPTION_FIRST, /* of the verb's own */
};

/* One command as given. */
struct order {
	const struct admin_verb *verb;
	struct connection_options connection;
	const char *login_file;
	bool as_json;
	struct request_value *values; /* room for all of argv */
	size_t count;
	/* The options that stand for arguments. */
	struct request_option argument, rest;
};

static const struct admin_verb *
find_verb(const struct admin_noun *noun, const char *name)
{
	for (size_t i = 0; name != NULL && i < noun->verb_count; i++)
		if (strcmp(noun->verbs[i].name, name) == 0)
			return &noun->verbs[i];
	if (name == NULL)
		(void)command_fail(EXIT_CODE_USAGE, PROGRAM,
		                   "%s wants a verb; %s %s --help lists them",
		                   noun->name, PROGRAM, noun->name);
	else
		(void)command_fail(EXIT_CODE_USAGE, PROGRAM,
		                   "%s has no verb \"%s\"; %s %s --help lists "
		                   "them",
		                   noun->name, name, PROGRAM, noun->name);
	return NULL;
}

static void
list_options(const struct admin_verb *verb, struct option out[OPTIONS_MAX])
{
	static const struct option common[] = {
		CONNECTION_OPTIONS,
		{ "json", no_argument, NULL, OPTION_JSON },
		{ "login-file", required_argument, NULL, OPTION_LOGIN_FILE },
	};
	size_t count = sizeof(common) / sizeof(common[0]);

	memset(out, 0, OPTIONS_MAX * sizeof(out[0]));
	memcpy(out, common, sizeof(common));
	for (size_t i = 0; i < verb->option_count && count + 1 < OPTIONS_MAX;
	     i++, count++) {
		const struct request_option *option = &verb->options[i];

		out[count] = (struct option){
			.name = option->name,
			.has_arg = request_takes_value(option->kind)
			                   ? required_argument
			                   : no_argument,
			.val = OPTION_FIRST + (int)i,
		};
	}
}

static void
add(struct order *order, const struct request_option *option, char *text)
{
	order->values[order->count++] = (struct request_value){ option, text };
}

static bool
set_option(struct order *order, int option, char *value)
{
	if (option == OPTION_JSON)
		order->as_json = true;
	else if (option == OPTION_LOGIN_FILE)
		order->login_file = value;
	else if (option >= OPTION_FIRST)
		add(order, &order->verb->options[option - OPTION_FIRST], value);
	else
		return connection_set_option(&order->connection, option, value);
	return true;
}

/* take_arguments takes what has no name. */
static int
take_arguments(struct order *order, int argc, char **argv)
{
	const struct admin_verb *verb = order->verb;
	int at = optind;

	order->argument =
		(struct request_option){ .name = verb->name,
		                         .member = verb->argument_member,
		                         .kind = REQUEST_TEXT };
	order->rest = (struct request_option){ .name = verb->name,
		                               .member = verb->rest_member,
		                               .kind = REQUEST_LIST };
	if (verb->argument != ADMIN_NO_ARGUMENT) {
		if (at >= argc)
			return command_fail(EXIT_CODE_USAGE, PROGRAM,
			                    "%s says of what", verb->name);
		if (verb->argument == ADMIN_USER)
			order->argument.kind = REQUEST_NUMBER;
		add(order, &order->argument, argv[at++]);
	}
	for (; verb->rest_member != NULL && at < argc; at++)
		add(order, &order->rest, argv[at]);
	if (at < argc)
		return command_fail(EXIT_CODE_USAGE, PROGRAM,
		                    "%s takes no argument \"%s\"", verb->name,
		                    argv[at]);
	return EXIT_CODE_OK;
}

static int
parse(struct order *order, int argc, char **argv)
{
	struct option known[OPTIONS_MAX];
	int option;

	list_options(order->verb, known);
	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1)
		if (!set_option(order, option, optarg))
			return EXIT_CODE_USAGE;
	return take_arguments(order, argc, argv);
}

static bool
is_user(const struct order *order, const struct request_value *value)
{
	if (value->option == &order->argument)
		return order->verb->argument == ADMIN_USER;
	return strcmp(value->option->member, "user_id") == 0;
}

static int
call(struct order *order, struct arena *arena, struct connection *connection)
{
	const struct admin_verb *verb = order->verb;
	ProtobufCMessage *request = NULL, *reply = NULL;
	struct method method;
	int status = kept_login_use(connection, arena, &order->connection,
	                            order->login_file);

	for (size_t i = 0; i < order->count && status == EXIT_CODE_OK; i++)
		if (is_user(order, &order->values[i]))
			status = user_argument_find(connection, arena,
			                            order->values[i].text,
			                            &order->values[i].text);
	if (status != EXIT_CODE_OK)
		return status;
	if (method_find(verb->method, &method) != 1)
		return command_fail(EXIT_CODE_USAGE, PROGRAM,
		                    "no method named \"%s\"", verb->method);
	status = request_make(arena, method.method->input, order->values,
	                      order->count, &request);
	if (status == EXIT_CODE_OK)
		status = connection_invoke(connection, verb->method, request,
		                           &reply);
	if (status != EXIT_CODE_OK)
		return status;
	return order->as_json ? connection_print(arena, reply)
	                      : view_print(&verb->view, arena, reply);
}

static int
run(struct order *order, struct arena *arena)
{
	struct connection *connection = NULL;
	int status = connection_open(&order->connection, arena, &connection);

	if (status == EXIT_CODE_OK)
		status = call(order, arena, connection);
	connection_close(connection);
	return status;
}

static int
run_in_arena(struct order *order)
{
	void *memory = malloc(CONNECTION_ARENA_SIZE);
	struct arena arena;
	int status;

	if (memory == NULL)
		return command_fail(EXIT_CODE_USAGE, PROGRAM, "out of memory");
	arena_init(&arena, memory, CONNECTION_ARENA_SIZE);
	status = run(order, &arena);
	arena_reset(&arena);
	free(memory);
	return status;
}

int
admin_run(const struct admin_noun *noun, int argc, char **argv)
{
	struct order order = { 0 };
	int status;

	order.verb = find_verb(noun, argc > 1 ? argv[1] : NULL);
	if (order.verb == NULL)
		return EXIT_CODE_USAGE;
	process_harden();
	order.values = calloc((size_t)argc, sizeof(*order.values));
	if (order.values == NULL)
		return command_fail(EXIT_CODE_USAGE, PROGRAM, "out of memory");
	argv[1] = argv[0];
	status = parse(&order, argc - 1, argv + 1);
	if (status == EXIT_CODE_OK)
		status = run_in_arena(&order);
	free(order.values);
	return status;
}
