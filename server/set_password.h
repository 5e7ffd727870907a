#ifndef SERVER_SET_PASSWORD_H
#define SERVER_SET_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/code.h"
#include "server/store/user_store.h"

struct store;

/* An operator's way back into an account that nobody can log in to. */
struct set_password {
	struct arena *arena;    /* what is read of the account is copied here */
	const char *identifier; /* e-mail address or username */
	const char *password;   /* 1 to PASSWORD_MAX bytes */
	int64_t now_us;
};

#define SET_PASSWORD_ARENA_SIZE 131072 /* bytes: enough for both */

/*
 * set_password_find reads the account. NOT_FOUND: nobody has the identifier.
 * err gets one sentence.
 */
NODISCARD enum code set_password_find(struct store *store,
                                      const struct set_password *order,
                                      struct user *out, char *err,
                                      size_t err_size);

/*
 * set_password_write gives the account the password, durably, beside a running
 * server or not: its sessions and open links end, and tries at the old one are
 * forgiven. INVALID_ARGUMENT: the password; NOT_FOUND. err gets one sentence.
 */
NODISCARD enum code set_password_write(struct store *store,
                                       const struct set_password *order,
                                       char *err, size_t err_size);

#endif
