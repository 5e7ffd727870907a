#ifndef SERVER_DOMAIN_TEST_PICTURE_H
#define SERVER_DOMAIN_TEST_PICTURE_H

#include <stddef.h>
#include <stdint.h>

/* Pictures put together byte by byte, for tests. */
#define TEST_PICTURE_MAX 327680 /* bytes */

struct test_picture {
	uint8_t data[TEST_PICTURE_MAX];
	size_t len;
};

/* test_picture_add appends bytes; more than fit abort. */
void test_picture_add(struct test_picture *p, const void *data, size_t len);

/* PNG: signature and header of 8-bit grey; any chunk; image and end. */
void test_picture_begin_png(struct test_picture *p, uint32_t width,
                            uint32_t height);
void test_picture_add_chunk(struct test_picture *p, const char *type,
                            const void *data, size_t len);
void test_picture_end_png(struct test_picture *p);

/* JPEG: its begin; any segment; tables, frame of one component, scan, end. */
void test_picture_begin_jpeg(struct test_picture *p);
void test_picture_add_segment(struct test_picture *p, uint8_t marker,
                              const void *data, size_t len);
void test_picture_end_jpeg(struct test_picture *p, uint32_t width,
                           uint32_t height);

/* WebP: its begin; any chunk; a 1x1 lossless image; the size in its begin. */
void test_picture_begin_webp(struct test_picture *p);
void test_picture_add_riff(struct test_picture *p, const char *type,
                           const void *data, size_t len);
void test_picture_add_lossless(struct test_picture *p);
void test_picture_end_webp(struct test_picture *p);

#endif
