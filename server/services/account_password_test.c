#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/encoding.h"
#include "proto/latchkey/v1/account_service.pb-c.h"
#include "proto/latchkey/v1/auth_service.pb-c.h"
#include "server/services/account_service.h"
#include "server/services/auth_service.h"
#include "server/services/service_fixture.h"
#include "server/store/identity_store.h"
#include "server/store/session_store.h"

#define GOOD "correct horse battery"
#define MINUTE (60 * SECOND)

enum { ADA = 1, OFF };

/* The parts of a link that was mailed, in the kept arena. */
struct parts {
	char *uid;
	char *token;
};

static int
setup(void **state)
{
	const struct user ada = { .email = "ada@example.com",
		                  .username = "adabyron",
		                  .is_active = true };
	const struct user off = { .email = "off@example.com" };
	int rc = service_fixture_setup(state);

	assert_int_equal(service_fixture_add(*state, &ada), ADA);
	assert_int_equal(service_fixture_add(*state, &off), OFF);
	return rc;
}

static void
limit(struct service_fixture *f, enum throttle_scope scope, uint32_t events)
{
	f->server.throttles.rates[scope] =
		(struct throttle_rate){ .limit = events, .window_us = MINUTE };
}

static enum code
change(struct service_fixture *f, const char *old, const char *new)
{
	Latchkey__V1__ChangePasswordRequest req =
		LATCHKEY__V1__CHANGE_PASSWORD_REQUEST__INIT;
	Latchkey__V1__ChangePasswordResponse resp =
		LATCHKEY__V1__CHANGE_PASSWORD_RESPONSE__INIT;

	/* The caller as this call's authentication would see it. */
	service_fixture_next(f);
	*(struct user *)f->principal.user = service_fixture_get(f, ADA);
	req.old_password = (char *)old;
	req.new_password = (char *)new;
	return account_change_password(&f->call, &req, &resp);
}

static enum code
request(struct service_fixture *f, const char *email)
{
	Latchkey__V1__RequestPasswordResetRequest req =
		LATCHKEY__V1__REQUEST_PASSWORD_RESET_REQUEST__INIT;
	Latchkey__V1__RequestPasswordResetResponse resp =
		LATCHKEY__V1__REQUEST_PASSWORD_RESET_RESPONSE__INIT;

	service_fixture_next(f);
	req.email = (char *)email;
	return account_request_password_reset(&f->call, &req, &resp);
}

static enum code
confirm(struct service_fixture *f, const struct parts *parts,
        const char *password)
{
	Latchkey__V1__ConfirmPasswordResetRequest req =
		LATCHKEY__V1__CONFIRM_PASSWORD_RESET_REQUEST__INIT;
	Latchkey__V1__ConfirmPasswordResetResponse resp =
		LATCHKEY__V1__CONFIRM_PASSWORD_RESET_RESPONSE__INIT;

	service_fixture_next(f);
	req.uid = parts->uid;
	req.token = parts->token;
	req.password = (char *)password;
	return account_confirm_password_reset(&f->call, &req, &resp);
}

static enum code
check(struct service_fixture *f, const struct parts *parts)
{
	Latchkey__V1__CheckLinkRequest req =
		LATCHKEY__V1__CHECK_LINK_REQUEST__INIT;
	Latchkey__V1__CheckLinkResponse resp =
		LATCHKEY__V1__CHECK_LINK_RESPONSE__INIT;

	service_fixture_next(f);
	req.purpose = LATCHKEY__V1__LINK_PURPOSE__LINK_PURPOSE_SET_PASSWORD;
	req.uid = parts->uid;
	req.token = parts->token;
	return account_check_link(&f->call, &req, &resp);
}

static enum code
login(struct service_fixture *f, const char *password)
{
	Latchkey__V1__AuthenticateRequest req =
		LATCHKEY__V1__AUTHENTICATE_REQUEST__INIT;
	Latchkey__V1__AuthenticateResponse resp =
		LATCHKEY__V1__AUTHENTICATE_RESPONSE__INIT;

	service_fixture_next(f);
	req.identifier = "adabyron";
	req.password = (char *)password;
	return auth_authenticate(&f->call, &req, &resp);
}

