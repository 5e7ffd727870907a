#include "base/encoding.h"

#include <string.h>

#include <unistr.h>

static const char hex_digits[] = "0123456789abcdef";
static const char base64url_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void
hex_encode(const void *data, size_t len, char *out)
{
	const uint8_t *in = data;

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = hex_digits[in[i] >> 4];
		out[2 * i + 1] = hex_digits[in[i] & 15];
	}
	out[2 * len] = '\0';
}

/* hex_value returns what a lower-case digit stands for, or -1. */
static int
hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return -1;
}

bool
hex_decode(const char *text, void *out, size_t len)
{
	uint8_t *bytes = out;

	if (strnlen(text, 2 * len + 1) != 2 * len)
		return false;
	for (size_t i = 0; i < 2 * len; i++)
		if (hex_value(text[i]) < 0)
			return false;
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(hex_value(text[2 * i]) * 16 +
		                     hex_value(text[2 * i + 1]));
	return true;
}

void
base64url_encode(const void *data, size_t len, char *out)
{
	const uint8_t *in = data;
	uint32_t bits = 0;
	unsigned count = 0; /* of the bits that no digit has yet */

	for (size_t i = 0; i < len; i++) {
		bits = bits << 8 | in[i];
		for (count += 8; count >= 6; count -= 6)
			*out++ = base64url_digits[bits >> (count - 6) & 63];
	}
	if (count > 0)
		*out++ = base64url_digits[bits << (6 - count) & 63];
	*out = '\0';
}

/* base64url_value returns what a digit stands for, or -1. */
static int
base64url_value(char digit)
{
	if (digit >= 'A' && digit <= 'Z')
		return digit - 'A';
	if (digit >= 'a' && digit <= 'z')
		return digit - 'a' + 26;
	if (digit >= '0' && digit <= '9')
		return digit - '0' + 52;
	if (digit == '-')
		return 62;
	return digit == '_' ? 63 : -1;
}

bool
base64url_decode(const char *text, size_t text_len, void *out, size_t out_size,
                 size_t *out_len)
{
	uint8_t *bytes = out;
	size_t len = text_len / 4 * 3 + text_len % 4 * 3 / 4;
	size_t used = 0;
	uint32_t bits = 0;
	unsigned count = 0; /* of the bits that are in no byte yet */

	if (text_len % 4 == 1 || len > out_size)
		return false;
	for (size_t i = 0; i < text_len; i++) {
		int value = base64url_value(text[i]);

		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		count += 6;
		if (count >= 8) {
			count -= 8;
			bytes[used++] = (uint8_t)(bits >> count);
		}
	}
	if ((bits & ((1U << count) - 1)) != 0)
		return false;
	*out_len = len;
	return true;
}

bool
utf8_is_valid(const char *text, size_t len)
{
	if (len > 0 && memchr(text, '\0', len) != NULL)
		return false;
	return u8_check((const uint8_t *)text, len) == NULL;
}
