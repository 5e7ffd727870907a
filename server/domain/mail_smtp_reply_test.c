#include "server/domain/mail_smtp_reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct mail_smtp_reply
after(const char *command, const char *line)
{
	struct mail_smtp_reply reply;

	mail_smtp_reply_init(&reply);
	mail_smtp_reply_line(&reply, "220 hello\r\n", 11);
	if (command == NULL)
		mail_smtp_reply_body(&reply);
	else
		mail_smtp_reply_command(&reply, command, strlen(command));
	mail_smtp_reply_line(&reply, line, strlen(line));
	return reply;
}

static void
a_reply_is_judged_by_what_it_answers(void **state)
{
	static const struct {
		const char *command, *line;
		enum mail_outcome outcome;
	} rows[] = {
		{ "RCPT TO:<a@b>\r\n", "550 5.1.1 unknown\r\n", MAIL_REFUSED },
		{ "RCPT TO:<a@b>\r\n", "553 no\r\n", MAIL_REFUSED },
		{ "RCPT TO:<a@b>\r\n", "550\r\n", MAIL_REFUSED },
		{ "RCPT TO:<a@b>\r\n", "451 later\r\n", MAIL_LATER },
		{ "RCPT TO:<a@b>\r\n", "530 5.5.1 login\r\n", MAIL_LATER },
		{ "RCPT TO:<a@b>\r\n", "554 5.7.1 relay\r\n", MAIL_LATER },
		{ "DATA\r\n", "554 no\r\n", MAIL_LATER },
		{ NULL, "554 spam\r\n", MAIL_LATER },
		{ NULL, "451 full\r\n", MAIL_LATER },
		{ "MAIL FROM:<a@b>\r\n", "550 not you\r\n", MAIL_UNREACHABLE },
		{ "EHLO x\r\n", "554 go away\r\n", MAIL_UNREACHABLE },
		{ "AUTH PLAIN x\r\n", "535 wrong\r\n", MAIL_UNREACHABLE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mail_smtp_reply reply =
			after(rows[i].command, rows[i].line);

		assert_true(mail_smtp_reply_is_failure(&reply));
		assert_int_equal(mail_smtp_reply_outcome(&reply),
		                 rows[i].outcome);
	}
}

static void
a_success_or_silence_is_no_failure(void **state)
{
	struct mail_smtp_reply reply = after("DATA\r\n", "354 go\r\n");

	(void)state;
	assert_false(mail_smtp_reply_is_failure(&reply));
	reply = after("DATA\r\n", "554 no\r\n");
	mail_smtp_reply_command(&reply, "RSET\r\n", 6);
	assert_false(mail_smtp_reply_is_failure(&reply));
}

static void
what_follows_quit_says_nothing(void **state)
{
	struct mail_smtp_reply reply =
		after("RCPT TO:<a@b>\r\n", "550 unknown\r\n");

	(void)state;
	mail_smtp_reply_command(&reply, "QUIT\r\n", 6);
	mail_smtp_reply_line(&reply, "221 bye\r\n", 9);
	assert_true(mail_smtp_reply_is_failure(&reply));
	assert_int_equal(mail_smtp_reply_outcome(&reply), MAIL_REFUSED);
}

static void
the_explanation_names_the_step_and_quotes_one_line(void **state)
{
	struct mail_smtp_reply reply =
		after("RCPT TO:<a@b>\r\n", "550 a\tb\x80\r\n");
	char out[256], line[400];

	(void)state;
	mail_smtp_reply_explain(&reply, out, sizeof(out));
	assert_string_equal(out, "RCPT TO: 550 a b");
	/* A filter may quote the link that it did not like. */
	reply = after(NULL, "554 bad link http://x/secret\r\n");
	mail_smtp_reply_explain(&reply, out, sizeof(out));
	assert_string_equal(out, "message: 554");
	memset(line, '5', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	reply = after("DATA\r\n", line);
	mail_smtp_reply_explain(&reply, out, sizeof(out));
	assert_int_equal(strlen(out), strlen("DATA: ") + 127);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reply_is_judged_by_what_it_answers),
		cmocka_unit_test(a_success_or_silence_is_no_failure),
		cmocka_unit_test(what_follows_quit_says_nothing),
		cmocka_unit_test(
			the_explanation_names_the_step_and_quotes_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