/* Asks for a reset of Ada's password and reads the mail. */
static struct parts
reset_link(struct service_fixture *f)
{
	static const char page[] =
		"https://auth.example/api/auth/password-reset-confirm/";
	struct parts parts;
	struct mail mail;
	char *end;

	assert_int_equal(request(f, "ada@example.com"), CODE_OK);
	do
		assert_true(service_fixture_mail(f, &mail));
	while (strcmp(mail.template_name, "reset") != 0);
	assert_string_equal(mail.to, "ada@example.com");
	parts.uid = (char *)service_fixture_value(&mail, "link");
	assert_memory_equal(parts.uid, page, sizeof(page) - 1);
	parts.uid += sizeof(page) - 1;
	parts.token = strchr(parts.uid, '/');
	assert_non_null(parts.token);
	*parts.token++ = '\0';
	end = strchr(parts.token, '/');
	assert_non_null(end);
	*end = '\0';
	return parts;
}

static bool
is_living(struct service_fixture *f, const char *id)
{
	uint8_t bytes[SESSION_ID_SIZE];
	struct session session;
	struct store_txn txn;

	assert_true(hex_decode(id, bytes, SESSION_ID_SIZE));
	store_begin_read(f->store, &txn);
	assert_int_equal(session_store_find(&txn, &f->kept, bytes, &session),
	                 CODE_OK);
	assert_int_equal(store_end(&txn), CODE_OK);
	return session.ended_at_us == 0;
}

static void
a_change_ends_the_other_sessions_and_is_told_by_mail(void **state)
{
	struct service_fixture *f = *state;
	const char *other = service_fixture_open(f, ADA, "192.0.2.9");
	const char *own = service_fixture_be(f, ADA);
	struct mail mail;

	f->call.now_us += SECOND;
	assert_int_equal(change(f, "secret", GOOD), CODE_OK);
	assert_true(is_living(f, own));
	assert_false(is_living(f, other));
	assert_true(service_fixture_mail(f, &mail));
	assert_string_equal(mail.template_name, "password_changed");
	assert_string_equal(mail.to, "ada@example.com");
	assert_int_equal(service_fixture_get(f, ADA).password_set_at_us,
	                 START + SECOND);
	assert_int_equal(login(f, "secret"), CODE_UNAUTHENTICATED);
	assert_int_equal(login(f, GOOD), CODE_OK);
}

static void
a_change_tells_everything_that_is_wrong_at_once(void **state)
{
	struct service_fixture *f = *state;

	(void)service_fixture_be(f, ADA);
	assert_int_equal(change(f, "wrong", "adabyron"), CODE_INVALID_ARGUMENT);
	assert_int_equal(f->call.violation_count, 2);
	assert_string_equal(f->call.violations[0].field, "old_password");
	assert_string_equal(f->call.violations[0].code, "wrong");
	assert_string_equal(f->call.violations[0].message, "Invalid password.");
	assert_string_equal(f->call.violations[1].field, "new_password");
	assert_string_equal(f->call.violations[1].message,
	                    "The password is too similar to the username.");
	assert_int_equal(change(f, "", ""), CODE_INVALID_ARGUMENT);
	assert_int_equal(f->call.violation_count, 2);
	assert_int_equal(login(f, "secret"), CODE_OK);
}

static void
wrong_old_passwords_are_throttled_and_right_ones_are_not(void **state)
{
	struct service_fixture *f = *state;

	limit(f, THROTTLE_OLD_PASSWORD, 2);
	(void)service_fixture_be(f, ADA);
	for (int i = 0; i < 3; i++)
		assert_int_equal(change(f, "secret", "short"),
		                 CODE_INVALID_ARGUMENT);
	assert_int_equal(change(f, "secret", GOOD), CODE_OK);
	assert_int_equal(change(f, "wrong", GOOD), CODE_INVALID_ARGUMENT);
	assert_int_equal(change(f, "wrong", GOOD), CODE_INVALID_ARGUMENT);
	assert_int_equal(change(f, GOOD, "another good one"),
	                 CODE_RESOURCE_EXHAUSTED);
	assert_int_equal(f->call.reason, REASON(THROTTLED));
	assert_int_equal(f->call.retry_after_ms, 60000);
	f->call.now_us += MINUTE;
	assert_int_equal(change(f, GOOD, "another good one"), CODE_OK);
}

