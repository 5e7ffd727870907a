#include "server/domain/picture_walk.h"

#include <string.h>

#define RIFF_SIZE 12 /* "RIFF", the size of what follows, "WEBP" */
#define CHUNK_HEAD 8 /* type, size of the data */
#define EXTENDED_SIZE 10
#define LOSSY_HEAD 10
#define LOSSLESS_HEAD 5

/* Flags of VP8X. */
#define HAS_ANIMATION 0x02
#define HAS_ALPHA 0x10
#define HAS_PROFILE 0x20

/* The parts that stay, in the order in which they stand. */
enum part {
	PART_NONE,
	PART_EXTENDED,
	PART_PROFILE,
	PART_ALPHA,
	PART_LOSSY,
	PART_LOSSLESS,
	PART_OTHER, /* goes, wherever it stands */
};

struct chunk {
	enum part part;
	const uint8_t *start;
	const uint8_t *data;
	uint32_t len; /* of the data */
};

struct webp {
	struct picture_walk *walk;
	enum part last; /* kept so far */
	bool has_profile;
	bool is_moving;
	size_t extended; /* where the data of VP8X was written; 0: none */
	uint32_t canvas_width;
	uint32_t canvas_height;
};

static const struct {
	const char *type;
	enum part part;
} parts[] = {
	{ "VP8X", PART_EXTENDED }, { "ICCP", PART_PROFILE },
	{ "ALPH", PART_ALPHA },    { "VP8 ", PART_LOSSY },
	{ "VP8L", PART_LOSSLESS },
};

static bool
is(const uint8_t *type, const char *name)
{
	return memcmp(type, name, 4) == 0;
}

static enum part
find_part(const uint8_t *type)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (is(type, parts[i].type))
			return parts[i].part;
	return PART_OTHER;
}

/* Data of odd size is followed by one byte, which is written as 0. */
static bool
take_chunk(struct webp *webp, struct chunk *out)
{
	const uint8_t *start = picture_walk_take(webp->walk, CHUNK_HEAD);
	uint32_t len;

	if (start == NULL)
		return false;
	len = picture_le32(start + 4);
	if (len == UINT32_MAX ||
	    picture_walk_take(webp->walk, (size_t)len + len % 2) == NULL)
		return false;
	*out = (struct chunk){ .part = find_part(start),
		               .start = start,
		               .data = start + CHUNK_HEAD,
		               .len = len };
	if (is(start, "ANIM") || is(start, "ANMF"))
		webp->is_moving = true;
	return true;
}

static void
keep(struct webp *webp, const struct chunk *chunk)
{
	static const uint8_t zero;

	picture_walk_keep(webp->walk, chunk->start, CHUNK_HEAD + chunk->len);
	picture_walk_keep(webp->walk, &zero, chunk->len % 2);
	webp->last = chunk->part;
}

static bool
take_extended(struct webp *webp, const struct chunk *chunk)
{
	if (chunk->len != EXTENDED_SIZE)
		return false;
	webp->is_moving = (chunk->data[0] & HAS_ANIMATION) != 0;
	webp->canvas_width = picture_le24(chunk->data + 4) + 1;
	webp->canvas_height = picture_le24(chunk->data + 7) + 1;
	webp->extended = webp->walk->kept + CHUNK_HEAD;
	keep(webp, chunk);
	return true;
}

/* A key frame: RFC 6386, 9.1. */
static bool
read_lossy(const struct chunk *chunk, struct picture *out)
{
	const uint8_t *d = chunk->data;

	if (chunk->len < LOSSY_HEAD || (d[0] & 1) != 0 ||
	    memcmp(d + 3, "\x9d\x01\x2a", 3) != 0)
		return false;
	out->width = picture_le16(d + 6) & 0x3fff;
	out->height = picture_le16(d + 8) & 0x3fff;
	return true;
}

