/*
 * Any JSON as the template of an answer: a sentence or a template, and what a
 * template writes is JSON again.
 */
#include "gateway/template.h"

#include <stdlib.h>
#include <string.h>

#include "proto/latchkey/v1/account_service.pb-c.h"
#include "tests/fuzz/fuzz.h"

static void
check(struct arena *arena, const struct template *t)
{
	static char *roles[] = { "a", "b\"" };
	Latchkey__V1__User user = LATCHKEY__V1__USER__INIT;
	Latchkey__V1__GetMeResponse reply = LATCHKEY__V1__GET_ME_RESPONSE__INIT;
	const struct template_source source = { .message = &reply.base };
	struct json_out out;
	struct json_error err;
	struct json *again;

	user.roles = roles;
	user.n_roles = 2;
	reply.user = &user;
	json_out_init(&out, arena);
	template_write(t, &source, &out);
	if (json_out_end(&out) == CODE_OK &&
	    json_read(arena, out.data, out.len, &again, &err) ==
	            CODE_INVALID_ARGUMENT)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t memory[1 << 20];
	char text[256] = "";
	struct arena arena;
	struct spec_file file = { .name = "fuzz",
		                  .arena = &arena,
		                  .err = text,
		                  .err_size = sizeof(text) };
	struct spec at = { .file = &file }, members, body;
	const struct template_objects objects = { .members = &members };
	const struct template_scope scope = {
		.message = &latchkey__v1__get_me_response__descriptor,
		.objects = &objects,
	};
	struct template t;
	struct json_error err;
	struct json *json;

	arena_init(&arena, memory, sizeof(memory));
	if (json_read(&arena, (const char *)data, size, &json, &err) != CODE_OK)
		return 0;
	at.value = json;
	members = at;
	if (!spec_find(&at, "body", &body))
		return 0;
	if (template_compile(&body, &scope, &t) == CODE_OK)
		check(&arena, &t);
	else if (strncmp(text, "fuzz: ", 6) != 0)
		abort();
	return 0;
}
