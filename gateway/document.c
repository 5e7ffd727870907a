#include "gateway/document.h"

#include <stddef.h>
#include <string.h>

bool
document_kind_find(const char *name, enum document_kind *out)
{
	static const char *const names[] = {
		[DOCUMENT_OPENAPI] = "openapi",
		[DOCUMENT_DOCS] = "docs",
		[DOCUMENT_DOCS_FILE] = "docs_file",
	};

	for (unsigned i = 1; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], name) == 0) {
			*out = i;
			return true;
		}
	}
	return false;
}
