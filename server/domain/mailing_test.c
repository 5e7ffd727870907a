#include "server/domain/mailing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "server/domain/mail_template.h"
#include "server/store/outbox_store.h"
#include "server/store/store.h"
#include "server/store/store_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define S ((int64_t)1000000) /* microseconds */
#define HOUR (3600 * S)
#define T0 (1800000000 * S)
#define BASE "https://auth.example"
#define VERIFY_URL BASE "/api/auth/verify-email/?token="
#define RESET_URL BASE "/api/auth/password-reset-confirm/"
#define TOKEN_LEN 43

static const struct mailing_policy plain = {
	.public_base = BASE,
	.link_verify = "",
	.link_reset = NULL,
	.operator_name = "Example & Co",
	.verify_lifetime_s = 259200,
	.reset_lifetime_s = 3600,
	.invitation_lifetime_s = 604800,
};

static const struct user ada = {
	.email = "Ada@Example.org",
	.username = "ada",
	.first_name = "Ada",
	.last_name = "Lovelace",
	.name = "",
	.password_hash = "!",
	.avatar = "",
	.is_active = true,
};

/* One transaction of a test, and what a call has in it. */
struct step {
	struct store_txn txn;
	struct mailing mailing;
};

static const struct mailing *
begin_at(struct store_fixture *f, struct step *step, int64_t now_us)
{
	arena_reset(&f->arena);
	store_begin_write(f->store, &step->txn);
	step->mailing = (struct mailing){ &step->txn, &f->arena, &plain, now_us,
		                          "192.0.2.7" };
	return &step->mailing;
}

static void
end(struct step *step)
{
	assert_int_equal(store_end(&step->txn), CODE_OK);
}

static struct user
add_user(struct store_fixture *f, const struct user *like)
{
	struct user user = *like;
	struct step step;

	(void)begin_at(f, &step, T0);
	user_store_add(&step.txn, &f->arena, &user);
	end(&step);
	return user;
}

/* Takes the mail that is due next out of the outbox. */
static struct mail
take_mail(struct store_fixture *f, int64_t now_us)
{
	struct step step;
	struct mail mail;
	int64_t next_us;

	(void)begin_at(f, &step, now_us);
	assert_int_equal(
		outbox_store_due(&step.txn, &f->arena, now_us, &mail, &next_us),
		CODE_OK);
	outbox_store_del(&step.txn, &mail);
	end(&step);
	return mail;
}

static void
expect_no_mail(struct store_fixture *f)
{
	struct step step;
	struct mail mail;
	int64_t next_us;

	(void)begin_at(f, &step, T0);
	assert_int_equal(outbox_store_due(&step.txn, &f->arena, INT64_MAX,
	                                  &mail, &next_us),
	                 CODE_NOT_FOUND);
	end(&step);
}

static const char *
variable(const struct mail *mail, const char *name)
{
	for (size_t i = 0; i < mail->variable_count; i++)
		if (strcmp(mail->variables[i].name, name) == 0)
			return mail->variables[i].value;
	fail_msg("%s has no variable %s", mail->template_name, name);
	return "";
}

/* Copies the token that stands in a mail's link. */
static void
copy_token(const struct mail *mail, char out[TOKEN_LEN + 1])
{
	const char *url = variable(mail, "link");
	size_t len = strlen(url);

	if (len <= TOKEN_LEN + 1) {
		fail_msg("%s", url);
		return;
	}
	if (url[len - 1] == '/')
		len--;
	memcpy(out, url + len - TOKEN_LEN, TOKEN_LEN);
	out[TOKEN_LEN] = '\0';
}

/* Makes a link and gives its token. */
static void
make_link(struct store_fixture *f, const struct user *user,
          enum link_purpose purpose, int64_t now_us, char token[TOKEN_LEN + 1])
{
	struct step step;
	struct mail mail;

