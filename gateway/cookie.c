#include "gateway/cookie.h"

#include <string.h>
#include <time.h>

const char *
cookie_find(struct arena *arena, const char *header, const char *name,
            bool *ambiguous)
{
	size_t name_len = strlen(name);
	const char *found = NULL;
	size_t found_len = 0;

	*ambiguous = false;
	while (header != NULL && *header != '\0') {
		/* http joins repeated headers with a comma, which no value
		 * may have. */
		size_t len = strcspn(header, ";,");
		const char *pair = header + strspn(header, " \t");

		if (strncmp(pair, name, name_len) == 0 &&
		    pair[name_len] == '=') {
			*ambiguous |= found != NULL;
			found = pair + name_len + 1;
			found_len = strcspn(found, ";, \t");
		}
		header += len + (header[len] != '\0');
	}
	return found == NULL || *ambiguous
	               ? NULL
	               : arena_memdup(arena, found, found_len);
}

/* RFC 6265, section 4.1.1: cookie-octet. */
static bool
is_clean(const char *value)
{
	for (const char *c = value; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~' || strchr("\",;\\", *c) != NULL)
			return false;
	return true;
}

const char *
cookie_write(struct arena *arena, const struct cookie *cookie)
{
	time_t at = (time_t)cookie->expires_s;
	char expires[64] = "";
	struct tm tm;

	if (!is_clean(cookie->value))
		return NULL;
	if (at != 0 &&
	    (gmtime_r(&at, &tm) == NULL ||
	     strftime(expires, sizeof(expires),
	              "; Expires=%a, %d %b %Y %H:%M:%S GMT", &tm) == 0))
		return NULL;
	return arena_printf(arena,
	                    "%s=%s; Path=%s%s; HttpOnly; Secure; SameSite=Lax",
	                    cookie->name, cookie->value, cookie->path, expires);
}