/* Calls as who was Ada with this hash when the call came in. */
static enum code
change_late(struct service_fixture *f, const char *hash_by_now)
{
	Latchkey__V1__ChangePasswordRequest req =
		LATCHKEY__V1__CHANGE_PASSWORD_REQUEST__INIT;
	Latchkey__V1__ChangePasswordResponse resp =
		LATCHKEY__V1__CHANGE_PASSWORD_RESPONSE__INIT;
	struct user ada;

	(void)service_fixture_be(f, ADA);
	ada = service_fixture_get(f, ADA);
	ada.password_hash = hash_by_now;
	service_fixture_put(f, &ada);
	service_fixture_next(f);
	req.old_password = (char *)"secret";
	req.new_password = (char *)GOOD;
	return account_change_password(&f->call, &req, &resp);
}

static void
a_change_survives_a_better_hash_but_not_another_password(void **state)
{
	struct service_fixture *f = *state;
	char hash[PASSWORD_HASH_SIZE];
	struct user ada;

	limit(f, THROTTLE_OLD_PASSWORD, 2);
	assert_int_equal(password_hash(f->server.hasher, "other", hash),
	                 CODE_OK);
	assert_int_equal(change_late(f, hash), CODE_INVALID_ARGUMENT);
	assert_string_equal(f->call.violations[0].code, "wrong");
	assert_string_equal(service_fixture_get(f, ADA).password_hash, hash);
	/* Back to "secret", and then another hash of it. */
	ada = service_fixture_get(f, ADA);
	ada.password_hash = f->hash;
	service_fixture_put(f, &ada);
	assert_int_equal(password_hash(f->server.hasher, "secret", hash),
	                 CODE_OK);
	assert_int_equal(change_late(f, hash), CODE_OK);
	assert_int_equal(login(f, GOOD), CODE_OK);
}

static void
a_change_ends_open_reset_links(void **state)
{
	struct service_fixture *f = *state;
	struct parts parts = reset_link(f);

	(void)service_fixture_be(f, ADA);
	assert_int_equal(change(f, "secret", GOOD), CODE_OK);
	assert_int_equal(confirm(f, &parts, "another good one"),
	                 CODE_FAILED_PRECONDITION);
	assert_int_equal(f->call.reason, REASON(LINK_USED));
}

static void
a_reset_ends_every_session_and_verifies_the_address(void **state)
{
	struct service_fixture *f = *state;
	const char *session = service_fixture_open(f, ADA, "192.0.2.9");
	struct parts parts = reset_link(f);
	struct mail mail;

	assert_int_equal(check(f, &parts), CODE_OK);
	assert_int_equal(confirm(f, &parts, GOOD), CODE_OK);
	assert_false(is_living(f, session));
	assert_true(service_fixture_get(f, ADA).email_verified);
	assert_true(service_fixture_mail(f, &mail));
	assert_string_equal(mail.template_name, "password_changed");
	assert_int_equal(login(f, GOOD), CODE_OK);

	assert_int_equal(check(f, &parts), CODE_FAILED_PRECONDITION);
	assert_int_equal(f->call.reason, REASON(LINK_USED));
	assert_int_equal(confirm(f, &parts, "another good one"),
	                 CODE_FAILED_PRECONDITION);
	assert_int_equal(f->call.reason, REASON(LINK_USED));
}

static bool
has_identity(struct service_fixture *f)
{
	struct identity identity;
	struct store_txn txn;
	enum code code;

	store_begin_read(f->store, &txn);
	code = identity_store_find(&txn, &f->kept, "https://issuer.example",
	                           "eve", &identity);
	assert_int_equal(store_end(&txn), CODE_OK);
	return code == CODE_OK;
}

static void
a_reset_ends_sign_ins_from_before_the_address_was_proved_only(void **state)
{
	struct service_fixture *f = *state;
	const struct identity eve = { .issuer = "https://issuer.example",
		                      .subject = "eve",
		                      .user_id = ADA };
	struct parts parts;
	struct store_txn txn;

	for (int i = 0; i < 2; i++) {
		store_begin_write(f->store, &txn);
		identity_store_add(&txn, &f->kept, &eve);
		assert_int_equal(store_end(&txn), CODE_OK);
		parts = reset_link(f);
		assert_int_equal(confirm(f, &parts, GOOD), CODE_OK);
		assert_int_equal(has_identity(f), i == 1);
		while (service_fixture_mail(f, &(struct mail){ 0 }))
			;
	}
}

