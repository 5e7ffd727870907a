#include "server/store/user_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <unistr.h>

#include "proto/latchkey/store/v1/meta_record.pb-c.h"
#include "server/store/record.h"
#include "server/store/store_fixture.h"

static const char *const ada_roles[] = { "admin", "editor" };

static const struct user_attribute ada_attributes[] = {
	{ .name = "age", .type = USER_ATTRIBUTE_INTEGER, .integer = -36 },
	{ .name = "bio", .type = USER_ATTRIBUTE_TEXT, .text = "" },
	{ .name = "city", .type = USER_ATTRIBUTE_TEXT, .text = "Londo\u0144" },
	{ .name = "phone", .type = USER_ATTRIBUTE_NULL },
	{ .name = "vip", .type = USER_ATTRIBUTE_FLAG, .flag = true },
};

static const struct user ada = {
	.email = "Ada@Example.org",
	.username = "ada",
	.first_name = "Ada",
	.last_name = "Lovelace",
	.name = "Ada King",
	.password_hash = "$argon2id$x",
	.avatar = "a/b.png",
	.is_active = true,
	.email_verified = true,
	.roles = ada_roles,
	.role_count = 2,
	.joined_at_us = 1700000000000000,
	.password_set_at_us = 1700000000000001,
	.attributes = ada_attributes,
	.attribute_count = 5,
};

static struct user
named(const char *email, const char *username)
{
	struct user user = ada;

	user.email = email;
	user.username = username;
	return user;
}

static enum code
add(struct store_fixture *f, struct user *user)
{
	struct store_txn txn;

	arena_reset(&f->arena);
	store_begin_write(f->store, &txn);
	user_store_add(&txn, &f->arena, user);
	return store_end(&txn);
}

static enum code
put(struct store_fixture *f, const struct user *user)
{
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	user_store_put(&txn, &f->arena, user);
	return store_end(&txn);
}

static enum code
find(struct store_fixture *f, const char *identifier, struct user *out)
{
	struct store_txn txn;
	enum code found, ended;

	store_begin_read(f->store, &txn);
	found = user_store_find_by_identifier(&txn, &f->arena, identifier, out);
	ended = store_end(&txn);
	/* Absence does not fail the transaction, everything else does. */
	assert_int_equal(ended, found == CODE_NOT_FOUND ? CODE_OK : found);
	return found;
}

static enum code
find_id(struct store_fixture *f, uint64_t id, struct user *out)
{
	struct store_txn txn;
	enum code found, ended;

	store_begin_read(f->store, &txn);
	found = user_store_find(&txn, &f->arena, id, out);
	ended = store_end(&txn);
	assert_int_equal(ended, found == CODE_NOT_FOUND ? CODE_OK : found);
	return found;
}

static void
a_user_comes_back_as_it_was_added(void **state)
{
	struct store_fixture *f = *state;
	struct user user = ada, got;

	assert_int_equal(add(f, &user), CODE_OK);
	assert_int_equal(user.id, 1);
	store_fixture_reopen(f);
	assert_int_equal(find_id(f, 1, &got), CODE_OK);
	assert_int_equal(got.id, 1);
	assert_string_equal(got.email, "Ada@Example.org");
	assert_string_equal(got.username, "ada");
	assert_string_equal(got.first_name, "Ada");
	assert_string_equal(got.last_name, "Lovelace");
	assert_string_equal(got.name, "Ada King");
	assert_string_equal(got.password_hash, "$argon2id$x");
	assert_string_equal(got.avatar, "a/b.png");
	assert_true(got.is_active && got.email_verified);
	assert_false(got.is_staff || got.is_superuser);
	assert_int_equal(got.role_count, 2);
	assert_string_equal(got.roles[1], "editor");
	assert_int_equal(got.joined_at_us, 1700000000000000);
	assert_int_equal(got.last_login_at_us, 0);
	assert_int_equal(got.password_set_at_us, 1700000000000001);
}

