#include "server/services/account_service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/latchkey/v1/account_service.pb-c.h"
#include "server/services/service_fixture.h"

#define VALUE(name) LATCHKEY__V1__ATTRIBUTE__VALUE_##name

enum { ADA = 1 };

static int
setup(void **state)
{
	static const struct user_attribute stored[] = {
		{ .name = "level",
		  .type = USER_ATTRIBUTE_INTEGER,
		  .integer = 3 },
		{ .name = "news", .type = USER_ATTRIBUTE_TEXT, .text = "old" },
		{ .name = "past", .type = USER_ATTRIBUTE_TEXT, .text = "kept" },
	};
	const struct user ada = { .email = "ada@example.com",
		                  .first_name = "Ada",
		                  .last_name = "Byron",
		                  .is_active = true,
		                  .attributes = stored,
		                  .attribute_count = 3 };
	struct service_fixture *f;
	int rc = service_fixture_setup(state);

	f = *state;
	f->server.attributes = (struct attribute_table){
		.rows = { { "phone", ATTRIBUTE_TEXT, ATTRIBUTE_BY_USER },
		          { "level", ATTRIBUTE_INTEGER, ATTRIBUTE_BY_STAFF },
		          { "news", ATTRIBUTE_FLAG, ATTRIBUTE_BY_USER },
		          { "age", ATTRIBUTE_INTEGER, ATTRIBUTE_BY_USER },
		          { "seal", ATTRIBUTE_TEXT, ATTRIBUTE_BY_NOBODY } },
		.count = 5,
	};
	assert_int_equal(service_fixture_add(f, &ada), ADA);
	(void)service_fixture_be(f, ADA);
	return rc;
}

static Latchkey__V1__Attribute
text(const char *name, const char *value)
{
	Latchkey__V1__Attribute attribute = LATCHKEY__V1__ATTRIBUTE__INIT;

	attribute.name = (char *)name;
	if (value != NULL) {
		attribute.value_case = VALUE(TEXT);
		attribute.text = (char *)value;
	}
	return attribute;
}

static Latchkey__V1__Attribute
integer(const char *name, int64_t value)
{
	Latchkey__V1__Attribute attribute = text(name, NULL);

	attribute.value_case = VALUE(INTEGER);
	attribute.integer = value;
	return attribute;
}

static Latchkey__V1__Attribute
flag(const char *name, bool value)
{
	Latchkey__V1__Attribute attribute = text(name, NULL);

	attribute.value_case = VALUE(FLAG);
	attribute.flag = value;
	return attribute;
}

static enum code
update(struct service_fixture *f, Latchkey__V1__UpdateMeRequest *req,
       Latchkey__V1__UpdateMeResponse *resp)
{
	service_fixture_next(f);
	latchkey__v1__update_me_response__init(resp);
	return account_update_me(&f->call, req, resp);
}

static enum code
set(struct service_fixture *f, Latchkey__V1__Attribute attribute,
    Latchkey__V1__UpdateMeResponse *resp)
{
	Latchkey__V1__UpdateMeRequest req;
	Latchkey__V1__Attribute *attributes[] = { &attribute };

	latchkey__v1__update_me_request__init(&req);
	req.attributes = attributes;
	req.n_attributes = 1;
	return update(f, &req, resp);
}

static enum code
rename_self(struct service_fixture *f, const char *name)
{
	Latchkey__V1__UpdateMeRequest req;
	Latchkey__V1__UpdateMeResponse resp;

	latchkey__v1__update_me_request__init(&req);
	req.first_name_presence_case =
		LATCHKEY__V1__UPDATE_ME_REQUEST__FIRST_NAME_PRESENCE_FIRST_NAME;
	req.first_name = (char *)name;
	return update(f, &req, &resp);
}

