/*
 * The generated stubs, as a service uses them: through client/latchkey.h and
 * the configuration that `latchkeyctl pki issue` wrote, over mutual TLS, to a
 * real latchkeyd.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/latchkey.h"
#include "proto/latchkey/v1/account_service.pb-c.h"
#include "proto/latchkey/v1/auth_service.pb-c.h"
#include "proto/latchkey/v1/health_service.pb-c.h"
#include "proto/latchkey/v1/key_service.pb-c.h"
#include "server/domain/test_picture.h"
#include "tests/integration/live_server.h"

#define WAIT_MS 60000
#define TOKEN_SIZE 4097
#define ERR_SIZE 256

struct fixture {
	struct live_server server;
	struct latchkey *latchkey;
	struct latchkey_call auth;
	char access[TOKEN_SIZE];
	char refresh[TOKEN_SIZE];
	uint64_t user_id;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char err[ERR_SIZE] = "";

	assert_non_null(f);
	*state = f;
	live_server_open(&f->server);
	if (latchkey_open_file(f->server.conf, &f->latchkey, err,
	                       sizeof(err)) != CODE_OK)
		fail_msg("%s", err);
	assert_true(latchkey_wait(f->latchkey, WAIT_MS));
	latchkey_call_init(&f->auth, f->latchkey,
	                   &latchkey__v1__auth_service__descriptor);
	f->auth.timeout_ms = WAIT_MS;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	latchkey_call_reset(&f->auth);
	latchkey_close(f->latchkey);
	live_server_close(&f->server);
	free(f);
	return 0;
}

static void
keep_login(const Latchkey__V1__AuthenticateResponse *response, void *data)
{
	struct fixture *f = data;

	if (response == NULL)
		return;
	(void)snprintf(f->access, sizeof(f->access), "%s",
	               response->access_token);
	(void)snprintf(f->refresh, sizeof(f->refresh), "%s",
	               response->refresh_token);
	f->user_id = response->user->id;
	assert_string_equal(response->user->email, LIVE_EMAIL);
}

static void
login(struct fixture *f, const char *password)
{
	Latchkey__V1__AuthenticateRequest ask =
		LATCHKEY__V1__AUTHENTICATE_REQUEST__INIT;

	ask.identifier = (char *)(uintptr_t)LIVE_EMAIL;
	ask.password = (char *)(uintptr_t)password;
	latchkey__v1__auth_service__authenticate(&f->auth.service, &ask,
	                                         keep_login, f);
}

static void
keep_user_id(const Latchkey__V1__VerifyTokenResponse *response, void *data)
{
	uint64_t *user_id = data;

	*user_id = response == NULL ? 0 : response->user_id;
}

/* verify returns whose token it is, 0 if it is refused. */
static uint64_t
verify(struct fixture *f, char *token)
{
	Latchkey__V1__VerifyTokenRequest ask =
		LATCHKEY__V1__VERIFY_TOKEN_REQUEST__INIT;
	uint64_t user_id = 0;

	ask.token = token;
	latchkey__v1__auth_service__verify_token(&f->auth.service, &ask,
	                                         keep_user_id, &user_id);
	return user_id;
}

static void
assert_refused(const struct latchkey_call *call, enum code code,
               Latchkey__Rpc__V1__Reason reason)
{
	assert_int_equal(call->code, code);
	assert_int_equal(call->status->reason, reason);
	assert_null(call->response);
}

static void
a_service_logs_in_and_verifies_what_it_got(void **state)
{
	struct fixture *f = *state;

	login(f, LIVE_PASSWORD);
	assert_int_equal(f->auth.code, CODE_OK);
	assert_int_equal(verify(f, f->access), f->user_id);
	assert_int_equal(strlen(f->auth.request_id), 32);
}

static void
a_wrong_password_is_refused_with_its_reason(void **state)
{
	struct fixture *f = *state;

	login(f, "wrong");
	assert_refused(&f->auth, CODE_UNAUTHENTICATED,
	               LATCHKEY__RPC__V1__REASON__REASON_CREDENTIALS_INVALID);
	assert_true(strlen(f->auth.status->message) > 0);
}

