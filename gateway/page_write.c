#include "gateway/page.h"

#include <assert.h>
#include <string.h>

#include "gateway/page_op.h"

/* No EACH stands within another. */
struct writer {
	const struct page_source *source;
	struct json_out *out;
	const char *field; /* of EACH */
	const struct violation_message *message;
};

/* Safe as text and in a quoted attribute. */
static void
write_escaped(struct json_out *out, const char *text)
{
	static const struct {
		char c;
		const char *reference;
	} references[] = { { '&', "&amp;" },
		           { '<', "&lt;" },
		           { '>', "&gt;" },
		           { '"', "&quot;" },
		           { '\'', "&#39;" } };

	while (text != NULL && *text != '\0') {
		size_t len = strcspn(text, "&<>\"'");

		json_out_raw(out, text, len);
		text += len;
		for (size_t i = 0;
		     i < sizeof(references) / sizeof(references[0]); i++)
			if (*text == references[i].c)
				json_out_raw(out, references[i].reference,
				             strlen(references[i].reference));
		text += *text != '\0';
	}
}

static const struct violation_message *
next_message(const struct writer *w, const char *field,
             const struct violation_message *message)
{
	if (w->source->violations == NULL)
		return NULL;
	return violations_next(w->source->violations, field, message);
}

/* Runs one step and returns the index of the next. */
static size_t
run(struct writer *w, const struct page_op *op, size_t at)
{
	const struct page_source *source = w->source;

	switch (op->kind) {
	case PAGE_RAW:
		json_out_raw(w->out, op->text, op->len);
		break;
	case PAGE_OPERATOR:
		write_escaped(w->out, source->operator_name);
		break;
	case PAGE_RETRY_AFTER:
		write_escaped(w->out, source->retry_after);
		break;
	case PAGE_INPUT:
		write_escaped(w->out, source->input(source->ctx, op->text));
		break;
	case PAGE_IF:
		if (next_message(w, op->text, NULL) == NULL)
			return op->jump;
		break;
	case PAGE_EACH:
		w->field = op->text;
		w->message = next_message(w, op->text, NULL);
		if (w->message == NULL)
			return op->jump;
		break;
	case PAGE_ANOTHER:
		w->message = next_message(w, w->field, w->message);
		if (w->message != NULL)
			return op->jump + 1;
		break;
	case PAGE_MESSAGE:
		/* Only ever within EACH: the compiler saw to it. */
		assert(w->message != NULL);
		write_escaped(w->out, w->message->text);
		break;
	}
	return at + 1;
}

void
page_write(const struct page *page, const struct page_source *source,
           struct json_out *out)
{
	struct writer w = { .source = source, .out = out };

	for (size_t at = 0; at < page->count && !out->failed;)
		at = run(&w, &page->ops[at], at);
}

const char *
page_input(const struct page *page, size_t n)
{
	for (size_t i = 0; i < page->count; i++)
		if (page->ops[i].kind == PAGE_INPUT && n-- == 0)
			return page->ops[i].text;
	return NULL;
}