static enum code
delete_picture(struct service_fixture *f)
{
	Latchkey__V1__DeleteAvatarRequest req =
		LATCHKEY__V1__DELETE_AVATAR_REQUEST__INIT;
	Latchkey__V1__DeleteAvatarResponse resp =
		LATCHKEY__V1__DELETE_AVATAR_RESPONSE__INIT;

	service_fixture_next(f);
	return account_delete_avatar(&f->call, &req, &resp);
}

static void
so_many_changes_of_the_own_account_and_no_more(void **state)
{
	const struct user bob = { .email = "bob@example.com",
		                  .is_active = true };
	struct service_fixture *f = *state;

	f->server.throttles.rates[THROTTLE_OWN_CHANGE] =
		(struct throttle_rate){ .limit = 2, .window_us = 60 * SECOND };
	assert_int_equal(rename_self(f, "One"), CODE_OK);
	assert_int_equal(delete_picture(f), CODE_OK);
	assert_int_equal(rename_self(f, "Three"), CODE_RESOURCE_EXHAUSTED);
	assert_int_equal(f->call.reason, REASON(THROTTLED));
	assert_int_equal(f->call.retry_after_ms, 60000);
	assert_int_equal(delete_picture(f), CODE_RESOURCE_EXHAUSTED);
	assert_string_equal(service_fixture_get(f, ADA).first_name, "One");
	/* Others are others; what is refused counts nowhere. */
	(void)service_fixture_be(f, service_fixture_add(f, &bob));
	assert_int_equal(rename_self(f, "Bob"), CODE_OK);
	(void)service_fixture_be(f, ADA);
	f->call.now_us += 60 * SECOND;
	assert_int_equal(rename_self(f, "Four"), CODE_OK);
	assert_int_equal(delete_picture(f), CODE_OK);
}

static void
the_caller_has_every_configured_attribute_in_its_order(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__GetMeRequest req = LATCHKEY__V1__GET_ME_REQUEST__INIT;
	Latchkey__V1__GetMeResponse resp = LATCHKEY__V1__GET_ME_RESPONSE__INIT;

	assert_int_equal(account_get_me(&f->call, &req, &resp), CODE_OK);
	assert_string_equal(resp.user->full_name, "Ada Byron");
	assert_int_equal(resp.user->n_attributes, 5);
	assert_string_equal(resp.user->attributes[0]->name, "phone");
	assert_int_equal(resp.user->attributes[0]->value_case, VALUE(_NOT_SET));
	assert_string_equal(resp.user->attributes[1]->name, "level");
	assert_int_equal(resp.user->attributes[1]->integer, 3);
	/* Stored as a text before it was configured as a flag: null. */
	assert_string_equal(resp.user->attributes[2]->name, "news");
	assert_int_equal(resp.user->attributes[2]->value_case, VALUE(_NOT_SET));
}

static void
an_update_changes_what_is_present_alone(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__UpdateMeRequest req;
	Latchkey__V1__UpdateMeResponse resp;

	latchkey__v1__update_me_request__init(&req);
	assert_int_equal(update(f, &req, &resp), CODE_OK);
	assert_string_equal(resp.user->full_name, "Ada Byron");
	req.last_name_presence_case =
		LATCHKEY__V1__UPDATE_ME_REQUEST__LAST_NAME_PRESENCE_LAST_NAME;
	req.last_name = "Lovelace";
	assert_int_equal(update(f, &req, &resp), CODE_OK);
	assert_string_equal(resp.user->full_name, "Ada Lovelace");
	req.last_name = "";
	assert_int_equal(update(f, &req, &resp), CODE_OK);
	assert_string_equal(resp.user->full_name, "Ada");
	assert_string_equal(service_fixture_get(f, ADA).email,
	                    "ada@example.com");
}

