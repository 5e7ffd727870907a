#include "server/domain/mail_sender.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "server/store/outbox_store.h"
#include "server/store/store_fixture.h"
#include "server/store/user_store.h"

#define PATIENCE_MS 60000
#define DAY_US ((int64_t)24 * 3600 * 1000000)

struct fixture {
	struct store_fixture *store;
	struct mail_options options;
	struct mail_sender *sender;
	char home[64];
	char maildir[96];
	size_t before; /* mails that waited */
	char err[512];
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(store_fixture_setup((void **)&f->store), 0);
	store_fixture_make_dir(f->home);
	(void)snprintf(f->maildir, sizeof(f->maildir), "%s/mail", f->home);
	f->options = (struct mail_options){
		.transport = MAIL_MAILDIR,
		.maildir = f->maildir,
		.smtp_url = "",
		.smtp_user = "",
		.smtp_password = "",
		.smtp_ca = "",
		.smtp_starttls = true,
		.from = "Latchkey <no-reply@example.org>",
		.template_dir = "",
		.operator_name = "Example",
		.message_id_domain = "",
		.timeout_ms = 10000,
		.retry_first_ms = 10,
	};
	*state = f;
	return 0;
}

static void
folder_of(const struct fixture *f, const char *name, char out[128])
{
	(void)snprintf(out, 128, "%s/%s", f->maildir, name);
}

static int
teardown(void **state)
{
	static const char *const folders[] = { "tmp", "new", "cur" };
	struct fixture *f = *state;
	void *store = f->store;
	char path[128];

	mail_sender_close(f->sender);
	for (size_t i = 0; i < 3; i++) {
		folder_of(f, folders[i], path);
		if (access(path, F_OK) == 0)
			store_fixture_remove_dir(path);
	}
	(void)rmdir(f->maildir);
	assert_int_equal(rmdir(f->home), 0);
	assert_int_equal(store_fixture_teardown(&store), 0);
	free(f);
	return 0;
}

static void
start(struct fixture *f)
{
	if (mail_sender_open(f->store->store, &f->options, &f->sender, f->err,
	                     sizeof(f->err)) != CODE_OK)
		fail_msg("%s", f->err);
}

static void
stop(struct fixture *f)
{
	mail_sender_close(f->sender);
	f->sender = NULL;
}

static struct mail
mail_of(uint8_t number, int64_t created_at_us, int64_t due_at_us)
{
	struct mail mail = {
		.to = "ada@example.com",
		.template_name = "verify",
		.variables = { { "link", "http://x/?token=t" } },
		.variable_count = 1,
		.created_at_us = created_at_us,
		.due_at_us = due_at_us,
		.last_error = "",
	};

	memset(mail.id, number, sizeof(mail.id));
	return mail;
}

static void
queue(struct fixture *f, const struct mail *mail)
{
	struct store_txn txn;

	store_begin_write(f->store->store, &txn);
	outbox_store_add(&txn, &f->store->arena, mail);
	assert_int_equal(store_end(&txn), CODE_OK);
	arena_reset(&f->store->arena);
}

static void
queue_now(struct fixture *f, uint8_t number)
{
	int64_t now_us = clock_wall_us();
	struct mail mail = mail_of(number, now_us, now_us);

	queue(f, &mail);
}

static size_t
waiting(const struct fixture *f)
{
	return store_fixture_count(f->store->store, STORE_OUTBOX);
}

static size_t
arrived(const struct fixture *f)
{
	char path[128];
	size_t count = 0;
	DIR *dir;

	folder_of(f, "new", path);
	dir = opendir(path);
	if (dir == NULL)
		return 0;
	for (const struct dirent *e; (e = readdir(dir)) != NULL;)
		count += e->d_name[0] != '.';
	(void)closedir(dir);
	return count;
}

typedef bool condition(const struct fixture *f);

