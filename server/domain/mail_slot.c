/* Invariant: no value of a mail ends a line or begins markup. */
#include "server/domain/mail_slot.h"

#include <string.h>

#include "base/encoding.h"
#include "server/store/outbox_store.h"

#define BEGIN "{{"
#define END "}}"

/* What mail_template.h explains. */
static const char *const variables[] = {
	"operator", "email",   "link", "lifetime",
	"time",     "address", "name", "issuer",
};

#define VARIABLE_COUNT (sizeof(variables) / sizeof(variables[0]))

struct slot {
	struct bytes name;
	struct bytes words; /* for a value that is empty */
	size_t len;         /* of the slot, braces included */
};

static struct bytes
rest(struct bytes text, size_t from)
{
	return (struct bytes){ (const char *)text.data + from,
		               text.len - from };
}

/* Where `what` begins, or the text's length. */
static size_t
find(struct bytes text, const char *what)
{
	const char *at = memmem(text.data, text.len, what, strlen(what));

	return at == NULL ? text.len : (size_t)(at - (const char *)text.data);
}

/* Reads the slot that the text begins with; false: it has no end. */
static bool
read_slot(struct bytes text, struct slot *out)
{
	struct bytes inner = rest(text, strlen(BEGIN));
	size_t len = find(inner, END), name_len;

	if (len == inner.len)
		return false;
	inner.len = len;
	name_len = find(inner, "|");
	out->name = (struct bytes){ inner.data, name_len };
	out->words = rest(inner, name_len < len ? name_len + 1 : len);
	out->len = strlen(BEGIN END) + len;
	return true;
}

static bool
is_named(struct bytes name, const char *text)
{
	return strlen(text) == name.len &&
	       memcmp(name.data, text, name.len) == 0;
}

static bool
is_known(struct bytes name)
{
	for (size_t i = 0; i < VARIABLE_COUNT; i++)
		if (is_named(name, variables[i]))
			return true;
	return false;
}

/* What is wrong in a line, or NULL. */
static const char *
line_fault(struct bytes line)
{
	struct slot slot;

	if (!utf8_is_valid(line.data, line.len))
		return "is not UTF-8";
	for (;;) {
		line = rest(line, find(line, BEGIN));
		if (line.len == 0)
			return NULL;
		if (!read_slot(line, &slot))
			return "a {{ has no }} in its line";
		if (!is_known(slot.name))
			return "unknown variable; there are {{operator}}, "
			       "{{email}}, {{link}}, {{lifetime}}, {{time}}, "
			       "{{address}}, {{name}}, {{issuer}}";
		line = rest(line, slot.len);
	}
}

bool
mail_slot_check(struct bytes template, size_t *line, const char **fault)
{
	size_t number = 1;

	for (;; number++) {
		size_t len = find(template, "\n");
		const char *found =
			line_fault((struct bytes){ template.data, len });

		if (found != NULL) {
			*line = number;
			*fault = found;
			return false;
		}
		if (len == template.len)
			return true;
		template = rest(template, len + 1);
	}
}

/* The mail's value, or "". */
static const char *
value_of(const struct mail *mail, struct bytes name)
{
	for (size_t i = 0; i < mail->variable_count; i++)
		if (is_named(name, mail->variables[i].name))
			return mail->variables[i].value;
	return "";
}

static void
put_html(struct mail_buffer *out, char c)
{
	switch (c) {
	case '&':
		mail_buffer_text(out, "&amp;");
		break;
	case '<':
		mail_buffer_text(out, "&lt;");
		break;
	case '>':
		mail_buffer_text(out, "&gt;");
		break;
	case '"':
		mail_buffer_text(out, "&quot;");
		break;
	case '\'':
		mail_buffer_text(out, "&#39;");
		break;
	default:
		mail_buffer_byte(out, c);
	}
}

static void
put_value(struct mail_buffer *out, const char *value, enum mail_format format)
{
	for (; *value != '\0'; value++) {
		char c = *value;

		if ((unsigned char)c < ' ' || c == 0x7f)
			c = ' ';
		if (format == MAIL_FORMAT_HTML)
			put_html(out, c);
		else
			mail_buffer_byte(out, c);
	}
}

void
mail_slot_fill(struct mail_buffer *out, struct bytes template,
               const struct mail *mail, enum mail_format format)
{
	struct slot slot;

	for (;;) {
		size_t len = find(template, BEGIN);
		const char *value;

		mail_buffer_put(out, template.data, len);
		template = rest(template, len);
		if (template.len == 0 || !read_slot(template, &slot))
			return;
		value = value_of(mail, slot.name);
		if (*value == '\0')
			mail_buffer_put(out, slot.words.data, slot.words.len);
		else
			put_value(out, value, format);
		template = rest(template, slot.len);
	}
}
