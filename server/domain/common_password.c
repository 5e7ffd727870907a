#include "server/domain/common_password.h"

#include <string.h>

#include "server/domain/common_password_list.h"

/* The lines of the list are sorted by bytes; a shorter one comes first. */
static int
compare(const char *line, size_t line_len, const char *text, size_t len)
{
	int order = memcmp(line, text, line_len < len ? line_len : len);

	if (order != 0 || line_len == len)
		return order;
	return line_len < len ? -1 : 1;
}

static const char *
line_begin(const char *first, const char *at)
{
	while (at > first && at[-1] != '\n')
		at--;
	return at;
}

bool
common_password_find(const char *text, size_t len)
{
	/* Both always stand at the beginning of a line. */
	const char *low = common_password_list;
	const char *high = low + sizeof(common_password_list) - 1;

	while (low < high) {
		const char *line = line_begin(low, low + (high - low) / 2);
		const char *end = memchr(line, '\n', (size_t)(high - line));
		int order = compare(line, (size_t)(end - line), text, len);

		if (order == 0)
			return true;
		if (order < 0)
			low = end + 1;
		else
			high = line;
	}
	return false;
}