	mailing_link(begin_at(f, &step, now_us), user, purpose);
	end(&step);
	mail = take_mail(f, now_us);
	copy_token(&mail, token);
}

static enum link_fault
judge(struct store_fixture *f, const char *token, enum link_purpose purpose,
      uint64_t user_id, int64_t now_us)
{
	enum link_fault fault;
	struct step step;
	struct link link;

	fault = mailing_read_link(begin_at(f, &step, now_us), token, purpose,
	                          user_id, &link);
	end(&step);
	return fault;
}

static void
use(struct store_fixture *f, const char *token, enum link_purpose purpose,
    int64_t now_us)
{
	struct step step;
	struct link link;

	assert_int_equal(mailing_read_link(begin_at(f, &step, now_us), token,
	                                   purpose, 0, &link),
	                 LINK_OK);
	link.used_at_us = now_us;
	link_store_put(&step.txn, &f->arena, &link);
	end(&step);
}

static void
a_verification_mail_has_its_link_and_its_words(void **state)
{
	struct store_fixture *f = *state;
	const struct user user = add_user(f, &ada);
	struct step step;
	struct mail mail;

	mailing_link(begin_at(f, &step, T0), &user, LINK_VERIFY_EMAIL);
	end(&step);
	mail = take_mail(f, T0);
	assert_string_equal(mail.to, "Ada@Example.org");
	assert_string_equal(mail.template_name, "verify");
	assert_int_equal(mail.created_at_us, T0);
	assert_int_equal(mail.attempts, 0);
	assert_string_equal(variable(&mail, "name"), "Ada Lovelace");
	assert_string_equal(variable(&mail, "operator"), "Example & Co");
	assert_string_equal(variable(&mail, "lifetime"), "3 days");
	assert_string_equal(variable(&mail, "address"), "192.0.2.7");
	assert_int_equal(strlen(variable(&mail, "link")),
	                 strlen(VERIFY_URL) + TOKEN_LEN);
	assert_memory_equal(variable(&mail, "link"), VERIFY_URL,
	                    strlen(VERIFY_URL));
	expect_no_mail(f);
}

static void
reset_and_invitation_name_the_user_in_the_link(void **state)
{
	static const struct {
		enum link_purpose purpose;
		const char *template_name;
		const char *lifetime;
	} rows[] = {
		{ LINK_RESET_PASSWORD, "reset", "1 hour" },
		{ LINK_INVITATION, "invitation", "7 days" },
	};
	struct store_fixture *f = *state;
	const struct user user = add_user(f, &ada);
	char expected[256], token[TOKEN_LEN + 1];

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct step step;
		struct mail mail;

		mailing_link(begin_at(f, &step, T0), &user, rows[i].purpose);
		end(&step);
		mail = take_mail(f, T0);
		assert_string_equal(mail.template_name, rows[i].template_name);
		assert_string_equal(variable(&mail, "lifetime"),
		                    rows[i].lifetime);
		copy_token(&mail, token);
		assert_int_equal(user.id, 1);
		(void)snprintf(expected, sizeof(expected), RESET_URL "MQ/%s/",
		               token);
		assert_string_equal(variable(&mail, "link"), expected);
	}
}

static void
templates_of_links_are_filled_wherever_they_say(void **state)
{
	struct store_fixture *f = *state;
	const struct user user = add_user(f, &ada);
	struct mailing_policy policy = plain;
	char expected[256], token[TOKEN_LEN + 1];
	struct step step;
	struct mail mail;

	policy.link_verify = "https://www.example/#/verify?a={x}&t={token}";
	policy.link_reset = "{base}/r?u={uid}&uid={uid}&t={token}";
	(void)begin_at(f, &step, T0);
	step.mailing.policy = &policy;
	mailing_link(&step.mailing, &user, LINK_VERIFY_EMAIL);
	end(&step);
	mail = take_mail(f, T0);
	copy_token(&mail, token);
	(void)snprintf(expected, sizeof(expected),
	               "https://www.example/#/verify?a={x}&t=%s", token);
	assert_string_equal(variable(&mail, "link"), expected);
	assert_int_equal(judge(f, token, LINK_VERIFY_EMAIL, 0, T0), LINK_OK);

	(void)begin_at(f, &step, T0);
	step.mailing.policy = &policy;
	mailing_link(&step.mailing, &user, LINK_INVITATION);
	end(&step);
	mail = take_mail(f, T0);
	copy_token(&mail, token);
	(void)snprintf(expected, sizeof(expected), BASE "/r?u=MQ&uid=MQ&t=%s",
	               token);
	assert_string_equal(variable(&mail, "link"), expected);
}

