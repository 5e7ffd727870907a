#include "server/domain/picture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/domain/test_picture.h"

/* What is sent, and what it should become. */
struct pair {
	struct test_picture sent;
	struct test_picture wanted;
};

static int
setup(void **state)
{
	*state = calloc(1, sizeof(struct pair));
	return *state == NULL;
}

static int
teardown(void **state)
{
	free(*state);
	return 0;
}

/* On a copy of the exact size, so that a sanitizer sees one byte too far. */
static enum picture_fault
fault_of(const struct test_picture *sent)
{
	uint8_t *copy = malloc(sent->len + 1);
	struct picture picture;
	enum picture_fault fault;

	assert_non_null(copy);
	copy = realloc(copy, sent->len == 0 ? 1 : sent->len);
	assert_non_null(copy);
	memcpy(copy, sent->data, sent->len);
	fault = picture_clean(copy, sent->len, &picture);
	free(copy);
	return fault;
}

static void
assert_becomes(struct pair *p, enum picture_type type)
{
	struct picture picture;

	assert_int_equal(fault_of(&p->sent), PICTURE_FINE);
	assert_int_equal(picture_clean(p->sent.data, p->sent.len, &picture),
	                 PICTURE_FINE);
	assert_int_equal(picture.type, type);
	assert_ptr_equal(picture.data, p->sent.data);
	assert_int_equal(picture.len, p->wanted.len);
	assert_memory_equal(picture.data, p->wanted.data, p->wanted.len);
}

/* Every beginning of a good picture is a bad one, and none reads astray. */
static void
assert_needs_its_end(const struct test_picture *whole)
{
	static struct test_picture part;

	part = *whole;
	for (part.len = 0; part.len < whole->len; part.len++)
		assert_int_equal(fault_of(&part), PICTURE_MALFORMED);
}

static void
begin_png(struct pair *p)
{
	test_picture_begin_png(&p->sent, 1, 1);
	test_picture_begin_png(&p->wanted, 1, 1);
}

static void
add_chunk_to_both(struct pair *p, const char *type, const void *data,
                  size_t len)
{
	test_picture_add_chunk(&p->sent, type, data, len);
	test_picture_add_chunk(&p->wanted, type, data, len);
}

static void
a_png_keeps_its_image_and_its_colours(void **state)
{
	struct pair *p = *state;

	begin_png(p);
	add_chunk_to_both(p, "gAMA", "\0\0\xb1\x8f", 4);
	add_chunk_to_both(p, "iCCP", "profile", 7);
	add_chunk_to_both(p, "tRNS", "\0\0", 2);
	add_chunk_to_both(p, "IDAT", "half of", 7);
	test_picture_end_png(&p->sent);
	test_picture_end_png(&p->wanted);
	assert_becomes(p, PICTURE_PNG);
}

static void
a_png_loses_texts_exif_time_and_what_is_unknown(void **state)
{
	static const char *const types[] = { "tEXt", "zTXt", "iTXt", "eXIf",
		                             "tIME", "zzZz", "caBX", "pHYs" };
	struct pair *p = *state;

	begin_png(p);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		test_picture_add_chunk(&p->sent, types[i], "Comment\0here", 12);
	add_chunk_to_both(p, "sRGB", "\0", 1);
	/* Once more, too long, and behind the image. */
	test_picture_add_chunk(&p->sent, "sRGB", "\1", 1);
	test_picture_add_chunk(&p->sent, "gAMA", "12345", 5);
	add_chunk_to_both(p, "IDAT", "first", 5);
	test_picture_end_png(&p->wanted);
	test_picture_end_png(&p->sent);
	assert_becomes(p, PICTURE_PNG);

	begin_png(p);
	add_chunk_to_both(p, "IDAT", "all", 3);
	test_picture_add_chunk(&p->sent, "tEXt", "Comment\0here", 12);
	test_picture_add_chunk(&p->sent, "gAMA", "\0\0\xb1\x8f", 4);
	add_chunk_to_both(p, "IEND", "", 0);
	assert_becomes(p, PICTURE_PNG);
}

static void
a_png_that_moves_becomes_its_still_image(void **state)
{
	struct pair *p = *state;

	begin_png(p);
	test_picture_add_chunk(&p->sent, "acTL", "\0\0\0\2\0\0\0\0", 8);
	test_picture_add_chunk(&p->sent, "fcTL", "26 bytes in real files", 22);
	add_chunk_to_both(p, "IDAT", "still", 5);
	test_picture_add_chunk(&p->sent, "fcTL", "26 bytes in real files", 22);
	test_picture_add_chunk(&p->sent, "fdAT", "\0\0\0\2moved", 9);
	add_chunk_to_both(p, "IEND", "", 0);
	assert_becomes(p, PICTURE_PNG);
}

