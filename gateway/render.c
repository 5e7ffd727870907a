#include "gateway/render.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/encoding.h"
#include "gateway/message.h"
#include "gateway/paging.h"
#include "gateway/refresh_cookie.h"

#define REQUEST_ID_LEN 16
#define TYPE_HTML "text/html; charset=utf-8"
#define TYPE_JSON "application/json"

static const char last_resort[] = "{\"detail\":\"A server error occurred.\"}";

/* Everything a body is made of; all of it outlives the answer. */
struct content {
	unsigned status;
	const struct template *body;
	const struct page *page; /* NULL: the body */
	const struct header_rule *headers;
	size_t header_count;
	const struct template_source *source;
	const struct violations *violations;
};

static const char *
find_input(const void *ctx, const char *name)
{
	const struct exchange *x = ctx;

	for (size_t i = 0; i < x->route->field_count; i++)
		if (strcmp(x->route->fields[i].name, name) == 0)
			return x->outcome.texts[i];
	return NULL;
}

/* A call's answer goes where the reply is: a request has less room. */
static struct arena *
answer_arena(const struct exchange *x)
{
	return x->answer_arena != NULL ? x->answer_arena : x->inquiry.arena;
}

static enum code
end_text(struct json_out *text, struct bytes *out)
{
	enum code code = json_out_end(text);

	if (code == CODE_OK)
		*out = (struct bytes){ text->data, text->len };
	return code;
}

static enum code
fill_template(const struct template *template,
              const struct template_source *source, struct arena *arena,
              struct bytes *out)
{
	struct json_out text;

	json_out_init(&text, arena);
	template_write(template, source, &text);
	return end_text(&text, out);
}

static enum code
fill_page(const struct translator *t, const struct exchange *x,
          const struct content *content, struct arena *arena, struct bytes *out)
{
	const struct page_source source = {
		.operator_name = t->operator_name,
		.retry_after = content->source->variables[TEMPLATE_RETRY_WORDS],
		.input = find_input,
		.ctx = x,
		.violations = content->violations,
	};
	struct json_out text;

	json_out_init(&text, arena);
	page_write(content->page, &source, &text);
	return end_text(&text, out);
}

