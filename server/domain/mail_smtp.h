#ifndef SERVER_DOMAIN_MAIL_SMTP_H
#define SERVER_DOMAIN_MAIL_SMTP_H

#include "base/code.h"
#include "server/domain/mail_delivery.h"
#include "server/domain/mail_options.h"

/*
 * The transport that talks to a mail server (RFC 5321), by libcurl. A password
 * is sent inside TLS only, and to a server whose certificate is good.
 */
struct mail_smtp;

/*
 * mail_smtp_open checks the options and connects to nothing. `from` is the
 * envelope's sender, ASCII; it and the options are lent. INVALID_ARGUMENT: a
 * URL that is not SMTP's, one with a user in it, a user without TLS;
 * NOT_FOUND: no such smtp_ca. err gets one sentence.
 */
NODISCARD enum code mail_smtp_open(const struct mail_options *options,
                                   const char *from, struct mail_smtp **out,
                                   char *err, size_t err_size);

/* mail_smtp_close accepts NULL. */
void mail_smtp_close(struct mail_smtp *smtp);

/*
 * mail_smtp_deliver hands a mail to the server and keeps the connection for
 * the next one. REFUSED: the server refused the recipient for good, and not
 * because of what we are (5xx to RCPT, but not 530 nor 5.7.x). LATER: it
 * refused the mail otherwise. One thread at a time.
 */
enum mail_outcome mail_smtp_deliver(struct mail_smtp *smtp,
                                    const struct mail_delivery *delivery);

/* mail_smtp_rest ends an idle connection. */
void mail_smtp_rest(struct mail_smtp *smtp);

/*
 * mail_smtp_interrupt, from any thread, ends the present delivery and refuses
 * further ones. If the mail is sent and only the answer is missing, that has
 * MAIL_SMTP_GRACE_MS: a mail whose fate is unknown is sent again.
 */
#define MAIL_SMTP_GRACE_MS 2000
void mail_smtp_interrupt(struct mail_smtp *smtp);

#endif