static void
what_is_wrong_is_told_at_once_and_changes_nothing(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__UpdateMeRequest req;
	Latchkey__V1__UpdateMeResponse resp;
	Latchkey__V1__Attribute age = text("age", "old");
	Latchkey__V1__Attribute *attributes[] = { &age };
	char name[USER_NAME_MAX + 2];

	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	latchkey__v1__update_me_request__init(&req);
	req.first_name_presence_case =
		LATCHKEY__V1__UPDATE_ME_REQUEST__FIRST_NAME_PRESENCE_FIRST_NAME;
	req.first_name = name;
	req.last_name_presence_case =
		LATCHKEY__V1__UPDATE_ME_REQUEST__LAST_NAME_PRESENCE_LAST_NAME;
	req.last_name = "Lovelace";
	req.attributes = attributes;
	req.n_attributes = 1;
	assert_int_equal(update(f, &req, &resp), CODE_INVALID_ARGUMENT);
	assert_int_equal(f->call.violation_count, 2);
	assert_string_equal(f->call.violations[0].field, "first_name");
	assert_string_equal(
		f->call.violations[0].message,
		"Ensure this field has no more than 150 characters.");
	assert_string_equal(f->call.violations[1].field, "attributes.age");
	assert_string_equal(service_fixture_get(f, ADA).last_name, "Byron");
}

static Latchkey__V1__UnfitValue a_list = LATCHKEY__V1__UNFIT_VALUE__INIT;

static Latchkey__V1__UnfitValue
unfit_character(uint32_t character)
{
	Latchkey__V1__UnfitValue value = LATCHKEY__V1__UNFIT_VALUE__INIT;

	value.character_presence_case =
		LATCHKEY__V1__UNFIT_VALUE__CHARACTER_PRESENCE_CHARACTER;
	value.character = character;
	return value;
}

static Latchkey__V1__Attribute
unfit(const char *name, Latchkey__V1__UnfitValue *value)
{
	Latchkey__V1__Attribute attribute = text(name, NULL);

	attribute.value_case = VALUE(UNFIT);
	attribute.unfit = value;
	return attribute;
}

static void
unfit_values_are_refused_as_their_attribute_wants_it(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__UnfitValue nul = unfit_character(0);
	Latchkey__V1__UnfitValue half = unfit_character(0xdfff);
	Latchkey__V1__UnfitValue letter = unfit_character('a');
	const struct {
		Latchkey__V1__Attribute given;
		const char *fault; /* NULL: nobody's */
	} rows[] = {
		{ unfit("phone", &a_list), "Not a valid string." },
		{ unfit("phone", &nul), "Null characters are not allowed." },
		{ unfit("phone", &half),
		  "Surrogate characters are not allowed: U+DFFF." },
		{ unfit("phone", &letter), "Not a valid string." },
		{ unfit("age", &a_list), "A valid integer is required." },
		{ unfit("age", &nul), "A valid integer is required." },
		{ unfit("news", &a_list), "Must be a valid boolean." },
		{ unfit("level", &a_list), NULL },
		{ unfit("unknown", &half), NULL },
	};
	Latchkey__V1__UpdateMeResponse resp;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum code code = set(f, rows[i].given, &resp);

		assert_int_equal(code, rows[i].fault == NULL
		                               ? CODE_OK
		                               : CODE_INVALID_ARGUMENT);
		if (rows[i].fault != NULL)
			assert_string_equal(f->call.violations[0].message,
			                    rows[i].fault);
	}
}

static void
bad_attributes_are_told_in_the_order_of_the_configuration(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__Attribute age = text("age", "old");
	Latchkey__V1__Attribute phone = unfit("phone", &a_list);
	Latchkey__V1__Attribute news = text("news", "perhaps");
	Latchkey__V1__Attribute *attributes[] = { &age, &news, &phone };
	Latchkey__V1__UpdateMeRequest req;
	Latchkey__V1__UpdateMeResponse resp;

	latchkey__v1__update_me_request__init(&req);
	req.attributes = attributes;
	req.n_attributes = 3;
	assert_int_equal(update(f, &req, &resp), CODE_INVALID_ARGUMENT);
	assert_int_equal(f->call.violation_count, 3);
	assert_string_equal(f->call.violations[0].field, "attributes.phone");
	assert_string_equal(f->call.violations[1].field, "attributes.news");
	assert_string_equal(f->call.violations[2].field, "attributes.age");
}

