#include "server/domain/mail_buffer.h"

#include <string.h>

void
mail_buffer_put(struct mail_buffer *buffer, const char *data, size_t len)
{
	if (buffer->data != NULL && len > 0)
		memcpy(buffer->data + buffer->len, data, len);
	buffer->len += len;
}

void
mail_buffer_text(struct mail_buffer *buffer, const char *text)
{
	mail_buffer_put(buffer, text, strlen(text));
}

void
mail_buffer_byte(struct mail_buffer *buffer, char c)
{
	mail_buffer_put(buffer, &c, 1);
}

void
mail_buffer_hex(struct mail_buffer *buffer, unsigned char byte)
{
	static const char digits[] = "0123456789ABCDEF";

	mail_buffer_byte(buffer, '=');
	mail_buffer_byte(buffer, digits[byte >> 4]);
	mail_buffer_byte(buffer, digits[byte & 15]);
}

enum code
mail_buffer_alloc(struct mail_buffer *buffer, struct arena *arena)
{
	char *data = arena_alloc(arena, buffer->len + 1);

	if (data == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	buffer->data = data;
	buffer->len = 0;
	return CODE_OK;
}
