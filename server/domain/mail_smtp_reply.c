#include "server/domain/mail_smtp_reply.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define CODE_LEN 3 /* digits */

static const struct {
	const char *command;
	enum mail_smtp_step step;
} commands[] = {
	{ "MAIL ", MAIL_SMTP_SENDER },
	{ "RCPT ", MAIL_SMTP_RECIPIENT },
	{ "DATA\r\n", MAIL_SMTP_DATA },
};

void
mail_smtp_reply_init(struct mail_smtp_reply *reply)
{
	*reply = (struct mail_smtp_reply){ .step = MAIL_SMTP_GREETING };
}

static bool
begins(const char *data, size_t len, const char *word)
{
	size_t word_len = strlen(word);

	return len >= word_len && strncasecmp(data, word, word_len) == 0;
}

void
mail_smtp_reply_command(struct mail_smtp_reply *reply, const char *data,
                        size_t len)
{
	if (begins(data, len, "QUIT\r\n")) {
		reply->ended = true;
		return;
	}
	reply->step = MAIL_SMTP_GREETING;
	reply->text[0] = '\0';
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (begins(data, len, commands[i].command))
			reply->step = commands[i].step;
}

void
mail_smtp_reply_body(struct mail_smtp_reply *reply)
{
	reply->step = MAIL_SMTP_BODY;
	reply->text[0] = '\0';
}

void
mail_smtp_reply_line(struct mail_smtp_reply *reply, const char *data,
                     size_t len)
{
	if (reply->ended)
		return;
	if (len >= sizeof(reply->text))
		len = sizeof(reply->text) - 1;
	memcpy(reply->text, data, len);
	for (size_t i = 0; i < len; i++)
		if (reply->text[i] < ' ' || reply->text[i] == 0x7f)
			reply->text[i] = ' ';
	while (len > 0 && reply->text[len - 1] == ' ')
		len--;
	reply->text[len] = '\0';
}

bool
mail_smtp_reply_is_failure(const struct mail_smtp_reply *reply)
{
	return reply->text[0] == '4' || reply->text[0] == '5';
}

/* Whether a refused recipient says more about us than about them. */
static bool
is_about_us(const char *text)
{
	/* 530: authenticate first (RFC 4954); 5.7: policy (RFC 3463). */
	return strncmp(text, "530", CODE_LEN) == 0 ||
	       (strlen(text) > CODE_LEN &&
	        strncmp(text + CODE_LEN + 1, "5.7.", 4) == 0);
}

enum mail_outcome
mail_smtp_reply_outcome(const struct mail_smtp_reply *reply)
{
	if (reply->step == MAIL_SMTP_GREETING ||
	    reply->step == MAIL_SMTP_SENDER)
		return MAIL_UNREACHABLE;
	if (reply->step == MAIL_SMTP_RECIPIENT && reply->text[0] == '5' &&
	    !is_about_us(reply->text))
		return MAIL_REFUSED;
	return MAIL_LATER;
}

void
mail_smtp_reply_explain(const struct mail_smtp_reply *reply, char *out,
                        size_t size)
{
	static const char *const names[] = {
		[MAIL_SMTP_GREETING] = "greeting",
		[MAIL_SMTP_SENDER] = "MAIL FROM",
		[MAIL_SMTP_RECIPIENT] = "RCPT TO",
		[MAIL_SMTP_DATA] = "DATA",
		[MAIL_SMTP_BODY] = "message",
	};
	int max = reply->step == MAIL_SMTP_BODY ? CODE_LEN
	                                        : (int)sizeof(reply->text);

	(void)snprintf(out, size, "%s: %.*s", names[reply->step], max,
	               reply->text);
}
