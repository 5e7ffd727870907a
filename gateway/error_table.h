#ifndef GATEWAY_ERROR_TABLE_H
#define GATEWAY_ERROR_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/code.h"
#include "gateway/condition.h"
#include "gateway/page.h"
#include "gateway/spec.h"
#include "gateway/template.h"

/*
 * How errors look: for each condition a status, a body and headers, as the
 * "errors" of a profile or of one route say (docs/profiles.md, "Errors").
 */
#define ERROR_HEADER_MAX 4

struct header_rule {
	const char *name;
	struct template value;
};

struct error_rule {
	unsigned status;
	struct template body;
	const struct page *page; /* instead of the body; NULL: none */
	struct header_rule headers[ERROR_HEADER_MAX];
	size_t header_count;
};

struct error_table {
	const struct error_rule *rules[CONDITION_MAX]; /* NULL: not listed */
};

/* What rules may refer to. */
struct error_scope {
	const struct template_objects *objects;
	const struct page_set *pages;
};

/* error_table_compile puts the rules of an "errors" object over the table's. */
NODISCARD enum code error_table_compile(const struct spec *at,
                                        const struct error_scope *scope,
                                        struct error_table *table);

/* error_table_missing finds an own condition without a rule; false if none. */
bool error_table_missing(const struct error_table *table, enum condition *out);

/* error_table_equals tells whether both answer every condition alike. */
bool error_table_equals(const struct error_table *a,
                        const struct error_table *b);

/*
 * error_table_find returns the condition whose rule is for a refused call: that
 * of its reason, else what its code amounts to. A complete table has the rule.
 */
unsigned error_table_find(const struct error_table *table, enum code code,
                          const Latchkey__Rpc__V1__Status *status);

/* header_rules_compile reads a "headers" object, shared with routes. */
NODISCARD enum code header_rules_compile(const struct spec *at,
                                         const struct template_scope *scope,
                                         struct header_rule *rules,
                                         size_t *count);

#endif
