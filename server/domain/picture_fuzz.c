/*
 * Any bytes as a picture, and once more with the checksums of a PNG mended, so
 * that the fuzzer reaches what lies behind them. Besides not reading astray:
 * what is accepted has a size within the bounds, is not longer than before,
 * and is clean: cleaning it once more changes nothing.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "server/domain/picture_walk.h"

#define PNG_SIGNATURE_SIZE 8
#define PNG_CHUNK_EXTRA 12

static void
must(bool ok)
{
	if (!ok)
		abort();
}

/* A copy of its exact size, so that a sanitizer sees one byte too far. */
static uint8_t *
copy(const uint8_t *data, size_t size)
{
	uint8_t *to = malloc(size == 0 ? 1 : size);

	must(to != NULL);
	if (size > 0)
		memcpy(to, data, size);
	return to;
}

static void
check_clean(const struct picture *picture)
{
	uint8_t *data = copy(picture->data, picture->len);
	struct picture again;

	must(picture_clean(data, picture->len, &again) == PICTURE_FINE);
	must(again.type == picture->type && again.width == picture->width &&
	     again.height == picture->height);
	must(again.len == picture->len &&
	     memcmp(again.data, picture->data, again.len) == 0);
	free(data);
}

static void
check(const uint8_t *data, size_t size)
{
	uint8_t *own = copy(data, size);
	struct picture picture;

	if (picture_clean(own, size, &picture) == PICTURE_FINE) {
		must(picture.data == own && picture.len <= size);
		must(picture.width >= 1 && picture.width <= PICTURE_SIDE_MAX);
		must(picture.height >= 1 && picture.height <= PICTURE_SIDE_MAX);
		check_clean(&picture);
	}
	free(own);
}

static void
mend(uint8_t *data, size_t size)
{
	size_t at = PNG_SIGNATURE_SIZE;

	while (at < size && size - at >= PNG_CHUNK_EXTRA) {
		size_t len = picture_be32(data + at);
		uint32_t sum;

		if (len > size - at - PNG_CHUNK_EXTRA)
			return;
		sum = picture_png_checksum(data + at + 4, 4 + len);
		at += PNG_CHUNK_EXTRA + len;
		for (size_t i = 0; i < 4; i++)
			data[at - 1 - i] = (uint8_t)(sum >> (8 * i));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *mended = copy(data, size);

	check(data, size);
	mend(mended, size);
	check(mended, size);
	free(mended);
	return 0;
}
