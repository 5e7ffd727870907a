#include "server/services/account_service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/latchkey/v1/account_service.pb-c.h"
#include "server/domain/avatar_path.h"
#include "server/domain/test_picture.h"
#include "server/services/service_fixture.h"
#include "server/store/avatar_store.h"

#define HAS_AVATAR LATCHKEY__V1__UPDATE_ME_REQUEST__AVATAR_PRESENCE_AVATAR
#define HAS_FIRST_NAME                                                         \
	LATCHKEY__V1__UPDATE_ME_REQUEST__FIRST_NAME_PRESENCE_FIRST_NAME

enum { ADA = 1, BOB = 2 };

static int
setup(void **state)
{
	const struct user ada = { .email = "ada@example.com",
		                  .is_active = true };
	const struct user bob = { .email = "bob@example.com",
		                  .is_active = true };
	int rc = service_fixture_setup(state);

	assert_int_equal(service_fixture_add(*state, &ada), ADA);
	assert_int_equal(service_fixture_add(*state, &bob), BOB);
	(void)service_fixture_be(*state, ADA);
	return rc;
}

/* A picture of one pixel that says where it was taken. */
static void
make_png(struct test_picture *p)
{
	test_picture_begin_png(p, 1, 1);
	test_picture_add_chunk(p, "tEXt", "Comment\0at home", 15);
	test_picture_end_png(p);
}

/* On a copy, as the dispatcher hands it over: it is cleaned in place. */
static ProtobufCBinaryData
lend(struct service_fixture *f, const struct test_picture *p)
{
	return (ProtobufCBinaryData){
		.len = p->len,
		.data = arena_memdup(&f->arena, p->data, p->len),
	};
}