static void
what_follows_the_end_goes(void **state)
{
	static const char html[] = "<script>alert(1)</script>";
	struct pair *p = *state;

	begin_png(p);
	test_picture_end_png(&p->sent);
	test_picture_end_png(&p->wanted);
	test_picture_add(&p->sent, html, sizeof(html));
	assert_becomes(p, PICTURE_PNG);

	test_picture_begin_jpeg(&p->sent);
	test_picture_end_jpeg(&p->sent, 1, 1);
	p->wanted = p->sent;
	test_picture_add(&p->sent, html, sizeof(html));
	assert_becomes(p, PICTURE_JPEG);

	test_picture_begin_webp(&p->sent);
	test_picture_add_lossless(&p->sent);
	test_picture_end_webp(&p->sent);
	p->wanted = p->sent;
	test_picture_add(&p->sent, html, sizeof(html));
	assert_becomes(p, PICTURE_WEBP);
}

static void
sides_have_1_to_4096_pixels(void **state)
{
	static const struct {
		uint32_t width, height;
		enum picture_fault fault;
	} sizes[] = {
		{ 1, 1, PICTURE_FINE },
		{ 4096, 4096, PICTURE_FINE },
		{ 4097, 1, PICTURE_TOO_LARGE },
		{ 1, 4097, PICTURE_TOO_LARGE },
		{ 65535, 65535, PICTURE_TOO_LARGE },
		{ 0, 1, PICTURE_MALFORMED },
		{ 1, 0, PICTURE_MALFORMED },
	};
	struct pair *p = *state;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		test_picture_begin_png(&p->sent, sizes[i].width,
		                       sizes[i].height);
		test_picture_end_png(&p->sent);
		assert_int_equal(fault_of(&p->sent), sizes[i].fault);
		test_picture_begin_jpeg(&p->sent);
		test_picture_end_jpeg(&p->sent, sizes[i].width,
		                      sizes[i].height);
		assert_int_equal(fault_of(&p->sent), sizes[i].fault);
	}
	test_picture_begin_png(&p->sent, UINT32_MAX, UINT32_MAX);
	test_picture_end_png(&p->sent);
	assert_int_equal(fault_of(&p->sent), PICTURE_TOO_LARGE);
}

static void
the_size_found_is_told(void **state)
{
	struct pair *p = *state;
	struct picture picture;

	test_picture_begin_png(&p->sent, 640, 480);
	test_picture_end_png(&p->sent);
	assert_int_equal(picture_clean(p->sent.data, p->sent.len, &picture),
	                 PICTURE_FINE);
	assert_int_equal(picture.width, 640);
	assert_int_equal(picture.height, 480);
	test_picture_begin_jpeg(&p->sent);
	test_picture_end_jpeg(&p->sent, 640, 480);
	assert_int_equal(picture_clean(p->sent.data, p->sent.len, &picture),
	                 PICTURE_FINE);
	assert_int_equal(picture.width, 640);
	assert_int_equal(picture.height, 480);
}

static void
a_png_out_of_order_or_damaged_is_refused(void **state)
{
	static const char palette[] = "\1\2\3";
	struct pair *p = *state;

	/* A palette in a grey image; an unknown chunk that matters. */
	begin_png(p);
	test_picture_add_chunk(&p->sent, "PLTE", palette, 3);
	test_picture_end_png(&p->sent);
	assert_int_equal(fault_of(&p->sent), PICTURE_MALFORMED);
	begin_png(p);
	test_picture_add_chunk(&p->sent, "CgBI", "\0\0\0\0", 4);
	test_picture_end_png(&p->sent);
	assert_int_equal(fault_of(&p->sent), PICTURE_MALFORMED);
	/* A second header; image chunks that do not stand together. */
	begin_png(p);
	test_picture_add_chunk(&p->sent, "IHDR", p->sent.data + 16, 13);
	test_picture_end_png(&p->sent);
	assert_int_equal(fault_of(&p->sent), PICTURE_MALFORMED);
	begin_png(p);
	test_picture_add_chunk(&p->sent, "IDAT", "one", 3);
	test_picture_add_chunk(&p->sent, "tEXt", "two", 3);
	test_picture_end_png(&p->sent);
	assert_int_equal(fault_of(&p->sent), PICTURE_MALFORMED);
	/* No image at all. */
	begin_png(p);
	test_picture_add_chunk(&p->sent, "IEND", "", 0);
	assert_int_equal(fault_of(&p->sent), PICTURE_MALFORMED);
	/* A flipped bit, wherever. */
	begin_png(p);
	test_picture_end_png(&p->sent);
	for (size_t i = 0; i < p->sent.len; i++) {
		p->sent.data[i] ^= 0x20;
		assert_int_not_equal(fault_of(&p->sent), PICTURE_FINE);
		p->sent.data[i] ^= 0x20;
	}
	assert_int_equal(fault_of(&p->sent), PICTURE_FINE);
}

