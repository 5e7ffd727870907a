#include "server/domain/picture_walk.h"

#include <string.h>

#define SIGNATURE_SIZE 8
#define CHUNK_EXTRA 12 /* bytes around a chunk's data: length, type, CRC */
#define TYPE_SIZE 4
#define HEADER_SIZE 13
#define PALETTE_MAX (3 * 256)

/* Colour types by the PNG specification; others do not exist. */
#define GREY 0
#define RGB 2
#define PALETTE 3
#define GREY_ALPHA 4
#define RGB_ALPHA 6

struct chunk {
	const uint8_t *start; /* of the whole: length, type, data, CRC */
	const uint8_t *type;
	const uint8_t *data;
	uint32_t len; /* of the data */
};

struct png {
	struct picture_walk *walk;
	uint8_t colour_type;
	bool has_palette;
	bool has_image;
	bool image_is_over; /* its chunks stand together */
	uint32_t seen;      /* bit i: ancillaries[i] */
};

/* What says how the pixels are meant. All other ancillary chunks go. */
static const struct {
	const char *type;
	uint32_t len_max;
} ancillaries[] = {
	{ "cHRM", 32 }, { "cICP", 4 }, { "gAMA", 4 },   { "iCCP", 1 << 18 },
	{ "sBIT", 4 },  { "sRGB", 1 }, { "tRNS", 256 },
};

uint32_t
picture_png_checksum(const uint8_t *data, size_t len)
{
	/* CRC-32 of ISO 3309, four bits at a time. */
	static const uint32_t steps[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
		0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
		0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < len; i++) {
		crc ^= data[i];
		crc = steps[crc & 15] ^ crc >> 4;
		crc = steps[crc & 15] ^ crc >> 4;
	}
	return ~crc;
}

static bool
take_chunk(struct picture_walk *walk, struct chunk *out)
{
	const uint8_t *start = picture_walk_take(walk, CHUNK_EXTRA);
	uint32_t len;

	if (start == NULL)
		return false;
	len = picture_be32(start);
	if (picture_walk_take(walk, len) == NULL)
		return false;
	*out = (struct chunk){ .start = start,
		               .type = start + 4,
		               .data = start + 4 + TYPE_SIZE,
		               .len = len };
	return picture_be32(out->data + len) ==
	       picture_png_checksum(out->type, TYPE_SIZE + (size_t)len);
}

static void
keep(struct png *png, const struct chunk *chunk)
{
	picture_walk_keep(png->walk, chunk->start,
	                  CHUNK_EXTRA + (size_t)chunk->len);
}

static bool
is(const struct chunk *chunk, const char *type)
{
	return memcmp(chunk->type, type, TYPE_SIZE) == 0;
}

static bool
depth_fits(uint8_t colour_type, uint8_t depth)
{
	/* Bit n: n bits a sample are allowed. */
	static const uint32_t allowed[] = {
		[GREY] = 1 << 1 | 1 << 2 | 1 << 4 | 1 << 8 | 1 << 16,
		[RGB] = 1 << 8 | 1 << 16,
		[PALETTE] = 1 << 1 | 1 << 2 | 1 << 4 | 1 << 8,
		[GREY_ALPHA] = 1 << 8 | 1 << 16,
		[RGB_ALPHA] = 1 << 8 | 1 << 16,
	};

	return colour_type <= RGB_ALPHA && depth <= 16 &&
	       (allowed[colour_type] >> depth & 1) != 0;
}

static enum picture_fault
read_header(struct png *png, struct picture *out)
{
	struct chunk chunk;
	const uint8_t *h;

	if (!take_chunk(png->walk, &chunk) || !is(&chunk, "IHDR") ||
	    chunk.len != HEADER_SIZE)
		return PICTURE_MALFORMED;
	h = chunk.data;
	/* h[10] compression, h[11] filter, h[12] interlace */
	if (!depth_fits(h[9], h[8]) || h[10] != 0 || h[11] != 0 || h[12] > 1)
		return PICTURE_MALFORMED;
	png->colour_type = h[9];
	out->width = picture_be32(h);
	out->height = picture_be32(h + 4);
	keep(png, &chunk);
	return picture_size_fault(out->width, out->height);
}

static bool
take_palette(struct png *png, const struct chunk *chunk)
{
	if (png->has_image || png->has_palette || png->colour_type == GREY ||
	    png->colour_type == GREY_ALPHA || chunk->len == 0 ||
	    chunk->len > PALETTE_MAX || chunk->len % 3 != 0)
		return false;
	png->has_palette = true;
	keep(png, chunk);
	return true;
}

static bool
take_image(struct png *png, const struct chunk *chunk)
{
	if (png->image_is_over ||
	    (png->colour_type == PALETTE && !png->has_palette))
		return false;
	png->has_image = true;
	keep(png, chunk);
	return true;
}

static void
take_ancillary(struct png *png, const struct chunk *chunk)
{
	if (png->has_image)
		return;
	for (size_t i = 0; i < sizeof(ancillaries) / sizeof(ancillaries[0]);
	     i++) {
		if (!is(chunk, ancillaries[i].type) ||
		    chunk->len > ancillaries[i].len_max ||
		    (png->seen >> i & 1) != 0)
			continue;
		png->seen |= 1U << i;
		keep(png, chunk);
	}
}

/* In a type's first letter: this chunk may be skipped. */
static bool
is_ancillary(const struct chunk *chunk)
{
	return chunk->type[0] >= 'a' && chunk->type[0] <= 'z';
}

static bool
take(struct png *png, const struct chunk *chunk)
{
	if (is(chunk, "IDAT"))
		return take_image(png, chunk);
	png->image_is_over = png->has_image;
	if (is(chunk, "PLTE"))
		return take_palette(png, chunk);
	if (!is_ancillary(chunk))
		return false;
	take_ancillary(png, chunk);
	return true;
}

enum picture_fault
picture_png_clean(struct picture_walk *walk, struct picture *out)
{
	struct png png = { .walk = walk };
	const uint8_t *signature = picture_walk_take(walk, SIGNATURE_SIZE);
	enum picture_fault fault;
	struct chunk chunk;

	if (signature == NULL ||
	    memcmp(signature, "\x89PNG\r\n\x1a\n", SIGNATURE_SIZE) != 0)
		return PICTURE_MALFORMED;
	picture_walk_keep(walk, signature, SIGNATURE_SIZE);
	fault = read_header(&png, out);
	if (fault != PICTURE_FINE)
		return fault;
	do {
		if (!take_chunk(walk, &chunk))
			return PICTURE_MALFORMED;
		if (is(&chunk, "IEND"))
			break;
	} while (take(&png, &chunk));
	if (!is(&chunk, "IEND") || chunk.len != 0 || !png.has_image)
		return PICTURE_MALFORMED;
	keep(&png, &chunk);
	return PICTURE_FINE;
}
