#include "server/sweep.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "server/store/link_store.h"
#include "server/store/repetition_store.h"
#include "server/store/session_store.h"
#include "server/store/store_fixture.h"
#include "server/store/throttle_store.h"

#define US_PER_S ((int64_t)1000000)
#define DAY_US (24LL * 3600 * US_PER_S)
#define RECORDS 300 /* more than one transaction's worth */

/* Adds the record number i of every kind; it expires at i + 1 us. */
static void
add(struct store_fixture *f, uint32_t i)
{
	struct session session = { .user_id = 1,
		                   .expires_at_us = i + 1,
		                   .user_agent = "",
		                   .client_address = "" };
	struct link link = { .purpose = LINK_VERIFY_EMAIL,
		             .user_id = 1,
		             .email = "ada@example.com",
		             .expires_at_us = i + 1 };
	struct throttle_events events = { .events_us = { 1 },
		                          .count = 1,
		                          .expires_at_us = i + 1 };
	struct repetition repetition = { .method = "test",
		                         .made_user_id = 1,
		                         .created_at_us = i + 1 };
	struct store_txn txn;

	memcpy(session.id, &i, sizeof(i));
	memcpy(link.hash, &i, sizeof(i));
	memcpy(repetition.request_id, &i, sizeof(i));
	store_begin_write(f->store, &txn);
	session_store_add(&txn, &f->arena, &session);
	link_store_add(&txn, &f->arena, &link);
	throttle_store_put(&txn, &f->arena, (struct bytes){ &i, sizeof(i) },
	                   &events);
	repetition_store_add(&txn, &f->arena, &repetition);
	assert_int_equal(store_end(&txn), CODE_OK);
	arena_reset(&f->arena);
}

static void
what_has_had_its_time_is_deleted_and_the_rest_kept(void **state)
{
	static const enum store_table tables[] = { STORE_SESSION, STORE_LINK,
		                                   STORE_THROTTLE,
		                                   STORE_REPETITION };
	struct store_fixture *f = *state;

	for (uint32_t i = 0; i < RECORDS; i++)
		add(f, i);
	sweep_run(f->store, 0);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		assert_int_equal(store_fixture_count(f->store, tables[i]),
		                 RECORDS);
	sweep_run(f->store, 100LL * DAY_US);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		assert_int_equal(store_fixture_count(f->store, tables[i]), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			what_has_had_its_time_is_deleted_and_the_rest_kept,
			store_fixture_setup, store_fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
