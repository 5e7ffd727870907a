#include "server/store/avatar_store.h"
#include "server/store/store_backup.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/store/store_fixture.h"

#define ROOM (AVATAR_SIZE_MAX + 256) /* what the header says a call needs */

/* The store, an arena for one picture, and the largest one. */
struct scene {
	struct store_fixture *f;
	struct arena arena;
	uint8_t memory[ROOM];
	uint8_t image[AVATAR_SIZE_MAX];
};

static int
setup(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	void *fixture;

	assert_non_null(scene);
	assert_int_equal(store_fixture_setup(&fixture), 0);
	scene->f = fixture;
	arena_init(&scene->arena, scene->memory, sizeof(scene->memory));
	for (size_t i = 0; i < sizeof(scene->image); i++)
		scene->image[i] = (uint8_t)(i * 31 + i / 256);
	*state = scene;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *scene = *state;
	void *fixture = scene->f;

	assert_int_equal(store_fixture_teardown(&fixture), 0);
	free(scene);
	return 0;
}

/* Picture `number`: a piece of the image, told apart by its size; 0 is largest,
 * 5 and such have 8 KiB. */
static struct avatar
avatar_of(const struct scene *scene, unsigned number, char path[32])
{
	(void)snprintf(path, 32, "2026/11/20/%08x.png", number);
	return (struct avatar){ .path = path,
		                .user_id = number + 1,
		                .media_type = "image/png",
		                .image = { scene->image,
		                           (AVATAR_SIZE_MAX - number) >>
		                                   (number % 6) },
		                .created_at_us = 5 };
}

static enum code
add(struct scene *scene, const struct avatar *avatar)
{
	struct store_txn txn;

	arena_reset(&scene->arena);
	store_begin_write(scene->f->store, &txn);
	avatar_store_add(&txn, &scene->arena, avatar);
	return store_end(&txn);
}

static enum code
find(struct scene *scene, const char *path, struct avatar *out)
{
	struct store_txn txn;
	enum code found, ended;

	arena_reset(&scene->arena);
	store_begin_read(scene->f->store, &txn);
	found = avatar_store_find(&txn, &scene->arena, path, out);
	ended = store_end(&txn);
	/* Absence does not fail the transaction, everything else does. */
	assert_int_equal(ended, found == CODE_NOT_FOUND ? CODE_OK : found);
	return found;
}

static enum code
del(struct scene *scene, const char *path)
{
	struct store_txn txn;

	store_begin_write(scene->f->store, &txn);
	avatar_store_del(&txn, path);
	return store_end(&txn);
}

static void
assert_there(struct scene *scene, unsigned number)
{
	char path[32];
	struct avatar want = avatar_of(scene, number, path), got;

	assert_int_equal(find(scene, path, &got), CODE_OK);
	assert_string_equal(got.path, path);
	assert_int_equal(got.user_id, want.user_id);
	assert_string_equal(got.media_type, "image/png");
	assert_int_equal(got.image.len, want.image.len);
	assert_memory_equal(got.image.data, want.image.data, want.image.len);
	assert_int_equal(got.created_at_us, 5);
}

static void
the_largest_picture_comes_back_whole_within_the_memory_said(void **state)
{
	struct scene *scene = *state;
	char path[32];
	struct avatar avatar = avatar_of(scene, 0, path);

	assert_int_equal(add(scene, &avatar), CODE_OK);
	assert_int_equal(add(scene, &avatar), CODE_ALREADY_EXISTS);
	store_fixture_reopen(scene->f);
	assert_there(scene, 0);
}

static void
a_deleted_picture_is_gone_and_absence_is_no_failure(void **state)
{
	struct scene *scene = *state;
	char path[32];
	struct avatar avatar = avatar_of(scene, 1, path);
	struct avatar got = { .user_id = 99 };

	assert_int_equal(add(scene, &avatar), CODE_OK);
	assert_int_equal(del(scene, path), CODE_OK);
	assert_int_equal(find(scene, path, &got), CODE_NOT_FOUND);
	assert_int_equal(got.user_id, 99);
	assert_int_equal(del(scene, path), CODE_OK);
}

static void
any_text_may_be_asked_for(void **state)
{
	struct scene *scene = *state;
	char path[2000] = { 0 };
	struct avatar got;

	memset(path, 'p', sizeof(path) - 1);
	assert_int_equal(find(scene, path, &got), CODE_NOT_FOUND);
	assert_int_equal(find(scene, "", &got), CODE_NOT_FOUND);
	assert_int_equal(find(scene, "\xff", &got), CODE_NOT_FOUND);
	assert_int_equal(del(scene, path), CODE_OK);
	assert_int_equal(del(scene, ""), CODE_OK);
}

