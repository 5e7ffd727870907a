#ifndef SERVER_DOMAIN_MAIL_POST_H
#define SERVER_DOMAIN_MAIL_POST_H

#include <stddef.h>

#include "base/arena.h"
#include "base/code.h"
#include "server/domain/mail_delivery.h"
#include "server/domain/mail_options.h"

/* Everything between a mail in the outbox and its transport. */
struct mail_post;

/* Bytes that a delivery may need, the mail itself included. */
#define MAIL_POST_ARENA_SIZE ((size_t)2 << 20)

/*
 * mail_post_open checks the options, templates included, and makes the
 * transport; it connects to nothing. INVALID_ARGUMENT, NOT_FOUND and
 * PERMISSION_DENIED with one sentence that names the setting or the file.
 */
NODISCARD enum code mail_post_open(const struct mail_options *options,
                                   struct mail_post **out, char *err,
                                   size_t err_size);

/* mail_post_close accepts NULL. */
void mail_post_close(struct mail_post *post);

/*
 * mail_post_deliver composes a mail in the arena and hands it over. error
 * receives a sentence unless it was accepted.
 */
enum mail_outcome mail_post_deliver(struct mail_post *post, struct arena *arena,
                                    const struct mail *mail, char *error,
                                    size_t error_size);

/* mail_post_rest says that nothing is due: connections end. */
void mail_post_rest(struct mail_post *post);

/* mail_post_interrupt, from any thread, is for good: mail_smtp_interrupt. */
void mail_post_interrupt(struct mail_post *post);

#endif
