#ifndef SERVER_STORE_USER_STORE_H
#define SERVER_STORE_USER_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/code.h"

struct store;
struct store_txn;

#define USER_EMAIL_MAX 254         /* bytes */
#define USER_USERNAME_MAX 150      /* characters */
#define USER_NAME_MAX 150          /* characters, first or last */
#define USER_FULL_NAME_MAX 301     /* characters, `name` */
#define USER_PASSWORD_HASH_MAX 512 /* bytes */
#define USER_AVATAR_MAX 255        /* bytes */
#define USER_ROLE_NAME_MAX 150     /* characters */
#define USER_ROLE_COUNT_MAX 64
#define USER_IDENTIFIER_MAX 254 /* bytes, as typed */
#define USER_ID_MAX ((1ULL << 53) - 1)

/* The hash of an account that nobody can log in to with a password. */
#define USER_PASSWORD_UNUSABLE "!"

/* One account. Strings are NUL-terminated and never NULL; "" is none. */
struct user {
	uint64_t id; /* 1 to USER_ID_MAX */
	const char *email;
	const char *username;
	const char *first_name;
	const char *last_name;
	const char *name;
	const char *password_hash;
	const char *avatar;
	bool is_active;
	bool is_staff;
	bool is_superuser;
	bool email_verified;
	const char *const *roles; /* sorted */
	size_t role_count;
	int64_t joined_at_us;
	int64_t last_login_at_us;                /* 0 is never */
	int64_t password_set_at_us;              /* 0 is not known */
	const struct user_attribute *attributes; /* by name */
	size_t attribute_count;
};

/*
 * A stored attribute; domain/attribute.h says which exist. Only the member of
 * its type counts; text is never NULL when it comes from the store.
 */
struct user_attribute {
	const char *name;
	enum {
		USER_ATTRIBUTE_NULL,
		USER_ATTRIBUTE_TEXT,
		USER_ATTRIBUTE_INTEGER,
		USER_ATTRIBUTE_FLAG
	} type;
	const char *text;
	int64_t integer;
	bool flag;
};

#define USER_ATTRIBUTES_MAX 32
#define USER_ATTRIBUTE_NAME_MAX 40   /* bytes */
#define USER_ATTRIBUTE_TEXT_MAX 1024 /* characters */

/*
 * identifier_normalise writes the form in which e-mail addresses and usernames
 * are compared: NFKC, case-folded, NFKC again. INVALID_ARGUMENT if the text is
 * not UTF-8, or empty or over STORE_KEY_MAX bytes once normalised.
 */
NODISCARD enum code identifier_normalise(struct arena *arena, const char *text,
                                         char **out);

/*
 * The two writes fail the transaction with INVALID_ARGUMENT for a string over
 * its limit or not UTF-8, for roles or attributes not sorted or named twice,
 * and for a user without any identifier.
 *
 * user_store_add writes a new user and its identifiers inside the caller's
 * write transaction and sets user->id. It fails the transaction with
 * ALREADY_EXISTS if the e-mail or username is anybody's e-mail or username.
 */
void user_store_add(struct store_txn *txn, struct arena *arena,
                    struct user *user);

/*
 * user_store_put replaces a user that exists, identifiers included. Fails the
 * transaction with NOT_FOUND or ALREADY_EXISTS.
 */
void user_store_put(struct store_txn *txn, struct arena *arena,
                    const struct user *user);

/*
 * The two finds copy a user into the arena. They return NOT_FOUND without
 * failing the transaction, other failures with it; *out is then untouched.
 */
NODISCARD enum code user_store_find(struct store_txn *txn, struct arena *arena,
                                    uint64_t id, struct user *out);
NODISCARD enum code user_store_find_by_identifier(struct store_txn *txn,
                                                  struct arena *arena,
                                                  const char *identifier,
                                                  struct user *out);

/* user_store_del removes a user and its identifiers; NOT_FOUND fails it. */
void user_store_del(struct store_txn *txn, struct arena *arena, uint64_t id);

/*
 * user_store_next copies the first user with an id above `after` into the
 * arena. NOT_FOUND after the last one does not fail the transaction. To walk
 * all users in a bounded arena, arena_rewind between the steps.
 */
NODISCARD enum code user_store_next(struct store_txn *txn, struct arena *arena,
                                    uint64_t after, struct user *out);

#endif
