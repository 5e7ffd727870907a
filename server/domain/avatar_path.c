#include "server/domain/avatar_path.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "base/encoding.h"
#include "server/domain/picture.h"

#define RANDOM_SIZE 16

/* '0' stands for a digit, 'x' for a lower-case hexadecimal one. */
static const char shape[] = "0000/00/00/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.";

void
avatar_path_make(int64_t now_us, const char *extension,
                 char out[AVATAR_PATH_SIZE])
{
	time_t now = (time_t)(now_us / 1000000);
	char name[HEX_SIZE(RANDOM_SIZE)];
	uint8_t bits[RANDOM_SIZE];
	char day[sizeof("yyyy/mm/dd")];
	struct tm tm = { 0 };

	(void)gmtime_r(&now, &tm);
	(void)strftime(day, sizeof(day), "%Y/%m/%d", &tm);
	randombytes_buf(bits, sizeof(bits));
	hex_encode(bits, sizeof(bits), name);
	(void)snprintf(out, AVATAR_PATH_SIZE, "%s/%s.%s", day, name, extension);
	assert(avatar_path_is_valid(out));
}

static bool
fits(char c, char wanted)
{
	if (wanted == '0')
		return c >= '0' && c <= '9';
	if (wanted == 'x')
		return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
	return c == wanted;
}

static bool
is_extension(const char *text)
{
	return strcmp(text, picture_extension(PICTURE_PNG)) == 0 ||
	       strcmp(text, picture_extension(PICTURE_JPEG)) == 0 ||
	       strcmp(text, picture_extension(PICTURE_WEBP)) == 0;
}

bool
avatar_path_is_valid(const char *text)
{
	size_t i;

	for (i = 0; i < sizeof(shape) - 1; i++)
		if (!fits(text[i], shape[i]))
			return false;
	return is_extension(text + i);
}

const char *
avatar_path_of(const char *avatar)
{
	size_t len = strlen(AVATAR_URL_PREFIX);

	if (strncmp(avatar, AVATAR_URL_PREFIX, len) != 0 ||
	    !avatar_path_is_valid(avatar + len))
		return NULL;
	return avatar + len;
}