static void
pictures_out_of_their_bounds_are_refused(void **state)
{
	struct scene *scene = *state;
	char path[32], text[AVATAR_PATH_MAX + 2] = { 0 };
	struct avatar bad[7];

	memset(text, 't', AVATAR_PATH_MAX + 1);
	for (size_t i = 0; i < 7; i++)
		bad[i] = avatar_of(scene, 0, path);
	bad[0].image.len = AVATAR_SIZE_MAX + 1;
	bad[1].image.len = 0;
	bad[2].image.data = NULL;
	bad[3].path = "";
	bad[4].path = text;
	bad[5].media_type = text;
	bad[6].user_id = 0;
	for (size_t i = 0; i < 7; i++)
		assert_int_equal(add(scene, &bad[i]), CODE_INVALID_ARGUMENT);
	text[AVATAR_PATH_MAX] = '\0';
	assert_int_equal(add(scene, &bad[4]), CODE_OK);
}

static void
a_picture_that_does_not_unpack_is_damage(void **state)
{
	struct scene *scene = *state;
	struct bytes key = { "p", 1 };
	struct avatar got = { .user_id = 99 };
	struct store_txn txn;

	store_fixture_spoil(scene->f->store, STORE_AVATAR, key);
	assert_int_equal(find(scene, "p", &got), CODE_DATA_LOSS);
	store_begin_write(scene->f->store, &txn);
	store_put(&txn, STORE_AVATAR, key, (struct bytes){ 0 });
	assert_int_equal(store_end(&txn), CODE_OK);
	assert_int_equal(find(scene, "p", &got), CODE_DATA_LOSS);
	assert_int_equal(got.user_id, 99);
}

static void
a_bit_that_flips_deep_in_a_picture_is_refused_at_open(void **state)
{
	struct scene *scene = *state;
	char path[32];
	struct avatar avatar = avatar_of(scene, 0, path);
	size_t size = 0, at;
	uint8_t *copy = NULL;
	FILE *file;

	assert_int_equal(add(scene, &avatar), CODE_OK);
	store_fixture_close(scene->f);
	file = fopen(scene->f->file, "r+");
	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	size = (size_t)ftell(file);
	copy = malloc(size);
	assert_non_null(copy);
	rewind(file);
	assert_int_equal(fread(copy, 1, size, file), size);
	at = (size_t)((uint8_t *)memmem(copy, size, scene->image + 200000,
	                                1000) -
	              copy);
	assert_true(at < size);
	copy[at + 500] ^= 1;
	assert_int_equal(fseek(file, (long)at + 500, SEEK_SET), 0);
	assert_int_equal(fputc(copy[at + 500], file), copy[at + 500]);
	assert_int_equal(fclose(file), 0);
	free(copy);
	assert_int_equal(store_fixture_try(scene->f), CODE_DATA_LOSS);
	assert_non_null(strstr(scene->f->err, "checksum"));
}

#define ROUNDS 6
#define PICTURES 12

static void
replaced_pictures_leave_their_room_to_the_next_ones(void **state)
{
	struct scene *scene = *state;
	struct store_stats first, last;
	char path[32];

	for (unsigned i = 0; i < ROUNDS * PICTURES; i++) {
		struct avatar avatar = avatar_of(scene, i, path);

		assert_int_equal(add(scene, &avatar), CODE_OK);
		assert_int_equal(store_fixture_add(scene->f->store, i, i),
		                 CODE_OK);
		if (i == PICTURES)
			store_stats_get(scene->f->store, &first);
		if (i < PICTURES)
			continue;
		(void)avatar_of(scene, i - PICTURES, path);
		assert_int_equal(del(scene, path), CODE_OK);
	}
	store_stats_get(scene->f->store, &last);
	assert_true(last.size_used < first.size_used + (1 << 20));
	store_fixture_reopen(scene->f);
	for (unsigned i = (ROUNDS - 1) * PICTURES; i < ROUNDS * PICTURES; i++)
		assert_there(scene, i);
}

static void
a_backup_holds_the_pictures(void **state)
{
	struct scene *scene = *state;
	struct store_fixture *f = scene->f;
	char dir[64], file[80], err[256], path[32];

	for (unsigned i = 0; i < 20; i++) {
		struct avatar avatar = avatar_of(scene, i, path);

		assert_int_equal(add(scene, &avatar), CODE_OK);
		if (i % 2 == 1)
			assert_int_equal(del(scene, path), CODE_OK);
	}
	store_fixture_close(f);
	store_fixture_make_dir(dir);
	(void)snprintf(file, sizeof(file), "%s/data.mdb", dir);
	if (store_backup(f->dir, file, err, sizeof(err)) != CODE_OK)
		fail_msg("%s", err);
	assert_int_equal(rename(file, f->file), 0);
	store_fixture_reopen(f);
	for (unsigned i = 0; i < 20; i += 2)
		assert_there(scene, i);
	store_fixture_remove_dir(dir);
}

/* One of many that upload at the same time. */
struct uploader {
	pthread_t thread;
	const struct scene *scene;
	unsigned first;
	unsigned count;
	unsigned added;
	unsigned wrong;
};

#define UPLOADERS 16

/* The fault is why it was refused, if it was. */
static enum code
upload(const struct scene *scene, struct arena *arena, unsigned number,
       enum store_fault *fault)
{
	char path[32];
	struct avatar avatar = avatar_of(scene, number, path);
	struct store_txn txn;
	enum code code;

