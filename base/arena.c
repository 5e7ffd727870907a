#include "base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ALIGNMENT alignof(max_align_t)

static void *
pb_alloc(void *arena, size_t size)
{
	return arena_alloc(arena, size);
}

static void
pb_free(void *arena, void *ptr)
{
	(void)arena;
	(void)ptr;
}

void
arena_init(struct arena *arena, void *buf, size_t size)
{
	*arena = (struct arena){
		.data = buf,
		.size = size,
		.pb = { .alloc = pb_alloc,
		        .free = pb_free,
		        .allocator_data = arena },
	};
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	size_t pad = -((uintptr_t)arena->data + arena->used) % ALIGNMENT;
	size_t start = arena->used + pad;

	if (start > arena->size || size > arena->size - start) {
		arena->full = true;
		return NULL;
	}
	arena->used = start + size;
	return memset(arena->data + start, 0, size);
}

bool
arena_extend(struct arena *arena, void *newest, size_t size, size_t new_size)
{
	uint8_t *end = (uint8_t *)newest + size;
	size_t more = new_size - size;

	if (new_size < size || end != arena->data + arena->used ||
	    more > arena->size - arena->used)
		return false;
	memset(end, 0, more);
	arena->used += more;
	return true;
}

void *
arena_memdup(struct arena *arena, const void *data, size_t len)
{
	char *copy;

	if (len == SIZE_MAX)
		return NULL;
	copy = arena_alloc(arena, len + 1);
	if (copy != NULL && len > 0)
		memcpy(copy, data, len);
	return copy;
}

char *
arena_strdup(struct arena *arena, const char *str)
{
	return arena_memdup(arena, str, strlen(str));
}

char *
arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0)
		return NULL;
	text = arena_alloc(arena, (size_t)len + 1);
	if (text == NULL)
		return NULL;
	va_start(ap, fmt);
	(void)vsnprintf(text, (size_t)len + 1, fmt, ap);
	va_end(ap);
	return text;
}

void
arena_rewind(struct arena *arena, size_t mark)
{
	assert(mark <= arena->used);
	if (arena->used > mark)
		explicit_bzero(arena->data + mark, arena->used - mark);
	arena->used = mark;
}

void
arena_reset(struct arena *arena)
{
	if (arena->data != NULL)
		explicit_bzero(arena->data, arena->used);
	arena->used = 0;
	arena->full = false;
}