/* A PNG of one pixel with this depth, colour type and three methods. */
static enum picture_fault
fault_of_header(struct test_picture *p, const uint8_t kind[5])
{
	uint8_t header[13] = { [3] = 1, [7] = 1 };

	memcpy(header + 8, kind, 5);
	p->len = 8; /* the signature stays */
	test_picture_add_chunk(p, "IHDR", header, sizeof(header));
	test_picture_add_chunk(p, "PLTE", "\1\2\3", 3);
	test_picture_end_png(p);
	return fault_of(p);
}

static void
a_png_has_one_of_the_kinds_there_are(void **state)
{
	static const uint8_t good[][5] = { { 8, 2, 0, 0, 0 },
		                           { 16, 2, 0, 0, 1 },
		                           { 1, 3, 0, 0, 0 },
		                           { 8, 6, 0, 0, 0 } };
	static const uint8_t bad[][5] = {
		{ 8, 2, 1, 0, 0 },  { 8, 2, 0, 1, 0 },   { 8, 2, 0, 0, 2 },
		{ 4, 2, 0, 0, 0 },  { 16, 3, 0, 0, 0 },  { 3, 3, 0, 0, 0 },
		{ 8, 1, 0, 0, 0 },  { 8, 5, 0, 0, 0 },   { 8, 7, 0, 0, 0 },
		{ 40, 2, 0, 0, 0 }, { 8, 255, 0, 0, 0 }, { 0, 2, 0, 0, 0 },
	};
	struct pair *p = *state;

	begin_png(p);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(fault_of_header(&p->sent, good[i]),
		                 PICTURE_FINE);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (fault_of_header(&p->sent, bad[i]) != PICTURE_MALFORMED)
			fail_msg("kind %zu is taken", i);
}

static void
a_palette_comes_once_before_the_image_that_needs_it(void **state)
{
	static const uint8_t header[] = {
		0, 0, 0, 1, 0, 0, 0, 1, 8, 3, 0, 0, 0
	};
	struct pair *p = *state;
	struct test_picture *sent = &p->sent;

	begin_png(p);
	sent->len = 8;
	test_picture_add_chunk(sent, "IHDR", header, sizeof(header));
	p->wanted = *sent;
	test_picture_end_png(sent);
	assert_int_equal(fault_of(sent), PICTURE_MALFORMED);
	*sent = p->wanted;
	test_picture_add_chunk(sent, "PLTE", "\1\2\3", 3);
	test_picture_end_png(sent);
	assert_int_equal(fault_of(sent), PICTURE_FINE);
	*sent = p->wanted;
	test_picture_add_chunk(sent, "PLTE", "\1\2\3", 3);
	test_picture_add_chunk(sent, "PLTE", "\1\2\3", 3);
	test_picture_end_png(sent);
	assert_int_equal(fault_of(sent), PICTURE_MALFORMED);
	*sent = p->wanted;
	test_picture_add_chunk(sent, "PLTE", "\1\2\3\4", 4);
	test_picture_end_png(sent);
	assert_int_equal(fault_of(sent), PICTURE_MALFORMED);
}

static void
a_picture_without_its_end_is_refused(void **state)
{
	struct pair *p = *state;

	begin_png(p);
	test_picture_end_png(&p->sent);
	assert_needs_its_end(&p->sent);
	test_picture_begin_jpeg(&p->sent);
	test_picture_end_jpeg(&p->sent, 1, 1);
	assert_needs_its_end(&p->sent);
	test_picture_begin_webp(&p->sent);
	test_picture_add_lossless(&p->sent);
	test_picture_end_webp(&p->sent);
	assert_needs_its_end(&p->sent);
}