static void
a_reader_is_called_by_the_best_name_there_is(void **state)
{
	struct store_fixture *f = *state;
	struct user user = add_user(f, &ada);
	static const char *const expected[] = { "Countess", "ada",
		                                "Ada@Example.org" };
	struct step step;

	user.first_name = user.last_name = "";
	for (size_t i = 0; i < COUNT(expected); i++) {
		struct mail mail;

		user.name = i == 0 ? "Countess" : "";
		user.username = i <= 1 ? "ada" : "";
		mailing_link(begin_at(f, &step, T0), &user, LINK_VERIFY_EMAIL);
		end(&step);
		mail = take_mail(f, T0);
		assert_string_equal(variable(&mail, "name"), expected[i]);
	}
}

static void
the_notice_says_from_where(void **state)
{
	struct store_fixture *f = *state;
	const struct user user = add_user(f, &ada);
	struct step step;
	struct mail mail;

	mailing_password_changed(begin_at(f, &step, T0), &user);
	end(&step);
	mail = take_mail(f, T0);
	assert_string_equal(mail.to, "Ada@Example.org");
	assert_string_equal(mail.template_name, "password_changed");
	assert_string_equal(variable(&mail, "name"), "Ada Lovelace");
	assert_string_equal(variable(&mail, "address"), "192.0.2.7");
}

static void
the_notice_of_a_link_names_the_issuer(void **state)
{
	struct store_fixture *f = *state;
	const struct user user = add_user(f, &ada);
	struct step step;
	struct mail mail;

	mailing_identity_linked(begin_at(f, &step, T0), &user, "Google");
	end(&step);
	mail = take_mail(f, T0);
	assert_string_equal(mail.to, "Ada@Example.org");
	assert_string_equal(mail.template_name, "identity_linked");
	assert_string_equal(variable(&mail, "issuer"), "Google");
	assert_string_equal(variable(&mail, "address"), "192.0.2.7");
}

/* What this file names and what the templates name must be the same. */
static void
expect_words(struct store_fixture *f, const struct mail *mail,
             const char *const *said)
{
	struct mail_templates *templates;
	struct mail_words words;
	char err[256] = "";

	assert_int_equal(mail_templates_open("", &templates, err, sizeof(err)),
	                 CODE_OK);
	assert_int_equal(
		mail_templates_fill(templates, &f->arena, mail, &words),
		CODE_OK);
	for (; *said != NULL; said++) {
		assert_non_null(strstr(words.text, *said));
		assert_non_null(strstr(words.html, *said));
	}
	mail_templates_close(templates);
}

static void
the_built_in_templates_find_what_they_name(void **state)
{
	static const enum link_purpose purposes[] = { LINK_VERIFY_EMAIL,
		                                      LINK_RESET_PASSWORD,
		                                      LINK_INVITATION };
	static const char *const lifetimes[] = { "3 days", "1 hour", "7 days" };
	static const char *const notice[] = { "2027-01-15 08:00 UTC",
		                              "192.0.2.7", "Ada@Example.org",
		                              NULL };
	struct store_fixture *f = *state;
	const struct user user = add_user(f, &ada);
	struct step step;
	struct mail mail;

	for (size_t i = 0; i < sizeof(purposes) / sizeof(purposes[0]); i++) {
		const char *said[] = { "Ada@Example.org", lifetimes[i],
			               "https://", NULL };

		mailing_link(begin_at(f, &step, T0), &user, purposes[i]);
		end(&step);
		mail = take_mail(f, T0);
		expect_words(f, &mail, said);
	}
	mailing_password_changed(begin_at(f, &step, T0), &user);
	end(&step);
	mail = take_mail(f, T0);
	expect_words(f, &mail, notice);
}