static void
wait_for(const struct fixture *f, condition *is_so)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	int64_t end_ms = clock_monotonic_ms() + PATIENCE_MS;

	while (!is_so(f)) {
		assert_true(clock_monotonic_ms() < end_ms);
		(void)nanosleep(&pause, NULL);
	}
}

static bool
is_empty(const struct fixture *f)
{
	return waiting(f) == 0;
}

/* The mail that is due first, whenever that is. */
static struct mail
first(const struct fixture *f)
{
	struct store_txn txn;
	struct mail mail = { 0 };
	int64_t next_us;
	enum code code;

	arena_reset(&f->store->arena);
	store_begin_read(f->store->store, &txn);
	code = outbox_store_due(&txn, &f->store->arena, INT64_MAX, &mail,
	                        &next_us);
	assert_int_equal(store_end(&txn), CODE_OK);
	assert_int_equal(code, CODE_OK);
	return mail;
}

static bool
was_tried_three_times(const struct fixture *f)
{
	return first(f).attempts >= 3;
}

static void
what_was_queued_before_the_start_arrives(void **state)
{
	struct fixture *f = *state;

	for (uint8_t i = 0; i < 20; i++)
		queue_now(f, i);
	start(f);
	wait_for(f, is_empty);
	assert_int_equal(arrived(f), 20);
}

/* Adds a user of the mails' address, or of another one, and returns the id. */
static uint64_t
add_user(struct fixture *f, const char *email, bool is_active)
{
	struct user user = { .email = email,
		             .username = "",
		             .first_name = "",
		             .last_name = "",
		             .name = "",
		             .password_hash = USER_PASSWORD_UNUSABLE,
		             .avatar = "",
		             .is_active = is_active };
	struct store_txn txn;

	store_begin_write(f->store->store, &txn);
	user_store_add(&txn, &f->store->arena, &user);
	assert_int_equal(store_end(&txn), CODE_OK);
	return user.id;
}

static void
mails_nobody_should_get_any_more_are_dropped(void **state)
{
	struct fixture *f = *state;
	const struct {
		uint64_t user_id;
		bool is_notice;
		bool arrives;
	} rows[] = {
		{ add_user(f, "ada@example.com", true), false, true },
		{ add_user(f, "off@example.com", false), false, false },
		{ add_user(f, "moved@example.com", true), false, false },
		{ 4711, false, false },
		{ 1, true, true },
		{ 2, true, true },
		{ 3, true, true },
		{ 4711, true, false },
	};
	int64_t now_us = clock_wall_us();
	size_t arrives = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mail mail = mail_of((uint8_t)i, now_us, now_us);

		mail.user_id = rows[i].user_id;
		if (i == 1)
			mail.to = "off@example.com";
		if (rows[i].is_notice) {
			mail.template_name = "password_changed";
			mail.variable_count = 0;
		}
		queue(f, &mail);
		arrives += rows[i].arrives;
	}
	start(f);
	wait_for(f, is_empty);
	assert_int_equal(arrived(f), arrives);
}

static void
a_damaged_user_holds_up_no_mail(void **state)
{
	struct fixture *f = *state;
	int64_t now_us = clock_wall_us();
	struct mail mail = mail_of(1, now_us, now_us);
	uint64_t key;

	mail.user_id = add_user(f, "ada@example.com", true);
	store_fixture_spoil(f->store->store, STORE_USER,
	                    store_fixture_key(mail.user_id, &key));
	queue(f, &mail);
	queue_now(f, 2);
	start(f);
	wait_for(f, is_empty);
	assert_int_equal(arrived(f), 2);
}

static void
a_woken_sender_delivers_what_was_queued(void **state)
{
	struct fixture *f = *state;

	start(f);
	for (uint8_t i = 0; i < 10; i++) {
		queue_now(f, i);
		mail_sender_wake(f->sender);
		wait_for(f, is_empty);
		assert_int_equal(arrived(f), i + 1);
	}
}