static void
attributes_come_back_with_name_type_and_value(void **state)
{
	struct store_fixture *f = *state;
	struct user user = ada, got;

	assert_int_equal(add(f, &user), CODE_OK);
	assert_int_equal(find_id(f, 1, &got), CODE_OK);
	assert_int_equal(got.attribute_count, 5);
	for (size_t i = 0; i < 5; i++) {
		const struct user_attribute *want = &ada_attributes[i];
		const struct user_attribute *have = &got.attributes[i];

		assert_string_equal(have->name, want->name);
		assert_int_equal(have->type, want->type);
		assert_int_equal(have->integer, want->integer);
		assert_int_equal(have->flag, want->flag);
		assert_string_equal(have->text,
		                    want->text == NULL ? "" : want->text);
	}
	user.attribute_count = 0;
	assert_int_equal(put(f, &user), CODE_OK);
	assert_int_equal(find_id(f, 1, &got), CODE_OK);
	assert_int_equal(got.attribute_count, 0);
}

static void
attributes_that_are_unsorted_repeated_or_too_large_are_refused(void **state)
{
	static const char face[] = { '\xf0', '\x9f', '\x98', '\x80' };
	static char text[4 * USER_ATTRIBUTE_TEXT_MAX + 2];
	static char name[USER_ATTRIBUTE_NAME_MAX + 2];
	struct store_fixture *f = *state;
	struct user_attribute list[USER_ATTRIBUTES_MAX + 1];
	char names[USER_ATTRIBUTES_MAX + 1][4];
	struct user user = ada;

	for (size_t i = 0; i <= USER_ATTRIBUTES_MAX; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "%03u", (unsigned)i);
		list[i] = (struct user_attribute){ .name = names[i] };
	}
	user.attributes = list;
	user.attribute_count = USER_ATTRIBUTES_MAX;
	assert_int_equal(add(f, &user), CODE_OK);
	user.attribute_count++;
	assert_int_equal(put(f, &user), CODE_INVALID_ARGUMENT);
	user.attribute_count = 2;
	list[0].name = list[1].name;
	assert_int_equal(put(f, &user), CODE_INVALID_ARGUMENT);
	list[0].name = "z";
	assert_int_equal(put(f, &user), CODE_INVALID_ARGUMENT);
	list[0].name = "";
	assert_int_equal(put(f, &user), CODE_INVALID_ARGUMENT);
	memset(name, '!', USER_ATTRIBUTE_NAME_MAX);
	list[0] = (struct user_attribute){ .name = name,
		                           .type = USER_ATTRIBUTE_TEXT,
		                           .text = text };
	for (size_t i = 0; i < USER_ATTRIBUTE_TEXT_MAX; i++)
		memcpy(text + sizeof(face) * i, face, sizeof(face));
	assert_int_equal(put(f, &user), CODE_OK);
	memset(text, 0, sizeof(text));
	memset(text, 't', USER_ATTRIBUTE_TEXT_MAX);
	assert_int_equal(put(f, &user), CODE_OK);
	text[USER_ATTRIBUTE_TEXT_MAX] = 't';
	assert_int_equal(put(f, &user), CODE_INVALID_ARGUMENT);
	list[0].text = "\xff";
	assert_int_equal(put(f, &user), CODE_INVALID_ARGUMENT);
	list[0].text = NULL;
	assert_int_equal(put(f, &user), CODE_INVALID_ARGUMENT);
	list[0].text = "";
	name[USER_ATTRIBUTE_NAME_MAX] = '!';
	assert_int_equal(put(f, &user), CODE_INVALID_ARGUMENT);
}

static enum code
del(struct store_fixture *f, uint64_t id)
{
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	user_store_del(&txn, &f->arena, id);
	return store_end(&txn);
}

static void
a_deleted_user_is_gone_and_leaves_both_names_free(void **state)
{
	struct store_fixture *f = *state;
	struct user user = ada, other = named("o@x.org", "o"), got;

	assert_int_equal(del(f, 1), CODE_NOT_FOUND);
	assert_int_equal(add(f, &user), CODE_OK);
	assert_int_equal(add(f, &other), CODE_OK);
	assert_int_equal(del(f, user.id), CODE_OK);
	assert_int_equal(find_id(f, user.id, &got), CODE_NOT_FOUND);
	assert_int_equal(find(f, "ada", &got), CODE_NOT_FOUND);
	assert_int_equal(find(f, "ada@example.org", &got), CODE_NOT_FOUND);
	assert_int_equal(find(f, "o", &got), CODE_OK);
	assert_int_equal(store_fixture_count(f->store, STORE_IDENTIFIER), 2);
	assert_int_equal(del(f, user.id), CODE_NOT_FOUND);
	assert_int_equal(add(f, &user), CODE_OK);
	assert_int_equal(user.id, 3);
}