static void
an_invitation_does_not_say_from_where(void **state)
{
	struct store_fixture *f = *state;
	const struct user user = add_user(f, &ada);
	struct step step;
	struct mail mail;

	mailing_link(begin_at(f, &step, T0), &user, LINK_INVITATION);
	end(&step);
	mail = take_mail(f, T0);
	for (size_t i = 0; i < mail.variable_count; i++)
		assert_null(strstr(mail.variables[i].value, "192.0.2.7"));
}

static void
a_lifetime_is_said_in_the_greatest_exact_unit(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} rows[] = {
		{ 86400, "1 day" },     { 86400 + 3600, "25 hours" },
		{ 5400, "90 minutes" }, { 60, "1 minute" },
		{ 61, "61 seconds" },   { 1, "1 second" },
	};
	struct store_fixture *f = *state;
	const struct user user = add_user(f, &ada);
	struct mailing_policy policy = plain;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct step step;
		struct mail mail;

		policy.reset_lifetime_s = rows[i].seconds;
		(void)begin_at(f, &step, T0);
		step.mailing.policy = &policy;
		mailing_link(&step.mailing, &user, LINK_RESET_PASSWORD);
		end(&step);
		mail = take_mail(f, T0);
		assert_string_equal(variable(&mail, "lifetime"), rows[i].text);
	}
}

static void
a_template_without_what_a_link_needs_is_refused(void **state)
{
	static const struct {
		const char *template;
		enum link_purpose purpose;
		const char *fault;
	} rows[] = {
		{ "", LINK_VERIFY_EMAIL, NULL },
		{ NULL, LINK_RESET_PASSWORD, NULL },
		{ "https://x.org/#/v/{token}", LINK_VERIFY_EMAIL, NULL },
		{ "http://x.org/{uid}/{token}", LINK_RESET_PASSWORD, NULL },
		{ "{base}/r?u={uid}&t={token}", LINK_RESET_PASSWORD, NULL },
		{ "https://x.org/{tokn}", LINK_VERIFY_EMAIL, "{token}" },
		{ "https://x.org/{token}", LINK_RESET_PASSWORD, "{uid}" },
		{ "https://x.org/{token}", LINK_INVITATION, "{uid}" },
		{ "javascript:{token}", LINK_VERIFY_EMAIL, "begin" },
		{ "x.org/{token}", LINK_VERIFY_EMAIL, "begin" },
		{ "https://x.org/ {token}", LINK_VERIFY_EMAIL, "character" },
		{ "https://x.org/{token}\n", LINK_VERIFY_EMAIL, "character" },
		{ "https://x.org/\"{token}", LINK_VERIFY_EMAIL, "character" },
	};
	char endless[MAILING_TEMPLATE_MAX + 2];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *fault = mailing_template_fault(rows[i].template,
		                                           rows[i].purpose);

		if ((fault == NULL) != (rows[i].fault == NULL))
			fail_msg("%s", rows[i].template);
		if (fault != NULL && rows[i].fault != NULL)
			assert_non_null(strstr(fault, rows[i].fault));
	}
	memset(endless, 'a', sizeof(endless) - 1);
	endless[sizeof(endless) - 1] = '\0';
	assert_non_null(mailing_template_fault(endless, LINK_VERIFY_EMAIL));
}

