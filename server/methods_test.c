#include "server/methods.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/services.h"
#include "server/server.h"
#include "server/services/auth_service.h"

static const struct rpc_method *
find(const struct rpc_method *rows, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	fail_msg("no row in methods.c for %s", name);
	return NULL;
}

static void
check_service(const ProtobufCServiceDescriptor *service,
              const struct rpc_method *rows, size_t count)
{
	for (unsigned i = 0; i < service->n_methods; i++) {
		const ProtobufCMethodDescriptor *d = &service->methods[i];
		const struct rpc_method *m;
		char name[128];

		(void)snprintf(name, sizeof(name), "%s/%s", service->name,
		               d->name);
		m = find(rows, count, name);
		if (m == NULL)
			return;
		assert_ptr_equal(m->in, d->input);
		assert_ptr_equal(m->out, d->output);
	}
}

static void
every_rpc_in_proto_has_one_row_of_the_right_types(void **state)
{
	static const struct server server;
	struct rpc_method rows[METHODS_MAX];
	size_t count = methods_make(&server, rows), rpcs = 0;

	(void)state;
	for (size_t s = 0; s < api_service_count; s++) {
		check_service(api_services[s], rows, count);
		rpcs += api_services[s]->n_methods;
	}
	assert_int_equal(rpcs, count);
}

static void
every_row_has_a_handler_and_a_bound(void **state)
{
	static const struct server server;
	struct rpc_method rows[METHODS_MAX];
	size_t count = methods_make(&server, rows);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		assert_true(rows[i].handler != NULL);
		assert_in_range(rows[i].payload_max, 1, 1 << 20);
		assert_true(rows[i].lane < LANE_COUNT);
		/* Who changes the store waits for its commit. */
		if (rows[i].mutating)
			assert_int_not_equal(rows[i].lane, LANE_INLINE);
	}
}

static void
refresh_is_inline_unless_refresh_tokens_rotate(void **state)
{
	struct server server = { .sessions.rotate = false };
	struct rpc_method rows[METHODS_MAX];
	size_t count = methods_make(&server, rows);
	const char *name = "latchkey.v1.AuthService/Refresh";

	(void)state;
	assert_int_equal(find(rows, count, name)->lane, LANE_INLINE);
	server.sessions.rotate = true;
	count = methods_make(&server, rows);
	assert_int_equal(find(rows, count, name)->lane, LANE_WRITE);
}

/* What anybody can ask for again and again must not wait with the writes. */
static void
no_call_that_only_reads_waits_with_writes(void **state)
{
	static const struct server server;
	struct rpc_method rows[METHODS_MAX];
	size_t count = methods_make(&server, rows);

	(void)state;
	for (size_t i = 0; i < count; i++)
		if (rows[i].lane == LANE_WRITE)
			assert_true(rows[i].mutating);
	assert_int_equal(
		find(rows, count, "latchkey.v1.AccountService/GetAvatar")->lane,
		LANE_READ);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_call_that_only_reads_waits_with_writes),
		cmocka_unit_test(
			every_rpc_in_proto_has_one_row_of_the_right_types),
		cmocka_unit_test(every_row_has_a_handler_and_a_bound),
		cmocka_unit_test(
			refresh_is_inline_unless_refresh_tokens_rotate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
