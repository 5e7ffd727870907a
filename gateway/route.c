/* Reads and checks the rows of a profile's "routes". */
#include "gateway/route.h"

#include <string.h>

#include "gateway/route_cookie.h"
#include "gateway/route_request.h"

static const char *const method_names[METHOD_COUNT] = {
	[METHOD_GET] = "GET",       [METHOD_POST] = "POST",
	[METHOD_PUT] = "PUT",       [METHOD_PATCH] = "PATCH",
	[METHOD_DELETE] = "DELETE",
};

const char *
method_name(enum method method)
{
	return method_names[method];
}

static enum code
read_method(const struct spec *row, struct route *route)
{
	const char *text = NULL;
	struct spec at = *row;
	enum code code = spec_text(row, "method", &text);

	if (code != CODE_OK)
		return code;
	if (text == NULL)
		return spec_fail(row, "needs \"method\"");
	(void)spec_find(row, "method", &at);
	for (unsigned i = 0; i < METHOD_COUNT; i++) {
		if (strcmp(method_names[i], text) == 0) {
			route->method = i;
			return CODE_OK;
		}
	}
	return spec_fail(&at, "must be GET, POST, PUT, PATCH or DELETE");
}

static enum code
read_segment(const struct spec *at, char *text, struct route_segment *out)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789-._~";
	size_t len = strlen(text);

	*out = (struct route_segment){ .text = text };
	if (len > 2 && text[0] == '{' && text[len - 1] == '}') {
		text[len - 1] = '\0';
		*out = (struct route_segment){ text + 1, true };
		len -= 2;
	}
	if (len == 0 || strspn(out->text, allowed) != len)
		return spec_fail(at, "has a segment that is neither {name} nor "
		                     "of letters, digits and -._~");
	return CODE_OK;
}

static enum code
read_path(const struct spec *row, struct route *route)
{
	const char *text = NULL;
	struct spec at = *row;
	enum code code = spec_text(row, "path", &text);
	size_t parameters = 0;
	char *rest;

	if (code != CODE_OK)
		return code;
	if (text == NULL)
		return spec_fail(row, "needs \"path\"");
	(void)spec_find(row, "path", &at);
	route->path = text;
	if (text[0] != '/')
		return spec_fail(&at, "must begin with /");
	rest = arena_strdup(row->file->arena, text + 1);
	while (rest != NULL && *rest != '\0') {
		char *segment = strsep(&rest, "/");

		if (route->segment_count == ROUTE_SEGMENT_MAX)
			return spec_fail(&at, "has more than %d segments",
			                 ROUTE_SEGMENT_MAX);
		code = read_segment(&at, segment,
		                    &route->segments[route->segment_count]);
		if (code != CODE_OK)
			return code;
		parameters +=
			route->segments[route->segment_count++].is_parameter;
	}
	return parameters <= ROUTE_PARAMETER_MAX
	               ? CODE_OK
	               : spec_fail(&at, "has more than %d parameters",
	                           ROUTE_PARAMETER_MAX);
}

static enum code
read_auth(const struct spec *row, struct route *route)
{
	static const char *const ranks[] = {
		[ROUTE_FOR_USERS] = "bearer",
		[ROUTE_FOR_STAFF] = "staff",
		[ROUTE_FOR_SUPERUSERS] = "superuser",
	};
	const char *text = NULL;
	struct spec at = *row;
	enum code code = spec_text(row, "auth", &text);

	if (code != CODE_OK)
		return code;
	if (text == NULL)
		return spec_fail(row, "needs \"auth\"");
	for (size_t i = 0; i < sizeof(ranks) / sizeof(ranks[0]); i++) {
		if (strcmp(text, ranks[i]) != 0)
			continue;
		route->needs_bearer = true;
		route->rank = (enum route_rank)i;
	}
	(void)spec_find(row, "auth", &at);
	return route->needs_bearer || strcmp(text, "none") == 0
	               ? CODE_OK
	               : spec_fail(&at, "must be \"none\", \"bearer\", "
	                                "\"staff\" or \"superuser\"");
}

static enum code
read_answer(const struct spec *row, const struct route_scope *scope,
            struct route *route)
{
	const struct route_answer_scope inside = {
		.reply = route->rpc == NULL ? NULL : route->rpc->output,
		.objects = scope->objects,
		.pages = scope->pages,
	};

	return route_answer_compile(row, &inside, &route->answer);
}

/* The profile's or another's, and over them the row's own. */
static enum code
read_errors(const struct spec *row, const struct route_scope *scope,
            struct route *route)
{
	const struct error_scope inside = { scope->objects, scope->pages };
	const struct error_table *base = scope->errors;
	const char *from = NULL;
	struct spec errors;
	enum code code = spec_text(row, "errors_from", &from);

	if (code != CODE_OK)
		return code;
	if (from != NULL)
		base = scope->find_errors(scope->ctx, from);
	if (base == NULL)
		return spec_fail(row, "there is no profile \"%s\"", from);
	route->errors = *base;
	if (!spec_find(row, "errors", &errors))
		return CODE_OK;
	return error_table_compile(&errors, &inside, &route->errors);
}

static bool
has_row(const struct route *route, const char *name)
{
	for (size_t i = 0; i < route->field_count; i++)
		if (strcmp(route->fields[i].name, name) == 0)
			return true;
	return false;
}

/* What a page shows of a request must be in the request. */
static enum code
check_page(const struct spec *row, const struct route *route,
           const struct page *page)
{
	const char *name;

	for (size_t i = 0; page != NULL; i++) {
		name = page_input(page, i);
		if (name == NULL)
			break;
		if (!has_row(route, name))
			return spec_fail(row,
			                 "the page \"%s\" shows \"%s\", which "
			                 "\"request\" does not name",
			                 page->name, name);
	}
	return CODE_OK;
}

