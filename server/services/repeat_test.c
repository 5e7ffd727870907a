#include "server/services/repeat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "proto/latchkey/v1/user_service.pb-c.h"
#include "server/domain/keyring.h"
#include "server/services/service_fixture.h"
#include "server/store/repetition_store.h"

#define MADE 42 /* the user that the first call made */

static Latchkey__V1__CreateUserRequest
request(const char *password)
{
	Latchkey__V1__CreateUserRequest req =
		LATCHKEY__V1__CREATE_USER_REQUEST__INIT;

	req.email = (char *)"ada@x.org";
	req.password_presence_case =
		LATCHKEY__V1__CREATE_USER_REQUEST__PASSWORD_PRESENCE_PASSWORD;
	req.password = (char *)password;
	return req;
}

static void
add(struct service_fixture *f, const char *password)
{
	Latchkey__V1__CreateUserRequest req = request(password);
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	repeat_add(&f->call, &txn, &req.base, MADE);
	assert_int_equal(store_end(&txn), CODE_OK);
}

static enum code
find(struct service_fixture *f, const char *password)
{
	Latchkey__V1__CreateUserRequest req = request(password);
	uint64_t user_id = 0;
	struct store_txn txn;
	enum code code;

	service_fixture_repeat(f);
	store_begin_read(f->store, &txn);
	code = repeat_find(&f->call, &txn, &req.base, &user_id);
	assert_int_equal(store_end(&txn), CODE_OK);
	assert_int_equal(user_id, code == CODE_OK ? MADE : 0);
	return code;
}

static void
assert_reused(struct service_fixture *f, const char *password)
{
	assert_int_equal(find(f, password), CODE_ALREADY_EXISTS);
	assert_int_equal(f->call.reason, REASON(REQUEST_ID_REUSED));
}

static void
a_new_call_is_not_found(void **state)
{
	struct service_fixture *f = *state;

	assert_int_equal(find(f, "secret"), CODE_NOT_FOUND);
	add(f, "secret");
	service_fixture_next(f);
	assert_int_equal(find(f, "secret"), CODE_NOT_FOUND);
}

static void
a_repetition_finds_what_was_made(void **state)
{
	struct service_fixture *f = *state;

	add(f, "secret");
	assert_int_equal(find(f, "secret"), CODE_OK);
}

static void
another_request_is_refused(void **state)
{
	struct service_fixture *f = *state;

	add(f, "secret");
	assert_reused(f, "secreT");
}

static void
another_method_is_refused(void **state)
{
	struct service_fixture *f = *state;

	add(f, "secret");
	f->method.name = "other";
	assert_reused(f, "secret");
}

static void
another_caller_is_refused(void **state)
{
	struct service_fixture *f = *state;
	uint64_t id = service_fixture_add(
		f, &(struct user){ .email = "root@x.org", .is_active = true });

	add(f, "secret");
	(void)service_fixture_be(f, id);
	assert_reused(f, "secret");
}

static void
hash_request(const uint8_t *key, size_t key_len,
             uint8_t out[REPETITION_DIGEST_SIZE])
{
	Latchkey__V1__CreateUserRequest req = request("secret");
	uint8_t packed[256];
	size_t len = protobuf_c_message_get_packed_size(&req.base);

	assert_true(len <= sizeof(packed));
	(void)protobuf_c_message_pack(&req.base, packed);
	assert_int_equal(crypto_generichash(out, REPETITION_DIGEST_SIZE, packed,
	                                    len, key, key_len),
	                 0);
}

/* Whoever has the store alone cannot try passwords against the digest. */
static void
the_digest_is_keyed(void **state)
{
	struct service_fixture *f = *state;
	uint8_t plain[REPETITION_DIGEST_SIZE], keyed[REPETITION_DIGEST_SIZE];
	struct repetition found;
	struct store_txn txn;

	add(f, "secret");
	store_begin_read(f->store, &txn);
	assert_int_equal(repetition_store_find(&txn, &f->kept,
	                                       f->call.request_id, &found),
	                 CODE_OK);
	assert_int_equal(store_end(&txn), CODE_OK);
	hash_request(NULL, 0, plain);
	hash_request(keyring_digest_key(f->keyring), KEYRING_DIGEST_KEY_SIZE,
	             keyed);
	assert_memory_not_equal(found.digest, plain, sizeof(plain));
	assert_memory_equal(found.digest, keyed, sizeof(keyed));
}

#define CASE(name)                                                             \
	cmocka_unit_test_setup_teardown(name, service_fixture_setup,           \
	                                service_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_new_call_is_not_found),
		CASE(a_repetition_finds_what_was_made),
		CASE(another_request_is_refused),
		CASE(another_method_is_refused),
		CASE(another_caller_is_refused),
		CASE(the_digest_is_keyed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
