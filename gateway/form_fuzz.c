/*
 * Any bytes as a form and as parts: an answer, without a memory error, and
 * what was accepted can be written. The first line is the Content-Type.
 */
#include "gateway/form.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/header_value.h"
#include "tests/fuzz/fuzz.h"

static void
check(struct arena *arena, enum code code, const struct json *form,
      const char *what)
{
	struct json_out out;

	if (code == CODE_INVALID_ARGUMENT && what == NULL)
		abort();
	if (code != CODE_OK)
		return;
	json_out_init(&out, arena);
	json_out_value(&out, form);
	if (json_out_end(&out) == CODE_OK && out.data[0] != '{')
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t memory[1 << 19];
	const char *text = (const char *)data;
	const char *end = memchr(text, '\n', size);
	const char *boundary, *type, *what = NULL;
	struct json *form = NULL;
	struct arena arena;
	bool malformed;
	enum code code;

	arena_init(&arena, memory, sizeof(memory));
	if (end == NULL)
		end = text + size;
	type = arena_memdup(&arena, text, (size_t)(end - text));
	if (type == NULL)
		return 0;
	(void)header_value_accepts_json(type);
	(void)header_value_bearer(&arena, type, &malformed);
	if (end < text + size)
		end++;
	size -= (size_t)(end - text);
	code = form_read(&arena, (struct bytes){ end, size }, &form, &what);
	check(&arena, code, form, what);
	if (!header_value_parameter(&arena, type, "boundary", &boundary))
		return 0;
	code = form_read_multipart(&arena, (struct bytes){ end, size },
	                           boundary, &form, &what);
	check(&arena, code, form, what);
	return 0;
}
