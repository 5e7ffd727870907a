#include "server/domain/picture_walk.h"

#include <string.h>

#include "server/domain/picture_exif.h"

/* Markers, the byte behind 0xff: ITU T.81, table B.1. */
#define SOF0 0xc0 /* baseline; SOF1 extended, SOF2 progressive */
#define SOF2 0xc2
#define DHT 0xc4
#define RST0 0xd0
#define RST7 0xd7
#define SOI 0xd8
#define EOI 0xd9
#define SOS 0xda
#define DQT 0xdb
#define DRI 0xdd
#define APP0 0xe0
#define APP1 0xe1
#define APP2 0xe2
#define APP14 0xee
#define APP15 0xef
#define COM 0xfe

#define COMPONENTS_MAX 4
#define SCANS_MAX 64 /* each makes a viewer go over the whole image */
#define JFIF_SIZE 14
#define ADOBE_SIZE 12
#define PROFILE_ID "ICC_PROFILE"
#define PROFILE_ID_SIZE 12 /* its NUL too */

struct segment {
	uint8_t marker;
	const uint8_t *data; /* behind marker and length */
	size_t len;
};

struct jpeg {
	struct picture_walk *walk;
	struct picture *picture;
	bool has_frame;
	bool has_exif;
	unsigned scans;
	enum picture_fault fault; /* when a segment was not taken */
};

/* Any number of 0xff may stand before a marker. */
static bool
take_marker(struct picture_walk *walk, uint8_t *out)
{
	const uint8_t *byte = picture_walk_take(walk, 1);

	if (byte == NULL || *byte != 0xff)
		return false;
	do
		byte = picture_walk_take(walk, 1);
	while (byte != NULL && *byte == 0xff);
	if (byte == NULL || *byte == 0)
		return false;
	*out = *byte;
	return true;
}

static bool
take_contents(struct picture_walk *walk, struct segment *out)
{
	const uint8_t *head = picture_walk_take(walk, 2);
	size_t len;

	if (head == NULL)
		return false;
	len = picture_be16(head);
	if (len < 2)
		return false;
	out->len = len - 2;
	out->data = picture_walk_take(walk, out->len);
	return out->data != NULL;
}

static void
keep_marker(struct jpeg *jpeg, uint8_t marker)
{
	const uint8_t bytes[2] = { 0xff, marker };

	picture_walk_keep(jpeg->walk, bytes, sizeof(bytes));
}

/* The new head ends where the old one did, or before. */
static bool
keep(struct jpeg *jpeg, uint8_t marker, const uint8_t *data, size_t len)
{
	const uint8_t length[2] = { (uint8_t)((len + 2) >> 8),
		                    (uint8_t)(len + 2) };

	keep_marker(jpeg, marker);
	picture_walk_keep(jpeg->walk, length, sizeof(length));
	picture_walk_keep(jpeg->walk, data, len);
	return true;
}

static bool
keep_all(struct jpeg *jpeg, const struct segment *s)
{
	return keep(jpeg, s->marker, s->data, s->len);
}

/* Precision, height, width, and for each component id, sampling, table. */
static bool
take_frame(struct jpeg *jpeg, const struct segment *s)
{
	struct picture *picture = jpeg->picture;
	size_t count = s->len < 6 ? 0 : s->data[5];

	if (jpeg->has_frame || count == 0 || count > COMPONENTS_MAX ||
	    s->len != 6 + 3 * count || s->data[0] != 8)
		return false;
	picture->height = picture_be16(s->data + 1);
	picture->width = picture_be16(s->data + 3);
	jpeg->fault = picture_size_fault(picture->width, picture->height);
	if (jpeg->fault != PICTURE_FINE)
		return false;
	jpeg->has_frame = true;
	return keep_all(jpeg, s);
}

static bool
take_quantisation(struct jpeg *jpeg, const struct segment *s)
{
	size_t at = 0;

	while (at < s->len) {
		uint8_t head = s->data[at];
		size_t size = (head >> 4) == 0 ? 65 : 129;

		if (head >> 4 > 1 || (head & 15) > 3 || size > s->len - at)
			return false;
		at += size;
	}
	return keep_all(jpeg, s);
}

static bool
take_codes(struct jpeg *jpeg, const struct segment *s)
{
	size_t at = 0;

	while (at < s->len) {
		uint8_t head = s->data[at];
		size_t size = 17;

		if (head >> 4 > 1 || (head & 15) > 3 || size > s->len - at)
			return false;
		for (size_t i = 1; i <= 16; i++)
			size += s->data[at + i];
		if (size > 17 + 256 || size > s->len - at)
			return false;
		at += size;
	}
	return keep_all(jpeg, s);
}

