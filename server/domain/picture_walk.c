#include "server/domain/picture_walk.h"

#include <assert.h>
#include <string.h>

size_t
picture_walk_left(const struct picture_walk *walk)
{
	return walk->len - walk->at;
}

const uint8_t *
picture_walk_take(struct picture_walk *walk, size_t n)
{
	const uint8_t *taken = walk->data + walk->at;

	if (n > picture_walk_left(walk))
		return NULL;
	walk->at += n;
	return taken;
}

void
picture_walk_keep(struct picture_walk *walk, const uint8_t *from, size_t n)
{
	assert(n <= walk->at - walk->kept);
	memmove(walk->data + walk->kept, from, n);
	walk->kept += n;
}

enum picture_fault
picture_size_fault(uint32_t width, uint32_t height)
{
	if (width == 0 || height == 0)
		return PICTURE_MALFORMED;
	if (width > PICTURE_SIDE_MAX || height > PICTURE_SIDE_MAX)
		return PICTURE_TOO_LARGE;
	return PICTURE_FINE;
}

uint32_t
picture_be16(const uint8_t *from)
{
	return (uint32_t)from[0] << 8 | from[1];
}

uint32_t
picture_be32(const uint8_t *from)
{
	return picture_be16(from) << 16 | picture_be16(from + 2);
}

uint32_t
picture_le16(const uint8_t *from)
{
	return (uint32_t)from[1] << 8 | from[0];
}

uint32_t
picture_le24(const uint8_t *from)
{
	return (uint32_t)from[2] << 16 | picture_le16(from);
}

uint32_t
picture_le32(const uint8_t *from)
{
	return picture_le16(from + 2) << 16 | picture_le16(from);
}