static void
a_bad_field_is_named(void **state)
{
	struct fixture *f = *state;

	login(f, "");
	assert_refused(&f->auth, CODE_INVALID_ARGUMENT,
	               LATCHKEY__RPC__V1__REASON__REASON_FIELD_INVALID);
	assert_int_equal(f->auth.status->n_violations, 1);
	assert_string_equal(f->auth.status->violations[0]->field, "password");
}

static void
compare_me(const Latchkey__V1__GetMeResponse *response, void *data)
{
	struct fixture *f = data;

	if (response != NULL)
		assert_int_equal(response->user->id, f->user_id);
}

static void
a_call_is_made_on_behalf_of_the_tokens_user(void **state)
{
	struct fixture *f = *state;
	struct latchkey_call account;
	Latchkey__V1__GetMeRequest ask = LATCHKEY__V1__GET_ME_REQUEST__INIT;

	login(f, LIVE_PASSWORD);
	latchkey_call_init(&account, f->latchkey,
	                   &latchkey__v1__account_service__descriptor);
	latchkey__v1__account_service__get_me(&account.service, &ask,
	                                      compare_me, f);
	assert_refused(&account, CODE_UNAUTHENTICATED,
	               LATCHKEY__RPC__V1__REASON__REASON_TOKEN_MISSING);
	account.access_token = f->access;
	latchkey__v1__account_service__get_me(&account.service, &ask,
	                                      compare_me, f);
	assert_int_equal(account.code, CODE_OK);
	latchkey_call_reset(&account);
}

static void
keep_access(const Latchkey__V1__RefreshResponse *response, void *data)
{
	struct fixture *f = data;

	if (response != NULL)
		(void)snprintf(f->access, sizeof(f->access), "%s",
		               response->access_token);
}

static void
ignore_logout(const Latchkey__V1__LogoutResponse *response, void *data)
{
	(void)response;
	(void)data;
}

static void
a_session_is_refreshed_and_ended(void **state)
{
	struct fixture *f = *state;
	Latchkey__V1__RefreshRequest refresh =
		LATCHKEY__V1__REFRESH_REQUEST__INIT;
	Latchkey__V1__LogoutRequest logout = LATCHKEY__V1__LOGOUT_REQUEST__INIT;

	login(f, LIVE_PASSWORD);
	refresh.refresh_token = logout.refresh_token = f->refresh;
	latchkey__v1__auth_service__refresh(&f->auth.service, &refresh,
	                                    keep_access, f);
	assert_int_equal(f->auth.code, CODE_OK);
	assert_int_equal(verify(f, f->access), f->user_id);
	latchkey__v1__auth_service__logout(&f->auth.service, &logout,
	                                   ignore_logout, NULL);
	assert_int_equal(f->auth.code, CODE_OK);
	assert_int_equal(verify(f, f->access), 0);
	assert_refused(&f->auth, CODE_UNAUTHENTICATED,
	               LATCHKEY__RPC__V1__REASON__REASON_TOKEN_REVOKED);
}

static void
expect_one_key(const Latchkey__V1__GetJwksResponse *response, void *data)
{
	(void)data;
	if (response != NULL)
		assert_int_equal(response->n_keys, 1);
}

static void
expect_serving(const Latchkey__V1__CheckResponse *response, void *data)
{
	(void)data;
	if (response != NULL)
		assert_int_equal(
			response->status,
			LATCHKEY__V1__SERVING_STATUS__SERVING_STATUS_SERVING);
}

static void
keys_and_health_are_told_to_anybody(void **state)
{
	struct fixture *f = *state;
	struct latchkey_call call;
	Latchkey__V1__GetJwksRequest keys =
		LATCHKEY__V1__GET_JWKS_REQUEST__INIT;
	Latchkey__V1__CheckRequest check = LATCHKEY__V1__CHECK_REQUEST__INIT;

	latchkey_call_init(&call, f->latchkey,
	                   &latchkey__v1__key_service__descriptor);
	latchkey__v1__key_service__get_jwks(&call.service, &keys,
	                                    expect_one_key, NULL);
	assert_int_equal(call.code, CODE_OK);
	latchkey_call_reset(&call);
	latchkey_call_init(&call, f->latchkey,
	                   &latchkey__v1__health_service__descriptor);
	latchkey__v1__health_service__check(&call.service, &check,
	                                    expect_serving, NULL);
	assert_int_equal(call.code, CODE_OK);
	latchkey_call_reset(&call);
}

