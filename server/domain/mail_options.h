#ifndef SERVER_DOMAIN_MAIL_OPTIONS_H
#define SERVER_DOMAIN_MAIL_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum mail_transport { MAIL_MAILDIR, MAIL_SMTP };

/*
 * How mails leave. Text is lent for as long as what was opened with it; none
 * is NULL.
 */
struct mail_options {
	enum mail_transport transport;
	const char *maildir;       /* MAIL_MAILDIR: made if missing */
	const char *smtp_url;      /* "smtp://host:587", "smtps://host:465" */
	const char *smtp_user;     /* "" is no authentication */
	const char *smtp_password; /* the owner wipes it */
	const char *smtp_ca;       /* PEM file; "" is the system's */
	bool smtp_starttls;        /* smtp://: TLS or nothing; false: no TLS */
	const char *from;          /* "Latchkey <no-reply@example.com>" */
	const char *template_dir;  /* replaces built-in templates; "" is none */
	const char *operator_name;
	const char *message_id_domain; /* "" is that of `from` */
	int64_t timeout_ms;            /* of one delivery; 1 and more */
	int64_t retry_first_ms;        /* first pause after a failure */
};

#endif
