/*
 * The sender as a process of its own, for tests that kill it or give it an
 * unfriendly mail server.
 *
 *   test_mail_driver queue STORE COUNT ADDRESS   queues mails, prints their ids
 *   test_mail_driver send STORE KEY=VALUE...     delivers until SIGTERM
 *   test_mail_driver left STORE                  prints what is due first:
 *                                                "ID ATTEMPTS" or "none"
 *   test_mail_driver test ADDRESS KEY=VALUE...   mail_send_test
 *
 * The keys are members of struct mail_options.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/log.h"
#include "base/process.h"
#include "server/domain/mail_sender.h"
#include "server/store/outbox_store.h"
#include "server/store/store.h"

#define STORE_SIZE (64U << 20)
#define ARENA_SIZE 131072
#define LINK "https://auth.example/?token="

static int
fail(const char *what)
{
	(void)fprintf(stderr, "test_mail_driver: %s\n", what);
	return EXIT_FAILURE;
}

static struct store *
open_store(const char *dir)
{
	const struct store_options options = { .dir = dir,
		                               .size_max = STORE_SIZE,
		                               .readers_max = 8,
		                               .group_max = 8 };
	struct store *store = NULL;
	enum store_fault fault;
	char err[256] = "";

	if (store_open(&options, &store, &fault, err, sizeof(err)) != CODE_OK)
		(void)fail(err);
	return store;
}

static bool
queue_one(struct store *store, const char *to)
{
	static uint8_t memory[ARENA_SIZE];
	int64_t now_us = clock_wall_us();
	char id[HEX_SIZE(MAIL_ID_SIZE)], link[128];
	struct mail mail = {
		.to = to,
		.template_name = "verify",
		.variables = { { "operator", "Example" },
		               { "email", to },
		               { "link", link },
		               { "lifetime", "3 days" } },
		.variable_count = 4,
		.created_at_us = now_us,
		.due_at_us = now_us,
		.last_error = "",
	};
	struct store_txn txn;
	struct arena arena;

	arena_init(&arena, memory, sizeof(memory));
	randombytes_buf(mail.id, sizeof(mail.id));
	hex_encode(mail.id, sizeof(mail.id), id);
	(void)snprintf(link, sizeof(link), LINK "%s", id);
	store_begin_write(store, &txn);
	outbox_store_add(&txn, &arena, &mail);
	if (store_end(&txn) != CODE_OK)
		return false;
	return puts(id) >= 0;
}

static int
queue(struct store *store, const char *count, const char *to)
{
	for (unsigned long n = strtoul(count, NULL, 10); n > 0; n--)
		if (!queue_one(store, to))
			return fail("cannot queue");
	return EXIT_SUCCESS;
}

static int
print_left(struct store *store)
{
	static uint8_t memory[ARENA_SIZE];
	char id[HEX_SIZE(MAIL_ID_SIZE)];
	struct store_txn txn;
	struct arena arena;
	struct mail mail;
	int64_t next_us;
	enum code code;

	arena_init(&arena, memory, sizeof(memory));
	store_begin_read(store, &txn);
	code = outbox_store_due(&txn, &arena, INT64_MAX, &mail, &next_us);
	if (store_end(&txn) != CODE_OK)
		return fail("cannot read");
	if (code == CODE_NOT_FOUND)
		return puts("none") >= 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	hex_encode(mail.id, sizeof(mail.id), id);
	return printf("%s %" PRIu32 "\n", id, mail.attempts) > 0 ? EXIT_SUCCESS
	                                                         : EXIT_FAILURE;
}

/* Sets the option that "key=value" names. */
static bool
set_option(struct mail_options *o, const char *setting)
{
	const struct {
		const char *key;
		const char **member;
	} texts[] = {
		{ "smtp_url", &o->smtp_url },
		{ "smtp_user", &o->smtp_user },
		{ "smtp_password", &o->smtp_password },
		{ "smtp_ca", &o->smtp_ca },
		{ "from", &o->from },
	};
	const char *value = strchr(setting, '=');
	size_t len = value == NULL ? 0 : (size_t)(value - setting);

	if (value == NULL)
		return false;
	value++;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (strlen(texts[i].key) != len ||
		    strncmp(setting, texts[i].key, len) != 0)
			continue;
		*texts[i].member = value;
		return true;
	}
	if (strcmp(setting, "smtp_starttls=0") == 0)
		o->smtp_starttls = false;
	else if (strncmp(setting, "timeout_ms=", len + 1) == 0)
		o->timeout_ms = strtoll(value, NULL, 10);
	else
		return false;
	return true;
}

static bool
read_options(char **settings, struct mail_options *out)
{
	*out = (struct mail_options){
		.transport = MAIL_SMTP,
		.maildir = "",
		.smtp_url = "",
		.smtp_user = "",
		.smtp_password = "",
		.smtp_ca = "",
		.smtp_starttls = true,
		.from = "Example <no-reply@example.org>",
		.template_dir = "",
		.operator_name = "Example",
		.message_id_domain = "",
		.timeout_ms = 60000,
		.retry_first_ms = 20,
	};
	for (; *settings != NULL; settings++)
		if (!set_option(out, *settings))
			return false;
	return true;
}

static int
send_all(struct store *store, char **settings, const sigset_t *signals)
{
	struct mail_sender *sender;
	struct mail_options options;
	char err[256] = "";

	if (!read_options(settings, &options))
		return fail("unknown option");
	if (mail_sender_open(store, &options, &sender, err, sizeof(err)) !=
	    CODE_OK)
		return fail(err);
	LOG_EVENT(LOG_LEVEL_INFO, "ready", LOG_T("url", options.smtp_url));
	while (process_wait_signal(signals, 1000) == 0)
		continue;
	mail_sender_close(sender);
	return EXIT_SUCCESS;
}

static int
send_test(const char *to, char **settings)
{
	struct mail_options options;
	char err[256] = "";

	if (!read_options(settings, &options))
		return fail("unknown option");
	if (mail_send_test(&options, to, err, sizeof(err)) != CODE_OK)
		return fail(err);
	return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	struct store *store;
	sigset_t signals;
	int status;

	process_harden();
	/* Before the store's thread and ours: they inherit it. */
	process_block_signals(&signals);
	if (argc < 3 || sodium_init() < 0)
		return fail("see the head of test_mail_driver.c");
	if (strcmp(argv[1], "test") == 0)
		return send_test(argv[2], argv + 3);
	store = open_store(argv[2]);
	if (store == NULL)
		return EXIT_FAILURE;
	if (strcmp(argv[1], "queue") == 0 && argc == 5)
		status = queue(store, argv[3], argv[4]);
	else if (strcmp(argv[1], "send") == 0)
		status = send_all(store, argv + 3, &signals);
	else if (strcmp(argv[1], "left") == 0)
		status = print_left(store);
	else
		status = fail("see the head of test_mail_driver.c");
	store_close(store);
	return status;
}
