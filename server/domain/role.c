#include "server/domain/role.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <unistr.h>

#include "base/json.h"
#include "server/store/role_store.h"

static const char permission_letters[] = "abcdefghijklmnopqrstuvwxyz"
					 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789.:_-";

static bool
fits(const char *text, size_t characters_max)
{
	size_t len = strnlen(text, 4 * characters_max + 1);

	return len <= 4 * characters_max &&
	       u8_check((const uint8_t *)text, len) == NULL &&
	       u8_mbsnlen((const uint8_t *)text, len) <= characters_max;
}

const char *
role_name_fault(const char *name)
{
	if (*name == '\0')
		return "This field may not be blank.";
	if (!fits(name, ROLE_NAME_MAX))
		return "Ensure this field has no more than 80 characters.";
	for (; *name != '\0'; name++)
		if ((unsigned char)*name < ' ' || *name == 0x7f || *name == '/')
			return "A role's name has no slash and no control "
			       "characters.";
	return NULL;
}

_Static_assert(ROLE_NAME_MAX == 80, "role_name_fault says so");

const char *
role_list_fault(const char *const *names, size_t count)
{
	size_t len = 2; /* brackets */

	for (size_t i = 0; i < count; i++)
		len += json_string_len(names[i], strlen(names[i])) + (i > 0);
	if (len > ROLE_LIST_MAX)
		return "The roles' names are too long together: as a list in a "
		       "token they may have 1536 bytes.";
	return NULL;
}

_Static_assert(ROLE_LIST_MAX == 1536, "role_list_fault says so");

const char *
role_description_fault(const char *description)
{
	if (fits(description, ROLE_DESCRIPTION_MAX))
		return NULL;
	return "Ensure this field has no more than 300 characters.";
}

_Static_assert(ROLE_DESCRIPTION_MAX == 300, "role_description_fault says so");

const char *
role_permission_fault(const char *permission)
{
	size_t len = strnlen(permission, PERMISSION_MAX + 1);

	if (len == 0)
		return "This field may not be blank.";
	if (len > PERMISSION_MAX)
		return "Ensure this field has no more than 100 characters.";
	if (strspn(permission, permission_letters) != len)
		return "A permission may contain only letters, numbers, and "
		       "./:/_/- characters.";
	return NULL;
}

_Static_assert(PERMISSION_MAX == 100, "role_permission_fault says so");

static int
compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

size_t
role_sort(const char **names, size_t count)
{
	size_t kept = 0;

	if (count > 0)
		qsort(names, count, sizeof(names[0]), compare);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || strcmp(names[kept - 1], names[i]) != 0)
			names[kept++] = names[i];
	return kept;
}
