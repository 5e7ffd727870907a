#ifndef GATEWAY_DOCUMENT_H
#define GATEWAY_DOCUMENT_H

#include <stdbool.h>

#include "base/bytes.h"

/*
 * What the gateway shows of itself: made when it starts, the same for
 * everybody, and sent as it is.
 */
enum document_kind {
	DOCUMENT_NONE,
	DOCUMENT_OPENAPI,   /* the description of every route */
	DOCUMENT_DOCS,      /* the page that shows it */
	DOCUMENT_DOCS_FILE, /* what the page is made of, by its name */
};

/* A file that the page is made of. */
struct document_file {
	const char *name;
	const char *type; /* its Content-Type */
	bool is_ours;     /* compiled in; others are Swagger UI's */
};

/* All that are ever served. */
#define DOCUMENT_FILE_COUNT 5
extern const struct document_file document_files[DOCUMENT_FILE_COUNT];

#define DOCUMENT_ETAG_SIZE 24 /* with quotes and NUL */

struct document {
	const char *type; /* its Content-Type */
	struct bytes body;
	const char *policy; /* Content-Security-Policy; NULL: none */
	char etag[DOCUMENT_ETAG_SIZE];
};

/* document_kind_find finds a kind by the name that profiles use. */
bool document_kind_find(const char *name, enum document_kind *out);

#endif