/* Exif as a phone writes it: camera, orientation, and where it was taken. */
static const char exif_with_place[] =
	"Exif\0\0MM\0\x2a\0\0\0\x08"
	"\0\x03"
	"\x01\x0f\0\x02\0\0\0\x04"
	"ACME"
	"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0"
	"\x88\x25\0\x04\0\0\0\x01\0\0\0\x32"
	"\0\0\0\0"
	"\0\x02"
	"\0\x01\0\x02\0\0\0\x02N\0\0\0"
	"\0\x02\0\x05\0\0\0\x03\0\0\0\x50"
	"\0\0\0\0"
	"\0\0\0\x34\0\0\0\x01\0\0\0\x1f\0\0\0\x01\0\0\x0b\xb8\0\0\0\x64";

static const char exif_of_orientation_6[] = "Exif\0\0MM\0\x2a\0\0\0\x08"
					    "\0\x01"
					    "\x01\x12\0\x03\0\0\0\x01\0\x06\0\0"
					    "\0\0\0\0";

static bool
holds(const struct picture *picture, const void *bytes, size_t len)
{
	return memmem(picture->data, picture->len, bytes, len) != NULL;
}

static void
a_photo_forgets_where_it_was_taken_and_keeps_which_side_is_up(void **state)
{
	static const uint8_t latitude[] = { 0, 0, 0, 0x34, 0, 0, 0, 1 };
	struct pair *p = *state;
	struct picture picture;

	test_picture_begin_jpeg(&p->sent);
	test_picture_add_segment(&p->sent, 0xe1, exif_with_place,
	                         sizeof(exif_with_place) - 1);
	test_picture_end_jpeg(&p->sent, 1, 1);
	picture = (struct picture){ .data = p->sent.data, .len = p->sent.len };
	assert_true(holds(&picture, latitude, sizeof(latitude)));
	test_picture_begin_jpeg(&p->wanted);
	test_picture_add_segment(&p->wanted, 0xe1, exif_of_orientation_6,
	                         sizeof(exif_of_orientation_6) - 1);
	test_picture_end_jpeg(&p->wanted, 1, 1);
	assert_becomes(p, PICTURE_JPEG);
	assert_int_equal(picture_clean(p->sent.data, p->wanted.len, &picture),
	                 PICTURE_FINE);
	assert_false(holds(&picture, latitude, sizeof(latitude)));
	assert_false(holds(&picture, "ACME", 4));
	assert_false(holds(&picture, "\x88\x25", 2));
}

static void
an_orientation_is_read_in_both_byte_orders_and_only_if_it_is_one(void **state)
{
	static const char intel[] = "Exif\0\0II\x2a\0\x08\0\0\0"
				    "\x01\0"
				    "\x12\x01\x03\0\x01\0\0\0\x06\0\0\0"
				    "\0\0\0\0";
	/* Of no orientation: 1 and 9; another type; a list that lies elsewhere;
	 * no TIFF. */
	static const struct {
		size_t at;
		char byte;
	} changes[] = { { 24, 1 },    { 24, 9 }, { 18, 4 },   { 10, 31 },
		        { 13, 0x7f }, { 8, 41 }, { 6, 'X' },  { 0, 'e' },
		        { 14, 0 },    { 20, 2 }, { 16, 0x13 } };
	struct pair *p = *state;
	char other[sizeof(intel)];

	test_picture_begin_jpeg(&p->wanted);
	test_picture_add_segment(&p->wanted, 0xe1, exif_of_orientation_6,
	                         sizeof(exif_of_orientation_6) - 1);
	test_picture_end_jpeg(&p->wanted, 1, 1);
	test_picture_begin_jpeg(&p->sent);
	test_picture_add_segment(&p->sent, 0xe1, intel, sizeof(intel) - 1);
	test_picture_end_jpeg(&p->sent, 1, 1);
	assert_becomes(p, PICTURE_JPEG);

	test_picture_begin_jpeg(&p->wanted);
	test_picture_end_jpeg(&p->wanted, 1, 1);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		memcpy(other, intel, sizeof(intel));
		other[changes[i].at] = changes[i].byte;
		test_picture_begin_jpeg(&p->sent);
		test_picture_add_segment(&p->sent, 0xe1, other,
		                         sizeof(intel) - 1);
		test_picture_end_jpeg(&p->sent, 1, 1);
		assert_becomes(p, PICTURE_JPEG);
	}
}

