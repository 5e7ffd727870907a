#include "gateway/document.h"

#include <stddef.h>
#include <string.h>

#define TYPE_STYLE "text/css; charset=utf-8"
/* Without a charset browsers read its letters wrong, and show nothing. */
#define TYPE_SCRIPT "text/javascript; charset=utf-8"

const struct document_file document_files[DOCUMENT_FILE_COUNT] = {
	{ "swagger-ui-bundle.js", TYPE_SCRIPT, false },
	{ "swagger-ui.css", TYPE_STYLE, false },
	{ "favicon-32x32.png", "image/png", false },
	{ "docs.css", TYPE_STYLE, true },
	{ "start.js", TYPE_SCRIPT, true },
};

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
