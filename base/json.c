/*
 * Reads JSON without recursion: the open lists and objects are a stack of
 * JSON_DEPTH_MAX levels, so that no input decides how deep our own stack goes.
 */
#include "base/json.h"

#include <string.h>

#include "base/json_members.h"

/* A list or object that is still open. */
struct level {
	struct json *container;
	struct json **tail; /* where the next child is linked */
	size_t count;
};

struct reader {
	struct arena *arena;
	const char *text;
	size_t len;
	size_t at;
	const char *what; /* the error; NULL while there is none */
	struct level levels[JSON_DEPTH_MAX];
	size_t depth;
};

static enum code
fail(struct reader *r, const char *what)
{
	r->what = what;
	return CODE_INVALID_ARGUMENT;
}

static int
peek(const struct reader *r)
{
	return r->at < r->len ? (unsigned char)r->text[r->at] : -1;
}

static void
skip_space(struct reader *r)
{
	while (r->at < r->len && r->text[r->at] != '\0' &&
	       strchr(" \t\n\r", r->text[r->at]) != NULL)
		r->at++;
}

static bool
is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static size_t
skip_digits(struct reader *r)
{
	size_t start = r->at;

	while (is_digit(peek(r)))
		r->at++;
	return r->at - start;
}

/* RFC 8259, section 6. */
static enum code
read_number(struct reader *r, struct json *value)
{
	size_t start = r->at, whole;

	if (peek(r) == '-')
		r->at++;
	whole = r->at;
	if (skip_digits(r) == 0)
		return fail(r, "Expecting a digit");
	if (r->text[whole] == '0' && r->at - whole > 1) {
		r->at = whole + 1;
		return fail(r, "A number does not begin with 0");
	}
	if (peek(r) == '.') {
		r->at++;
		if (skip_digits(r) == 0)
			return fail(r, "Expecting a digit");
	}
	if (peek(r) == 'e' || peek(r) == 'E') {
		r->at++;
		if (peek(r) == '+' || peek(r) == '-')
			r->at++;
		if (skip_digits(r) == 0)
			return fail(r, "Expecting a digit");
	}
	value->type = JSON_NUMBER;
	value->text_len = r->at - start;
	value->text = arena_memdup(r->arena, r->text + start, value->text_len);
	return value->text == NULL ? CODE_RESOURCE_EXHAUSTED : CODE_OK;
}

/*
 * Length of the UTF-8 sequence at p, 0 if it is none (RFC 3629, section 4: no
 * overlong form, no surrogate, nothing beyond U+10FFFF).
 */
static size_t
utf8_sequence(const unsigned char *p, size_t left)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t len;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (left < len)
		return 0;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xf0)
		low = 0x90;
	if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

/* Where the string that begins at r->at ends, unless a bad byte comes first. */
static enum code
measure_string(struct reader *r, size_t *end)
{
	const unsigned char *text = (const unsigned char *)r->text;
	size_t at = r->at;

	while (at < r->len && text[at] != '"') {
		size_t step = utf8_sequence(text + at, r->len - at);

		r->at = at;
		if (text[at] < 0x20)
			return fail(r, "Invalid control character");
		if (step == 0)
			return fail(r, "Invalid UTF-8");
		if (text[at] == '\\')
			step = 1 + (at + 1 < r->len && text[at + 1] < 0x80);
		at += step;
	}
	if (at >= r->len) {
		r->at = r->len;
		return fail(r, "Unterminated string");
	}
	*end = at;
	return CODE_OK;
}

static char *
put_utf8(char *out, uint32_t c)
{
	if (c < 0x80) {
		*out++ = (char)c;
		return out;
	}
	if (c < 0x800) {
		*out++ = (char)(0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			*out++ = (char)(0xe0 | c >> 12);
		} else {
			*out++ = (char)(0xf0 | c >> 18);
			*out++ = (char)(0x80 | (c >> 12 & 0x3f));
		}
		*out++ = (char)(0x80 | (c >> 6 & 0x3f));
	}
	*out++ = (char)(0x80 | (c & 0x3f));
	return out;
}

static bool
read_hex4(const char *text, size_t left, uint32_t *out)
{
	uint32_t value = 0;

	if (left < 4)
		return false;
	for (size_t i = 0; i < 4; i++) {
		const char *digits = "0123456789abcdef";
		const char *digit = strchr(digits, text[i] | 0x20);

		if (text[i] < '0' || digit == NULL)
			return false;
		value = value << 4 | (uint32_t)(digit - digits);
	}
	*out = value;
	return true;
}

/* The four digits after \u, and a second \u where two make one character. */
static enum code
read_unicode(struct reader *r, size_t end, struct json *value, char **out)
{
	uint32_t c, low;

	if (!read_hex4(r->text + r->at, end - r->at, &c))
		return fail(r, "Invalid \\uXXXX escape");
	r->at += 4;
	if (c >= 0xd800 && c < 0xdc00 && end - r->at >= 6 &&
	    memcmp(r->text + r->at, "\\u", 2) == 0 &&
	    read_hex4(r->text + r->at + 2, 4, &low) && low >= 0xdc00 &&
	    low < 0xe000) {
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		r->at += 6;
	}
	if (c >= 0xd800 && c < 0xe000) {
		if (value->surrogate == 0)
			value->surrogate = (uint16_t)c;
		c = 0xfffd;
	}
	value->has_nul |= c == 0;
	*out = put_utf8(*out, c);
	return CODE_OK;
}

