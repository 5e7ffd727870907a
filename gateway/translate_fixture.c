#include "gateway/translate_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "proto/latchkey/v1/auth_service.pb-c.h"

int
translate_fixture_setup(void **state)
{
	static const char *const origins[] = { FIXTURE_ORIGIN };
	const struct profile_options profiles = { 0 };
	const struct cors_options cors = { .origins = origins,
		                           .origin_count = 1 };
	struct translate_fixture *f = calloc(1, sizeof(*f));
	char err[256];

	if (f == NULL ||
	    profile_set_open(&profiles, &f->profiles, err, sizeof(err)) !=
	            CODE_OK ||
	    cors_open(&cors, &f->cors, err, sizeof(err)) != CODE_OK)
		return -1;
	f->translator = (struct translator){
		.profiles = f->profiles,
		.cors = f->cors,
		.public_base = "https://auth.example",
		.operator_name = "Acme",
	};
	*state = f;
	return 0;
}

int
translate_fixture_teardown(void **state)
{
	struct translate_fixture *f = *state;

	profile_set_close(f->profiles);
	cors_close(f->cors);
	free(f->exchange);
	free(f);
	return 0;
}

/* The value of the line that begins with the name, copied to the arena. */
static const char *
find_header(const void *ctx, const char *name)
{
	const struct translate_fixture *f = ctx;
	const char *line = f->headers;
	size_t len = strlen(name);

	while (line != NULL && *line != '\0') {
		size_t end = strcspn(line, "\n");

		if (strncasecmp(line, name, len) == 0 && line[len] == ':') {
			const char *value = line + len + 1;

			value += strspn(value, " ");
			return arena_memdup(
				&((struct translate_fixture *)f)->arena, value,
				end - (size_t)(value - line));
		}
		line += end + (line[end] == '\n');
	}
	return NULL;
}

bool
translate_fixture_send(struct translate_fixture *f,
                       const struct translate_case *request, size_t arena_size)
{
	static const uint8_t request_id[16] = { 0x01, [15] = 0xfe };
	static char line[8192];
	const char *body = request->body == NULL ? "" : request->body;
	char *target, *query;

	free(f->exchange);
	f->exchange = calloc(1, sizeof(*f->exchange));
	if (f->exchange == NULL || strlen(request->line) >= sizeof(line))
		abort();
	arena_init(&f->arena, f->memory, arena_size);
	f->headers = request->headers;
	target = stpcpy(line, request->line) - strlen(request->line);
	target += strcspn(target, " ");
	*target++ = '\0';
	query = target + strcspn(target, "?");
	if (*query == '?')
		*query++ = '\0';
	f->exchange->inquiry = (struct inquiry){
		.arena = &f->arena,
		.method = line,
		.path = target,
		.query = query,
		.peer = "192.0.2.1",
		.request_id = request_id,
		.body = { body, strlen(body) },
		.header = find_header,
		.ctx = f,
	};
	return translate_request(&f->translator, f->exchange);
}

void
translate_fixture_refused(struct translate_fixture *f,
                          const struct translate_case *request)
{
	Latchkey__V1__VerifyTokenResponse caller =
		LATCHKEY__V1__VERIFY_TOKEN_RESPONSE__INIT;

	caller.is_superuser = true;
	if (!translate_fixture_send(f, request, FIXTURE_MEMORY))
		return;
	if (!f->exchange->is_caller_check)
		fail_msg("%s became a call", request->line);
	translate_fixture_reply(f, &caller);
}

const void *
translate_fixture_call(struct translate_fixture *f,
                       const struct translate_case *request, const char *rpc)
{
	if (!translate_fixture_send(f, request, FIXTURE_MEMORY))
		fail_msg("%s %s: %u %s", request->line, request->body,
		         f->exchange->answer.status, translate_fixture_body(f));
	assert_string_equal(f->exchange->rpc_name, rpc);
	assert_ptr_equal(f->exchange->request->descriptor,
	                 f->exchange->route->rpc->input);
	return f->exchange->request;
}

void
translate_fixture_reply(struct translate_fixture *f, const void *reply)
{
	static const Latchkey__Rpc__V1__Status status =
		LATCHKEY__RPC__V1__STATUS__INIT;

	translate_reply(&f->translator, f->exchange, CODE_OK, &status, reply);
}

void
translate_fixture_refuse(struct translate_fixture *f, enum code code,
                         Latchkey__Rpc__V1__Reason reason,
                         Latchkey__Rpc__V1__Subject subject)
{
	Latchkey__Rpc__V1__Status status = LATCHKEY__RPC__V1__STATUS__INIT;

	status.code = code;
	status.reason = reason;
	status.subject = subject;
	translate_reply(&f->translator, f->exchange, code, &status, NULL);
}

const char *
translate_fixture_header(const struct translate_fixture *f, const char *name)
{
	const struct answer *answer = &f->exchange->answer;

	for (size_t i = 0; i < answer->header_count; i++)
		if (strcasecmp(answer->headers[i].name, name) == 0)
			return answer->headers[i].value;
	return NULL;
}

const char *
translate_fixture_body(const struct translate_fixture *f)
{
	static char text[65536];
	const struct bytes *body = &f->exchange->answer.body;

	if (body->len >= sizeof(text))
		abort();
	if (body->len > 0)
		memcpy(text, body->data, body->len);
	text[body->len] = '\0';
	return text;
}
