#ifndef SERVER_DOMAIN_IDENTITY_H
#define SERVER_DOMAIN_IDENTITY_H

#include <stddef.h>

/*
 * What is accepted as an e-mail address, as a username and as a name. Each
 * returns NULL for a good one, or the sentence for the user (static text).
 * What is not UTF-8 is never good.
 */

/*
 * identity_email_fault accepts what EmailValidator of Django 5.2 does, up to
 * 254 bytes, but for control characters in a quoted local part and for what is
 * neither letter, mark nor digit in a name of the internet's other scripts.
 * "localhost" is a good domain.
 */
const char *identity_email_fault(const char *email);

/*
 * identity_username_fault accepts letters and digits of any script and
 * @ . + - _ ; 1 to 150 characters, no more bytes than one can log in with.
 * With an @ it must be the user's own address (NULL or "": has none).
 */
const char *identity_username_fault(const char *username, const char *email);

/*
 * identity_name_fault bounds a name, or any text, in characters.
 * characters_max is one for which there is a sentence: see identity.c.
 */
const char *identity_name_fault(const char *name, size_t characters_max);

#endif
