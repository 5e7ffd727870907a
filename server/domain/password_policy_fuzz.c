/*
 * A password and an owner of any bytes, one to a line: as many sentences as
 * are counted, and the rule of length says nothing that Django's do not.
 */
#include "server/domain/password_policy.h"

#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

#define TEXT_MAX 4096
#define LINES 5

static void
must(int condition)
{
	if (!condition)
		abort();
}

/* Ends the line that the text begins with and returns the next one. */
static char *
cut_line(char *text)
{
	char *end = text + strcspn(text, "\n");

	if (*end == '\0')
		return end;
	*end = '\0';
	return end + 1;
}

static void
check(const struct password_verdict *verdict)
{
	size_t count = 0;

	for (size_t i = 0; i < PASSWORD_FAULT_COUNT; i++)
		count += verdict->messages[i] != NULL;
	must(count == verdict->count);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct password_verdict django, length;
	char text[TEXT_MAX], *lines[LINES + 1];
	size_t len = size < sizeof(text) ? size : sizeof(text) - 1;

	memcpy(text, data, len);
	text[len] = '\0';
	lines[0] = text;
	for (size_t i = 0; i < LINES; i++)
		lines[i + 1] = cut_line(lines[i]);
	const struct password_owner owner = { lines[1], lines[2], lines[3],
		                              lines[4] };

	password_judge(PASSWORD_RULES_DJANGO, lines[0], &owner, &django);
	password_judge(PASSWORD_RULES_LENGTH, lines[0], &owner, &length);
	check(&django);
	check(&length);
	must(length.messages[PASSWORD_TOO_SHORT] ==
	     django.messages[PASSWORD_TOO_SHORT]);
	must(length.count <= 1);
	return 0;
}
