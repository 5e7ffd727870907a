#include "server/domain/uid.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/encoding.h"
#include "server/store/user_store.h"

#define DIGITS_MAX 16 /* of USER_ID_MAX */
#define TEXT_SIZE BASE64URL_SIZE(DIGITS_MAX)

_Static_assert(USER_ID_MAX <= 9999999999999999ULL, "an id has 16 digits");

enum code
uid_write(struct arena *arena, uint64_t id, char **out)
{
	char digits[24], *text;
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, id);

	text = arena_alloc(arena, BASE64URL_SIZE(sizeof(digits)));
	if (len < 0 || text == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	base64url_encode(digits, (size_t)len, text);
	*out = text;
	return CODE_OK;
}

enum code
uid_read(const char *text, uint64_t *out)
{
	size_t text_len = strnlen(text, TEXT_SIZE), len;
	char digits[DIGITS_MAX];
	uint64_t id = 0;

	if (!base64url_decode(text, text_len, digits, sizeof(digits), &len) ||
	    len == 0 || digits[0] == '0')
		return CODE_INVALID_ARGUMENT;
	for (size_t i = 0; i < len; i++) {
		if (digits[i] < '0' || digits[i] > '9')
			return CODE_INVALID_ARGUMENT;
		id = id * 10 + (uint64_t)(digits[i] - '0');
	}
	if (id > USER_ID_MAX)
		return CODE_INVALID_ARGUMENT;
	*out = id;
	return CODE_OK;
}