/* 14 bits of width, 14 of height, one of alpha, three of version. */
static bool
read_lossless(const struct chunk *chunk, struct picture *out)
{
	uint32_t bits;

	if (chunk->len < LOSSLESS_HEAD || chunk->data[0] != 0x2f)
		return false;
	bits = picture_le32(chunk->data + 1);
	out->width = (bits & 0x3fff) + 1;
	out->height = (bits >> 14 & 0x3fff) + 1;
	return bits >> 29 == 0;
}

static enum picture_fault
take_image(struct webp *webp, const struct chunk *chunk, struct picture *out)
{
	bool is_read = chunk->part == PART_LOSSY ? read_lossy(chunk, out)
	                                         : read_lossless(chunk, out);

	if (!is_read || webp->last >= PART_LOSSY ||
	    (chunk->part == PART_LOSSLESS && webp->last == PART_ALPHA))
		return PICTURE_MALFORMED;
	if (webp->extended != 0 && (webp->canvas_width != out->width ||
	                            webp->canvas_height != out->height))
		return PICTURE_MALFORMED;
	keep(webp, chunk);
	return picture_size_fault(out->width, out->height);
}

/* Profile and alpha need the extended format, and each has one place. */
static enum picture_fault
take(struct webp *webp, const struct chunk *chunk, struct picture *out)
{
	if (webp->is_moving)
		return PICTURE_MOVING;
	if (chunk->part == PART_OTHER)
		return webp->last == PART_NONE ? PICTURE_MALFORMED
		                               : PICTURE_FINE;
	if (chunk->part >= PART_LOSSY)
		return take_image(webp, chunk, out);
	if (chunk->part <= webp->last ||
	    (chunk->part == PART_EXTENDED) != (webp->last == PART_NONE))
		return PICTURE_MALFORMED;
	if (chunk->part == PART_EXTENDED)
		return take_extended(webp, chunk) ? PICTURE_FINE
		                                  : PICTURE_MALFORMED;
	webp->has_profile |= chunk->part == PART_PROFILE;
	keep(webp, chunk);
	return PICTURE_FINE;
}

/* What went must not be announced. */
static void
mend_flags(struct webp *webp)
{
	uint8_t *data = webp->walk->data + webp->extended;

	data[0] = (uint8_t)((data[0] & HAS_ALPHA) |
	                    (webp->has_profile ? HAS_PROFILE : 0));
	memset(data + 1, 0, 3);
}

static void
write_size(struct picture_walk *walk)
{
	size_t size = walk->kept - 8;

	for (size_t i = 0; i < 4; i++)
		walk->data[4 + i] = (uint8_t)(size >> (8 * i));
}

enum picture_fault
picture_webp_clean(struct picture_walk *walk, struct picture *out)
{
	struct webp webp = { .walk = walk };
	const uint8_t *riff = picture_walk_take(walk, RIFF_SIZE);
	enum picture_fault fault = PICTURE_FINE;
	struct chunk chunk;

	if (riff == NULL || !is(riff, "RIFF") || !is(riff + 8, "WEBP") ||
	    picture_le32(riff + 4) > walk->len - 8)
		return PICTURE_MALFORMED;
	/* What follows the end goes. */
	walk->len = 8 + (size_t)picture_le32(riff + 4);
	if (walk->len < RIFF_SIZE)
		return PICTURE_MALFORMED;
	picture_walk_keep(walk, riff, RIFF_SIZE);
	while (fault == PICTURE_FINE && picture_walk_left(walk) > 0) {
		if (!take_chunk(&webp, &chunk))
			return PICTURE_MALFORMED;
		fault = take(&webp, &chunk, out);
	}
	if (fault != PICTURE_FINE)
		return fault;
	if (webp.last < PART_LOSSY)
		return PICTURE_MALFORMED;
	if (webp.extended != 0)
		mend_flags(&webp);
	write_size(walk);
	return PICTURE_FINE;
}