static enum code
set(struct service_fixture *f, const struct test_picture *p, const char **url)
{
	Latchkey__V1__SetAvatarRequest req =
		LATCHKEY__V1__SET_AVATAR_REQUEST__INIT;
	Latchkey__V1__SetAvatarResponse resp =
		LATCHKEY__V1__SET_AVATAR_RESPONSE__INIT;
	enum code code;

	service_fixture_next(f);
	req.image = lend(f, p);
	if (req.image.data == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	code = account_set_avatar(&f->call, &req, &resp);
	if (code == CODE_OK)
		*url = arena_strdup(&f->kept, resp.user->avatar);
	return code;
}

static enum code
del(struct service_fixture *f)
{
	Latchkey__V1__DeleteAvatarRequest req =
		LATCHKEY__V1__DELETE_AVATAR_REQUEST__INIT;
	Latchkey__V1__DeleteAvatarResponse resp =
		LATCHKEY__V1__DELETE_AVATAR_RESPONSE__INIT;
	enum code code;

	service_fixture_next(f);
	code = account_delete_avatar(&f->call, &req, &resp);
	if (code == CODE_OK)
		assert_int_equal(resp.user->avatar_presence_case, 0);
	return code;
}

static enum code
get(struct service_fixture *f, const char *path,
    Latchkey__V1__GetAvatarResponse *resp)
{
	Latchkey__V1__GetAvatarRequest req =
		LATCHKEY__V1__GET_AVATAR_REQUEST__INIT;

	service_fixture_next(f);
	latchkey__v1__get_avatar_response__init(resp);
	req.path = (char *)path;
	return account_get_avatar(&f->call, &req, resp);
}

static const char *
path_of(const char *url)
{
	const char *path = url == NULL ? NULL : avatar_path_of(url);

	assert_non_null(path);
	return path;
}

static void
assert_refused(const struct service_fixture *f, const char *field,
               const char *code)
{
	assert_int_equal(f->call.reason, REASON(FIELD_INVALID));
	assert_int_equal(f->call.violation_count, 1);
	assert_string_equal(f->call.violations[0].field, field);
	assert_string_equal(f->call.violations[0].code, code);
}

static void
a_picture_is_kept_without_metadata_and_found_by_its_path(void **state)
{
	static struct test_picture sent, wanted;
	struct service_fixture *f = *state;
	Latchkey__V1__GetAvatarResponse resp;
	const char *url = NULL;

	make_png(&sent);
	test_picture_begin_png(&wanted, 1, 1);
	test_picture_end_png(&wanted);
	assert_int_equal(set(f, &sent, &url), CODE_OK);
	assert_memory_equal(path_of(url), "2023/11/14/", 11);
	assert_string_equal(service_fixture_get(f, ADA).avatar, url);
	(void)service_fixture_be(f, 0);
	assert_int_equal(get(f, path_of(url), &resp), CODE_OK);
	assert_string_equal(resp.media_type, "image/png");
	assert_int_equal(resp.image.len, wanted.len);
	assert_memory_equal(resp.image.data, wanted.data, wanted.len);
}

static void
each_type_is_served_as_what_it_is(void **state)
{
	static struct test_picture sent;
	struct service_fixture *f = *state;
	Latchkey__V1__GetAvatarResponse resp;
	const char *url = NULL;

	test_picture_begin_jpeg(&sent);
	test_picture_end_jpeg(&sent, 1, 1);
	assert_int_equal(set(f, &sent, &url), CODE_OK);
	assert_non_null(strstr(path_of(url), ".jpg"));
	assert_int_equal(get(f, path_of(url), &resp), CODE_OK);
	assert_string_equal(resp.media_type, "image/jpeg");
	test_picture_begin_webp(&sent);
	test_picture_add_lossless(&sent);
	test_picture_end_webp(&sent);
	assert_int_equal(set(f, &sent, &url), CODE_OK);
	assert_non_null(strstr(path_of(url), ".webp"));
	assert_int_equal(get(f, path_of(url), &resp), CODE_OK);
	assert_string_equal(resp.media_type, "image/webp");
}

static void
a_new_picture_has_a_new_path_and_ends_the_one_before(void **state)
{
	static struct test_picture sent;
	struct service_fixture *f = *state;
	Latchkey__V1__GetAvatarResponse resp;
	const char *first = NULL, *second = NULL;

	make_png(&sent);
	assert_int_equal(set(f, &sent, &first), CODE_OK);
	assert_int_equal(set(f, &sent, &second), CODE_OK);
	assert_string_not_equal(first, second);
	assert_int_equal(get(f, path_of(first), &resp), CODE_NOT_FOUND);
	assert_int_equal(get(f, path_of(second), &resp), CODE_OK);
}

static void
a_picture_can_be_deleted_and_once_more(void **state)
{
	static struct test_picture sent;
	struct service_fixture *f = *state;
	Latchkey__V1__GetAvatarResponse resp;
	const char *url = NULL;

	make_png(&sent);
	assert_int_equal(set(f, &sent, &url), CODE_OK);
	assert_int_equal(del(f), CODE_OK);
	assert_string_equal(service_fixture_get(f, ADA).avatar, "");
	assert_int_equal(get(f, path_of(url), &resp), CODE_NOT_FOUND);
	assert_int_equal(del(f), CODE_OK);
}

static void
one_users_picture_is_not_anothers(void **state)
{
	static struct test_picture sent;
	struct service_fixture *f = *state;
	Latchkey__V1__GetAvatarResponse resp;
	const char *ada = NULL, *bob = NULL;

	make_png(&sent);
	assert_int_equal(set(f, &sent, &ada), CODE_OK);
	(void)service_fixture_be(f, BOB);
	assert_int_equal(set(f, &sent, &bob), CODE_OK);
	assert_int_equal(del(f), CODE_OK);
	assert_int_equal(get(f, path_of(ada), &resp), CODE_OK);
	assert_string_equal(service_fixture_get(f, ADA).avatar, ada);
}

static void
what_is_no_good_picture_is_refused_and_changes_nothing(void **state)
{
	static struct test_picture good, bad;
	struct service_fixture *f = *state;
	Latchkey__V1__GetAvatarResponse resp;
	const char *url = NULL, *none = NULL;

	make_png(&good);
	assert_int_equal(set(f, &good, &url), CODE_OK);
	bad.len = 0;
	assert_int_equal(set(f, &bad, &none), CODE_INVALID_ARGUMENT);
	assert_refused(f, "image", "required");
	test_picture_add(&bad, "<svg onload=alert(1)>", 21);
	assert_int_equal(set(f, &bad, &none), CODE_INVALID_ARGUMENT);
	assert_refused(f, "image", "malformed");
	test_picture_begin_png(&bad, 4097, 1);
	test_picture_end_png(&bad);
	assert_int_equal(set(f, &bad, &none), CODE_INVALID_ARGUMENT);
	assert_refused(f, "image", "too_large");
	test_picture_begin_webp(&bad);
	test_picture_add_riff(&bad, "VP8X", "\2\0\0\0\0\0\0\0\0\0", 10);
	test_picture_add_riff(&bad, "ANIM", "\0\0\0\0\0\0", 6);
	test_picture_end_webp(&bad);
	assert_int_equal(set(f, &bad, &none), CODE_INVALID_ARGUMENT);
	assert_refused(f, "image", "malformed");
	assert_string_equal(service_fixture_get(f, ADA).avatar, url);
	assert_int_equal(get(f, path_of(url), &resp), CODE_OK);
}

/* The dispatcher bounds the payload; a message may come by another way. */
static void
a_picture_has_at_most_256_kib(void **state)
{
	static struct test_picture sent;
	struct service_fixture *f = *state;
	size_t size = 4 * (size_t)AVATAR_SIZE_MAX;
	uint8_t *memory = malloc(size);
	const char *url = NULL;

	assert_non_null(memory);
	arena_init(&f->arena, memory, size);
	make_png(&sent);
	sent.len = AVATAR_SIZE_MAX;
	assert_int_equal(set(f, &sent, &url), CODE_OK);
	sent.len++;
	assert_int_equal(set(f, &sent, &url), CODE_INVALID_ARGUMENT);
	assert_refused(f, "image", "too_large");
	arena_reset(&f->arena);
	arena_init(&f->arena, f->memory, sizeof(f->memory));
	free(memory);
}

static enum code
update(struct service_fixture *f, const struct test_picture *p,
       const char *first_name, Latchkey__V1__UpdateMeResponse *resp)
{
	Latchkey__V1__UpdateMeRequest req;

	service_fixture_next(f);
	latchkey__v1__update_me_request__init(&req);
	latchkey__v1__update_me_response__init(resp);
	req.first_name_presence_case = HAS_FIRST_NAME;
	req.first_name = (char *)first_name;
	req.avatar_presence_case = HAS_AVATAR;
	req.avatar = lend(f, p);
	return account_update_me(&f->call, &req, resp);
}

static void
names_and_picture_change_together_or_not_at_all(void **state)
{
	static struct test_picture good, bad;
	struct service_fixture *f = *state;
	Latchkey__V1__UpdateMeResponse resp;
	Latchkey__V1__GetAvatarResponse picture;
	const char *url;

	make_png(&good);
	bad.len = 0;
	test_picture_add(&bad, "GIF89a", 6);
	assert_int_equal(update(f, &bad, "Ada", &resp), CODE_INVALID_ARGUMENT);
	assert_refused(f, "avatar", "malformed");
	assert_string_equal(service_fixture_get(f, ADA).first_name, "");
	assert_int_equal(update(f, &good, "Ada", &resp), CODE_OK);
	assert_string_equal(resp.user->first_name, "Ada");
	url = arena_strdup(&f->kept, resp.user->avatar);
	assert_int_equal(get(f, path_of(url), &picture), CODE_OK);
	assert_string_equal(service_fixture_get(f, ADA).avatar, url);
}

static void
only_the_shape_of_a_path_is_ever_looked_up(void **state)
{
	static const char *const paths[] = {
		"",
		"x",
		"../../../etc/passwd",
		"2023/11/14/me.png",
		"2023/11/14/0123456789abcdef0123456789abcdef.png",
	};
	struct service_fixture *f = *state;
	Latchkey__V1__GetAvatarResponse resp;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		assert_int_equal(get(f, paths[i], &resp), CODE_NOT_FOUND);
		assert_int_equal(f->call.reason, REASON(UNSPECIFIED));
	}
}

