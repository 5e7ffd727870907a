#include "gateway/text.h"

#include <stdint.h>
#include <string.h>

/* The character at p, of well-formed UTF-8; *len is its length. */
static uint32_t
read_character(const unsigned char *p, size_t left, size_t *len)
{
	uint32_t c = p[0];

	*len = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	if (*len > left)
		*len = 1;
	if (*len > 1)
		c &= 0x7fU >> *len;
	for (size_t i = 1; i < *len; i++)
		c = c << 6 | (p[i] & 0x3f);
	return c;
}

static bool
is_space(uint32_t c)
{
	static const uint32_t spaces[] = { 0x20,   0x85,   0xa0,
		                           0x1680, 0x2028, 0x2029,
		                           0x202f, 0x205f, 0x3000 };

	if ((c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x1f) ||
	    (c >= 0x2000 && c <= 0x200a))
		return true;
	for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++)
		if (spaces[i] == c)
			return true;
	return false;
}

struct bytes
text_trim(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t begin = 0, end, step;

	while (begin < len &&
	       is_space(read_character(p + begin, len - begin, &step)))
		begin += step;
	end = begin;
	for (size_t at = begin; at < len; at += step)
		if (!is_space(read_character(p + at, len - at, &step)))
			end = at + step;
	return (struct bytes){ text + begin, end - begin };
}

size_t
text_length(const char *text, size_t len)
{
	size_t count = 0;

	for (size_t i = 0; i < len; i++)
		count += ((unsigned char)text[i] & 0xc0) != 0x80;
	return count;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
text_percent_decode(struct arena *arena, struct bytes encoded,
                    bool plus_is_space, struct bytes *out)
{
	const char *in = encoded.data;
	char *text = arena_alloc(arena, encoded.len + 1);
	size_t len = 0;

	for (size_t i = 0; text != NULL && i < encoded.len; i++) {
		int high, low;

		if (in[i] == '+' && plus_is_space) {
			text[len++] = ' ';
			continue;
		}
		if (in[i] != '%') {
			text[len++] = in[i];
			continue;
		}
		if (encoded.len - i < 3)
			return false;
		high = hex_digit(in[i + 1]);
		low = hex_digit(in[i + 2]);
		if (high < 0 || low < 0)
			return false;
		text[len++] = (char)(high << 4 | low);
		i += 2;
	}
	*out = (struct bytes){ text, len };
	return text != NULL;
}
