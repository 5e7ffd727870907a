#ifndef GATEWAY_ROUTE_ANSWER_H
#define GATEWAY_ROUTE_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include <protobuf-c/protobuf-c.h>

#include "base/code.h"
#include "gateway/document.h"
#include "gateway/error_table.h"
#include "gateway/media_type.h"
#include "gateway/page.h"
#include "gateway/spec.h"
#include "gateway/template.h"

/*
 * How a route answers a success: which replies are one, and what they look
 * like. Of body, page, raw bytes and document it has one at most.
 */
#define ROUTE_CHOICE_MAX 8
#define ROUTE_VARIANT_MAX 4
#define ROUTE_TYPE_OTHER "application/octet-stream"

/* Some values of an enum in the reply. */
struct route_choice {
	const ProtobufCFieldDescriptor *field;
	int numbers[ROUTE_CHOICE_MAX];
	size_t count; /* 0: no choice is made */
};

/* A success that looks otherwise for some values. */
struct route_variant {
	struct route_choice when;
	unsigned status;
	struct template body;
};

/* Fields of the reply that tell which pages there are. */
struct route_paging {
	const char *parameter; /* of the query; NULL: there are no pages */
	const ProtobufCFieldDescriptor *page, *size, *total;
};

struct route_answer {
	struct route_choice accepted;
	unsigned otherwise; /* condition of replies that are not accepted */
	unsigned status;
	bool no_store;
	struct template body;
	enum document_kind document; /* of the gateway itself, or none */
	const struct page *page;
	const ProtobufCFieldDescriptor *raw;      /* bytes */
	const ProtobufCFieldDescriptor *raw_type; /* their Content-Type */
	/* What that may be; other bytes go as ROUTE_TYPE_OTHER. NULL ends. */
	const char *served_types[MEDIA_TYPE_LIST_MAX + 1];
	struct route_variant variants[ROUTE_VARIANT_MAX];
	size_t variant_count;
	struct route_paging paging;
	struct header_rule headers[ERROR_HEADER_MAX];
	size_t header_count;
};

/* reply: NULL if the route makes no call. */
struct route_answer_scope {
	const ProtobufCMessageDescriptor *reply;
	const struct template_objects *objects;
	const struct page_set *pages;
};

/* route_answer_compile reads the members of a route that it knows. */
NODISCARD enum code route_answer_compile(const struct spec *row,
                                         const struct route_answer_scope *scope,
                                         struct route_answer *out);

/* route_choice_holds tells whether the reply has one of the values. */
bool route_choice_holds(const struct route_choice *choice,
                        const ProtobufCMessage *reply);

/* route_answer_equals tells whether their templates write the same. */
bool route_answer_equals(const struct route_answer *a,
                         const struct route_answer *b);

#endif
