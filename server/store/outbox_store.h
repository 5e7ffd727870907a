#ifndef SERVER_STORE_OUTBOX_STORE_H
#define SERVER_STORE_OUTBOX_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/code.h"

struct store_txn;

#define MAIL_ID_SIZE 16 /* bytes, random */
#define MAIL_VARIABLES_MAX 16
#define MAIL_TO_MAX 254         /* bytes */
#define MAIL_NAME_MAX 64        /* bytes, of the template or of a variable */
#define MAIL_VALUE_MAX 4096     /* bytes, of a variable */
#define MAIL_LAST_ERROR_MAX 255 /* bytes; longer ones are cut */

/* A mail that waits; MailRecord explains each member. */
struct mail {
	uint8_t id[MAIL_ID_SIZE];
	uint64_t user_id; /* whom it is about; 0 is nobody */
	const char *to;
	const char *template_name;
	struct mail_variable {
		const char *name;
		const char *value;
	} variables[MAIL_VARIABLES_MAX];
	size_t variable_count;
	int64_t created_at_us;
	int64_t due_at_us; /* when to try next */
	uint32_t attempts;
	const char *last_error; /* "" is none */
};

/*
 * outbox_store_add queues a mail in its cause's transaction. It fails the
 * transaction with INVALID_ARGUMENT for an empty address, template or name, a
 * text over its limit or not UTF-8, or a time before 1970.
 */
void outbox_store_add(struct store_txn *txn, struct arena *arena,
                      const struct mail *mail);

/*
 * outbox_store_due copies the mail that is due first into the arena, if due by
 * now_us. NOT_FOUND: none is; *next_us is then when one will be, or INT64_MAX.
 * That does not fail the transaction, other failures do.
 */
NODISCARD enum code outbox_store_due(struct store_txn *txn, struct arena *arena,
                                     int64_t now_us, struct mail *out,
                                     int64_t *next_us);

/*
 * outbox_store_postpone moves a mail as outbox_store_due gave it to a later
 * time, counts the attempt and keeps what it failed with. It fails the
 * transaction with NOT_FOUND if the mail is gone or has moved.
 */
void outbox_store_postpone(struct store_txn *txn, struct arena *arena,
                           const struct mail *mail, int64_t due_at_us,
                           const char *error);

/* outbox_store_del removes a mail that was accepted or given up. */
void outbox_store_del(struct store_txn *txn, const struct mail *mail);

#endif