static void
a_jpeg_loses_comments_thumbnails_and_applications_data(void **state)
{
	static const char jfif[] = "JFIF\0\1\2\0\0\1\0\1\1\1rgb";
	struct pair *p = *state;

	test_picture_begin_jpeg(&p->sent);
	test_picture_begin_jpeg(&p->wanted);
	test_picture_add_segment(&p->sent, 0xe0, jfif, sizeof(jfif) - 1);
	test_picture_add_segment(&p->wanted, 0xe0, "JFIF\0\1\2\0\0\1\0\1\0\0",
	                         14);
	test_picture_add_segment(&p->sent, 0xe0, "JFXX\0\x10thumbnail", 15);
	test_picture_add_segment(&p->sent, 0xe1,
	                         "http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>",
	                         41);
	test_picture_add_segment(&p->sent, 0xe2, "MPF\0II", 6);
	test_picture_add_segment(&p->sent, 0xe2, "ICC_PROFILE\0\1\1icc", 17);
	test_picture_add_segment(&p->wanted, 0xe2, "ICC_PROFILE\0\1\1icc", 17);
	for (uint8_t marker = 0xe3; marker <= 0xef; marker++)
		test_picture_add_segment(&p->sent, marker, "Photoshop 3.0", 13);
	test_picture_add_segment(&p->sent, 0xee, "Adobe\0\x64\0\0\0\0\1+", 13);
	test_picture_add_segment(&p->wanted, 0xee, "Adobe\0\x64\0\0\0\0\1", 12);
	test_picture_add_segment(&p->sent, 0xfe, "taken at home", 13);
	test_picture_end_jpeg(&p->sent, 1, 1);
	test_picture_end_jpeg(&p->wanted, 1, 1);
	assert_becomes(p, PICTURE_JPEG);
}

static void
a_jpeg_may_fill_before_markers_and_have_many_scans(void **state)
{
	static const char scan[] = "\xff\xda\0\x08\1\1\0\0\x3f\0"
				   "data\xff\0more\xff\xd0rest";
	struct pair *p = *state;

	test_picture_begin_jpeg(&p->sent);
	test_picture_end_jpeg(&p->sent, 1, 1);
	p->sent.len -= 2;
	p->wanted = p->sent;
	test_picture_add(&p->sent, "\xff\xff\xff", 3);
	test_picture_add(&p->sent, scan, sizeof(scan) - 1);
	test_picture_add(&p->wanted, scan, sizeof(scan) - 1);
	test_picture_add(&p->sent, "\xff\xfe\0\3!", 5);
	test_picture_add(&p->sent, "\xff\xd9", 2);
	test_picture_add(&p->wanted, "\xff\xd9", 2);
	assert_becomes(p, PICTURE_JPEG);

	p->wanted.len -= 2;
	for (int i = 0; i < 63; i++)
		test_picture_add(&p->wanted, scan, sizeof(scan) - 1);
	test_picture_add(&p->wanted, "\xff\xd9", 2);
	assert_int_equal(fault_of(&p->wanted), PICTURE_MALFORMED);
}

/* Bytes between SOI and a good rest that make it a bad picture. */
static void
a_jpeg_with_parts_that_no_viewer_needs_is_refused(void **state)
{
#define BAD(text)                                                              \
	{                                                                      \
		text, sizeof(text) - 1                                         \
	}
	static const struct {
		const char *bytes;
		size_t len;
	} bad[] = {
		BAD("\xff\xd8"), /* begins twice */
		BAD("\xff\xd9"), /* ends before it begins */
		BAD("\xff\xd0"), /* restarts nothing */
		BAD("\xff\x01"), /* TEM */
		BAD("\xff\x00"), /* no marker */
		BAD("x"),        /* not even that */
		BAD("\xff\xc3\0\x0b\x08\0\1\0\1\1\1\x11\0"), /* lossless */
		BAD("\xff\xc9\0\x0b\x08\0\1\0\1\1\1\x11\0"), /* arithmetic */
		BAD("\xff\xcc\0\4\0\0"),                     /* DAC */
		BAD("\xff\xdc\0\4\0\1"),                     /* DNL */
		BAD("\xff\xc0\0\x0b\x08\0\1\0\1\1\1\x11\0"), /* two frames */
		BAD("\xff\xdd\0\5\0\0\0"),           /* DRI of three bytes */
		BAD("\xff\xdb\0\4\x00\x01"),         /* half a table */
		BAD("\xff\xdb\0\3\x20"),             /* no such precision */
		BAD("\xff\xc4\0\3\x00"),             /* half a table */
		BAD("\xff\xda\0\x08\1\1\0\0\x3f\0"), /* a scan of no frame */
		BAD("\xff\xfe\0\1"), /* a length below its own */
	};
#undef BAD
	struct pair *p = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		test_picture_begin_jpeg(&p->sent);
		test_picture_add(&p->sent, bad[i].bytes, bad[i].len);
		test_picture_end_jpeg(&p->sent, 1, 1);
		if (fault_of(&p->sent) != PICTURE_MALFORMED)
			fail_msg("row %zu is taken", i);
	}
}