static enum code
next(struct store_fixture *f, uint64_t after, struct user *out)
{
	struct store_txn txn;
	enum code found, ended;

	store_begin_read(f->store, &txn);
	found = user_store_next(&txn, &f->arena, after, out);
	ended = store_end(&txn);
	assert_int_equal(ended, found == CODE_NOT_FOUND ? CODE_OK : found);
	return found;
}

static void
a_walk_meets_every_user_once_in_the_order_of_ids(void **state)
{
	struct store_fixture *f = *state;
	struct user got = { .id = 99 };
	size_t mark;

	assert_int_equal(next(f, 0, &got), CODE_NOT_FOUND);
	for (unsigned i = 1; i <= 300; i++) {
		char email[32];
		struct user user;

		(void)snprintf(email, sizeof(email), "%u@x.org", i);
		user = named(email, "");
		assert_int_equal(add(f, &user), CODE_OK);
	}
	assert_int_equal(del(f, 7), CODE_OK);
	got.id = 0;
	arena_reset(&f->arena);
	mark = f->arena.used;
	for (unsigned i = 1; i <= 300; i++) {
		if (i == 7)
			continue;
		assert_int_equal(next(f, got.id, &got), CODE_OK);
		assert_int_equal(got.id, i);
		assert_int_equal(atoi(got.email), i);
		arena_rewind(&f->arena, mark);
	}
	assert_int_equal(next(f, got.id, &got), CODE_NOT_FOUND);
	assert_int_equal(next(f, UINT64_MAX, &got), CODE_NOT_FOUND);
	assert_int_equal(got.id, 300);
	store_fixture_spoil(f->store, STORE_USER, (struct bytes){ "x", 1 });
	assert_int_equal(next(f, 300, &got), CODE_DATA_LOSS);
}

/* As a server of version 1 left it: its meta record has that number. */
static void
set_version_1(struct store_fixture *f)
{
	const struct bytes key = { RECORD_META_KEY,
		                   sizeof(RECORD_META_KEY) - 1 };
	Latchkey__Store__V1__MetaRecord meta =
		LATCHKEY__STORE__V1__META_RECORD__INIT;
	struct store_txn txn;
	uint8_t buf[64];

	meta.schema_version = 1;
	meta.created_at_us = 5;
	meta.next_user_id = 2;
	store_begin_write(f->store, &txn);
	store_put(&txn, STORE_META, key,
	          (struct bytes){ buf, latchkey__store__v1__meta_record__pack(
					       &meta, buf) });
	assert_int_equal(store_end(&txn), CODE_OK);
}

static uint32_t
version_of(struct store_fixture *f)
{
	const struct bytes key = { RECORD_META_KEY,
		                   sizeof(RECORD_META_KEY) - 1 };
	Latchkey__Store__V1__MetaRecord *meta;
	struct store_txn txn;
	void *message;

	store_begin_read(f->store, &txn);
	store_fail(&txn,
	           record_unpack(&f->arena, store_get(&txn, STORE_META, key),
	                         &latchkey__store__v1__meta_record__descriptor,
	                         &message));
	assert_int_equal(store_end(&txn), CODE_OK);
	meta = message;
	assert_int_equal(meta->created_at_us, 5);
	return meta->schema_version;
}

