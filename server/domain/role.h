#ifndef SERVER_DOMAIN_ROLE_H
#define SERVER_DOMAIN_ROLE_H

#include <stddef.h>

/*
 * What may be the name of a role, its description and a permission; the proto
 * of RoleService says why. Each returns NULL for a good one, or a sentence for
 * the user (static text).
 */

/* role_name_fault: 1 to ROLE_NAME_MAX characters, no '/' and no controls. */
const char *role_name_fault(const char *name);

/*
 * role_list_fault judges all roles of one user together: their names, as a JSON
 * list in a token, have at most ROLE_LIST_MAX bytes.
 */
const char *role_list_fault(const char *const *names, size_t count);

/* role_description_fault: up to ROLE_DESCRIPTION_MAX characters. */
const char *role_description_fault(const char *description);

/* role_permission_fault: 1 to PERMISSION_MAX of A-Z a-z 0-9 . : _ - */
const char *role_permission_fault(const char *permission);

/*
 * role_sort sorts names or permissions byte by byte, drops repetitions, and
 * returns how many are left: the form in which the stores want them.
 */
size_t role_sort(const char **names, size_t count);

#endif
