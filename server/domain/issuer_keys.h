#ifndef SERVER_DOMAIN_ISSUER_KEYS_H
#define SERVER_DOMAIN_ISSUER_KEYS_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/code.h"

/*
 * The public keys of one issuer, fetched when they are needed and kept for as
 * long as the issuer says. Any number of threads may verify; one at a time
 * fetches, and the others wait for it. Fetches go to the log.
 */
struct issuer_keys;

#define ISSUER_KEYS_SIZE_MAX 65536  /* bytes of a set */
#define ISSUER_KEYS_TIMEOUT_MS 5000 /* of a fetch */
#define ISSUER_KEYS_AGE_MIN_S 60    /* keys are kept so long at least, */
#define ISSUER_KEYS_AGE_MAX_S 86400 /* at most, */
#define ISSUER_KEYS_AGE_S 300       /* and where nothing is said */
#define ISSUER_KEYS_PAUSE_MS 60000  /* between fetches while keys last; */
#define ISSUER_KEYS_RETRY_MS 5000   /* while there are no keys at all */

struct issuer_keys_options {
	const char *issuer; /* for the log */
	const char *url;    /* of the set (RFC 7517), https; all three lent */
	const char *ca;     /* PEM file; "" is the system's */
};

/* issuer_keys_open fetches nothing yet. issuer_keys_close accepts NULL. */
NODISCARD enum code issuer_keys_open(const struct issuer_keys_options *options,
                                     struct issuer_keys **out);
void issuer_keys_close(struct issuer_keys *keys);

/* What was signed, and how. */
struct issuer_signature {
	const char *kid;
	struct bytes message;
	struct bytes signature;
};

/*
 * issuer_keys_verify is UNAUTHENTICATED unless the issuer's key `kid` made the
 * signature. A kid that is not among the keys has them fetched again, unless
 * they were fetched within ISSUER_KEYS_PAUSE_MS. UNAVAILABLE: they cannot be
 * had now; *retry_ms says when to try again. now_ms is monotonic.
 */
NODISCARD enum code issuer_keys_verify(struct issuer_keys *keys,
                                       const struct issuer_signature *what,
                                       int64_t now_ms, uint32_t *retry_ms);

#endif