static void
a_store_of_version_1_is_migrated_and_keeps_its_users(void **state)
{
	struct store_fixture *f = *state;
	struct user user = ada, bob = named("bob@x.org", ""), got;

	user.attribute_count = 0;
	user.password_set_at_us = 0;
	assert_int_equal(add(f, &user), CODE_OK);
	set_version_1(f);
	for (int i = 0; i < 2; i++) {
		store_fixture_reopen(f);
		assert_int_equal(version_of(f), STORE_SCHEMA_VERSION);
		assert_int_equal(find(f, "ada", &got), CODE_OK);
		assert_int_equal(got.id, 1);
		assert_string_equal(got.password_hash, "$argon2id$x");
		assert_int_equal(got.attribute_count, 0);
		assert_int_equal(got.password_set_at_us, 0);
	}
	assert_int_equal(add(f, &bob), CODE_OK);
	assert_int_equal(bob.id, 2);
}

static void
empty_strings_come_back_empty_and_never_null(void **state)
{
	struct store_fixture *f = *state;
	struct user user = { .email = "",
		             .username = "ada",
		             .first_name = "",
		             .last_name = "",
		             .name = "",
		             .password_hash = "!",
		             .avatar = "" };
	struct user got;

	assert_int_equal(add(f, &user), CODE_OK);
	assert_int_equal(find(f, "ada", &got), CODE_OK);
	assert_string_equal(got.email, "");
	assert_string_equal(got.avatar, "");
	assert_int_equal(got.role_count, 0);
}

static void
ids_are_never_handed_out_twice(void **state)
{
	struct store_fixture *f = *state;
	struct user one = named("1@x.org", ""), twin = named("1@x.org", "");
	struct user two = named("2@x.org", ""), got;

	assert_int_equal(add(f, &one), CODE_OK);
	twin.id = 77;
	assert_int_equal(add(f, &twin), CODE_ALREADY_EXISTS);
	assert_int_equal(twin.id, 77);
	store_fixture_reopen(f);
	assert_int_equal(add(f, &two), CODE_OK);
	assert_int_equal(two.id, 2);
	assert_int_equal(find_id(f, 1, &got), CODE_OK);
	assert_string_equal(got.email, "1@x.org");
}

static void
absent_users_are_not_found_and_leave_the_output_alone(void **state)
{
	struct store_fixture *f = *state;
	struct user got = { .id = 99 };

	assert_int_equal(find_id(f, 5, &got), CODE_NOT_FOUND);
	assert_int_equal(find(f, "nobody@x.org", &got), CODE_NOT_FOUND);
	assert_int_equal(find(f, "", &got), CODE_NOT_FOUND);
	assert_int_equal(find(f, "\xff", &got), CODE_NOT_FOUND);
	assert_int_equal(got.id, 99);
}

static void
identifiers_are_found_in_any_case_and_normal_form(void **state)
{
	/* Precomposed, decomposed, ligature and full width. */
	static const char *const spellings[] = {
		"Andr\u00e9.Fischer@example.org",
		"ANDRE\u0301.FISCHER@EXAMPLE.ORG",
		"andr\u00e9.\ufb01scher@example.org",
		"\uff21ndr\u00c9.fischer@example.org",
	};
	struct store_fixture *f = *state;
	struct user user = named(spellings[0], ""), got;

	assert_int_equal(add(f, &user), CODE_OK);
	for (size_t i = 0; i < 4; i++) {
		struct user twin = named(spellings[i], "");

		assert_int_equal(find(f, spellings[i], &got), CODE_OK);
		assert_int_equal(got.id, user.id);
		assert_int_equal(add(f, &twin), CODE_ALREADY_EXISTS);
	}
	assert_int_equal(find(f, "andre.fischer@example.org", &got),
	                 CODE_NOT_FOUND);
}

static void
no_username_shadows_an_email_nor_an_email_a_username(void **state)
{
	struct store_fixture *f = *state;
	struct user victim = named("ada@x.org", "lovelace"), got;
	struct user thief = named("t@x.org", "ADA@X.ORG");
	struct user other = named("Lovelace", "");

	assert_int_equal(add(f, &victim), CODE_OK);
	assert_int_equal(add(f, &thief), CODE_ALREADY_EXISTS);
	assert_int_equal(add(f, &other), CODE_ALREADY_EXISTS);
	thief.username = "thief";
	assert_int_equal(add(f, &thief), CODE_OK);
	thief.username = "ada@x.org";
	assert_int_equal(put(f, &thief), CODE_ALREADY_EXISTS);
	thief.username = "";
	thief.email = "LOVELACE";
	assert_int_equal(put(f, &thief), CODE_ALREADY_EXISTS);
	/* What was refused changed nothing. */
	assert_int_equal(find(f, "ada@x.org", &got), CODE_OK);
	assert_int_equal(got.id, victim.id);
	assert_int_equal(find(f, "thief", &got), CODE_OK);
	assert_int_equal(find(f, "t@x.org", &got), CODE_OK);
	assert_int_equal(got.id, thief.id);
}

