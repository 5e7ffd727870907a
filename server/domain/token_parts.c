#include "server/domain/token_parts.h"

#include <string.h>

bool
token_parts_split(struct bytes text, struct token_parts *out)
{
	const char *start = text.data, *end = start + text.len;
	const char *first = memchr(start, '.', text.len), *second;

	if (first == NULL)
		return false;
	second = memchr(first + 1, '.', (size_t)(end - first - 1));
	if (second == NULL ||
	    memchr(second + 1, '.', (size_t)(end - second - 1)) != NULL)
		return false;
	*out = (struct token_parts){
		.header = { start, (size_t)(first - start) },
		.payload = { first + 1, (size_t)(second - first - 1) },
		.signature = { second + 1, (size_t)(end - second - 1) },
		.signed_text = { start, (size_t)(second - start) },
	};
	return out->header.len > 0 && out->payload.len > 0 &&
	       out->signature.len > 0;
}