static void
a_jpegs_frame_has_8_bits_and_1_to_4_whole_components(void **state)
{
	/* Of "\xff\xc0 length precision height width count components". */
	static const struct {
		size_t at;
		uint8_t byte;
	} changes[] = { { 4, 12 }, { 9, 0 }, { 9, 2 }, { 9, 5 } };
	struct pair *p = *state;
	uint8_t *frame;

	test_picture_begin_jpeg(&p->wanted);
	test_picture_end_jpeg(&p->wanted, 1, 1);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		p->sent = p->wanted;
		frame = memmem(p->sent.data, p->sent.len, "\xff\xc0", 2);
		assert_non_null(frame);
		frame[changes[i].at] = changes[i].byte;
		assert_int_equal(fault_of(&p->sent), PICTURE_MALFORMED);
	}
}

static enum picture_fault
fault_of_codes(struct test_picture *p, const uint8_t *codes, size_t len)
{
	test_picture_begin_jpeg(p);
	test_picture_add_segment(p, 0xc4, codes, len);
	test_picture_end_jpeg(p, 1, 1);
	return fault_of(p);
}

static void
a_jpegs_table_of_codes_is_whole_and_has_its_place(void **state)
{
	uint8_t codes[17 + 257] = { 0x13, 255, 1 };
	struct pair *p = *state;

	assert_int_equal(fault_of_codes(&p->sent, codes, 17 + 256),
	                 PICTURE_FINE);
	assert_int_equal(fault_of_codes(&p->sent, codes, 17 + 255),
	                 PICTURE_MALFORMED);
	assert_int_equal(fault_of_codes(&p->sent, codes, 17 + 257),
	                 PICTURE_MALFORMED);
	codes[2] = 2;
	assert_int_equal(fault_of_codes(&p->sent, codes, 17 + 257),
	                 PICTURE_MALFORMED);
	codes[2] = 1;
	codes[0] = 0x14;
	assert_int_equal(fault_of_codes(&p->sent, codes, 17 + 256),
	                 PICTURE_MALFORMED);
	codes[0] = 0x23;
	assert_int_equal(fault_of_codes(&p->sent, codes, 17 + 256),
	                 PICTURE_MALFORMED);
}

static void
begin_extended(struct test_picture *p, uint8_t flags)
{
	const uint8_t data[10] = { flags, 1, 2, 3 };

	test_picture_begin_webp(p);
	test_picture_add_riff(p, "VP8X", data, sizeof(data));
}

static void
a_webp_loses_exif_xmp_and_what_is_unknown_and_its_flags_say_so(void **state)
{
	static const uint8_t flags[10] = { 0x30 };
	struct pair *p = *state;

	begin_extended(&p->sent, 0xfd);
	test_picture_begin_webp(&p->wanted);
	test_picture_add_riff(&p->wanted, "VP8X", flags, sizeof(flags));
	test_picture_add_riff(&p->sent, "ICCP", "icc", 3);
	test_picture_add_riff(&p->wanted, "ICCP", "icc", 3);
	test_picture_add_riff(&p->sent, "what", "ever", 4);
	test_picture_add_lossless(&p->sent);
	test_picture_add_lossless(&p->wanted);
	test_picture_add_riff(&p->sent, "EXIF", exif_with_place,
	                      sizeof(exif_with_place) - 1);
	test_picture_add_riff(&p->sent, "XMP ", "<x:xmpmeta>", 11);
	test_picture_end_webp(&p->sent);
	test_picture_end_webp(&p->wanted);
	assert_becomes(p, PICTURE_WEBP);
}

