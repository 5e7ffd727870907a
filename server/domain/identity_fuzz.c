/*
 * Any text: what is accepted as an address or a username fits the store and
 * holds nothing that a mail's header or a log line could stumble over.
 */
#include "server/domain/identity.h"

#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "server/store/store.h"
#include "server/store/user_store.h"
#include "tests/fuzz/fuzz.h"

#define TEXT_MAX 2048

static void
must(int condition)
{
	if (!condition)
		abort();
}

/* What any identifier promises. */
static void
check(const char *text, size_t bytes_max)
{
	uint8_t memory[STORE_KEY_MAX + 64];
	size_t len = strlen(text);
	struct arena arena;
	char *normalised;

	must(len > 0 && len <= bytes_max && utf8_is_valid(text, len));
	for (size_t i = 0; i < len; i++)
		must((unsigned char)text[i] >= ' ' && text[i] != 0x7f);
	arena_init(&arena, memory, sizeof(memory));
	must(identifier_normalise(&arena, text, &normalised) == CODE_OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[TEXT_MAX];
	size_t len = size < sizeof(text) ? size : sizeof(text) - 1;

	memcpy(text, data, len);
	text[len] = '\0';
	if (identity_email_fault(text) == NULL) {
		check(text, USER_EMAIL_MAX);
		must(strchr(text, '@') != NULL);
		must(strpbrk(text, "\r\n") == NULL);
	}
	if (identity_username_fault(text, "") == NULL) {
		check(text, USER_IDENTIFIER_MAX);
		must(strchr(text, '@') == NULL);
	}
	if (identity_name_fault(text, USER_NAME_MAX) == NULL)
		must(strlen(text) <= (size_t)4 * USER_NAME_MAX);
	return 0;
}