#define PICTURE_SIZE ((size_t)256 * 1024)
/* Around the contents of a PNG's one chunk of its own: all the rest. */
#define PICTURE_EXTRA 79

/* A PNG of exactly this many bytes, without metadata. */
static void
make_picture(struct test_picture *p, size_t size)
{
	static const uint8_t filler[PICTURE_SIZE];

	test_picture_begin_png(p, 1, 1);
	test_picture_add_chunk(p, "IDAT", filler, size - PICTURE_EXTRA);
	test_picture_end_png(p);
	assert_int_equal(p->len, size);
}

static void
keep_path(const Latchkey__V1__SetAvatarResponse *response, void *data)
{
	static const char prefix[] = "/media/avatars/";
	char *path = data;

	if (response == NULL)
		return;
	assert_memory_equal(response->user->avatar, prefix, strlen(prefix));
	(void)snprintf(path, 64, "%s", response->user->avatar + strlen(prefix));
}

static void
expect_picture(const Latchkey__V1__GetAvatarResponse *response, void *data)
{
	const struct test_picture *p = data;

	if (response == NULL)
		return;
	assert_string_equal(response->media_type, "image/png");
	assert_int_equal(response->image.len, p->len);
	assert_memory_equal(response->image.data, p->data, p->len);
}

static void
a_picture_of_256_kib_goes_there_and_back(void **state)
{
	static struct test_picture p;
	struct fixture *f = *state;
	struct latchkey_call call;
	Latchkey__V1__SetAvatarRequest set =
		LATCHKEY__V1__SET_AVATAR_REQUEST__INIT;
	Latchkey__V1__GetAvatarRequest get =
		LATCHKEY__V1__GET_AVATAR_REQUEST__INIT;
	char path[64] = "";

	login(f, LIVE_PASSWORD);
	make_picture(&p, PICTURE_SIZE);
	latchkey_call_init(&call, f->latchkey,
	                   &latchkey__v1__account_service__descriptor);
	call.timeout_ms = WAIT_MS;
	call.access_token = f->access;
	set.image.data = p.data;
	set.image.len = p.len;
	latchkey__v1__account_service__set_avatar(&call.service, &set,
	                                          keep_path, path);
	assert_int_equal(call.code, CODE_OK);
	latchkey_call_reset(&call);
	get.path = path;
	latchkey__v1__account_service__get_avatar(&call.service, &get,
	                                          expect_picture, &p);
	assert_int_equal(call.code, CODE_OK);
	latchkey_call_reset(&call);
	set.image.len = p.len + 1;
	latchkey__v1__account_service__set_avatar(&call.service, &set,
	                                          keep_path, path);
	assert_refused(&call, CODE_INVALID_ARGUMENT,
	               LATCHKEY__RPC__V1__REASON__REASON_FIELD_INVALID);
	latchkey_call_reset(&call);
}

static void
a_killed_server_is_unavailable_until_it_is_back(void **state)
{
	struct fixture *f = *state;

	login(f, LIVE_PASSWORD);
	live_server_kill(&f->server);
	while (f->auth.code == CODE_OK)
		(void)verify(f, f->access);
	assert_int_equal(f->auth.code, CODE_UNAVAILABLE);
	live_server_start(&f->server);
	assert_true(latchkey_wait(f->latchkey, WAIT_MS));
	assert_int_equal(verify(f, f->access), f->user_id);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_service_logs_in_and_verifies_what_it_got),
		cmocka_unit_test(a_wrong_password_is_refused_with_its_reason),
		cmocka_unit_test(a_bad_field_is_named),
		cmocka_unit_test(a_call_is_made_on_behalf_of_the_tokens_user),
		cmocka_unit_test(a_session_is_refreshed_and_ended),
		cmocka_unit_test(keys_and_health_are_told_to_anybody),
		cmocka_unit_test(a_picture_of_256_kib_goes_there_and_back),
		cmocka_unit_test(
			a_killed_server_is_unavailable_until_it_is_back),
	};

	return cmocka_run_group_tests_name("client", tests, setup, teardown);
}