static void
a_user_may_use_the_own_email_as_username(void **state)
{
	struct store_fixture *f = *state;
	struct user user = named("ada@x.org", "Ada@x.org"), got;

	assert_int_equal(add(f, &user), CODE_OK);
	user.username = "";
	assert_int_equal(put(f, &user), CODE_OK);
	assert_int_equal(find(f, "ada@x.org", &got), CODE_OK);
	user.username = "ADA@X.ORG";
	assert_int_equal(put(f, &user), CODE_OK);
	assert_int_equal(find(f, "ada@x.org", &got), CODE_OK);
	assert_string_equal(got.username, "ADA@X.ORG");
}

static void
a_changed_identifier_frees_the_old_one(void **state)
{
	struct store_fixture *f = *state;
	struct user user = named("old@x.org", "ada"), got;
	struct user heir = named("old@x.org", "");

	assert_int_equal(add(f, &user), CODE_OK);
	user.email = "new@x.org";
	user.is_active = false;
	assert_int_equal(put(f, &user), CODE_OK);
	assert_int_equal(find(f, "new@x.org", &got), CODE_OK);
	assert_false(got.is_active);
	assert_int_equal(find(f, "ada", &got), CODE_OK);
	assert_int_equal(find(f, "old@x.org", &got), CODE_NOT_FOUND);
	assert_int_equal(add(f, &heir), CODE_OK);
	/* The two names change places. */
	user.email = "ada";
	user.username = "new@x.org";
	assert_int_equal(put(f, &user), CODE_OK);
	assert_int_equal(find(f, "ADA", &got), CODE_OK);
	assert_int_equal(got.id, user.id);
}

static void
putting_an_unknown_user_is_refused(void **state)
{
	struct store_fixture *f = *state;
	struct user user = ada;

	user.id = 12;
	assert_int_equal(put(f, &user), CODE_NOT_FOUND);
}

static char *
repeat(char *buf, const char *what, size_t count)
{
	buf[0] = '\0';
	for (size_t i = 0; i < count; i++)
		memcpy(buf + i * strlen(what), what, strlen(what) + 1);
	return buf;
}

static void
strings_over_their_limit_are_refused_and_at_it_are_not(void **state)
{
	static char buf[4096];
	struct store_fixture *f = *state;
	struct user user;

	for (size_t over = 0; over < 2; over++) {
		enum code want = over ? CODE_INVALID_ARGUMENT : CODE_OK;

		user = named(repeat(buf, "e", USER_EMAIL_MAX + over), "");
		assert_int_equal(add(f, &user), want);
		/* 150 characters of two bytes. */
		user = named("",
		             repeat(buf, "\u00e4", USER_USERNAME_MAX + over));
		assert_int_equal(add(f, &user), want);
		user = named(over ? "fo@x.org" : "f@x.org", "");
		user.first_name =
			repeat(buf, "\U0001f600", USER_NAME_MAX + over);
		assert_int_equal(add(f, &user), want);
		user = named(over ? "lo@x.org" : "l@x.org", "");
		user.last_name = repeat(buf, "l", USER_NAME_MAX + over);
		assert_int_equal(add(f, &user), want);
		user = named(over ? "no@x.org" : "n@x.org", "");
		user.name = repeat(buf, "n", USER_FULL_NAME_MAX + over);
		assert_int_equal(add(f, &user), want);
		user = named(over ? "ho@x.org" : "h@x.org", "");
		user.password_hash =
			repeat(buf, "h", USER_PASSWORD_HASH_MAX + over);
		assert_int_equal(add(f, &user), want);
		user = named(over ? "vo@x.org" : "v@x.org", "");
		user.avatar = repeat(buf, "a", USER_AVATAR_MAX + over);
		assert_int_equal(add(f, &user), want);
	}
}