	arena_reset(arena);
	store_begin_write(scene->f->store, &txn);
	avatar_store_add(&txn, arena, &avatar);
	code = store_end(&txn);
	*fault = txn.fault;
	return code;
}

static void *
upload_many(void *arg)
{
	struct uploader *u = arg;
	void *memory = malloc(ROOM);
	struct arena arena;

	if (memory == NULL)
		abort();
	arena_init(&arena, memory, ROOM);
	for (unsigned i = u->first; i < u->first + u->count; i++) {
		enum store_fault fault;
		enum code code = upload(u->scene, &arena, i, &fault);

		if (code == CODE_OK)
			u->added++;
		else if (code != CODE_RESOURCE_EXHAUSTED ||
		         fault != STORE_FAULT_FULL)
			u->wrong++;
	}
	free(memory);
	return NULL;
}

static unsigned
upload_together(struct scene *scene, unsigned count)
{
	struct uploader uploaders[UPLOADERS];
	unsigned added = 0;

	for (unsigned i = 0; i < UPLOADERS; i++) {
		uploaders[i] = (struct uploader){ .scene = scene,
			                          .first = i * count,
			                          .count = count };
		assert_int_equal(pthread_create(&uploaders[i].thread, NULL,
		                                upload_many, &uploaders[i]),
		                 0);
	}
	for (unsigned i = 0; i < UPLOADERS; i++) {
		assert_int_equal(pthread_join(uploaders[i].thread, NULL), 0);
		assert_int_equal(uploaders[i].wrong, 0);
		added += uploaders[i].added;
	}
	return added;
}

static void
uploads_at_the_same_time_all_arrive(void **state)
{
	struct scene *scene = *state;

	assert_int_equal(upload_together(scene, 16), UPLOADERS * 16);
	store_fixture_reopen(scene->f);
	for (unsigned i = 0; i < UPLOADERS * 16; i++)
		assert_there(scene, i);
}

/* Uploads at once into a store of few MiB; then its sessions end. */
static void
fill_and_go_on(struct scene *scene, unsigned mebibytes)
{
	struct store_fixture *f = scene->f;
	unsigned added;
	char path[32];

	f->options.size_max = (uint64_t)mebibytes << 20;
	store_fixture_reopen(f);
	for (uint64_t i = 0; i < 500; i++)
		assert_int_equal(store_fixture_add(f->store, i, i), CODE_OK);
	added = upload_together(scene, 60);
	assert_true(added > 0 && added < UPLOADERS * 60);
	assert_int_equal(store_fixture_count(f->store, STORE_AVATAR), added);
	for (uint64_t i = 0; i < 500; i++)
		assert_int_equal(store_fixture_del(f->store, i), CODE_OK);
	for (unsigned i = 0; i < UPLOADERS * 60; i++) {
		(void)avatar_of(scene, i, path);
		assert_int_equal(del(scene, path), CODE_OK);
	}
	assert_int_equal(store_fixture_count(f->store, STORE_AVATAR), 0);
}

static void
uploads_fill_a_store_only_so_far_that_sessions_still_end(void **state)
{
	struct scene *scene = *state;

	for (unsigned mebibytes = 4; mebibytes <= 6; mebibytes++) {
		store_fixture_close(scene->f);
		assert_int_equal(remove(scene->f->file), 0);
		fill_and_go_on(scene, mebibytes);
	}
}

static void
fails_cleanly_when_the_request_is_out_of_memory(void **state)
{
	struct scene *scene = *state;
	char path[32];
	struct avatar avatar = avatar_of(scene, 0, path), got;
	enum code code = CODE_RESOURCE_EXHAUSTED;
	size_t size;

	avatar.image.len = 500;
	for (size = 0; code == CODE_RESOURCE_EXHAUSTED; size += 8) {
		arena_init(&scene->arena, scene->memory, size);
		code = add(scene, &avatar);
	}
	assert_int_equal(code, CODE_OK);
	code = CODE_RESOURCE_EXHAUSTED;
	for (size = 0; code == CODE_RESOURCE_EXHAUSTED; size += 8) {
		arena_init(&scene->arena, scene->memory, size);
		got.user_id = 99;
		code = find(scene, path, &got);
		assert_int_equal(got.user_id, code == CODE_OK ? 1 : 99);
	}
	assert_int_equal(code, CODE_OK);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_largest_picture_comes_back_whole_within_the_memory_said),
		TEST(a_deleted_picture_is_gone_and_absence_is_no_failure),
		TEST(any_text_may_be_asked_for),
		TEST(pictures_out_of_their_bounds_are_refused),
		TEST(a_picture_that_does_not_unpack_is_damage),
		TEST(a_bit_that_flips_deep_in_a_picture_is_refused_at_open),
		TEST(replaced_pictures_leave_their_room_to_the_next_ones),
		TEST(a_backup_holds_the_pictures),
		TEST(uploads_at_the_same_time_all_arrive),
		TEST(uploads_fill_a_store_only_so_far_that_sessions_still_end),
		TEST(fails_cleanly_when_the_request_is_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
