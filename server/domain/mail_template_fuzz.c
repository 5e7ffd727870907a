/*
 * Any template: it is refused with a line that it has, or it can be filled,
 * and what comes of it is a mail in which no line is too long or ends early.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "server/domain/mail_encoding.h"
#include "server/domain/mail_slot.h"
#include "server/store/outbox_store.h"
#include "tests/fuzz/fuzz.h"

#define MEMORY ((size_t)4 << 20)
#define TEMPLATE_MAX 4096

static const struct mail mail = {
	.to = "ada@example.org",
	.template_name = "verify",
	.variables = { { "operator", "<b>\r\n\x7f" }, { "link", "&'\"" } },
	.variable_count = 2,
	.last_error = "",
};

/* One line's worth; returns what follows its CRLF. */
static const char *
check_line(const char *at, const char *end, size_t max)
{
	const char *eol = memmem(at, (size_t)(end - at), "\r\n", 2);

	if (eol == NULL)
		eol = end;
	assert((size_t)(eol - at) <= max);
	for (; at < eol; at++)
		assert((*at >= ' ' && *at < 0x7f) || *at == '\t');
	return eol == end ? end : eol + 2;
}

static void
check_lines(const struct mail_buffer *out, size_t max)
{
	const char *at = out->data, *end = at + out->len;

	while (at < end)
		at = check_line(at, end, max);
}

static void
check_encoded(const char *text, char *memory)
{
	struct mail_buffer body = { memory, 0 }, subject = { 0 };

	mail_encoding_body(&body, text);
	assert(body.len < MEMORY / 2);
	check_lines(&body, 76);
	subject.data = memory;
	mail_encoding_subject(&subject, text);
	check_lines(&subject, 76);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mail_buffer counted = { 0 }, filled = { 0 };
	struct bytes template = { data, size };
	const char *fault = NULL;
	size_t line = 0;
	char *memory;

	if (size > TEMPLATE_MAX)
		return 0;
	if (!mail_slot_check(template, &line, &fault)) {
		assert(fault != NULL && line >= 1 && line <= size + 1);
		return 0;
	}
	memory = calloc(1, MEMORY);
	assert(memory != NULL);
	mail_slot_fill(&counted, template, &mail, MAIL_FORMAT_HTML);
	assert(counted.len < MEMORY / 2);
	filled.data = memory;
	mail_slot_fill(&filled, template, &mail, MAIL_FORMAT_HTML);
	assert(filled.len == counted.len);
	assert(strlen(memory) == filled.len);
	check_encoded(memory, memory + MEMORY / 2);
	free(memory);
	return 0;
}