static void
a_bad_new_password_leaves_the_link_good(void **state)
{
	struct service_fixture *f = *state;
	struct parts parts = reset_link(f);

	assert_int_equal(confirm(f, &parts, "adabyron"), CODE_INVALID_ARGUMENT);
	assert_string_equal(f->call.violations[0].field, "password");
	assert_int_equal(confirm(f, &parts, ""), CODE_INVALID_ARGUMENT);
	assert_int_equal(confirm(f, &parts, GOOD), CODE_OK);
}

static void
a_link_is_good_for_its_time_and_its_user_alone(void **state)
{
	struct service_fixture *f = *state;
	struct parts parts = reset_link(f), other;

	other = (struct parts){ .uid = "Mg", .token = parts.token };
	assert_int_equal(confirm(f, &other, GOOD), CODE_FAILED_PRECONDITION);
	assert_int_equal(f->call.reason, REASON(LINK_INVALID));
	/* "0" is nobody, not anybody. */
	other.uid = "MA";
	assert_int_equal(confirm(f, &other, GOOD), CODE_FAILED_PRECONDITION);
	assert_int_equal(f->call.reason, REASON(LINK_INVALID));
	other = (struct parts){ .uid = parts.uid, .token = "junk" };
	assert_int_equal(confirm(f, &other, GOOD), CODE_FAILED_PRECONDITION);
	assert_int_equal(f->call.reason, REASON(LINK_INVALID));
	f->call.now_us += 3600 * SECOND;
	assert_int_equal(confirm(f, &parts, GOOD), CODE_FAILED_PRECONDITION);
	assert_int_equal(f->call.reason, REASON(LINK_EXPIRED));
	f->call.now_us -= 1;
	assert_int_equal(confirm(f, &parts, GOOD), CODE_OK);
}

static void
a_newer_link_ends_the_one_before(void **state)
{
	struct service_fixture *f = *state;
	struct parts first = reset_link(f), second = reset_link(f);

	assert_int_equal(confirm(f, &first, GOOD), CODE_FAILED_PRECONDITION);
	assert_int_equal(f->call.reason, REASON(LINK_USED));
	assert_int_equal(confirm(f, &second, GOOD), CODE_OK);
}

static void
a_link_is_void_once_its_user_is_inactive_or_has_another_address(void **state)
{
	struct service_fixture *f = *state;
	struct parts parts = reset_link(f);
	struct user user = service_fixture_get(f, ADA);

	user.is_active = false;
	service_fixture_put(f, &user);
	assert_int_equal(confirm(f, &parts, GOOD), CODE_FAILED_PRECONDITION);
	assert_int_equal(f->call.reason, REASON(LINK_INVALID));
	user.is_active = true;
	user.email = "ada@elsewhere.example";
	service_fixture_put(f, &user);
	assert_int_equal(confirm(f, &parts, GOOD), CODE_FAILED_PRECONDITION);
	assert_int_equal(f->call.reason, REASON(LINK_INVALID));
}

static void
only_an_active_owner_of_the_address_gets_mail_but_all_get_the_same_answer(
	void **state)
{
	static const char *const silent[] = { "nobody@example.com",
		                              "off@example.com" };
	struct service_fixture *f = *state;
	struct mail mail;

	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(request(f, silent[i]), CODE_OK);
		assert_false(service_fixture_mail(f, &mail));
	}
	assert_int_equal(request(f, "ADA@EXAMPLE.COM"), CODE_OK);
	assert_true(service_fixture_mail(f, &mail));
	assert_string_equal(mail.to, "ada@example.com");
	assert_int_equal(request(f, "adabyron"), CODE_INVALID_ARGUMENT);
}

static void
mails_to_an_address_are_throttled_silently_and_known_or_not(void **state)
{
	struct service_fixture *f = *state;
	struct mail mail;
	int sent = 0;

	limit(f, THROTTLE_MAIL_MINUTE, 1);
	f->server.throttles.rates[THROTTLE_MAIL_HOUR] =
		(struct throttle_rate){ .limit = 2, .window_us = 60 * MINUTE };
	for (int i = 0; i < 5; i++) {
		assert_int_equal(request(f, i % 2 == 0 ? "ada@example.com"
		                                       : "ADA@example.com"),
		                 CODE_OK);
		f->call.now_us += MINUTE / 2;
	}
	while (service_fixture_mail(f, &mail))
		sent++;
	assert_int_equal(sent, 2);
}

