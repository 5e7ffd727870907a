#include "server/domain/picture.h"

#include <stdbool.h>
#include <string.h>

#include "server/domain/picture_walk.h"

/* By their first bytes; what follows those is the cleaner's to judge. */
static const struct {
	const char *media_type;
	const char *extension;
	const char *magic;
	size_t magic_len;
	picture_cleaner *clean;
} types[] = {
	[PICTURE_PNG] = { "image/png", "png", "\x89PNG", 4, picture_png_clean },
	[PICTURE_JPEG] = { "image/jpeg", "jpg", "\xff\xd8\xff", 3,
	                   picture_jpeg_clean },
	[PICTURE_WEBP] = { "image/webp", "webp", "RIFF", 4,
	                   picture_webp_clean },
};

#define TYPE_COUNT (sizeof(types) / sizeof(types[0]))

static bool
find_type(const uint8_t *data, size_t len, enum picture_type *out)
{
	for (size_t i = 0; i < TYPE_COUNT; i++) {
		if (len < types[i].magic_len ||
		    memcmp(data, types[i].magic, types[i].magic_len) != 0)
			continue;
		*out = (enum picture_type)i;
		return true;
	}
	return false;
}

enum picture_fault
picture_clean(uint8_t *data, size_t len, struct picture *out)
{
	struct picture_walk walk = { .data = data, .len = len };
	struct picture picture = { .data = data };
	enum picture_fault fault;

	if (!find_type(data, len, &picture.type))
		return PICTURE_MALFORMED;
	fault = types[picture.type].clean(&walk, &picture);
	if (fault != PICTURE_FINE)
		return fault;
	picture.len = walk.kept;
	*out = picture;
	return PICTURE_FINE;
}

const char *
picture_media_type(enum picture_type type)
{
	return types[type].media_type;
}

const char *
picture_extension(enum picture_type type)
{
	return types[type].extension;
}
