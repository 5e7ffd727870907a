#ifndef SERVER_STORE_STORED_TEXT_H
#define SERVER_STORE_STORED_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* What a store lets into a record's text: UTF-8, not NULL, up to a limit. */

bool stored_text_fits_bytes(const char *text, size_t bytes_max);
bool stored_text_fits_characters(const char *text, size_t characters_max);

#endif
