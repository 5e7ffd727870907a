#ifndef SERVER_DOMAIN_MAIL_SMTP_REPLY_H
#define SERVER_DOMAIN_MAIL_SMTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "server/domain/mail_delivery.h"

/*
 * What a mail server said last, and to what: the difference between "nobody
 * of this name", "not now" and "not to you".
 */
enum mail_smtp_step {
	MAIL_SMTP_GREETING, /* and EHLO, STARTTLS, AUTH */
	MAIL_SMTP_SENDER,   /* MAIL */
	MAIL_SMTP_RECIPIENT,
	MAIL_SMTP_DATA,
	MAIL_SMTP_BODY, /* all is sent: it may have been accepted */
};

struct mail_smtp_reply {
	enum mail_smtp_step step;
	bool ended;     /* QUIT: what follows says nothing about the mail */
	char text[128]; /* last line; "" is none */
};

void mail_smtp_reply_init(struct mail_smtp_reply *reply);

/* The dialogue as it happens: a command of ours, the body's end, a line. */
void mail_smtp_reply_command(struct mail_smtp_reply *reply, const char *data,
                             size_t len);
void mail_smtp_reply_body(struct mail_smtp_reply *reply);
void mail_smtp_reply_line(struct mail_smtp_reply *reply, const char *data,
                          size_t len);

/* mail_smtp_reply_is_failure: whether the last line is a 4xx or 5xx. */
bool mail_smtp_reply_is_failure(const struct mail_smtp_reply *reply);

/* mail_smtp_reply_outcome judges a failure. */
enum mail_outcome mail_smtp_reply_outcome(const struct mail_smtp_reply *reply);

/*
 * mail_smtp_reply_explain writes step and line; after the body the number
 * alone, because a filter may quote what it did not like.
 */
void mail_smtp_reply_explain(const struct mail_smtp_reply *reply, char *out,
                             size_t size);

#endif
