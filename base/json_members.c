#include "base/json_members.h"

#include <stdlib.h>
#include <string.h>

/* By name, then by age: the arena hands out rising addresses. */
static int
compare_members(const void *a, const void *b)
{
	const struct json *x = *(struct json *const *)a;
	const struct json *y = *(struct json *const *)b;
	size_t len = x->key_len < y->key_len ? x->key_len : y->key_len;
	int order = memcmp(x->key, y->key, len);

	if (order != 0)
		return order;
	if (x->key_len != y->key_len)
		return x->key_len < y->key_len ? -1 : 1;
	return (uintptr_t)x < (uintptr_t)y ? -1 : 1;
}

/* Sorted: comparing ten thousand in pairs would hold an event loop up. */
enum code
json_members_unique(struct arena *arena, struct json *object, size_t count)
{
	struct json **members, **link = &object->first;
	size_t n = 0;

	if (count < 2)
		return CODE_OK;
	members = arena_alloc(arena, count * sizeof(struct json *));
	if (members == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	for (struct json *m = object->first; m != NULL; m = m->next)
		members[n++] = m;
	qsort(members, n, sizeof(struct json *), compare_members);
	for (size_t i = 0; i + 1 < n; i++)
		if (members[i]->key_len == members[i + 1]->key_len &&
		    memcmp(members[i]->key, members[i + 1]->key,
		           members[i]->key_len) == 0)
			members[i]->key = NULL;
	while (*link != NULL) {
		if ((*link)->key == NULL)
			*link = (*link)->next;
		else
			link = &(*link)->next;
	}
	return CODE_OK;
}

const struct json *
json_member(const struct json *object, const char *key)
{
	size_t len = strlen(key);

	if (object == NULL || object->type != JSON_OBJECT)
		return NULL;
	for (const struct json *m = object->first; m != NULL; m = m->next)
		if (m->key_len == len && memcmp(m->key, key, len) == 0)
			return m;
	return NULL;
}
