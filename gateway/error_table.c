#include "gateway/error_table.h"

#include <string.h>
#include <strings.h>

/* Set by the gateway itself on every answer, or by HTTP: not for profiles. */
static const char *const reserved[] = {
	"Allow",        "Connection",       "Content-Length",
	"Content-Type", "Retry-After",      "Transfer-Encoding",
	"Vary",         "WWW-Authenticate", "X-Request-Id",
};

static enum code
check_header_name(const struct spec *at)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789-";
	const struct json *value = at->value;

	if (value->key_len == 0 ||
	    strspn(value->key, allowed) != value->key_len)
		return spec_fail(at, "is no name of a header");
	if (strncasecmp(value->key, "Access-Control-", 15) == 0)
		return spec_fail(at, "is set by the gateway itself");
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (strcasecmp(value->key, reserved[i]) == 0)
			return spec_fail(at, "is set by the gateway itself");
	return CODE_OK;
}

enum code
header_rules_compile(const struct spec *at, const struct template_scope *scope,
                     struct header_rule *rules, size_t *count)
{
	enum code code = spec_check_type(at, JSON_OBJECT);

	for (const struct json *v = at->value->first; v && code == CODE_OK;
	     v = v->next) {
		struct spec member = spec_child(at, v, 0);

		if (*count == ERROR_HEADER_MAX)
			return spec_fail(&member, "is more than %d headers",
			                 ERROR_HEADER_MAX);
		code = check_header_name(&member);
		rules[*count].name = v->key;
		if (code == CODE_OK)
			code = template_compile_text(&member, scope,
			                             &rules[*count].value);
		(*count)++;
	}
	return code;
}

static enum code
compile_rule(const struct spec *at, const struct error_scope *outer,
             struct error_rule *rule)
{
	static const char *const known[] = { "status", "headers", "body",
		                             "page", NULL };
	const struct template_scope scope = { .objects = outer->objects };
	struct spec body, headers;
	const char *page = NULL;
	uint32_t status = 0;
	enum code code = spec_check_members(at, known);

	if (code == CODE_OK)
		code = spec_uint(at, "status", 400, 599, &status);
	if (code == CODE_OK && status == 0)
		return spec_fail(at, "needs \"status\"");
	rule->status = status;
	if (code == CODE_OK && spec_find(at, "body", &body))
		code = template_compile(&body, &scope, &rule->body);
	if (code == CODE_OK && spec_find(at, "headers", &headers))
		code = header_rules_compile(&headers, &scope, rule->headers,
		                            &rule->header_count);
	if (code == CODE_OK)
		code = spec_text(at, "page", &page);
	if (code != CODE_OK || page == NULL)
		return code;
	rule->page = page_find(outer->pages, page);
	if (rule->page == NULL)
		return spec_fail(at, "there is no page \"%s\"", page);
	return rule->body.ops == NULL ? CODE_OK
	                              : spec_fail(at, "has a body and a page");
}

enum code
error_table_compile(const struct spec *at, const struct error_scope *scope,
                    struct error_table *table)
{
	enum code code = spec_check_type(at, JSON_OBJECT);

	for (const struct json *v = at->value->first; v && code == CODE_OK;
	     v = v->next) {
		struct spec member = spec_child(at, v, 0);
		struct error_rule *rule =
			arena_alloc(at->file->arena, sizeof(*rule));
		unsigned condition;

		if (rule == NULL)
			return spec_fail(&member, "not enough memory");
		if (!condition_find(v->key, &condition))
			return spec_fail(&member, "is no condition");
		code = compile_rule(&member, scope, rule);
		table->rules[condition] = rule;
	}
	return code;
}

bool
error_table_missing(const struct error_table *table, enum condition *out)
{
	for (unsigned i = 0; i < CONDITION_OWN_COUNT; i++) {
		if (table->rules[i] == NULL) {
			*out = i;
			return true;
		}
	}
	return false;
}

static bool
rule_equals(const struct error_rule *a, const struct error_rule *b)
{
	if (a == b)
		return true;
	if (a == NULL || b == NULL || a->status != b->status ||
	    a->header_count != b->header_count || a->page != b->page ||
	    !template_equals(&a->body, &b->body))
		return false;
	for (size_t i = 0; i < a->header_count; i++)
		if (strcmp(a->headers[i].name, b->headers[i].name) != 0 ||
		    !template_equals(&a->headers[i].value,
		                     &b->headers[i].value))
			return false;
	return true;
}

bool
error_table_equals(const struct error_table *a, const struct error_table *b)
{
	for (size_t i = 0; i < CONDITION_MAX; i++)
		if (!rule_equals(a->rules[i], b->rules[i]))
			return false;
	return true;
}

unsigned
error_table_find(const struct error_table *table, enum code code,
                 const Latchkey__Rpc__V1__Status *status)
{
	unsigned condition = condition_of_reason(status);

	if (table->rules[condition] != NULL)
		return condition;
	return condition_of_code(code, status);
}