static void
a_mail_waits_for_its_time_and_is_sent_without_a_call(void **state)
{
	struct fixture *f = *state;
	int64_t now_us = clock_wall_us(), due_us = now_us + 300000;
	struct mail mail = mail_of(1, now_us, due_us);
	struct mail later = mail_of(2, now_us, now_us + DAY_US);

	queue(f, &mail);
	start(f);
	while (waiting(f) > 0 && clock_wall_us() < due_us)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	wait_for(f, is_empty);
	assert_true(clock_wall_us() >= due_us);
	assert_int_equal(arrived(f), 1);
	queue(f, &later);
	mail_sender_wake(f->sender);
	stop(f);
	assert_int_equal(waiting(f), 1);
}

static void
a_mail_that_cannot_be_delivered_is_tried_again(void **state)
{
	struct fixture *f = *state;
	char path[128];

	queue_now(f, 1);
	assert_int_equal(mkdir(f->maildir, 0700), 0);
	start(f);
	wait_for(f, is_empty);
	folder_of(f, "new", path);
	store_fixture_remove_dir(path);
	queue_now(f, 2);
	mail_sender_wake(f->sender);
	wait_for(f, was_tried_three_times);
	assert_non_null(strstr(first(f).last_error, f->maildir));
	assert_int_equal(mkdir(path, 0700), 0);
	wait_for(f, is_empty);
	assert_int_equal(arrived(f), 1);
}

static void
an_address_that_cannot_be_mailed_to_is_given_up_at_once(void **state)
{
	struct fixture *f = *state;
	int64_t now_us = clock_wall_us();
	struct mail mail = mail_of(1, now_us, now_us);

	mail.to = "ada@example.com>\r\nBcc: eve@example.com";
	queue(f, &mail);
	queue_now(f, 2);
	start(f);
	wait_for(f, is_empty);
	assert_int_equal(arrived(f), 1);
}

static void
what_fails_for_three_days_is_given_up(void **state)
{
	struct fixture *f = *state;
	int64_t now_us = clock_wall_us();
	struct mail old = mail_of(1, now_us - 3 * DAY_US, now_us);
	struct mail young = mail_of(2, now_us - 2 * DAY_US, now_us);

	old.template_name = "of another version";
	young.template_name = old.template_name;
	queue(f, &old);
	queue(f, &young);
	start(f);
	wait_for(f, was_tried_three_times);
	assert_int_equal(waiting(f), 1);
	assert_int_equal(first(f).id[0], 2);
	assert_string_equal(first(f).last_error, "no such template");
}

static void
an_old_mail_that_passes_is_not_given_up(void **state)
{
	struct fixture *f = *state;
	int64_t now_us = clock_wall_us();
	struct mail old = mail_of(1, now_us - 30 * DAY_US, now_us);

	queue(f, &old);
	start(f);
	wait_for(f, is_empty);
	assert_int_equal(arrived(f), 1);
}

static bool
has_sent_one(const struct fixture *f)
{
	return waiting(f) < f->before;
}

static void
a_closed_sender_leaves_the_rest_for_the_next_one(void **state)
{
	struct fixture *f = *state;

	for (uint8_t i = 0; i < 100; i++)
		queue_now(f, i);
	while ((f->before = waiting(f)) > 0) {
		start(f);
		wait_for(f, has_sent_one);
		stop(f);
	}
	assert_int_equal(arrived(f), 100);
}

static void
each_pause_is_twice_as_long_up_to_an_hour(void **state)
{
	const int64_t hour_us = (int64_t)3600 * 1000000;

	(void)state;
	assert_int_equal(mail_retry_pause_us(5000, 0), 5000000);
	assert_int_equal(mail_retry_pause_us(5000, 1), 10000000);
	assert_int_equal(mail_retry_pause_us(5000, 9), 2560000000);
	assert_int_equal(mail_retry_pause_us(5000, 10), hour_us);
	assert_int_equal(mail_retry_pause_us(5000, UINT32_MAX), hour_us);
	assert_int_equal(mail_retry_pause_us(3600000, 0), hour_us);
}

