#ifndef SERVER_DOMAIN_IDENTITY_H
#define SERVER_DOMAIN_IDENTITY_H

#include <stddef.h>

/*
 * What Django accepts as an e-mail address and as a username. Each returns
 * NULL for a good one, or the sentence for the user (static text).
 */

/* EmailValidator of Django 5: local part, domain, an allowlist of localhost
   without dots is not ours; up to 254 bytes. */
const char *identity_email_fault(const char *email);

/*
 * UnicodeUsernameValidator: letters and digits of any script and @ . + - _ ;
 * 1 to 150 characters; with an @ it must be the user's own address.
 */
const char *identity_username_fault(const char *username, const char *email);

/* identity_name_fault bounds a first, last or whole name in characters. */
const char *identity_name_fault(const char *name, size_t characters_max);

#endif