/* Up to the next marker but for those that only divide the data. */
static bool
keep_entropy_data(struct jpeg *jpeg)
{
	struct picture_walk *walk = jpeg->walk;
	const uint8_t *start = walk->data + walk->at;
	const uint8_t *end = walk->data + walk->len;
	const uint8_t *at = start;

	while ((at = memchr(at, 0xff, (size_t)(end - at))) != NULL) {
		if (end - at < 2)
			return false;
		if (at[1] != 0 && (at[1] < RST0 || at[1] > RST7))
			break;
		at += 2;
	}
	if (at == NULL)
		return false;
	walk->at += (size_t)(at - start);
	picture_walk_keep(walk, start, (size_t)(at - start));
	return true;
}

static bool
take_scan(struct jpeg *jpeg, const struct segment *s)
{
	size_t count = s->len == 0 ? 0 : s->data[0];

	if (!jpeg->has_frame || jpeg->scans == SCANS_MAX || count == 0 ||
	    count > COMPONENTS_MAX || s->len != 4 + 2 * count)
		return false;
	jpeg->scans++;
	return keep_all(jpeg, s) && keep_entropy_data(jpeg);
}

static bool
begins_with(const struct segment *s, const char *id, size_t id_size)
{
	return s->len >= id_size && memcmp(s->data, id, id_size) == 0;
}

/* JFIF without its thumbnail, which may show what was cut off. */
static bool
take_jfif(struct jpeg *jpeg, const struct segment *s)
{
	uint8_t jfif[JFIF_SIZE] = { 0 };

	if (s->len < JFIF_SIZE || !begins_with(s, "JFIF", 5))
		return true;
	memcpy(jfif, s->data, JFIF_SIZE - 2);
	return keep(jpeg, APP0, jfif, JFIF_SIZE);
}

static bool
take_exif(struct jpeg *jpeg, const struct segment *s)
{
	unsigned orientation = picture_exif_orientation(s->data, s->len);
	uint8_t exif[PICTURE_EXIF_SIZE];

	if (orientation == 0 || jpeg->has_exif || s->len < PICTURE_EXIF_SIZE)
		return true;
	jpeg->has_exif = true;
	picture_exif_write(orientation, exif);
	return keep(jpeg, APP1, exif, PICTURE_EXIF_SIZE);
}

static bool
take_profile(struct jpeg *jpeg, const struct segment *s)
{
	return !begins_with(s, PROFILE_ID, PROFILE_ID_SIZE) ||
	       keep_all(jpeg, s);
}

/* Says how the components make colours. */
static bool
take_adobe(struct jpeg *jpeg, const struct segment *s)
{
	return s->len < ADOBE_SIZE || !begins_with(s, "Adobe", 5) ||
	       keep(jpeg, APP14, s->data, ADOBE_SIZE);
}

/* take is false for what no viewer should be given; the rest stays or goes. */
static bool
take(struct jpeg *jpeg, const struct segment *s)
{
	switch (s->marker) {
	case DHT:
		return take_codes(jpeg, s);
	case DQT:
		return take_quantisation(jpeg, s);
	case DRI:
		return s->len == 2 && keep_all(jpeg, s);
	case SOS:
		return take_scan(jpeg, s);
	case APP0:
		return take_jfif(jpeg, s);
	case APP1:
		return take_exif(jpeg, s);
	case APP2:
		return take_profile(jpeg, s);
	case APP14:
		return take_adobe(jpeg, s);
	default:
		if (s->marker >= SOF0 && s->marker <= SOF2)
			return take_frame(jpeg, s);
		return s->marker == COM ||
		       (s->marker > APP0 && s->marker <= APP15);
	}
}

static bool
has_contents(uint8_t marker)
{
	return marker >= SOF0 && (marker < RST0 || marker > EOI);
}

enum picture_fault
picture_jpeg_clean(struct picture_walk *walk, struct picture *out)
{
	struct jpeg jpeg = { .walk = walk, .picture = out };
	struct segment s;

	if (!take_marker(walk, &s.marker) || s.marker != SOI)
		return PICTURE_MALFORMED;
	keep_marker(&jpeg, SOI);
	for (;;) {
		if (!take_marker(walk, &s.marker))
			return PICTURE_MALFORMED;
		if (s.marker == EOI)
			break;
		if (!has_contents(s.marker) || !take_contents(walk, &s))
			return PICTURE_MALFORMED;
		jpeg.fault = PICTURE_MALFORMED;
		if (!take(&jpeg, &s))
			return jpeg.fault;
	}
	if (jpeg.scans == 0)
		return PICTURE_MALFORMED;
	keep_marker(&jpeg, EOI);
	return PICTURE_FINE;
}