static void
a_text_has_up_to_1024_characters_of_any_width(void **state)
{
	static const char face[] = { '\xf0', '\x9f', '\x98', '\x80' };
	static char wide[4 * ATTRIBUTE_TEXT_MAX + 2];
	struct service_fixture *f = *state;
	Latchkey__V1__UpdateMeResponse resp;

	for (size_t i = 0; i < ATTRIBUTE_TEXT_MAX; i++)
		memcpy(wide + sizeof(face) * i, face, sizeof(face));
	assert_int_equal(set(f, text("phone", wide), &resp), CODE_OK);
	assert_string_equal(resp.user->attributes[0]->text, wide);
	wide[strlen(wide)] = 'a';
	assert_int_equal(set(f, text("phone", wide), &resp),
	                 CODE_INVALID_ARGUMENT);
	assert_string_equal(
		f->call.violations[0].message,
		"Ensure this field has no more than 1024 characters.");
}

/* Ten texts that their owner may write: a to j. */
static void
declare_texts(struct service_fixture *f)
{
	f->server.attributes = (struct attribute_table){ .count = 10 };
	for (size_t i = 0; i < f->server.attributes.count; i++)
		f->server.attributes.rows[i] = (struct attribute_declaration){
			.name = { (char)('a' + i) },
			.type = ATTRIBUTE_TEXT,
			.writer = ATTRIBUTE_BY_USER,
		};
}

/* Sets a, b, c ... to a text of so many letters each. */
static enum code
set_texts(struct service_fixture *f, size_t count, size_t len)
{
	static const char *const names[] = { "a", "b", "c", "d", "e",
		                             "f", "g", "h", "i", "j" };
	static char letters[ATTRIBUTE_TEXT_MAX + 1];
	Latchkey__V1__Attribute given[10], *list[10];
	Latchkey__V1__UpdateMeRequest req;
	Latchkey__V1__UpdateMeResponse resp;

	memset(letters, 'x', sizeof(letters));
	letters[len] = '\0';
	latchkey__v1__update_me_request__init(&req);
	for (size_t i = 0; i < count; i++) {
		given[i] = text(names[i], letters);
		list[i] = &given[i];
	}
	req.attributes = list;
	req.n_attributes = count;
	return update(f, &req, &resp);
}

static void
assert_excess(struct service_fixture *f, enum code code, const char *field)
{
	assert_int_equal(code, CODE_INVALID_ARGUMENT);
	assert_int_equal(f->call.violation_count, 1);
	assert_string_equal(f->call.violations[0].field, field);
	assert_string_equal(f->call.violations[0].code, "too_long");
}

static void
all_texts_of_a_user_are_bounded_together(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__UpdateMeResponse resp;

	declare_texts(f);
	/* In one request: with its quotes, the eighth is too much. */
	assert_excess(f, set_texts(f, 10, 1024), "attributes.h");
	assert_int_equal(service_fixture_get(f, ADA).attribute_count, 3);
	assert_int_equal(set_texts(f, 8, 1022), CODE_OK);
	/* In one more: what is there counts. */
	assert_excess(f, set(f, text("j", ""), &resp), "attributes.j");
	assert_excess(f, set_texts(f, 1, 1023), "attributes.a");
	assert_int_equal(set(f, text("a", ""), &resp), CODE_OK);
	assert_int_equal(set(f, text("j", "\x01"), &resp), CODE_OK);
}

static void
a_text_counts_as_long_as_json_writes_it(void **state)
{
	static char controls[ATTRIBUTE_TEXT_MAX + 1];
	struct service_fixture *f = *state;
	Latchkey__V1__UpdateMeResponse resp;

	declare_texts(f);
	memset(controls, '\x01', ATTRIBUTE_TEXT_MAX);
	assert_int_equal(set(f, text("a", controls), &resp), CODE_OK);
	controls[342] = '\0';
	assert_excess(f, set(f, text("b", controls), &resp), "attributes.b");
	controls[340] = '\0';
	assert_int_equal(set(f, text("b", controls), &resp), CODE_OK);
}

