#ifndef GATEWAY_DOCUMENTS_H
#define GATEWAY_DOCUMENTS_H

#include "base/code.h"
#include "gateway/document.h"
#include "gateway/profile.h"

/*
 * Every document of a gateway: the description of its routes, and the page
 * /docs/ with Swagger UI, of which a fixed list of files is read, when the
 * gateway starts. Immutable once open.
 */
struct documents;

struct documents_options {
	const struct profile_set *profiles; /* outlives the documents */
	const char *public_base;            /* NULL: none */
	const char *swagger_ui_dir;         /* NULL: none, and /docs/ says so */
};

/*
 * documents_open makes and reads them all. NOT_FOUND, PERMISSION_DENIED or
 * INVALID_ARGUMENT if a file cannot be read, RESOURCE_EXHAUSTED, with one
 * sentence in err.
 */
NODISCARD enum code documents_open(const struct documents_options *options,
                                   struct documents **out, char *err,
                                   size_t err_size);

/* documents_close accepts NULL. */
void documents_close(struct documents *documents);

/* documents_find returns one; file is for DOCS_FILE. NULL: there is none. */
const struct document *documents_find(const struct documents *documents,
                                      enum document_kind kind,
                                      const char *file);

#endif
