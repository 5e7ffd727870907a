#ifndef GATEWAY_ANSWER_H
#define GATEWAY_ANSWER_H

#include <stddef.h>

#include "base/bytes.h"

/* An HTTP answer being made; its bytes live as long as its request, or as the
 * reply that they are a part of. */
#define ANSWER_HEADER_MAX 24

struct answer_header {
	const char *name;
	const char *value;
};

struct answer {
	unsigned status;
	struct bytes body;
	struct answer_header headers[ANSWER_HEADER_MAX];
	size_t header_count;
};

/*
 * answer_add adds a header; both texts are lent. There is room for all that
 * the gateway and a profile may set.
 */
void answer_add(struct answer *answer, const char *name, const char *value);

#endif
