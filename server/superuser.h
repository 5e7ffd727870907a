#ifndef SERVER_SUPERUSER_H
#define SERVER_SUPERUSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/code.h"
#include "base/settings.h"

struct store;

/* A superuser to be. NULL texts are none. */
struct superuser {
	const char *email;
	const char *username;
	const char *first_name;
	const char *last_name;
	const struct setting_list *roles; /* any order */
	const char *password;             /* 1 to PASSWORD_MAX bytes */
};

/* superuser_check tells, in one sentence, what cannot be stored. */
NODISCARD enum code superuser_check(const struct superuser *superuser,
                                    char *err, size_t err_size);

/*
 * superuser_find_any tells in *found whether there is any account at all. err
 * gets one sentence.
 */
NODISCARD enum code superuser_find_any(struct store *store, bool *found,
                                       char *err, size_t err_size);

/*
 * superuser_add writes the account, durably, beside a running server or not,
 * and those of its roles that are not there yet, without permissions.
 * ALREADY_EXISTS: somebody has this e-mail address or username; others as
 * superuser_check and the store. err gets one sentence.
 */
NODISCARD enum code superuser_add(struct store *store,
                                  const struct superuser *superuser,
                                  int64_t now_us, char *err, size_t err_size);

#endif
