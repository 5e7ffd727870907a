#include "server/domain/test_picture.h"

#include <assert.h>
#include <string.h>

#include "server/domain/picture_walk.h"

void
test_picture_add(struct test_picture *p, const void *data, size_t len)
{
	assert(len <= TEST_PICTURE_MAX - p->len);
	if (len > 0)
		memcpy(p->data + p->len, data, len);
	p->len += len;
}

static void
put_big(uint8_t *to, uint32_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		to[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
}

static void
add_big(struct test_picture *p, uint32_t value, size_t size)
{
	uint8_t bytes[4];

	put_big(bytes, value, size);
	test_picture_add(p, bytes, size);
}

static void
add_little(struct test_picture *p, uint32_t value)
{
	for (size_t i = 0; i < 4; i++) {
		uint8_t byte = (uint8_t)(value >> (8 * i));

		test_picture_add(p, &byte, 1);
	}
}

void
test_picture_begin_png(struct test_picture *p, uint32_t width, uint32_t height)
{
	uint8_t header[13] = { [8] = 8 };

	put_big(header, width, 4);
	put_big(header + 4, height, 4);
	p->len = 0;
	test_picture_add(p, "\x89PNG\r\n\x1a\n", 8);
	test_picture_add_chunk(p, "IHDR", header, sizeof(header));
}

void
test_picture_add_chunk(struct test_picture *p, const char *type,
                       const void *data, size_t len)
{
	size_t start;

	add_big(p, (uint32_t)len, 4);
	start = p->len;
	test_picture_add(p, type, 4);
	test_picture_add(p, data, len);
	add_big(p, picture_png_checksum(p->data + start, len + 4), 4);
}

void
test_picture_end_png(struct test_picture *p)
{
	/* zlib's form of one row of one black pixel. */
	test_picture_add_chunk(p, "IDAT",
	                       "\x78\x9c\x63\x60\x00\x00\x00\x02\x00\x01", 10);
	test_picture_add_chunk(p, "IEND", "", 0);
}

void
test_picture_begin_jpeg(struct test_picture *p)
{
	p->len = 0;
	test_picture_add(p, "\xff\xd8", 2);
}

void
test_picture_add_segment(struct test_picture *p, uint8_t marker,
                         const void *data, size_t len)
{
	add_big(p, 0xff00U | marker, 2);
	add_big(p, (uint32_t)len + 2, 2);
	test_picture_add(p, data, len);
}

void
test_picture_end_jpeg(struct test_picture *p, uint32_t width, uint32_t height)
{
	uint8_t frame[9] = { [0] = 8, [5] = 1, [6] = 1, [7] = 0x11 };
	uint8_t steps[65] = { 0 };

	memset(steps + 1, 1, 64);
	test_picture_add_segment(p, 0xdb, steps, sizeof(steps));
	put_big(frame + 1, height, 2);
	put_big(frame + 3, width, 2);
	test_picture_add_segment(p, 0xc0, frame, sizeof(frame));
	/* One code of one bit, for nothing: of direct, then of other values. */
	test_picture_add_segment(p, 0xc4,
	                         "\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 18);
	test_picture_add_segment(p, 0xc4,
	                         "\x10\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 18);
	test_picture_add_segment(p, 0xda, "\x01\x01\x00\x00\x3f\x00", 6);
	test_picture_add(p, "\x3f\xff\xd9", 3);
}

void
test_picture_begin_webp(struct test_picture *p)
{
	p->len = 0;
	test_picture_add(p, "RIFF\0\0\0\0WEBP", 12);
}

void
test_picture_add_riff(struct test_picture *p, const char *type,
                      const void *data, size_t len)
{
	test_picture_add(p, type, 4);
	add_little(p, (uint32_t)len);
	test_picture_add(p, data, len);
	test_picture_add(p, "", len % 2);
}

void
test_picture_add_lossless(struct test_picture *p)
{
	test_picture_add_riff(p, "VP8L",
	                      "\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88"
	                      "\xfe\x07",
	                      13);
}

void
test_picture_end_webp(struct test_picture *p)
{
	size_t len = p->len;

	p->len = 4;
	add_little(p, (uint32_t)len - 8);
	p->len = len;
}
