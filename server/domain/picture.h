#ifndef SERVER_DOMAIN_PICTURE_H
#define SERVER_DOMAIN_PICTURE_H

#include <stddef.h>
#include <stdint.h>

#include "base/code.h"

/*
 * Pictures that anybody may send and everybody may see. Type and size are read
 * from the picture itself. It is walked from part to part and never decoded: a
 * decoder is a large surface, and this process holds passwords. So the parts
 * are known to be whole and of a known kind; that their compressed contents
 * make sense is for the viewer to find out.
 *
 * What stays: the image, its transparency, what says how its colours are meant
 * (colour profile included), and of a JPEG which side is up. What goes: every
 * other part, such as Exif (place, time, camera, thumbnail), XMP, IPTC,
 * comments, texts, parts of unknown kinds, and what follows the end.
 * A PNG that moves becomes its still image; a WebP that moves is refused.
 */
#define PICTURE_SIDE_MAX 4096 /* pixels */

enum picture_type { PICTURE_PNG, PICTURE_JPEG, PICTURE_WEBP };

enum picture_fault {
	PICTURE_FINE,
	PICTURE_MALFORMED, /* no whole PNG, JPEG or WebP */
	PICTURE_TOO_LARGE, /* a side of more than PICTURE_SIDE_MAX */
	PICTURE_MOVING,    /* an animated WebP */
};

struct picture {
	enum picture_type type;
	uint32_t width;  /* pixels, 1 to PICTURE_SIDE_MAX, as stored: which */
	uint32_t height; /* side of a JPEG is up may exchange them */
	const uint8_t *data;
	size_t len;
};

/*
 * picture_clean rewrites a picture in place, never longer than it was, and
 * says what it is; *out lies in data. After a fault data holds anything and
 * *out is untouched. A clean picture is not changed once more.
 */
NODISCARD enum picture_fault picture_clean(uint8_t *data, size_t len,
                                           struct picture *out);

/* picture_media_type returns "image/png", "image/jpeg" or "image/webp". */
const char *picture_media_type(enum picture_type type);

/* picture_extension returns "png", "jpg" or "webp". */
const char *picture_extension(enum picture_type type);

#endif
