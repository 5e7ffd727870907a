#include "server/store/stored_text.h"

#include <stdint.h>
#include <string.h>

#include <unistr.h>

#define CHARACTER_SIZE_MAX 4 /* bytes */

bool
stored_text_fits_bytes(const char *text, size_t bytes_max)
{
	size_t len;

	if (text == NULL)
		return false;
	len = strnlen(text, bytes_max + 1);
	return len <= bytes_max && u8_check((const uint8_t *)text, len) == NULL;
}

bool
stored_text_fits_characters(const char *text, size_t characters_max)
{
	return stored_text_fits_bytes(text,
	                              CHARACTER_SIZE_MAX * characters_max) &&
	       u8_mbsnlen((const uint8_t *)text, strlen(text)) <=
	               characters_max;
}