static enum code
read_escape(struct reader *r, size_t end, struct json *value, char **out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *found;
	char c;

	if (r->at >= end)
		return fail(r, "Invalid \\escape");
	c = r->text[r->at];
	if (c == 'u') {
		r->at++;
		return read_unicode(r, end, value, out);
	}
	found = c == '\0' ? NULL : strchr(from, c);
	if (found == NULL)
		return fail(r, "Invalid \\escape");
	r->at++;
	*(*out)++ = to[found - from];
	return CODE_OK;
}

/* Decodes the string after its opening quote into value->text. */
static enum code
read_string(struct reader *r, struct json *value)
{
	enum code code;
	size_t end = 0;
	size_t start = r->at;
	char *out;

	value->type = JSON_STRING;
	code = measure_string(r, &end);
	if (code != CODE_OK)
		return code;
	r->at = start;
	value->text = arena_alloc(r->arena, end - start + 1);
	if (value->text == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	out = value->text;
	while (r->at < end) {
		if (r->text[r->at] != '\\') {
			*out++ = r->text[r->at++];
			continue;
		}
		r->at++;
		code = read_escape(r, end, value, &out);
		if (code != CODE_OK)
			return code;
	}
	value->text_len = (size_t)(out - value->text);
	r->at++;
	return CODE_OK;
}

static enum code
read_word(struct reader *r, struct json *value)
{
	static const struct {
		const char *word;
		size_t len;
		enum json_type type;
	} words[] = {
		{ "null", 4, JSON_NULL },
		{ "false", 5, JSON_FALSE },
		{ "true", 4, JSON_TRUE },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (r->len - r->at < words[i].len ||
		    memcmp(r->text + r->at, words[i].word, words[i].len) != 0)
			continue;
		r->at += words[i].len;
		value->type = words[i].type;
		return CODE_OK;
	}
	return fail(r, "Expecting value");
}

static enum code
open_container(struct reader *r, struct json *value)
{
	if (r->depth == JSON_DEPTH_MAX)
		return fail(r, "Too deeply nested");
	value->type = peek(r) == '{' ? JSON_OBJECT : JSON_LIST;
	r->levels[r->depth++] = (struct level){
		.container = value,
		.tail = &value->first,
	};
	r->at++;
	return CODE_OK;
}

/* One value; of a list or object only its opening bracket. */
static enum code
read_value(struct reader *r, struct json *value)
{
	int c = peek(r);

	if (c == '{' || c == '[')
		return open_container(r, value);
	if (c == '"') {
		r->at++;
		return read_string(r, value);
	}
	if (c == '-' || is_digit(c))
		return read_number(r, value);
	return read_word(r, value);
}

/* The name and colon of a member; read as a string value, then moved. */
static enum code
read_key(struct reader *r, struct json *value)
{
	enum code code;

	skip_space(r);
	if (peek(r) != '"')
		return fail(r, "Expecting property name");
	r->at++;
	code = read_string(r, value);
	if (code != CODE_OK)
		return code;
	*value =
		(struct json){ .key = value->text, .key_len = value->text_len };
	skip_space(r);
	if (peek(r) != ':')
		return fail(r, "Expecting ':' delimiter");
	r->at++;
	return CODE_OK;
}

/* Links a new child to the innermost level and reads its name, if any. */
static enum code
begin_child(struct reader *r, struct json **out)
{
	struct level *level = &r->levels[r->depth - 1];
	struct json *child = arena_alloc(r->arena, sizeof(*child));

	if (child == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	*level->tail = child;
	level->tail = &child->next;
	level->count++;
	*out = child;
	if (level->container->type == JSON_LIST)
		return CODE_OK;
	return read_key(r, child);
}

/* Closes what ends here; *more tells whether another child follows. */
static enum code
end_child(struct reader *r, bool *more)
{
	*more = false;
	while (r->depth > 0) {
		struct level *level = &r->levels[r->depth - 1];
		bool is_list = level->container->type == JSON_LIST;
		enum code code;

		skip_space(r);
		if (peek(r) == ',' && level->count > 0) {
			r->at++;
			*more = true;
			return CODE_OK;
		}
		if (peek(r) != (is_list ? ']' : '}')) {
			*more = level->count == 0;
			return *more ? CODE_OK
			             : fail(r, "Expecting ',' delimiter");
		}
		r->at++;
		r->depth--;
		code = is_list ? CODE_OK
		               : json_members_unique(r->arena, level->container,
		                                     level->count);
		if (code != CODE_OK)
			return code;
	}
	return CODE_OK;
}

static enum code
read_all(struct reader *r, struct json *root)
{
	struct json *value = root;
	enum code code;
	bool more = true;

	if (r->len >= 3 && memcmp(r->text, "\xef\xbb\xbf", 3) == 0)
		return fail(r, "Unexpected byte order mark");
	while (more) {
		skip_space(r);
		code = read_value(r, value);
		if (code == CODE_OK)
			code = end_child(r, &more);
		if (code == CODE_OK && more)
			code = begin_child(r, &value);
		if (code != CODE_OK)
			return code;
	}
	skip_space(r);
	return r->at == r->len ? CODE_OK : fail(r, "Extra data");
}

static struct json_error
locate(const struct reader *r)
{
	struct json_error err = { .what = r->what, .line = 1, .column = 1 };

	for (size_t i = 0; i < r->at && i < r->len; i++) {
		err.column++;
		if (r->text[i] == '\n') {
			err.line++;
			err.column = 1;
		}
	}
	return err;
}

enum code
json_read(struct arena *arena, const char *text, size_t len, struct json **out,
          struct json_error *err)
{
	struct reader r = { .arena = arena, .text = text, .len = len };
	struct json *root = arena_alloc(arena, sizeof(*root));
	enum code code;

	if (root == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	code = read_all(&r, root);
	if (code == CODE_INVALID_ARGUMENT)
		*err = locate(&r);
	if (code == CODE_OK)
		*out = root;
	return code;
}