static void
who_was_deleted_meanwhile_is_told_so(void **state)
{
	static struct test_picture sent;
	struct service_fixture *f = *state;
	struct store_txn txn;
	const char *url = NULL;

	make_png(&sent);
	store_begin_write(f->store, &txn);
	user_store_del(&txn, &f->kept, ADA);
	assert_int_equal(store_end(&txn), CODE_OK);
	assert_int_equal(set(f, &sent, &url), CODE_UNAUTHENTICATED);
	assert_int_equal(f->call.reason, REASON(USER_GONE));
	assert_int_equal(del(f), CODE_UNAUTHENTICATED);
}

static void
every_shortage_of_memory_changes_nothing(void **state)
{
	static struct test_picture sent;
	struct service_fixture *f = *state;
	enum code code = CODE_RESOURCE_EXHAUSTED;
	Latchkey__V1__GetAvatarResponse resp;
	const char *url = NULL;
	size_t size;

	make_png(&sent);
	for (size = 0; code == CODE_RESOURCE_EXHAUSTED; size += 64) {
		assert_true(size < sizeof(f->memory));
		arena_init(&f->arena, f->memory, size);
		code = set(f, &sent, &url);
	}
	assert_int_equal(code, CODE_OK);
	code = CODE_RESOURCE_EXHAUSTED;
	for (size = 0; code == CODE_RESOURCE_EXHAUSTED; size += 64) {
		assert_true(size < sizeof(f->memory));
		arena_init(&f->arena, f->memory, size);
		code = get(f, path_of(url), &resp);
	}
	assert_int_equal(code, CODE_OK);
	arena_init(&f->arena, f->memory, sizeof(f->memory));
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, setup, service_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_picture_is_kept_without_metadata_and_found_by_its_path),
		TEST(each_type_is_served_as_what_it_is),
		TEST(a_new_picture_has_a_new_path_and_ends_the_one_before),
		TEST(a_picture_can_be_deleted_and_once_more),
		TEST(one_users_picture_is_not_anothers),
		TEST(what_is_no_good_picture_is_refused_and_changes_nothing),
		TEST(a_picture_has_at_most_256_kib),
		TEST(names_and_picture_change_together_or_not_at_all),
		TEST(only_the_shape_of_a_path_is_ever_looked_up),
		TEST(who_was_deleted_meanwhile_is_told_so),
		TEST(every_shortage_of_memory_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
