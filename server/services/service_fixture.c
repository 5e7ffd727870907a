#include "server/services/service_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/encoding.h"
#include "server/domain/keyring.h"
#include "server/domain/session.h"
#include "server/store/store_fixture.h"

#define MIB ((uint64_t)1 << 20)

static const uint8_t master[MASTER_KEY_SIZE] = { 1 };

static const struct key_order orders[] = {
	{ .alg = KEY_ES256, .purpose = KEY_PURPOSE_ACCESS, .now_us = START },
	{ .alg = KEY_HS256, .purpose = KEY_PURPOSE_REFRESH, .now_us = START },
};

static void
open_store(struct service_fixture *f)
{
	struct store_options options = { .dir = f->dir,
		                         .size_max = 64 * MIB,
		                         .readers_max = 80,
		                         .group_max = 64 };
	enum store_fault fault;
	char err[256];

	store_fixture_make_dir(f->dir);
	assert_int_equal(
		store_open(&options, &f->store, &fault, err, sizeof(err)),
		CODE_OK);
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		assert_int_equal(
			keyring_add(f->store, master, &orders[i], NULL),
			CODE_OK);
	assert_int_equal(
		keyring_open(f->store, master, &f->keyring, err, sizeof(err)),
		CODE_OK);
}

static void
fill_server(struct service_fixture *f)
{
	f->server.store = f->store;
	f->server.keyring = f->keyring;
	f->server.tokens =
		(struct token_policy){ .issuer = "", .audience = "" };
	f->server.sessions = (struct session_policy){
		.session_lifetime_s = 30LL * 86400,
		.refresh_lifetime_s = 7LL * 86400,
		.access_lifetime_s = 3600,
		.grace_ms = 10000,
		.per_user_max = 1000,
	};
	f->server.mailing = (struct mailing_policy){
		.public_base = "https://auth.example",
		.link_verify = "",
		.link_reset = "",
		.operator_name = "Example",
		.verify_lifetime_s = 3LL * 86400,
		.reset_lifetime_s = 3600,
		.invitation_lifetime_s = 7LL * 86400,
	};
}

int
service_fixture_setup(void **state)
{
	struct service_fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	arena_init(&f->arena, f->memory, sizeof(f->memory));
	arena_init(&f->kept, f->kept_memory, sizeof(f->kept_memory));
	open_store(f);
	assert_int_equal(password_hasher_open(2, &f->server.hasher), CODE_OK);
	assert_int_equal(password_hash(f->server.hasher, "secret", f->hash),
	                 CODE_OK);
	fill_server(f);
	f->method.name = "test";
	f->call = (struct rpc_call){ .server = &f->server,
		                     .arena = &f->arena,
		                     .method = &f->method,
		                     .access_token = "",
		                     .client_address = "192.0.2.1",
		                     .user_agent = "test",
		                     .now_us = START };
	service_fixture_next(f);
	*state = f;
	return 0;
}

int
service_fixture_teardown(void **state)
{
	struct service_fixture *f = *state;

	password_hasher_close(f->server.hasher);
	keyring_close(f->keyring);
	store_close(f->store);
	store_fixture_remove_dir(f->dir);
	free(f);
	return 0;
}

void
service_fixture_repeat(struct service_fixture *f)
{
	arena_reset(&f->arena);
	/* A handler may have found it anew, in the arena. */
	if (f->call.caller != NULL)
		f->call.caller = &f->principal;
	f->call.reason = REASON(UNSPECIFIED);
	f->call.subject = LATCHKEY__RPC__V1__SUBJECT__SUBJECT_UNSPECIFIED;
	f->call.message[0] = '\0';
	f->call.violation_count = 0;
	f->call.retry_after_ms = 0;
}

void
service_fixture_next(struct service_fixture *f)
{
	service_fixture_repeat(f);
	f->call_count++;
	memcpy(f->call.request_id, &f->call_count, sizeof(f->call_count));
	hex_encode(f->call.request_id, RPC_REQUEST_ID_SIZE,
	           f->call.request_id_text);
}

static const char *
text_or_none(const char *text)
{
	return text == NULL ? "" : text;
}

uint64_t
service_fixture_add(struct service_fixture *f, const struct user *user)
{
	struct user copy = *user;
	struct store_txn txn;

	copy.email = text_or_none(user->email);
	copy.username = text_or_none(user->username);
	copy.first_name = text_or_none(user->first_name);
	copy.last_name = text_or_none(user->last_name);
	copy.name = text_or_none(user->name);
	copy.avatar = text_or_none(user->avatar);
	if (user->password_hash == NULL)
		copy.password_hash = f->hash;
	if (user->joined_at_us == 0)
		copy.joined_at_us = START;
	store_begin_write(f->store, &txn);
	user_store_add(&txn, &f->kept, &copy);
	assert_int_equal(store_end(&txn), CODE_OK);
	return copy.id;
}

struct user
service_fixture_get(struct service_fixture *f, uint64_t id)
{
	struct user user = { 0 };
	struct store_txn txn;

	store_begin_read(f->store, &txn);
	assert_int_equal(user_store_find(&txn, &f->kept, id, &user), CODE_OK);
	assert_int_equal(store_end(&txn), CODE_OK);
	return user;
}

void
service_fixture_put(struct service_fixture *f, const struct user *user)
{
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	user_store_put(&txn, &f->kept, user);
	assert_int_equal(store_end(&txn), CODE_OK);
}

const char *
service_fixture_open(struct service_fixture *f, uint64_t id,
                     const char *address)
{
	char *text = arena_alloc(&f->kept, HEX_SIZE(SESSION_ID_SIZE));
	struct session session;
	struct store_txn txn;

	assert_non_null(text);
	session_begin(&f->server.sessions, id, f->call.now_us, &session);
	session.user_agent = "test";
	session.client_address = address;
	store_begin_write(f->store, &txn);
	session_store_add(&txn, &f->kept, &session);
	assert_int_equal(store_end(&txn), CODE_OK);
	hex_encode(session.id, SESSION_ID_SIZE, text);
	return text;
}

static enum role
role_of(const struct user *user)
{
	if (user->is_superuser)
		return ROLE_SUPERUSER;
	return user->is_staff ? ROLE_STAFF : ROLE_USER;
}

const char *
service_fixture_be(struct service_fixture *f, uint64_t id)
{
	struct user *user = arena_alloc(&f->kept, sizeof(*user));

	f->call.caller = NULL;
	if (id == 0)
		return "";
	assert_non_null(user);
	*user = service_fixture_get(f, id);
	f->principal = (struct principal){ .user_id = id,
		                           .role = role_of(user),
		                           .user = user };
	memcpy(f->principal.session_id,
	       service_fixture_open(f, id, "192.0.2.1"),
	       HEX_SIZE(SESSION_ID_SIZE));
	f->call.caller = &f->principal;
	return f->principal.session_id;
}

bool
service_fixture_mail(struct service_fixture *f, struct mail *out)
{
	struct store_txn txn;
	int64_t next_us;
	enum code code;

	store_begin_write(f->store, &txn);
	code = outbox_store_due(&txn, &f->kept, INT64_MAX, out, &next_us);
	if (code == CODE_OK)
		outbox_store_del(&txn, out);
	assert_int_equal(store_end(&txn), CODE_OK);
	return code == CODE_OK;
}

const char *
service_fixture_value(const struct mail *mail, const char *name)
{
	for (size_t i = 0; i < mail->variable_count; i++)
		if (strcmp(mail->variables[i].name, name) == 0)
			return mail->variables[i].value;
	fail_msg("the mail has no variable %s", name);
	return NULL;
}