static void
users_without_identifier_or_with_bad_text_are_refused(void **state)
{
	struct store_fixture *f = *state;
	struct user user = named("", "");

	assert_int_equal(add(f, &user), CODE_INVALID_ARGUMENT);
	user = named("a@x.org", "\xc3\x28");
	assert_int_equal(add(f, &user), CODE_INVALID_ARGUMENT);
	user = named("a@x.org", "");
	user.last_name = "\xed\xa0\x80";
	assert_int_equal(add(f, &user), CODE_INVALID_ARGUMENT);
	user.last_name = NULL;
	assert_int_equal(add(f, &user), CODE_INVALID_ARGUMENT);
}

static void
roles_that_are_unsorted_or_repeated_are_refused(void **state)
{
	static const char *const unsorted[] = { "b", "a" };
	static const char *const twice[] = { "a", "a" };
	static const char *const empty[] = { "" };
	struct store_fixture *f = *state;
	struct user user = ada;

	user.roles = unsorted;
	assert_int_equal(add(f, &user), CODE_INVALID_ARGUMENT);
	user.roles = twice;
	assert_int_equal(add(f, &user), CODE_INVALID_ARGUMENT);
	user.roles = empty;
	user.role_count = 1;
	assert_int_equal(add(f, &user), CODE_INVALID_ARGUMENT);
}

static void
an_identifier_without_its_user_is_damage(void **state)
{
	struct store_fixture *f = *state;
	struct user user = ada, got = { .id = 99 };
	uint64_t be;
	struct store_txn txn;

	assert_int_equal(add(f, &user), CODE_OK);
	store_begin_write(f->store, &txn);
	store_del(&txn, STORE_USER, store_fixture_key(user.id, &be));
	assert_int_equal(store_end(&txn), CODE_OK);
	assert_int_equal(find(f, "ada", &got), CODE_DATA_LOSS);
	assert_int_equal(got.id, 99);
}

static void
a_record_that_does_not_unpack_or_is_anothers_is_damage(void **state)
{
	struct store_fixture *f = *state;
	struct user user = ada, got;
	struct store_txn txn;
	uint8_t copy[512];
	struct bytes value;
	uint64_t be;

	assert_int_equal(add(f, &user), CODE_OK);
	store_begin_write(f->store, &txn);
	value = store_get(&txn, STORE_USER, store_fixture_key(1, &be));
	assert_true(value.len <= sizeof(copy));
	memcpy(copy, value.data, value.len);
	value.data = copy;
	store_put(&txn, STORE_USER, store_fixture_key(2, &be), value);
	store_put(&txn, STORE_USER, store_fixture_key(3, &be),
	          (struct bytes){ "\xff\xff\xff", 3 });
	assert_int_equal(store_end(&txn), CODE_OK);
	assert_int_equal(find_id(f, 2, &got), CODE_DATA_LOSS);
	assert_int_equal(find_id(f, 3, &got), CODE_DATA_LOSS);
}

static enum code
find_ada(struct store_fixture *f)
{
	struct user got = { .id = 99 };
	enum code code = find(f, "ada", &got);

	assert_int_equal(got.id, code == CODE_OK ? 1 : 99);
	return code;
}

static enum code
add_bob(struct store_fixture *f)
{
	struct user bob = named("bob@x.org", "bob");
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	user_store_add(&txn, &f->arena, &bob);
	return store_end(&txn);
}

static enum code
rename_ada(struct store_fixture *f)
{
	struct user user = named("lady@x.org", "countess");

	user.id = 1;
	return put(f, &user);
}

static enum code
next_user(struct store_fixture *f)
{
	struct user got = { .id = 99 };
	enum code code = next(f, 1, &got);

	assert_int_equal(got.id, code == CODE_OK ? 2 : 99);
	return code;
}

static enum code
del_bob(struct store_fixture *f)
{
	return del(f, 2);
}

