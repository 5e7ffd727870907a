#ifndef SERVER_DOMAIN_TOKEN_PARTS_H
#define SERVER_DOMAIN_TOKEN_PARTS_H

#include <stdbool.h>

#include "base/bytes.h"

/* A compact JWS' three segments (RFC 7515, section 7.1), still encoded. */
struct token_parts {
	struct bytes header, payload, signature;
	struct bytes signed_text; /* header and payload with their dot */
};

/* token_parts_split points into `text`; false unless it has three, not empty.
 */
bool token_parts_split(struct bytes text, struct token_parts *out);

#endif