/* Makes body and headers in the arena. */
static enum code
fill_answer(const struct translator *t, struct exchange *x,
            const struct content *content, struct arena *arena)
{
	struct answer *answer = &x->answer;
	enum code code = CODE_OK;

	*answer = (struct answer){ .status = content->status };
	if (content->page != NULL)
		code = fill_page(t, x, content, arena, &answer->body);
	else if (content->body->ops != NULL)
		code = fill_template(content->body, content->source, arena,
		                     &answer->body);
	for (size_t i = 0; i < content->header_count && code == CODE_OK; i++) {
		struct bytes value = { 0 };

		code = fill_template(&content->headers[i].value,
		                     content->source, arena, &value);
		if (code == CODE_OK)
			answer_add(answer, content->headers[i].name,
			           value.data);
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

/*
 * RFC 6797. Without includeSubDomains: the other names of the domain are not
 * ours to decide for.
 */
static void
add_transport_security(const struct translator *t, struct exchange *x)
{
	if (x->inquiry.secure && t->public_base != NULL &&
	    strncmp(t->public_base, "https://", 8) == 0)
		answer_add(&x->answer, "Strict-Transport-Security",
		           "max-age=31536000");
}

/* What every answer carries, whatever it is. */
static void
add_common(const struct translator *t, struct exchange *x, const char *type)
{
	const struct router_path *path = x->match.path;
	struct answer *answer = &x->answer;
	bool is_page = strcmp(type, TYPE_HTML) == 0;

	if (answer->body.len > 0)
		answer_add(answer, "Content-Type", type);
	/* A path that is not there still answers a preflight. */
	answer_add(answer, "Allow", path == NULL ? "OPTIONS" : path->allow);
	answer_add(answer, "Vary", "Accept, origin");
	answer_add(answer, "X-Request-Id", request_id_text(x));
	answer_add(answer, "X-Content-Type-Options", "nosniff");
	/* The address of a page holds a link's token. */
	answer_add(answer, "Referrer-Policy",
	           is_page ? "no-referrer" : "same-origin");
	answer_add(answer, "X-Frame-Options", "DENY");
	add_transport_security(t, x);
	if (answer->status == 401)
		answer_add(answer, "WWW-Authenticate", "Bearer realm=\"api\"");
}

static void
add_page_headers(const struct translator *t, struct exchange *x)
{
	answer_add(&x->answer, "Content-Security-Policy",
	           t->profiles->pages.policy);
	answer_add(&x->answer, "Cache-Control", "no-store");
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
	add_common(t, x, TYPE_JSON);
	cors_expose(t->cors, origin_of(x), refresh_cookie_is_on(x), &x->answer);
}

void
render_preflight(const struct translator *t, struct exchange *x)
{
	x->answer = (struct answer){ .status = 200 };
	add_common(t, x, TYPE_JSON);
	cors_preflight(t->cors, origin_of(x), refresh_cookie_is_on(x),
	               &x->answer);
}

static const struct error_rule *
rule_of(const struct translator *t, const struct exchange *x,
        unsigned condition)
{
	if (x->route != NULL)
		return x->route->errors.rules[condition];
	return profile_set_rule(t->profiles, x->match.path, condition);
}

void
render_error(const struct translator *t, struct exchange *x,
             struct refusal *refusal)
{
	const struct error_rule *rule = rule_of(t, x, refusal->condition);
	const char *retry_after =
		refusal->source.variables[TEMPLATE_RETRY_AFTER];
	const struct content content = {
		.status = rule->status,
		.body = &rule->body,
		.page = rule->page,
		.headers = rule->headers,
		.header_count = rule->header_count,
		.source = &refusal->source,
		.violations = refusal->violations,
	};
	const char *type = rule->page == NULL ? TYPE_JSON : TYPE_HTML;
	struct arena reserve;

	x->failed = true;
	x->condition = refusal->condition;
	if (x->inquiry.arena->full ||
	    fill_answer(t, x, &content, x->inquiry.arena) != CODE_OK) {
		arena_init(&reserve, x->reserve, sizeof(x->reserve));
		if (fill_answer(t, x, &content, &reserve) != CODE_OK) {
			type = TYPE_JSON;
			x->answer = (struct answer){
				.status = 500,
				.body = { last_resort,
				          sizeof(last_resort) - 1 },
			};
		}
	}
	add_common(t, x, type);
	if (strcmp(type, TYPE_HTML) == 0)
		add_page_headers(t, x);
	if (x->answer.status == 503 || x->answer.status == 429)
		answer_add(&x->answer, "Retry-After",
		           retry_after == NULL ? "1" : retry_after);
	cors_expose(t->cors, origin_of(x), refresh_cookie_is_on(x), &x->answer);
}

/* Strong enough to tell two pictures of one address apart (FNV-1a). */
static const char *
make_etag(struct exchange *x, struct bytes bytes)
{
	const unsigned char *data = bytes.data;
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < bytes.len; i++)
		hash = (hash ^ data[i]) * 0x100000001b3;
	(void)snprintf(x->etag, sizeof(x->etag), "\"%016" PRIx64 "\"", hash);
	return x->etag;
}

static bool
has_current(const struct exchange *x, const char *etag)
{
	const char *known = x->inquiry.header(x->inquiry.ctx, "If-None-Match");

	return known != NULL && strstr(known, etag) != NULL;
}

/* The type that the server says, if the profile knows it. */
static const char *
choose_type(const struct route_answer *answer, const char *said)
{
	for (size_t i = 0; answer->served_types[i] != NULL; i++)
		if (strcmp(answer->served_types[i], said) == 0)
			return answer->served_types[i];
	return ROUTE_TYPE_OTHER;
}

/* The bytes as they are, or 304 for a client that has them. */
static const char *
render_raw(struct exchange *x, const ProtobufCMessage *reply)
{
	const struct route_answer *route = &x->route->answer;
	const char *type = message_get(reply, route->raw_type, 0).text;
	struct bytes bytes = message_bytes(reply, route->raw);
	const char *etag = make_etag(x, bytes);

	answer_add(&x->answer, "ETag", etag);
	if (has_current(x, etag)) {
		x->answer.status = 304;
		return TYPE_JSON;
	}
	x->answer.body = bytes;
	return choose_type(route, type);
}

/* The route's own look, or the first variant's that fits the reply. */
static struct content
choose_content(const struct route *route, const ProtobufCMessage *reply)
{
	const struct route_answer *answer = &route->answer;
	struct content content = { .status = answer->status,
		                   .body = &answer->body,
		                   .page = answer->page,
		                   .headers = answer->headers,
		                   .header_count = answer->header_count };

	for (size_t i = 0; i < answer->variant_count; i++) {
		if (!route_choice_holds(&answer->variants[i].when, reply))
			continue;
		content.status = answer->variants[i].status;
		content.body = &answer->variants[i].body;
		break;
	}
	return content;
}

static bool
add_links(const struct translator *t, struct exchange *x,
          const ProtobufCMessage *reply, struct template_source *source)
{
	const struct route_paging *paging = &x->route->answer.paging;
	struct paging_links links;

	if (paging->parameter == NULL)
		return true;
	if (!paging_write(paging, &x->inquiry, t->public_base, reply, &links))
		return false;
	source->variables[TEMPLATE_NEXT_PAGE] = links.next;
	source->variables[TEMPLATE_PREVIOUS_PAGE] = links.previous;
	return true;
}

/* The document, 304, or 404 where nothing has the name. */
static void
render_document(const struct translator *t, struct exchange *x)
{
	const struct route *route = x->route;
	struct refusal refusal = { .condition = CONDITION_NOT_FOUND };
	const char *file = NULL;
	const struct document *document;

	for (size_t i = 0; i < route->segment_count; i++)
		if (route->segments[i].is_parameter)
			file = x->match.segments[i];
	document = documents_find(t->documents, route->answer.document, file);
	if (document == NULL) {
		render_error(t, x, &refusal);
		return;
	}
	x->answer = (struct answer){ .status = 200, .body = document->body };
	if (has_current(x, document->etag))
		x->answer = (struct answer){ .status = 304 };
	add_common(t, x, document->type);
	answer_add(&x->answer, "ETag", document->etag);
	answer_add(&x->answer, "Cache-Control", "no-cache");
	if (document->policy != NULL)
		answer_add(&x->answer, "Content-Security-Policy",
		           document->policy);
	cors_expose(t->cors, origin_of(x), refresh_cookie_is_on(x), &x->answer);
}

bool
render_success(const struct translator *t, struct exchange *x,
               const ProtobufCMessage *reply)
{
	struct template_source source = { .message = reply,
		                          .public_base = t->public_base };
	struct refusal refusal = { .condition = CONDITION_INTERNAL };
	struct content content = choose_content(x->route, reply);
	const char *type = content.page == NULL ? TYPE_JSON : TYPE_HTML;

	if (x->route->answer.document != DOCUMENT_NONE) {
		render_document(t, x);
		return true;
	}
	content.source = &source;
	if (!add_links(t, x, reply, &source) ||
	    fill_answer(t, x, &content, answer_arena(x)) != CODE_OK)
		return false;
	if (x->route->cookie.is_used && !refresh_cookie_give(x, reply)) {
		render_error(t, x, &refusal);
		return true;
	}
	if (x->route->answer.raw != NULL)
		type = render_raw(x, reply);
	add_common(t, x, type);
	if (content.page != NULL)
		add_page_headers(t, x);
	else if (x->route->answer.no_store)
		answer_add(&x->answer, "Cache-Control", "no-store");
	cors_expose(t->cors, origin_of(x), refresh_cookie_is_on(x), &x->answer);
	return true;
}
