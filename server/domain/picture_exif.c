#include "server/domain/picture_exif.h"

#include <stdbool.h>
#include <string.h>

#include "server/domain/picture_walk.h"

/* Exif is a TIFF file (TIFF 6.0, section 2) behind six bytes. */
#define EXIF_ID "Exif\0"
#define EXIF_ID_SIZE 6
#define TIFF_HEADER_SIZE 8
#define ENTRY_SIZE 12
#define TAG_ORIENTATION 0x0112
#define TYPE_SHORT 3

struct tiff {
	const uint8_t *data;
	size_t len;
	bool is_big_endian;
};

static uint32_t
read16(const struct tiff *tiff, size_t at)
{
	return tiff->is_big_endian ? picture_be16(tiff->data + at)
	                           : picture_le16(tiff->data + at);
}

static uint32_t
read32(const struct tiff *tiff, size_t at)
{
	return tiff->is_big_endian ? picture_be32(tiff->data + at)
	                           : picture_le32(tiff->data + at);
}

static bool
open_tiff(const uint8_t *data, size_t len, struct tiff *out)
{
	if (len < EXIF_ID_SIZE + TIFF_HEADER_SIZE ||
	    memcmp(data, EXIF_ID, EXIF_ID_SIZE) != 0)
		return false;
	*out = (struct tiff){ .data = data + EXIF_ID_SIZE,
		              .len = len - EXIF_ID_SIZE };
	out->is_big_endian = memcmp(out->data, "MM", 2) == 0;
	return (out->is_big_endian || memcmp(out->data, "II", 2) == 0) &&
	       read16(out, 2) == 42;
}

static unsigned
read_entry(const struct tiff *tiff, size_t at)
{
	uint32_t value = read16(tiff, at + 8);

	if (read16(tiff, at) != TAG_ORIENTATION ||
	    read16(tiff, at + 2) != TYPE_SHORT || read32(tiff, at + 4) != 1 ||
	    value < 2 || value > 8)
		return 0;
	return value;
}

unsigned
picture_exif_orientation(const uint8_t *data, size_t len)
{
	unsigned orientation = 0;
	struct tiff tiff;
	size_t at, count;

	if (!open_tiff(data, len, &tiff))
		return 0;
	at = read32(&tiff, 4);
	if (at > tiff.len - 2)
		return 0;
	count = read16(&tiff, at);
	at += 2;
	for (; count > 0 && orientation == 0 && tiff.len - at >= ENTRY_SIZE;
	     count--, at += ENTRY_SIZE)
		orientation = read_entry(&tiff, at);
	return orientation;
}

void
picture_exif_write(unsigned orientation, uint8_t out[PICTURE_EXIF_SIZE])
{
	static const uint8_t pattern[PICTURE_EXIF_SIZE] = {
		'E',  'x',  'i', 'f',        0, 0,       /* EXIF_ID */
		'M',  'M',  0,   42,         0, 0, 0, 8, /* the list is at 8 */
		0,    1,                                 /* one entry: */
		0x01, 0x12, 0,   TYPE_SHORT, 0, 0, 0, 1, /* tag, type, count */
		0,    0,    0,   0,                      /* value, two unused */
		0,    0,    0,   0,                      /* no further list */
	};

	memcpy(out, pattern, PICTURE_EXIF_SIZE);
	out[25] = (uint8_t)orientation;
}
