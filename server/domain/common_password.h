#ifndef SERVER_DOMAIN_COMMON_PASSWORD_H
#define SERVER_DOMAIN_COMMON_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Django's list of the passwords that everybody guesses first, compiled in: a
 * server without it would let them through.
 */
#define COMMON_PASSWORD_MAX 64 /* bytes: none is longer */

/* common_password_find looks for text in lower case, len bytes of UTF-8. */
bool common_password_find(const char *text, size_t len);

#endif
