#include "gateway/answer.h"

#include <assert.h>

void
answer_add(struct answer *answer, const char *name, const char *value)
{
	assert(answer->header_count < ANSWER_HEADER_MAX);
	answer->headers[answer->header_count++] =
		(struct answer_header){ name, value };
}
