#ifndef SERVER_DOMAIN_MAILING_H
#define SERVER_DOMAIN_MAILING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/code.h"
#include "server/domain/uid.h"
#include "server/store/link_store.h"
#include "server/store/user_store.h"

struct store_txn;

/*
 * Writes mails, and the one-time links in them, into the transaction of their
 * cause. The sender (mail_sender.h) delivers them afterwards.
 */
struct mailing_policy {
	const char *public_base;   /* "https://auth.example", no final '/' */
	const char *link_verify;   /* template with {token}; "" is our page */
	const char *link_reset;    /* with {uid} and {token}; "" is our page */
	const char *operator_name; /* on pages and in mails */
	int64_t verify_lifetime_s;
	int64_t reset_lifetime_s;
	int64_t invitation_lifetime_s;
};

#define MAILING_TEMPLATE_MAX 1024 /* bytes */

/*
 * mailing_template_fault tells what is wrong with the template of a purpose's
 * link, as the end of a sentence ("has no {token}"), or NULL. Besides {token}
 * and {uid} there is {base}, the public base.
 */
const char *mailing_template_fault(const char *template,
                                   enum link_purpose purpose);

/* Where one call writes its mails. Lives on the caller's stack. */
struct mailing {
	struct store_txn *txn;
	struct arena *arena;
	const struct mailing_policy *policy;
	int64_t now_us;
	const char *client_address; /* who caused it; "" is not known */
};

/*
 * mailing_link makes a link of the purpose for the user, voids the user's
 * earlier unused links of that purpose, and queues its mail. For a user
 * without an address it does nothing.
 */
void mailing_link(const struct mailing *mailing, const struct user *user,
                  enum link_purpose purpose);

/* mailing_password_changed queues the notice, if the user has an address. */
void mailing_password_changed(const struct mailing *mailing,
                              const struct user *user);

/*
 * mailing_identity_linked queues the notice that the account can be used by
 * signing in at an issuer (its name, for people), if the user has an address.
 */
void mailing_identity_linked(const struct mailing *mailing,
                             const struct user *user, const char *issuer);

struct mail;

/*
 * mailing_is_wanted tells whether a mail that waited may still be sent: none
 * about a user who has been deleted, and no link to one who is inactive or has
 * another address by now. A failure of the store fails the transaction, and
 * holds nothing up.
 */
bool mailing_is_wanted(struct store_txn *txn, struct arena *arena,
                       const struct mail *mail);

/* Why a link will not do. */
enum link_fault { LINK_OK, LINK_INVALID, LINK_EXPIRED, LINK_USED };

/*
 * mailing_read_link finds the link of a token's text (43 characters of
 * base64url) and judges it for a purpose: reset and invitation are one here
 * (LINK_RESET_PASSWORD). user_id 0 is anybody's. A link is void once its user
 * is gone or has another address. *out is written unless it is LINK_INVALID. A
 * store failure fails the transaction and gives LINK_INVALID.
 */
enum link_fault mailing_read_link(const struct mailing *mailing,
                                  const char *token, enum link_purpose purpose,
                                  uint64_t user_id, struct link *out);

#endif
