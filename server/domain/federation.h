#ifndef SERVER_DOMAIN_FEDERATION_H
#define SERVER_DOMAIN_FEDERATION_H

#include <stddef.h>

#include "base/code.h"
#include "base/settings.h"
#include "server/domain/id_token.h"

/*
 * The issuers whose word is taken for who somebody is. Read-only but for their
 * keys, which lock for themselves.
 */
#define FEDERATION_OTHERS_MAX 8 /* issuers beside Google */

#define FEDERATION_GOOGLE_KEYS "https://www.googleapis.com/oauth2/v3/certs"

/* As configured; lent to federation_open, which copies. */
struct federation_options {
	const struct setting_list *google_audiences; /* none: no Google */
	const char *google_domain; /* `hd` that is demanded; "" is none */
	const char *google_keys;   /* URL */
	/* "URL keys=URL audience=ID... [domain=DOMAIN...]" each. */
	const struct setting_list *issuers;
	const char *ca; /* PEM file; "" is the system's */
};

struct federation;

/*
 * federation_open leaves *out NULL if no issuer is configured.
 * INVALID_ARGUMENT and a sentence in err for a setting that makes no sense,
 * NOT_FOUND for authorities that cannot be read.
 * federation_close accepts NULL.
 */
NODISCARD enum code federation_open(const struct federation_options *options,
                                    struct federation **out, char *err,
                                    size_t err_size);
void federation_close(struct federation *federation);

/* federation_issuers returns the issuers; *count is 1 and more. */
const struct issuer *federation_issuers(const struct federation *federation,
                                        size_t *count);

#endif