static void
a_user_without_an_address_gets_no_mail(void **state)
{
	struct store_fixture *f = *state;
	struct user user = ada;
	struct step step;

	user.email = "";
	user = add_user(f, &user);
	mailing_link(begin_at(f, &step, T0), &user, LINK_INVITATION);
	mailing_password_changed(&step.mailing, &user);
	end(&step);
	expect_no_mail(f);
}

static void
no_two_links_and_no_two_mails_are_alike(void **state)
{
	struct store_fixture *f = *state;
	const struct user user = add_user(f, &ada);
	char a[TOKEN_LEN + 1], b[TOKEN_LEN + 1];
	struct mail first, second;
	struct step step;

	mailing_link(begin_at(f, &step, T0), &user, LINK_VERIFY_EMAIL);
	mailing_link(&step.mailing, &user, LINK_RESET_PASSWORD);
	end(&step);
	first = take_mail(f, T0);
	copy_token(&first, a);
	second = take_mail(f, T0);
	copy_token(&second, b);
	assert_string_not_equal(a, b);
	assert_memory_not_equal(first.id, second.id, sizeof(first.id));
}

static void
a_link_is_good_until_its_time_is_over(void **state)
{
	static const struct {
		enum link_purpose made, asked;
		int64_t lifetime_us;
	} rows[] = {
		{ LINK_VERIFY_EMAIL, LINK_VERIFY_EMAIL, 72 * HOUR },
		{ LINK_RESET_PASSWORD, LINK_RESET_PASSWORD, HOUR },
		{ LINK_INVITATION, LINK_RESET_PASSWORD, 168 * HOUR },
	};
	struct store_fixture *f = *state;
	const struct user user = add_user(f, &ada);
	char token[TOKEN_LEN + 1];

	for (size_t i = 0; i < COUNT(rows); i++) {
		const int64_t end_us = T0 + rows[i].lifetime_us;

		make_link(f, &user, rows[i].made, T0, token);
		assert_int_equal(judge(f, token, rows[i].asked, 0, T0),
		                 LINK_OK);
		assert_int_equal(
			judge(f, token, rows[i].asked, user.id, end_us - 1),
			LINK_OK);
		assert_int_equal(
			judge(f, token, rows[i].asked, user.id, end_us),
			LINK_EXPIRED);
	}
}

static void
a_link_works_once_and_then_says_so(void **state)
{
	struct store_fixture *f = *state;
	const struct user user = add_user(f, &ada);
	char token[TOKEN_LEN + 1];

	make_link(f, &user, LINK_RESET_PASSWORD, T0, token);
	use(f, token, LINK_RESET_PASSWORD, T0 + S);
	assert_int_equal(judge(f, token, LINK_RESET_PASSWORD, user.id, T0 + S),
	                 LINK_USED);
	/* Still when it would have expired. */
	assert_int_equal(
		judge(f, token, LINK_RESET_PASSWORD, user.id, T0 + 2 * HOUR),
		LINK_USED);
}

static void
looking_at_a_link_does_not_use_it(void **state)
{
	struct store_fixture *f = *state;
	const struct user user = add_user(f, &ada);
	char token[TOKEN_LEN + 1];

	make_link(f, &user, LINK_VERIFY_EMAIL, T0, token);
	for (int i = 0; i < 5; i++)
		assert_int_equal(judge(f, token, LINK_VERIFY_EMAIL, 0, T0 + i),
		                 LINK_OK);
}

static void
a_link_is_for_its_purpose_and_its_user_only(void **state)
{
	struct store_fixture *f = *state;
	const struct user user = add_user(f, &ada);
	char verify[TOKEN_LEN + 1], reset[TOKEN_LEN + 1];

	make_link(f, &user, LINK_VERIFY_EMAIL, T0, verify);
	make_link(f, &user, LINK_RESET_PASSWORD, T0, reset);
	assert_int_equal(judge(f, verify, LINK_RESET_PASSWORD, 0, T0),
	                 LINK_INVALID);
	assert_int_equal(judge(f, reset, LINK_VERIFY_EMAIL, 0, T0),
	                 LINK_INVALID);
	assert_int_equal(judge(f, reset, LINK_RESET_PASSWORD, user.id + 1, T0),
	                 LINK_INVALID);
	assert_int_equal(judge(f, reset, LINK_RESET_PASSWORD, user.id, T0),
	                 LINK_OK);
	assert_int_equal(judge(f, verify, LINK_VERIFY_EMAIL, user.id, T0),
	                 LINK_OK);
}

