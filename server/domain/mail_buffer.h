#ifndef SERVER_DOMAIN_MAIL_BUFFER_H
#define SERVER_DOMAIN_MAIL_BUFFER_H

#include <stddef.h>

#include "base/arena.h"
#include "base/code.h"

/*
 * Where a mail's text goes. It is written twice: once with data NULL, which
 * only counts, and once into exactly the memory that needs. So no length is
 * ever estimated.
 */
struct mail_buffer {
	char *data; /* NULL: only count */
	size_t len;
};

void mail_buffer_put(struct mail_buffer *buffer, const char *data, size_t len);
void mail_buffer_text(struct mail_buffer *buffer, const char *text);
void mail_buffer_byte(struct mail_buffer *buffer, char c);

/* mail_buffer_hex puts '=' and two upper-case digits, as MIME writes a byte. */
void mail_buffer_hex(struct mail_buffer *buffer, unsigned char byte);

/*
 * mail_buffer_alloc gives a buffer that has counted its memory, one more byte
 * for a NUL included, and begins it anew. RESOURCE_EXHAUSTED: arena full.
 */
NODISCARD enum code mail_buffer_alloc(struct mail_buffer *buffer,
                                      struct arena *arena);

#endif