static void
a_webp_of_either_compression_is_taken(void **state)
{
	static const char lossy[] = "\x30\1\0\x9d\1\x2a\1\0\1\0data";
	static const uint8_t alpha[10] = { 0x10 };
	struct pair *p = *state;

	test_picture_begin_webp(&p->sent);
	test_picture_add_riff(&p->sent, "VP8 ", lossy, sizeof(lossy) - 1);
	test_picture_end_webp(&p->sent);
	p->wanted = p->sent;
	assert_becomes(p, PICTURE_WEBP);

	test_picture_begin_webp(&p->sent);
	test_picture_add_riff(&p->sent, "VP8X", alpha, sizeof(alpha));
	test_picture_add_riff(&p->sent, "ALPH", "\1alpha", 6);
	test_picture_add_riff(&p->sent, "VP8 ", lossy, sizeof(lossy) - 1);
	test_picture_end_webp(&p->sent);
	p->wanted = p->sent;
	assert_becomes(p, PICTURE_WEBP);
}

static void
a_webp_that_moves_is_refused(void **state)
{
	struct pair *p = *state;

	begin_extended(&p->sent, 0x02);
	test_picture_add_riff(&p->sent, "ANIM", "\0\0\0\0\0\0", 6);
	test_picture_end_webp(&p->sent);
	assert_int_equal(fault_of(&p->sent), PICTURE_MOVING);
	begin_extended(&p->sent, 0);
	test_picture_add_riff(&p->sent, "ANMF", "frame", 5);
	test_picture_add_lossless(&p->sent);
	test_picture_end_webp(&p->sent);
	assert_int_equal(fault_of(&p->sent), PICTURE_MOVING);
}

static void
a_webp_out_of_order_or_of_two_minds_is_refused(void **state)
{
	static const uint8_t canvas[10] = { 0, 0, 0, 0, 1 };
	struct pair *p = *state;

	/* Two images; a profile behind one; none; a canvas of another size. */
	test_picture_begin_webp(&p->sent);
	test_picture_add_lossless(&p->sent);
	test_picture_add_lossless(&p->sent);
	test_picture_end_webp(&p->sent);
	assert_int_equal(fault_of(&p->sent), PICTURE_MALFORMED);
	begin_extended(&p->sent, 0);
	test_picture_add_lossless(&p->sent);
	test_picture_add_riff(&p->sent, "ICCP", "icc", 3);
	test_picture_end_webp(&p->sent);
	assert_int_equal(fault_of(&p->sent), PICTURE_MALFORMED);
	begin_extended(&p->sent, 0);
	test_picture_end_webp(&p->sent);
	assert_int_equal(fault_of(&p->sent), PICTURE_MALFORMED);
	test_picture_begin_webp(&p->sent);
	test_picture_add_riff(&p->sent, "VP8X", canvas, sizeof(canvas));
	test_picture_add_lossless(&p->sent);
	test_picture_end_webp(&p->sent);
	assert_int_equal(fault_of(&p->sent), PICTURE_MALFORMED);
	/* Two profiles; a profile behind the alpha it should precede. */
	begin_extended(&p->sent, 0);
	test_picture_add_riff(&p->sent, "ICCP", "icc", 3);
	test_picture_add_riff(&p->sent, "ICCP", "icc", 3);
	test_picture_add_lossless(&p->sent);
	test_picture_end_webp(&p->sent);
	assert_int_equal(fault_of(&p->sent), PICTURE_MALFORMED);
	begin_extended(&p->sent, 0);
	test_picture_add_riff(&p->sent, "ALPH", "alpha", 5);
	test_picture_add_riff(&p->sent, "ICCP", "icc", 3);
	test_picture_add_riff(&p->sent, "VP8 ", "\x30\1\0\x9d\1\x2a\1\0\1\0",
	                      10);
	test_picture_end_webp(&p->sent);
	assert_int_equal(fault_of(&p->sent), PICTURE_MALFORMED);
	/* Alpha beside an image that has its own; a version to come. */
	begin_extended(&p->sent, 0);
	test_picture_add_riff(&p->sent, "ALPH", "alpha", 5);
	test_picture_add_lossless(&p->sent);
	test_picture_end_webp(&p->sent);
	assert_int_equal(fault_of(&p->sent), PICTURE_MALFORMED);
	test_picture_begin_webp(&p->sent);
	test_picture_add_riff(&p->sent, "VP8L", "\x2f\0\0\0\x20", 5);
	test_picture_end_webp(&p->sent);
	assert_int_equal(fault_of(&p->sent), PICTURE_MALFORMED);
	/* A profile in the simple format; another first chunk. */
	test_picture_begin_webp(&p->sent);
	test_picture_add_riff(&p->sent, "ICCP", "icc", 3);
	test_picture_add_lossless(&p->sent);
	test_picture_end_webp(&p->sent);
	assert_int_equal(fault_of(&p->sent), PICTURE_MALFORMED);
	test_picture_begin_webp(&p->sent);
	test_picture_add_riff(&p->sent, "what", "ever", 4);
	test_picture_add_lossless(&p->sent);
	test_picture_end_webp(&p->sent);
	assert_int_equal(fault_of(&p->sent), PICTURE_MALFORMED);
}

