#ifndef BASE_ENCODING_H
#define BASE_ENCODING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Text forms of bytes. None allocates; sizes include the final NUL. */

#define HEX_SIZE(len) ((len)*2 + 1)
#define BASE64URL_SIZE(len) (((len)*4 + 2) / 3 + 1)

/* hex_encode writes HEX_SIZE(len) bytes of lower-case hexadecimal digits. */
void hex_encode(const void *data, size_t len, char *out);

/* hex_decode wants exactly 2 * len lower-case digits and the NUL. */
bool hex_decode(const char *text, void *out, size_t len);

/* base64url_encode writes unpadded base64url (RFC 4648, section 5). */
void base64url_encode(const void *data, size_t len, char *out);

/*
 * base64url_decode accepts only the canonical form: no padding, no white
 * space, unused bits zero. *out_len receives the length; false if the text is
 * anything else or longer than out_size.
 */
bool base64url_decode(const char *text, size_t text_len, void *out,
                      size_t out_size, size_t *out_len);

/* utf8_is_valid wants well-formed UTF-8 (RFC 3629) without NUL. */
bool utf8_is_valid(const char *text, size_t len);

#endif