static void
fails_cleanly_when_the_request_is_out_of_memory(void **state)
{
	struct store_fixture *f = *state;
	struct user user = ada, got;

	assert_int_equal(add(f, &user), CODE_OK);
	store_fixture_torture(f, find_ada);
	store_fixture_torture(f, add_bob);
	assert_int_equal(find(f, "bob", &got), CODE_OK);
	assert_int_equal(got.id, 2);
	store_fixture_torture(f, rename_ada);
	assert_int_equal(find(f, "ada", &got), CODE_NOT_FOUND);
	store_fixture_torture(f, next_user);
	store_fixture_torture(f, del_bob);
	assert_int_equal(find(f, "bob", &got), CODE_NOT_FOUND);
}

static void
normalising_twice_gives_the_same_as_once(void **state)
{
	struct store_fixture *f = *state;
	unsigned seen = 0;

	for (ucs4_t c = 1; c < 0x110000; c++) {
		uint8_t utf8[16] = "x";
		int len = u8_uctomb(utf8 + 1, c, 6);
		char *once, *twice;

		if (len < 0)
			continue;
		/* A neighbour that marks combine with. */
		(void)u8_uctomb(utf8 + 1 + len, 0x345, 6);
		arena_reset(&f->arena);
		if (identifier_normalise(&f->arena, (char *)utf8, &once) !=
		    CODE_OK)
			continue;
		assert_int_equal(identifier_normalise(&f->arena, once, &twice),
		                 CODE_OK);
		if (strcmp(once, twice) != 0)
			fail_msg("U+%04X", (unsigned)c);
		seen++;
	}
	assert_true(seen > 1000000);
}

static void
identifiers_too_long_for_a_key_are_refused(void **state)
{
	static char buf[8192];
	struct store_fixture *f = *state;
	char *out = NULL;

	assert_int_equal(identifier_normalise(&f->arena,
	                                      repeat(buf, "k", STORE_KEY_MAX),
	                                      &out),
	                 CODE_OK);
	assert_int_equal(strlen(out), STORE_KEY_MAX);
	assert_int_equal(
		identifier_normalise(&f->arena,
	                             repeat(buf, "k", STORE_KEY_MAX + 1), &out),
		CODE_INVALID_ARGUMENT);
	/* One character that becomes eighteen. */
	assert_int_equal(identifier_normalise(&f->arena,
	                                      repeat(buf, "\ufdfa", 20), &out),
	                 CODE_INVALID_ARGUMENT);
	assert_int_equal(
		identifier_normalise(&f->arena, repeat(buf, "k", 8000), &out),
		CODE_INVALID_ARGUMENT);
	assert_int_equal(identifier_normalise(&f->arena, "", &out),
	                 CODE_INVALID_ARGUMENT);
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, store_fixture_setup,               \
	                                store_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_user_comes_back_as_it_was_added),
		TEST(attributes_come_back_with_name_type_and_value),
		TEST(attributes_that_are_unsorted_repeated_or_too_large_are_refused),
		TEST(a_deleted_user_is_gone_and_leaves_both_names_free),
		TEST(a_walk_meets_every_user_once_in_the_order_of_ids),
		TEST(a_store_of_version_1_is_migrated_and_keeps_its_users),
		TEST(empty_strings_come_back_empty_and_never_null),
		TEST(ids_are_never_handed_out_twice),
		TEST(absent_users_are_not_found_and_leave_the_output_alone),
		TEST(identifiers_are_found_in_any_case_and_normal_form),
		TEST(no_username_shadows_an_email_nor_an_email_a_username),
		TEST(a_user_may_use_the_own_email_as_username),
		TEST(a_changed_identifier_frees_the_old_one),
		TEST(putting_an_unknown_user_is_refused),
		TEST(strings_over_their_limit_are_refused_and_at_it_are_not),
		TEST(users_without_identifier_or_with_bad_text_are_refused),
		TEST(roles_that_are_unsorted_or_repeated_are_refused),
		TEST(an_identifier_without_its_user_is_damage),
		TEST(a_record_that_does_not_unpack_or_is_anothers_is_damage),
		TEST(fails_cleanly_when_the_request_is_out_of_memory),
		TEST(normalising_twice_gives_the_same_as_once),
		TEST(identifiers_too_long_for_a_key_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
