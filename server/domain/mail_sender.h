#ifndef SERVER_DOMAIN_MAIL_SENDER_H
#define SERVER_DOMAIN_MAIL_SENDER_H

#include <stddef.h>
#include <stdint.h>

#include "base/code.h"

struct store;

/*
 * The thread that delivers the outbox: due mails first, each deleted once it
 * was accepted, retried with growing pauses otherwise and given up, with an
 * error in the log, after MAIL_GIVE_UP_S. A crash between acceptance and
 * deletion repeats a mail with the same Message-ID; nothing is ever lost.
 */
#define MAIL_GIVE_UP_S (3 * 24 * 3600)
#define MAIL_RETRY_FIRST_S 5
#define MAIL_RETRY_MAX_S 3600

enum mail_transport { MAIL_MAILDIR, MAIL_SMTP };

/* Text is lent for the sender's life. */
struct mail_options {
	enum mail_transport transport;
	const char *maildir;       /* MAIL_MAILDIR: made if missing */
	const char *smtp_url;      /* "smtp://host:587" or "smtps://host:465" */
	const char *smtp_user;     /* "" is no authentication */
	const char *smtp_password; /* from a file; wiped at the end */
	const char *smtp_ca;       /* PEM file; "" is the system's */
	int smtp_starttls;         /* smtp://: 1 required (default), 0 off */
	const char *from;          /* "Latchkey <no-reply@example.com>" */
	const char *template_dir;  /* replaces built-in templates; "" is none */
	const char *operator_name;
	const char *message_id_domain;
	int64_t timeout_ms; /* of one delivery */
};

struct mail_sender;

/* mail_sender_open checks the templates and starts the thread. */
NODISCARD enum code mail_sender_open(struct store *store,
                                     const struct mail_options *options,
                                     struct mail_sender **out, char *err,
                                     size_t err_size);

/* mail_sender_wake says that something was queued; never blocks. */
void mail_sender_wake(struct mail_sender *sender);

/* mail_sender_close accepts NULL; finishes or abandons what it is doing. */
void mail_sender_close(struct mail_sender *sender);

#endif
