#include "gateway/media_type.h"

#include <string.h>

/* RFC 6838, section 4.2. */
#define NAME                                                                   \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"                 \
	"0123456789!#$&^_.+-"
#define HALF_MAX 127 /* bytes of each half */

bool
media_type_is_range(const char *type)
{
	const char *slash = strchr(type, '/');

	return slash != NULL && strcmp(slash, "/*") == 0;
}

static bool
is_type(const char *text, bool ranges)
{
	size_t first = strspn(text, NAME), second;

	if (first == 0 || first > HALF_MAX || text[first] != '/')
		return false;
	if (media_type_is_range(text))
		return ranges;
	second = strspn(text + first + 1, NAME);
	return second > 0 && second <= HALF_MAX &&
	       text[first + 1 + second] == '\0';
}

enum code
media_type_read_list(const struct spec *list, bool ranges,
                     const char *out[MEDIA_TYPE_LIST_MAX + 1])
{
	enum code code = spec_check_type(list, JSON_LIST);
	size_t count = 0;

	for (const struct json *v = list->value->first; v && code == CODE_OK;
	     v = v->next) {
		struct spec at = spec_child(list, v, count);
		const char *text = "";

		if (count == MEDIA_TYPE_LIST_MAX)
			return spec_fail(&at, "is more than %d types",
			                 MEDIA_TYPE_LIST_MAX);
		code = spec_value_text(&at, &text);
		if (code == CODE_OK && !is_type(text, ranges))
			return spec_fail(&at, "is no media type");
		out[count++] = text;
	}
	out[count] = NULL;
	return code;
}
