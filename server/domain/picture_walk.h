#ifndef SERVER_DOMAIN_PICTURE_WALK_H
#define SERVER_DOMAIN_PICTURE_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/domain/picture.h"

/*
 * What the cleaners of the three formats share: a picture being read from
 * front to back and written again, shorter, at its own front. What was kept
 * ends at or before what was read, so nothing unread is ever written over.
 */
struct picture_walk {
	uint8_t *data;
	size_t len;
	size_t at;   /* bytes read */
	size_t kept; /* bytes written; <= at */
};

/* picture_walk_take reads n bytes; NULL if there are fewer. */
const uint8_t *picture_walk_take(struct picture_walk *walk, size_t n);

/* picture_walk_left returns how many bytes are unread. */
size_t picture_walk_left(const struct picture_walk *walk);

/*
 * picture_walk_keep writes n bytes, which may lie in the picture, where they
 * were read, or elsewhere; at least as many more were read than written.
 */
void picture_walk_keep(struct picture_walk *walk, const uint8_t *from,
                       size_t n);

/* picture_size_fault judges a width and a height in pixels. */
enum picture_fault picture_size_fault(uint32_t width, uint32_t height);

/* Numbers as the formats write them: big-endian, or little-endian. */
uint32_t picture_be16(const uint8_t *from);
uint32_t picture_be32(const uint8_t *from);
uint32_t picture_le16(const uint8_t *from);
uint32_t picture_le24(const uint8_t *from);
uint32_t picture_le32(const uint8_t *from);

/* A cleaner walks a whole picture and fills in its width and height. */
typedef enum picture_fault picture_cleaner(struct picture_walk *walk,
                                           struct picture *out);

picture_cleaner picture_png_clean;  /* PNG, third edition (W3C) */
picture_cleaner picture_jpeg_clean; /* ITU T.81, JFIF 1.02, Exif 2.3 */
picture_cleaner picture_webp_clean; /* RFC 9649 */

/* picture_png_checksum is the CRC-32 of a PNG chunk's type and data. */
uint32_t picture_png_checksum(const uint8_t *data, size_t len);

#endif
