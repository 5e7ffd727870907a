#include "gateway/render.h"

#include <string.h>
#include <strings.h>

#include "base/encoding.h"

#define REQUEST_ID_LEN 16

static const char last_resort[] = "{\"detail\":\"A server error occurred.\"}";

/* Makes the text in the arena; CODE_RESOURCE_EXHAUSTED if it does not fit. */
static enum code
fill_template(const struct template *template,
              const struct template_source *source, struct arena *arena,
              struct bytes *out)
{
	struct json_out text;
	enum code code;

	json_out_init(&text, arena);
	template_write(template, source, &text);
	code = json_out_end(&text);
	if (code == CODE_OK)
		*out = (struct bytes){ text.data, text.len };
	return code;
}

static enum code
fill_answer(struct answer *answer, const struct error_rule *rule,
            const struct template_source *source, struct arena *arena)
{
	enum code code = CODE_OK;

	*answer = (struct answer){ .status = rule->status };
	if (rule->body.ops != NULL)
		code = fill_template(&rule->body, source, arena, &answer->body);
	for (size_t i = 0; i < rule->header_count && code == CODE_OK; i++) {
		struct bytes value = { 0 };

		code = fill_template(&rule->headers[i].value, source, arena,
		                     &value);
		if (code == CODE_OK)
			answer_add(answer, rule->headers[i].name, value.data);
	}
	return code;
}

static const char *
request_id_text(struct exchange *x)
{
	if (x->inquiry.request_id == NULL)
		return "";
	hex_encode(x->inquiry.request_id, REQUEST_ID_LEN, x->request_id);
	return x->request_id;
}

/* What every answer carries, whatever it is. */
static void
add_common(struct exchange *x, struct answer *answer)
{
	const struct router_path *path = x->match.path;

	if (answer->body.len > 0)
		answer_add(answer, "Content-Type", "application/json");
	/* A path that is not there still answers a preflight. */
	answer_add(answer, "Allow", path == NULL ? "OPTIONS" : path->allow);
	answer_add(answer, "Vary", "Accept, origin");
	answer_add(answer, "X-Request-Id", request_id_text(x));
	answer_add(answer, "X-Content-Type-Options", "nosniff");
	answer_add(answer, "Referrer-Policy", "same-origin");
	answer_add(answer, "X-Frame-Options", "DENY");
	if (answer->status == 401)
		answer_add(answer, "WWW-Authenticate", "Bearer realm=\"api\"");
}

static const char *
origin_of(const struct exchange *x)
{
	return x->inquiry.header(x->inquiry.ctx, "Origin");
}

void
render_empty(const struct translator *t, struct exchange *x, unsigned status)
{
	x->answer = (struct answer){ .status = status };
	add_common(x, &x->answer);
	cors_expose(t->cors, origin_of(x), &x->answer);
}

void
render_preflight(const struct translator *t, struct exchange *x)
{
	x->answer = (struct answer){ .status = 200 };
	add_common(x, &x->answer);
	cors_preflight(t->cors, origin_of(x), &x->answer);
}

void
render_error(const struct translator *t, struct exchange *x,
             const struct error_rule *rule,
             const struct template_source *source)
{
	const char *retry_after = source->variables[TEMPLATE_RETRY_AFTER];
	struct arena reserve;

	if (x->inquiry.arena->full ||
	    fill_answer(&x->answer, rule, source, x->inquiry.arena) !=
	            CODE_OK) {
		arena_init(&reserve, x->reserve, sizeof(x->reserve));
		if (fill_answer(&x->answer, rule, source, &reserve) != CODE_OK)
			x->answer = (struct answer){
				.status = 500,
				.body = { last_resort,
				          sizeof(last_resort) - 1 },
			};
	}
	add_common(x, &x->answer);
	if (x->answer.status == 503 || x->answer.status == 429)
		answer_add(&x->answer, "Retry-After",
		           retry_after == NULL ? "1" : retry_after);
	cors_expose(t->cors, origin_of(x), &x->answer);
}

void
render_success(const struct translator *t, struct exchange *x,
               const ProtobufCMessage *reply)
{
	const struct route *route = x->route;
	const struct template_source source = {
		.message = reply,
		.public_base = t->public_base,
	};
	const struct template_source nothing = { 0 };
	struct error_rule rule = { .status = route->status,
		                   .body = route->body,
		                   .header_count = route->header_count };

	memcpy(rule.headers, route->headers, sizeof(rule.headers));
	if (fill_answer(&x->answer, &rule, &source, x->inquiry.arena) !=
	    CODE_OK) {
		render_error(t, x, route->errors.rules[CONDITION_INTERNAL],
		             &nothing);
		return;
	}
	add_common(x, &x->answer);
	if (route->no_store)
		answer_add(&x->answer, "Cache-Control", "no-store");
	cors_expose(t->cors, origin_of(x), &x->answer);
}