static void
a_new_link_voids_the_one_before_of_its_purpose(void **state)
{
	struct store_fixture *f = *state;
	const struct user user = add_user(f, &ada);
	struct user bob = ada;
	char verify[TOKEN_LEN + 1], old[TOKEN_LEN + 1], new[TOKEN_LEN + 1];
	char others[TOKEN_LEN + 1];

	bob.email = "bob@example.org";
	bob.username = "bob";
	bob = add_user(f, &bob);
	make_link(f, &bob, LINK_RESET_PASSWORD, T0, others);
	make_link(f, &user, LINK_VERIFY_EMAIL, T0, verify);
	make_link(f, &user, LINK_RESET_PASSWORD, T0, old);
	make_link(f, &user, LINK_RESET_PASSWORD, T0 + S, new);
	assert_int_equal(judge(f, old, LINK_RESET_PASSWORD, 0, T0 + S),
	                 LINK_USED);
	assert_int_equal(judge(f, new, LINK_RESET_PASSWORD, 0, T0 + S),
	                 LINK_OK);
	assert_int_equal(judge(f, verify, LINK_VERIFY_EMAIL, 0, T0 + S),
	                 LINK_OK);
	assert_int_equal(judge(f, others, LINK_RESET_PASSWORD, bob.id, T0 + S),
	                 LINK_OK);
}

static void
another_address_voids_the_link(void **state)
{
	struct store_fixture *f = *state;
	struct user user = add_user(f, &ada);
	char token[TOKEN_LEN + 1], used[TOKEN_LEN + 1];
	struct step step;

	make_link(f, &user, LINK_VERIFY_EMAIL, T0, used);
	use(f, used, LINK_VERIFY_EMAIL, T0);
	make_link(f, &user, LINK_RESET_PASSWORD, T0, token);
	user.email = "countess@example.org";
	(void)begin_at(f, &step, T0);
	user_store_put(&step.txn, &f->arena, &user);
	end(&step);
	assert_int_equal(judge(f, token, LINK_RESET_PASSWORD, user.id, T0),
	                 LINK_INVALID);
	assert_int_equal(judge(f, used, LINK_VERIFY_EMAIL, 0, T0),
	                 LINK_INVALID);
}

static void
the_link_of_a_deleted_user_is_invalid(void **state)
{
	struct store_fixture *f = *state;
	const struct user user = add_user(f, &ada);
	char token[TOKEN_LEN + 1];
	struct step step;

	make_link(f, &user, LINK_VERIFY_EMAIL, T0, token);
	(void)begin_at(f, &step, T0);
	user_store_del(&step.txn, &f->arena, user.id);
	end(&step);
	assert_int_equal(judge(f, token, LINK_VERIFY_EMAIL, 0, T0),
	                 LINK_INVALID);
}