static void
a_webp_side_has_at_most_4096_pixels(void **state)
{
	struct pair *p = *state;

	test_picture_begin_webp(&p->sent);
	test_picture_add_riff(&p->sent, "VP8L", "\x2f\xff\x0f\0\0", 5);
	test_picture_end_webp(&p->sent);
	assert_int_equal(fault_of(&p->sent), PICTURE_FINE);
	test_picture_begin_webp(&p->sent);
	test_picture_add_riff(&p->sent, "VP8L", "\x2f\0\x10\0\0", 5);
	test_picture_end_webp(&p->sent);
	assert_int_equal(fault_of(&p->sent), PICTURE_TOO_LARGE);
	test_picture_begin_webp(&p->sent);
	test_picture_add_riff(&p->sent, "VP8 ", "\x30\1\0\x9d\1\x2a\1\x10\1\0",
	                      10);
	test_picture_end_webp(&p->sent);
	assert_int_equal(fault_of(&p->sent), PICTURE_TOO_LARGE);
	test_picture_begin_webp(&p->sent);
	test_picture_add_riff(&p->sent, "VP8 ", "\x30\1\0\x9d\1\x2a\0\0\1\0",
	                      10);
	test_picture_end_webp(&p->sent);
	assert_int_equal(fault_of(&p->sent), PICTURE_MALFORMED);
}

static void
what_only_says_it_is_a_picture_is_none(void **state)
{
	static const char *const texts[] = {
		"",       "GIF89a\1\0\1\0",   "<svg xmlns=", "BM",
		"RIFF",   "%PDF-1.4",         "\xff\xd8",    "\x89PNG",
		"<html>", "RIFF\4\0\0\0WEBM",
	};
	struct pair *p = *state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		p->sent.len = 0;
		test_picture_add(&p->sent, texts[i], strlen(texts[i]));
		assert_int_equal(fault_of(&p->sent), PICTURE_MALFORMED);
	}
}

static void
each_type_has_its_name_and_extension(void **state)
{
	(void)state;
	assert_string_equal(picture_media_type(PICTURE_PNG), "image/png");
	assert_string_equal(picture_media_type(PICTURE_JPEG), "image/jpeg");
	assert_string_equal(picture_media_type(PICTURE_WEBP), "image/webp");
	assert_string_equal(picture_extension(PICTURE_PNG), "png");
	assert_string_equal(picture_extension(PICTURE_JPEG), "jpg");
	assert_string_equal(picture_extension(PICTURE_WEBP), "webp");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_png_keeps_its_image_and_its_colours),
		TEST(a_png_loses_texts_exif_time_and_what_is_unknown),
		TEST(a_png_that_moves_becomes_its_still_image),
		TEST(a_png_out_of_order_or_damaged_is_refused),
		TEST(a_png_has_one_of_the_kinds_there_are),
		TEST(a_palette_comes_once_before_the_image_that_needs_it),
		TEST(a_photo_forgets_where_it_was_taken_and_keeps_which_side_is_up),
		TEST(an_orientation_is_read_in_both_byte_orders_and_only_if_it_is_one),
		TEST(a_jpeg_loses_comments_thumbnails_and_applications_data),
		TEST(a_jpeg_may_fill_before_markers_and_have_many_scans),
		TEST(a_jpeg_with_parts_that_no_viewer_needs_is_refused),
		TEST(a_jpegs_frame_has_8_bits_and_1_to_4_whole_components),
		TEST(a_jpegs_table_of_codes_is_whole_and_has_its_place),
		TEST(a_webp_loses_exif_xmp_and_what_is_unknown_and_its_flags_say_so),
		TEST(a_webp_of_either_compression_is_taken),
		TEST(a_webp_that_moves_is_refused),
		TEST(a_webp_out_of_order_or_of_two_minds_is_refused),
		TEST(a_webp_side_has_at_most_4096_pixels),
		TEST(what_follows_the_end_goes),
		TEST(sides_have_1_to_4096_pixels),
		TEST(the_size_found_is_told),
		TEST(a_picture_without_its_end_is_refused),
		TEST(what_only_says_it_is_a_picture_is_none),
		TEST(each_type_has_its_name_and_extension),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