static enum code
check_pages(const struct spec *row, const struct route *route)
{
	enum code code = check_page(row, route, route->answer.page);

	for (unsigned i = 0; i < CONDITION_MAX && code == CODE_OK; i++)
		if (route->errors.rules[i] != NULL)
			code = check_page(row, route,
			                  route->errors.rules[i]->page);
	return code;
}

/* What a row and the rows within it have in common, once rpc is known. */
static enum code
compile_end(const struct spec *at, const struct route_scope *scope,
            struct route *out)
{
	enum code code = read_answer(at, scope, out);

	if (code == CODE_OK)
		code = read_errors(at, scope, out);
	if (code == CODE_OK)
		code = route_may_compile(at, out);
	if (code == CODE_OK)
		code = check_pages(at, out);
	return code;
}

/* The same call, answered with pages. */
static enum code
read_browser(const struct spec *row, const struct route_scope *scope,
             struct route *route)
{
	static const char *const known[] = { "page",   "status",      "headers",
		                             "errors", "errors_from", NULL };
	struct route *within;
	struct spec at;
	enum code code;

	if (!spec_find(row, "browser", &at))
		return CODE_OK;
	code = spec_check_members(&at, known);
	if (code != CODE_OK)
		return code;
	within = arena_memdup(row->file->arena, route, sizeof(*route));
	if (within == NULL)
		return spec_fail(&at, "not enough memory");
	code = compile_end(&at, scope, within);
	if (code == CODE_OK && within->answer.page == NULL)
		return spec_fail(&at, "needs \"page\"");
	within->answer.accepted = route->answer.accepted;
	within->answer.otherwise = route->answer.otherwise;
	for (unsigned i = 0; i < CONDITION_MAX; i++)
		within->may[i] |=
			route->may[i] && i != CONDITION_NOT_ACCEPTABLE;
	route->browser = within;
	return code;
}

/* Another call that changes nothing, and a page that asks for a click. */
static enum code
read_confirm(const struct spec *row, const struct route_scope *scope,
             struct route *route)
{
	static const char *const known[] = { "rpc",    "request",     "page",
		                             "status", "headers",     "errors",
		                             "may",    "errors_from", NULL };
	struct route *within;
	struct spec at;
	enum code code;

	if (!spec_find(row, "confirm", &at))
		return CODE_OK;
	if (route->method != METHOD_GET)
		return spec_fail(&at, "is for GET");
	code = spec_check_members(&at, known);
	if (code != CODE_OK)
		return code;
	within = arena_alloc(row->file->arena, sizeof(*within));
	if (within == NULL)
		return spec_fail(&at, "not enough memory");
	*within = (struct route){ .profile = route->profile,
		                  .path = route->path,
		                  .method = route->method,
		                  .segment_count = route->segment_count,
		                  .needs_bearer = route->needs_bearer };
	memcpy(within->segments, route->segments, sizeof(within->segments));
	code = route_request_compile(&at, within);
	if (code == CODE_OK)
		code = compile_end(&at, scope, within);
	if (code == CODE_OK && within->answer.page == NULL)
		return spec_fail(&at, "needs \"page\"");
	route->confirm = within;
	return code;
}

/* The row as text, to compare it with another profile's. */
static enum code
keep_text(const struct spec *at, struct route *route)
{
	struct json_out text;

	json_out_init(&text, at->file->arena);
	json_out_value(&text, at->value);
	if (json_out_end(&text) != CODE_OK)
		return spec_fail(at, "not enough memory");
	route->text = text.data;
	return CODE_OK;
}

enum code
route_compile(const struct spec *at, const struct route_scope *scope,
              struct route *out)
{
	static const char *const known[] = {
		"summary",   "method",     "path",     "rpc",
		"auth",      "request",    "rules",    "all_errors",
		"raw_types", "timeout_ms", "body_max", "accept_when",
		"status",    "headers",    "body",     "page",
		"raw",       "document",   "variants", "paging",
		"no_store",  "errors",     "may",      "errors_from",
		"browser",   "confirm",    NULL
	};
	enum code code = spec_check_members(at, known);

	*out = (struct route){ .profile = scope->profile };
	if (code == CODE_OK)
		code = spec_text(at, "summary", &out->summary);
	if (code == CODE_OK)
		code = read_method(at, out);
	if (code == CODE_OK)
		code = read_path(at, out);
	if (code == CODE_OK)
		code = read_auth(at, out);
	if (code == CODE_OK)
		code = route_request_compile(at, out);
	if (code == CODE_OK)
		code = compile_end(at, scope, out);
	if (code == CODE_OK)
		code = read_browser(at, scope, out);
	if (code == CODE_OK)
		code = read_confirm(at, scope, out);
	if (code == CODE_OK)
		code = keep_text(at, out);
	if (code == CODE_OK && scope->refresh_cookie)
		code = route_cookie_compile(at, out);
	return code;
}

static bool
within_equals(const struct route *a, const struct route *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return route_answer_equals(&a->answer, &b->answer) &&
	       error_table_equals(&a->errors, &b->errors);
}

bool
route_equals(const struct route *a, const struct route *b)
{
	return strcmp(a->text, b->text) == 0 &&
	       a->cookie.is_used == b->cookie.is_used && within_equals(a, b) &&
	       within_equals(a->browser, b->browser) &&
	       within_equals(a->confirm, b->confirm);
}