static void
a_text_that_is_no_token_is_invalid(void **state)
{
	struct store_fixture *f = *state;
	const struct user user = add_user(f, &ada);
	char token[TOKEN_LEN + 1], text[TOKEN_LEN + 8];
	static const char *const texts[] = {
		"",
		"A",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"not a token",
		"../../../../etc/passwd",
	};

	make_link(f, &user, LINK_VERIFY_EMAIL, T0, token);
	for (size_t i = 0; i < COUNT(texts); i++)
		assert_int_equal(judge(f, texts[i], LINK_VERIFY_EMAIL, 0, T0),
		                 LINK_INVALID);
	(void)snprintf(text, sizeof(text), "%s=", token);
	assert_int_equal(judge(f, text, LINK_VERIFY_EMAIL, 0, T0),
	                 LINK_INVALID);
	(void)snprintf(text, sizeof(text), "%.42s", token);
	assert_int_equal(judge(f, text, LINK_VERIFY_EMAIL, 0, T0),
	                 LINK_INVALID);
	memcpy(text, token, sizeof(token));
	text[0] = text[0] == 'A' ? 'B' : 'A';
	assert_int_equal(judge(f, text, LINK_VERIFY_EMAIL, 0, T0),
	                 LINK_INVALID);
	assert_int_equal(judge(f, token, LINK_VERIFY_EMAIL, 0, T0), LINK_OK);
}

static void
what_is_abandoned_leaves_neither_link_nor_mail(void **state)
{
	struct store_fixture *f = *state;
	const struct user user = add_user(f, &ada);
	char token[TOKEN_LEN + 1];
	struct step step;

	make_link(f, &user, LINK_RESET_PASSWORD, T0, token);
	mailing_link(begin_at(f, &step, T0), &user, LINK_RESET_PASSWORD);
	store_fail(&step.txn, CODE_UNAVAILABLE);
	assert_int_equal(store_end(&step.txn), CODE_UNAVAILABLE);
	expect_no_mail(f);
	assert_int_equal(judge(f, token, LINK_RESET_PASSWORD, 0, T0), LINK_OK);
}

static void
without_memory_the_transaction_fails(void **state)
{
	struct store_fixture *f = *state;
	const struct user user = add_user(f, &ada);
	enum code code = CODE_RESOURCE_EXHAUSTED;
	uint8_t memory[16384];

	for (size_t size = 0; code != CODE_OK; size += 8) {
		struct arena arena;
		struct step step;

		assert_true(size <= sizeof(memory));
		expect_no_mail(f);
		arena_init(&arena, memory, size);
		(void)begin_at(f, &step, T0);
		step.mailing.arena = &arena;
		mailing_link(&step.mailing, &user, LINK_RESET_PASSWORD);
		mailing_password_changed(&step.mailing, &user);
		code = store_end(&step.txn);
		assert_true(code == CODE_OK || code == CODE_RESOURCE_EXHAUSTED);
	}
	(void)take_mail(f, T0);
	(void)take_mail(f, T0);
	expect_no_mail(f);
}

#define CASE(test)                                                             \
	cmocka_unit_test_setup_teardown(test, store_fixture_setup,             \
	                                store_fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_verification_mail_has_its_link_and_its_words),
		CASE(reset_and_invitation_name_the_user_in_the_link),
		CASE(templates_of_links_are_filled_wherever_they_say),
		CASE(a_reader_is_called_by_the_best_name_there_is),
		CASE(the_notice_says_from_where),
		CASE(the_notice_of_a_link_names_the_issuer),
		CASE(an_invitation_does_not_say_from_where),
		CASE(the_built_in_templates_find_what_they_name),
		CASE(a_lifetime_is_said_in_the_greatest_exact_unit),
		cmocka_unit_test(
			a_template_without_what_a_link_needs_is_refused),
		CASE(a_user_without_an_address_gets_no_mail),
		CASE(no_two_links_and_no_two_mails_are_alike),
		CASE(a_link_is_good_until_its_time_is_over),
		CASE(a_link_works_once_and_then_says_so),
		CASE(looking_at_a_link_does_not_use_it),
		CASE(a_link_is_for_its_purpose_and_its_user_only),
		CASE(a_new_link_voids_the_one_before_of_its_purpose),
		CASE(another_address_voids_the_link),
		CASE(the_link_of_a_deleted_user_is_invalid),
		CASE(a_text_that_is_no_token_is_invalid),
		CASE(what_is_abandoned_leaves_neither_link_nor_mail),
		CASE(without_memory_the_transaction_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