static void
a_test_mail_goes_out_past_the_outbox(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(mail_send_test(&f->options, "ada@example.com", f->err,
	                                sizeof(f->err)),
	                 CODE_OK);
	assert_int_equal(arrived(f), 1);
	assert_int_equal(waiting(f), 0);
	assert_int_equal(
		mail_send_test(&f->options, "ada", f->err, sizeof(f->err)),
		CODE_FAILED_PRECONDITION);
	assert_non_null(strstr(f->err, "address"));
}

static void
options_that_cannot_work_are_refused_by_name(void **state)
{
	struct fixture *f = *state;
	const struct {
		struct mail_options options;
		const char *complaint;
	} rows[] = {
		{ { .from = "nobody" }, "mail.from" },
		{ { .message_id_domain = "a b" }, "mail.message_id_domain" },
		{ { .template_dir = "/nowhere" }, "/nowhere" },
		{ { .maildir = "/nowhere/at/all" }, "/nowhere/at/all" },
		{ { .smtp_url = "http://x" }, "mail.smtp_url" },
		{ { .smtp_url = "" }, "mail.smtp_url" },
		{ { .smtp_url = "smtp://u:p@x" }, "mail.smtp_url" },
		{ { .smtp_url = "smtp://x", .smtp_user = "u" },
		  "mail.smtp_user" },
		{ { .smtp_url = "smtp://x", .smtp_ca = "/nowhere" },
		  "mail.smtp_ca" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct mail_options *row = &rows[i].options;
		struct mail_options o = f->options;

		o.from = row->from != NULL ? row->from : o.from;
		o.maildir = row->maildir != NULL ? row->maildir : o.maildir;
		if (row->message_id_domain != NULL)
			o.message_id_domain = row->message_id_domain;
		if (row->template_dir != NULL)
			o.template_dir = row->template_dir;
		if (row->smtp_url != NULL) {
			o.transport = MAIL_SMTP;
			o.smtp_url = row->smtp_url;
			o.smtp_starttls = row->smtp_user == NULL;
		}
		o.smtp_user = row->smtp_user != NULL ? row->smtp_user : "";
		o.smtp_ca = row->smtp_ca != NULL ? row->smtp_ca : "";
		f->err[0] = '\0';
		if (mail_sender_check(&o, f->err, sizeof(f->err)) == CODE_OK ||
		    strstr(f->err, rows[i].complaint) == NULL)
			fail_msg("%s: %s", rows[i].complaint, f->err);
		assert_int_not_equal(mail_sender_open(f->store->store, &o,
		                                      &f->sender, f->err,
		                                      sizeof(f->err)),
		                     CODE_OK);
		assert_null(f->sender);
	}
	assert_int_equal(mail_sender_check(&f->options, f->err, sizeof(f->err)),
	                 CODE_OK);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_queued_before_the_start_arrives),
		TEST(mails_nobody_should_get_any_more_are_dropped),
		TEST(a_damaged_user_holds_up_no_mail),
		TEST(a_woken_sender_delivers_what_was_queued),
		TEST(a_mail_waits_for_its_time_and_is_sent_without_a_call),
		TEST(a_mail_that_cannot_be_delivered_is_tried_again),
		TEST(an_address_that_cannot_be_mailed_to_is_given_up_at_once),
		TEST(what_fails_for_three_days_is_given_up),
		TEST(an_old_mail_that_passes_is_not_given_up),
		TEST(a_closed_sender_leaves_the_rest_for_the_next_one),
		cmocka_unit_test(each_pause_is_twice_as_long_up_to_an_hour),
		TEST(a_test_mail_goes_out_past_the_outbox),
		TEST(options_that_cannot_work_are_refused_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
