#ifndef SERVER_DOMAIN_MAIL_MAILDIR_H
#define SERVER_DOMAIN_MAIL_MAILDIR_H

#include "base/code.h"
#include "server/domain/mail_delivery.h"

/*
 * The transport for development: mails become files, and each a line in the
 * log with its link. That is the one place where a link is logged.
 */
struct mail_maildir;

/*
 * mail_maildir_open makes the directory and its tmp, new and cur, 0700, where
 * they are missing. PERMISSION_DENIED, NOT_FOUND (what it should lie in) and
 * such; err gets one sentence.
 */
NODISCARD enum code mail_maildir_open(const char *path,
                                      struct mail_maildir **out, char *err,
                                      size_t err_size);

/* mail_maildir_close accepts NULL. */
void mail_maildir_close(struct mail_maildir *maildir);

/*
 * mail_maildir_deliver returns once the file would survive a power cut. It is
 * named after the mail: a repeat replaces it.
 */
enum mail_outcome mail_maildir_deliver(struct mail_maildir *maildir,
                                       const struct mail_delivery *delivery);

#endif
