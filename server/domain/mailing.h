#ifndef SERVER_DOMAIN_MAILING_H
#define SERVER_DOMAIN_MAILING_H

#include <stdint.h>

#include "base/arena.h"
#include "base/code.h"
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

/*
 * mailing_link makes a link of the purpose for the user, voids the user's
 * earlier unused links of that purpose, and queues its mail.
 */
void mailing_link(struct store_txn *txn, struct arena *arena,
                  const struct mailing_policy *policy, const struct user *user,
                  enum link_purpose purpose, int64_t now_us);

/* mailing_password_changed queues the notice. */
void mailing_password_changed(struct store_txn *txn, struct arena *arena,
                              const struct mailing_policy *policy,
                              const struct user *user, int64_t now_us);

/* Why a link will not do. */
enum link_fault { LINK_OK, LINK_INVALID, LINK_EXPIRED, LINK_USED };

/*
 * mailing_read_link finds the link of a token's text (43 characters of
 * base64url) and judges it for a purpose: reset and invitation are one here
 * (LINK_RESET_PASSWORD). user_id 0 is anybody's. A store failure fails the
 * transaction and gives LINK_INVALID.
 */
enum link_fault mailing_read_link(struct store_txn *txn, struct arena *arena,
                                  const char *token, enum link_purpose purpose,
                                  uint64_t user_id, int64_t now_us,
                                  struct link *out);

/* uid_write and uid_read: Django's uidb64, base64url of the decimal id. */
NODISCARD enum code uid_write(struct arena *arena, uint64_t id, char **out);
NODISCARD enum code uid_read(const char *text, uint64_t *out);

#endif
