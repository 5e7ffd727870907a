#ifndef SERVER_DOMAIN_ID_TOKEN_H
#define SERVER_DOMAIN_ID_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/code.h"
#include "server/domain/issuer_json.h"

struct issuer_keys;

/*
 * ID tokens (OpenID Connect Core, section 3.1.3.7): text from a stranger that
 * says who somebody is at another issuer. RS256 only, and only with an address
 * that the issuer has verified. `nonce` is the front-end's to check.
 */
#define ID_TOKEN_LEEWAY_S 60 /* the issuer's clock may be off so far */

#define ISSUER_TEXTS_MAX 8 /* audiences, or domains, of an issuer */

/* An issuer that is trusted; from the configuration. Texts are never NULL. */
struct issuer {
	const char *name;  /* for people and logs: "Google" */
	const char *url;   /* `iss`, byte for byte; identities are kept by it */
	const char *alias; /* another `iss` of the same issuer; "" is none */
	const char *audiences[ISSUER_TEXTS_MAX]; /* our names there: `aud` */
	size_t audience_count;
	const char *domains[ISSUER_TEXTS_MAX]; /* it speaks for their mail */
	size_t domain_count;
	bool owns_hosted_domain;   /* and for that of the `hd` claim */
	const char *hosted_domain; /* `hd` must be this; "" is any or none */
	struct issuer_keys *keys;
};

/* Where tokens are verified: at one time, in one arena. */
struct id_token_check {
	const struct issuer *issuers;
	size_t issuer_count;
	struct arena *arena;
	int64_t now;       /* Unix seconds */
	int64_t now_ms;    /* monotonic */
	const char *fault; /* out: why it is UNAUTHENTICATED; static text */
	uint32_t retry_ms; /* out: when to try again if UNAVAILABLE */
};

/*
 * id_token_verify points *issuer at the one that made the token for us and
 * fills *claims. UNAUTHENTICATED for a token that is not good now; UNAVAILABLE
 * if the issuer's keys cannot be had; RESOURCE_EXHAUSTED without memory.
 */
NODISCARD enum code id_token_verify(struct id_token_check *check,
                                    const char *text,
                                    const struct issuer **issuer,
                                    struct id_token_claims *claims);

/*
 * issuer_owns_address tells whether the issuer, beside having verified the
 * token's address, also speaks for its domain: nobody else reads that mail.
 */
bool issuer_owns_address(const struct issuer *issuer,
                         const struct id_token_claims *claims);

#endif
