#ifndef SERVER_DOMAIN_AVATAR_PATH_H
#define SERVER_DOMAIN_AVATAR_PATH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/code.h"

/*
 * What a picture is called: "<yyyy>/<mm>/<dd>/<32 hex digits>.<extension>",
 * the day it came and 128 random bits. A name is made once and never used for
 * another picture, so that whoever has the picture may keep it for ever; and
 * nobody finds one by guessing. It is a key of a table, never a file's name.
 */
#define AVATAR_PATH_SIZE 49 /* bytes with its NUL: "webp" is the longest */

/* What stands before it in user.avatar: a path below the public base. */
#define AVATAR_URL_PREFIX "/media/avatars/"

/*
 * avatar_path_make makes a new one. The extension has at most four bytes; the
 * day is in UTC, of the years 1970 to 9999.
 */
void avatar_path_make(int64_t now_us, const char *extension,
                      char out[AVATAR_PATH_SIZE]);

/* avatar_path_is_valid tells whether anybody's text has this shape. */
bool avatar_path_is_valid(const char *text);

/*
 * avatar_path_of returns the path in a user.avatar, pointing into it; NULL if
 * it holds none.
 */
const char *avatar_path_of(const char *avatar);

#endif
