#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

/*
 * Memory that lives as long as one request: everything unpacked from the
 * request, everything the reply points to. Nothing in it is freed on its own;
 * arena_reset frees it all, and wipes it, because passwords pass through.
 */
struct arena {
	uint8_t *data;
	size_t size;
	size_t used;
	bool full; /* sticky: some arena_alloc of this request failed */
	ProtobufCAllocator pb; /* hands this arena to protobuf-c */
};

/* arena_init lends buf to the arena. The caller keeps it and frees it. */
void arena_init(struct arena *arena, void *buf, size_t size);

/*
 * arena_alloc returns zeroed memory aligned for any type, or NULL when the
 * request has used its share. Callers answer CODE_RESOURCE_EXHAUSTED.
 */
void *arena_alloc(struct arena *arena, size_t size);

/*
 * arena_extend makes the newest piece of memory longer where it is, by zeroes;
 * false, and nothing has changed, if it is not the newest or there is no room.
 */
bool arena_extend(struct arena *arena, void *newest, size_t size,
                  size_t new_size);

/* arena_memdup copies len bytes and adds a NUL after them; NULL when full. */
void *arena_memdup(struct arena *arena, const void *data, size_t len);

/* arena_strdup copies a string into the arena; NULL when full. */
char *arena_strdup(struct arena *arena, const char *str);

/* arena_printf formats into the arena; NULL when full. Never for a secret. */
char *arena_printf(struct arena *arena, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * arena_rewind wipes and frees what was handed out since `used` was `mark`:
 * for walks that look at one record after the other.
 */
void arena_rewind(struct arena *arena, size_t mark);

/* arena_reset wipes what was handed out and makes it all free again. */
void arena_reset(struct arena *arena);

#endif
