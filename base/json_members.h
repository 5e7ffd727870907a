#ifndef BASE_JSON_MEMBERS_H
#define BASE_JSON_MEMBERS_H

#include "base/json.h"

/* Private to json.c: the members of an object that has just been read. */

/*
 * json_members_unique unlinks all but the last of the object's `count` members
 * with one name. RESOURCE_EXHAUSTED: the arena is full.
 */
NODISCARD enum code json_members_unique(struct arena *arena,
                                        struct json *object, size_t count);

#endif
