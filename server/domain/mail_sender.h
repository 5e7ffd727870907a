#ifndef SERVER_DOMAIN_MAIL_SENDER_H
#define SERVER_DOMAIN_MAIL_SENDER_H

#include <stddef.h>
#include <stdint.h>

#include "base/code.h"
#include "server/domain/mail_options.h"

struct store;

/*
 * The thread that delivers the outbox: due mails first, each deleted once it
 * was accepted. What fails is tried again, each pause twice as long as the one
 * before, and given up, with an error in the log, after MAIL_GIVE_UP_S or when
 * the server refuses the recipient for good. While no mail would pass at all,
 * there is one try in MAIL_OUTAGE_MAX_S.
 *
 * Nothing is lost by a crash. One between acceptance and deletion repeats a
 * mail, with the same Message-ID.
 */
#define MAIL_GIVE_UP_S ((int64_t)3 * 24 * 3600)
#define MAIL_RETRY_MAX_S 3600
#define MAIL_OUTAGE_MAX_S 60

struct mail_sender;

/*
 * mail_sender_open starts the thread. The store and the options are lent; what
 * is wrong with the options fails as in mail_post_open.
 */
NODISCARD enum code mail_sender_open(struct store *store,
                                     const struct mail_options *options,
                                     struct mail_sender **out, char *err,
                                     size_t err_size);

/* mail_sender_wake says that something was queued; never blocks. */
void mail_sender_wake(struct mail_sender *sender);

/*
 * mail_sender_close accepts NULL. A delivery in progress is abandoned, and so
 * repeated later; only the answer to a mail that is sent completely is waited
 * for, up to two seconds.
 */
void mail_sender_close(struct mail_sender *sender);

/* mail_sender_check checks options as mail_sender_open does. */
NODISCARD enum code mail_sender_check(const struct mail_options *options,
                                      char *err, size_t err_size);

/*
 * mail_send_test delivers a test mail now, past the outbox. INVALID_ARGUMENT:
 * the address or the options; FAILED_PRECONDITION: the server refused it;
 * UNAVAILABLE: it may pass later. err gets what the server said.
 */
NODISCARD enum code mail_send_test(const struct mail_options *options,
                                   const char *to, char *err, size_t err_size);

/* mail_retry_pause_us is the pause after this many tries. */
int64_t mail_retry_pause_us(int64_t first_ms, uint32_t attempts);

#endif