static void
an_unknown_address_waits_for_the_disk_like_a_known_one(void **state)
{
	static const char *const emails[] = { "ada@example.com",
		                              "nobody@example.com" };
	struct service_fixture *f = *state;
	struct store_stats before, after;

	for (uint32_t events = 0; events < 2; events++) {
		limit(f, THROTTLE_MAIL_MINUTE, events);
		for (size_t i = 0; i < 2; i++) {
			store_stats_get(f->store, &before);
			assert_int_equal(request(f, emails[i]), CODE_OK);
			store_stats_get(f->store, &after);
			assert_int_equal(after.commits, before.commits + 1);
		}
		f->call.now_us += MINUTE;
	}
}

static void
a_reset_forgives_the_failures_that_locked_the_owner_out(void **state)
{
	struct service_fixture *f = *state;
	struct parts parts;

	limit(f, THROTTLE_LOGIN_ACCOUNT, 1);
	assert_int_equal(login(f, "wrong"), CODE_UNAUTHENTICATED);
	assert_int_equal(login(f, "secret"), CODE_RESOURCE_EXHAUSTED);
	parts = reset_link(f);
	assert_int_equal(confirm(f, &parts, GOOD), CODE_OK);
	assert_int_equal(login(f, GOOD), CODE_OK);

	/* From the device that is known now, too. */
	limit(f, THROTTLE_LOGIN_DEVICE, 1);
	assert_int_equal(login(f, "wrong"), CODE_UNAUTHENTICATED);
	assert_int_equal(login(f, GOOD), CODE_RESOURCE_EXHAUSTED);
	f->call.now_us += SECOND;
	parts = reset_link(f);
	assert_int_equal(confirm(f, &parts, "another good one"), CODE_OK);
	assert_int_equal(login(f, "another good one"), CODE_OK);
}

static void
a_change_survives_every_shortage_of_memory(void **state)
{
	struct service_fixture *f = *state;
	enum code code = CODE_RESOURCE_EXHAUSTED;
	size_t size;

	limit(f, THROTTLE_OLD_PASSWORD, 128);
	(void)service_fixture_be(f, ADA);
	for (size = 0; code == CODE_RESOURCE_EXHAUSTED; size += 256) {
		assert_true(size < sizeof(f->memory));
		arena_init(&f->arena, f->memory, size);
		code = change(f, "secret", GOOD);
		assert_int_not_equal(f->call.reason, REASON(THROTTLED));
	}
	assert_int_equal(code, CODE_OK);
	arena_init(&f->arena, f->memory, sizeof(f->memory));
	assert_int_equal(login(f, GOOD), CODE_OK);
}

static void
a_reset_survives_every_shortage_of_memory(void **state)
{
	struct service_fixture *f = *state;
	struct parts parts = reset_link(f);
	enum code code = CODE_RESOURCE_EXHAUSTED;
	size_t size;

	for (size = 0; code == CODE_RESOURCE_EXHAUSTED; size += 128) {
		assert_true(size < sizeof(f->memory));
		arena_init(&f->arena, f->memory, size);
		code = confirm(f, &parts, GOOD);
	}
	assert_int_equal(code, CODE_OK);
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, setup, service_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_change_survives_a_better_hash_but_not_another_password),
		TEST(a_change_ends_the_other_sessions_and_is_told_by_mail),
		TEST(a_change_tells_everything_that_is_wrong_at_once),
		TEST(wrong_old_passwords_are_throttled_and_right_ones_are_not),
		TEST(a_change_ends_open_reset_links),
		TEST(a_reset_ends_every_session_and_verifies_the_address),
		TEST(a_reset_ends_sign_ins_from_before_the_address_was_proved_only),
		TEST(a_bad_new_password_leaves_the_link_good),
		TEST(a_link_is_good_for_its_time_and_its_user_alone),
		TEST(a_newer_link_ends_the_one_before),
		TEST(a_link_is_void_once_its_user_is_inactive_or_has_another_address),
		TEST(only_an_active_owner_of_the_address_gets_mail_but_all_get_the_same_answer),
		TEST(mails_to_an_address_are_throttled_silently_and_known_or_not),
		TEST(an_unknown_address_waits_for_the_disk_like_a_known_one),
		TEST(a_reset_forgives_the_failures_that_locked_the_owner_out),
		TEST(a_change_survives_every_shortage_of_memory),
		TEST(a_reset_survives_every_shortage_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