static void
who_had_more_text_may_write_less(void **state)
{
	static char letters[ATTRIBUTE_TEXT_MAX + 1];
	struct service_fixture *f = *state;
	struct user_attribute stored[10];
	struct user ada = service_fixture_get(f, ADA);
	Latchkey__V1__UpdateMeResponse resp;

	declare_texts(f);
	memset(letters, 'x', ATTRIBUTE_TEXT_MAX);
	for (size_t i = 0; i < 10; i++)
		stored[i] = (struct user_attribute){
			.name = f->server.attributes.rows[i].name,
			.type = USER_ATTRIBUTE_TEXT,
			.text = letters,
		};
	ada.attributes = stored;
	ada.attribute_count = 10;
	service_fixture_put(f, &ada);
	assert_int_equal(rename_self(f, "Augusta"), CODE_OK);
	assert_int_equal(set(f, text("b", "less"), &resp), CODE_OK);
	assert_excess(f, set(f, text("b", "no less"), &resp), "attributes.b");
	/* What is not configured any more makes room. */
	f->server.attributes.count = 2;
	assert_int_equal(set(f, text("b", "more than that"), &resp), CODE_OK);
	assert_int_equal(service_fixture_get(f, ADA).attribute_count, 8);
}

static void
attributes_take_what_can_be_read_as_their_type(void **state)
{
	static char long_text[ATTRIBUTE_TEXT_MAX + 2];
	const struct {
		Latchkey__V1__Attribute given;
		const char *fault; /* NULL: good */
	} rows[] = {
		{ text("phone", "0123"), NULL },
		{ text("phone", ""), NULL },
		{ text("phone", NULL), NULL },
		{ integer("phone", 5), NULL },
		{ flag("phone", true), "Not a valid string." },
		{ text("phone", long_text),
		  "Ensure this field has no more than 1024 characters." },
		{ integer("age", 9007199254740991), NULL },
		{ integer("age", -9007199254740991), NULL },
		{ integer("age", 9007199254740992),
		  "A valid integer is required." },
		{ text("age", "-12"), NULL },
		{ text("age", "1e3"), "A valid integer is required." },
		{ text("age", ""), "A valid integer is required." },
		{ text("age", "99999999999999999999"),
		  "A valid integer is required." },
		{ flag("age", true), "A valid integer is required." },
		{ text("age", NULL), NULL },
		{ flag("news", false), NULL },
		{ integer("news", 1), NULL },
		{ integer("news", 2), "Must be a valid boolean." },
		{ text("news", "True"), NULL },
		{ text("news", "perhaps"), "Must be a valid boolean." },
	};
	struct service_fixture *f = *state;
	Latchkey__V1__UpdateMeResponse resp;

	memset(long_text, 'a', sizeof(long_text) - 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum code code = set(f, rows[i].given, &resp);

		assert_int_equal(code, rows[i].fault == NULL
		                               ? CODE_OK
		                               : CODE_INVALID_ARGUMENT);
		if (rows[i].fault != NULL)
			assert_string_equal(f->call.violations[0].message,
			                    rows[i].fault);
	}
}

static void
attributes_of_others_and_unknown_ones_change_nothing(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__UpdateMeResponse resp;
	struct user user;

	assert_int_equal(set(f, integer("level", 99), &resp), CODE_OK);
	assert_int_equal(set(f, text("seal", "mine"), &resp), CODE_OK);
	assert_int_equal(set(f, flag("is_staff", true), &resp), CODE_OK);
	assert_int_equal(resp.user->attributes[1]->integer, 3);
	user = service_fixture_get(f, ADA);
	assert_int_equal(user.attribute_count, 3);
	assert_false(user.is_staff);
}

