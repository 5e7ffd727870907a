#ifndef SERVER_DOMAIN_MAIL_ADDRESS_H
#define SERVER_DOMAIN_MAIL_ADDRESS_H

#include <stdbool.h>

#include "base/code.h"
#include "server/store/outbox_store.h"

#define MAIL_ADDRESS_NAME_MAX 128 /* bytes */

/*
 * An e-mail address as SMTP and headers take it: ASCII, its domain in the form
 * of the DNS, nothing in it that could end an argument or a header.
 */
struct mail_address {
	char name[MAIL_ADDRESS_NAME_MAX + 1]; /* for people; may be empty */
	char address[MAIL_TO_MAX + 1];
};

/*
 * mail_address_read takes "user@domain". INVALID_ARGUMENT for what cannot be
 * mailed to: a local part that is not ASCII, is longer than 64 bytes, or needs
 * more than dots, letters, digits and the signs of RFC 5322's atoms.
 */
NODISCARD enum code mail_address_read(const char *text,
                                      struct mail_address *out);

/* mail_address_read_named takes "Name <user@domain>" as well. */
NODISCARD enum code mail_address_read_named(const char *text,
                                            struct mail_address *out);

/* mail_address_domain returns what follows the @. */
const char *mail_address_domain(const struct mail_address *address);

/* mail_address_is_domain tells whether text is a domain in ASCII. */
bool mail_address_is_domain(const char *text);

#endif
