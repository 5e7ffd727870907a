#include "server/domain/mail_encoding.h"

#include <stdbool.h>
#include <string.h>

#define BODY_LINE_MAX 76 /* characters, without the CRLF */
#define PLAIN_MAX 60     /* longer headers are folded */
#define WORD_BEGIN "=?UTF-8?Q?"
#define WORD_END "?="
/* Of what stands between the two; a word has at most 75 characters. */
#define WORD_TEXT_MAX (75 - (sizeof(WORD_BEGIN WORD_END) - 1))

static bool
is_alphanumeric(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

/* Whether the text ends its line here. */
static bool
at_line_end(const char *text)
{
	return *text == '\0' || *text == '\n' ||
	       (*text == '\r' && text[1] == '\n');
}

static bool
is_literal(const char *text)
{
	unsigned char c = (unsigned char)*text;

	if (c == ' ' || c == '\t')
		return !at_line_end(text + 1);
	return c > ' ' && c < 0x7f && c != '=';
}

/* One line; returns where it ends. */
static const char *
put_line(struct mail_buffer *out, const char *text)
{
	size_t column = 0;

	for (; !at_line_end(text); text++) {
		bool literal = is_literal(text);
		size_t width = literal ? 1 : 3;
		/* The last column is for the '=' of a broken line. */
		size_t max = BODY_LINE_MAX - (at_line_end(text + 1) ? 0 : 1);

		if (column + width > max) {
			mail_buffer_text(out, "=\r\n");
			column = 0;
		}
		if (literal)
			mail_buffer_byte(out, *text);
		else
			mail_buffer_hex(out, (unsigned char)*text);
		column += width;
	}
	mail_buffer_text(out, "\r\n");
	return text;
}

void
mail_encoding_body(struct mail_buffer *out, const char *text)
{
	while (*text != '\0') {
		text = put_line(out, text);
		if (*text == '\r')
			text++;
		if (*text == '\n')
			text++;
	}
}

/* Short, of letters, digits and `others`, no space at either end. */
static bool
is_plain(const char *text, const char *others)
{
	size_t len = strlen(text);

	if (len > PLAIN_MAX || *text == ' ' ||
	    (len > 0 && text[len - 1] == ' '))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_alphanumeric((unsigned char)text[i]) &&
		    strchr(others, text[i]) == NULL)
			return false;
	return true;
}

/* How many bytes the character has whose first one this is. */
static size_t
character_len(const char *text)
{
	size_t len = 1;

	while (((unsigned char)text[len] & 0xc0) == 0x80)
		len++;
	return len;
}

static size_t
character_width(const char *text, size_t len)
{
	bool literal = is_alphanumeric((unsigned char)*text) || *text == ' ';

	return literal ? 1 : 3 * len;
}

static void
put_character(struct mail_buffer *out, const char *text, size_t len)
{
	if (*text == ' ')
		mail_buffer_byte(out, '_');
	else if (is_alphanumeric((unsigned char)*text))
		mail_buffer_byte(out, *text);
	else
		for (size_t i = 0; i < len; i++)
			mail_buffer_hex(out, (unsigned char)text[i]);
}

static void
put_words(struct mail_buffer *out, const char *text)
{
	size_t column = 0;

	mail_buffer_text(out, WORD_BEGIN);
	while (*text != '\0') {
		size_t len = character_len(text);
		size_t width = character_width(text, len);

		/* A character never spans two words: each is shown alone. */
		if (column > 0 && column + width > WORD_TEXT_MAX) {
			mail_buffer_text(out, WORD_END "\r\n " WORD_BEGIN);
			column = 0;
		}
		put_character(out, text, len);
		column += width;
		text += len;
	}
	mail_buffer_text(out, WORD_END);
}

static void
put_header(struct mail_buffer *out, const char *text, const char *others)
{
	if (is_plain(text, others))
		mail_buffer_text(out, text);
	else
		put_words(out, text);
}

void
mail_encoding_subject(struct mail_buffer *out, const char *text)
{
	/* Without '=', nothing can look like an encoded word. */
	put_header(out, text, " !\"#$%&'()*+,-./:;<>?@[\\]^_`{|}~");
}

void
mail_encoding_name(struct mail_buffer *out, const char *text)
{
	put_header(out, text, " ");
}