static void
attributes_are_merged_and_those_of_the_past_kept(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__UpdateMeResponse resp;
	struct user user;

	assert_int_equal(set(f, text("phone", "123"), &resp), CODE_OK);
	assert_int_equal(set(f, flag("news", true), &resp), CODE_OK);
	assert_string_equal(resp.user->attributes[0]->text, "123");
	assert_true(resp.user->attributes[2]->flag);
	user = service_fixture_get(f, ADA);
	assert_int_equal(user.attribute_count, 4);
	assert_string_equal(user.attributes[2].name, "past");
	assert_string_equal(user.attributes[2].text, "kept");
}

static void
attributes_of_the_past_make_room_for_those_of_today(void **state)
{
	static char names[USER_ATTRIBUTES_MAX][8];
	static struct user_attribute past[USER_ATTRIBUTES_MAX];
	struct service_fixture *f = *state;
	Latchkey__V1__UpdateMeResponse resp;
	struct user user = service_fixture_get(f, ADA);

	for (size_t i = 0; i < USER_ATTRIBUTES_MAX; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "past%02zu", i);
		past[i] = (struct user_attribute){ .name = names[i],
			                           .type = USER_ATTRIBUTE_TEXT,
			                           .text = "old" };
	}
	user.attributes = past;
	user.attribute_count = USER_ATTRIBUTES_MAX;
	service_fixture_put(f, &user);
	assert_int_equal(set(f, text("phone", "123"), &resp), CODE_OK);
	assert_string_equal(resp.user->attributes[0]->text, "123");
	user = service_fixture_get(f, ADA);
	assert_int_equal(user.attribute_count, USER_ATTRIBUTES_MAX);
	assert_string_equal(user.attributes[0].name, "past01");
	assert_string_equal(user.attributes[USER_ATTRIBUTES_MAX - 1].name,
	                    "phone");
}

static void
an_update_of_a_deleted_user_finds_nobody(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__UpdateMeResponse resp;
	struct store_txn txn;

	store_begin_write(f->store, &txn);
	user_store_del(&txn, &f->kept, ADA);
	assert_int_equal(store_end(&txn), CODE_OK);
	assert_int_equal(set(f, text("phone", "123"), &resp),
	                 CODE_UNAUTHENTICATED);
	assert_int_equal(f->call.reason, REASON(USER_GONE));
	assert_int_equal(f->call.subject,
	                 LATCHKEY__RPC__V1__SUBJECT__SUBJECT_CALLER);
}

static void
an_update_survives_every_shortage_of_memory(void **state)
{
	struct service_fixture *f = *state;
	Latchkey__V1__UpdateMeResponse resp;
	enum code code = CODE_RESOURCE_EXHAUSTED;
	size_t size;

	for (size = 0; code == CODE_RESOURCE_EXHAUSTED; size += 8) {
		assert_true(size < sizeof(f->memory));
		arena_init(&f->arena, f->memory, size);
		code = set(f, integer("phone", 123), &resp);
	}
	assert_int_equal(code, CODE_OK);
	assert_true(size > 8);
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, setup, service_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(so_many_changes_of_the_own_account_and_no_more),
		TEST(the_caller_has_every_configured_attribute_in_its_order),
		TEST(an_update_changes_what_is_present_alone),
		TEST(what_is_wrong_is_told_at_once_and_changes_nothing),
		TEST(unfit_values_are_refused_as_their_attribute_wants_it),
		TEST(bad_attributes_are_told_in_the_order_of_the_configuration),
		TEST(a_text_has_up_to_1024_characters_of_any_width),
		TEST(all_texts_of_a_user_are_bounded_together),
		TEST(a_text_counts_as_long_as_json_writes_it),
		TEST(who_had_more_text_may_write_less),
		TEST(attributes_take_what_can_be_read_as_their_type),
		TEST(attributes_of_others_and_unknown_ones_change_nothing),
		TEST(attributes_are_merged_and_those_of_the_past_kept),
		TEST(attributes_of_the_past_make_room_for_those_of_today),
		TEST(an_update_of_a_deleted_user_finds_nobody),
		TEST(an_update_survives_every_shortage_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
