#include "server/services/attribute_input.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "server/domain/identity.h"
#include "server/server.h"
#include "server/store/user_store.h"

#define INTEGER_MAX ((INT64_C(1) << 53) - 1)
#define INTEGER_DIGITS_MAX 16

/* Halves of a character in UTF-16, none by themselves (RFC 3629, section 3). */
#define SURROGATE_MIN 0xd800
#define SURROGATE_MAX 0xdfff

#define VALUE(name) LATCHKEY__V1__ATTRIBUTE__VALUE_##name

static const char not_text[] = "Not a valid string.";

static bool
is_one_of(const char *text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcasecmp(text, *words) == 0)
			return true;
	return false;
}

static const char *
read_flag(const Latchkey__V1__Attribute *in, struct user_attribute *out)
{
	static const char *const yes[] = { "t",  "y", "yes", "true",
		                           "on", "1", NULL };
	static const char *const no[] = { "f",   "n", "no", "false",
		                          "off", "0", NULL };

	out->type = USER_ATTRIBUTE_FLAG;
	if (in->value_case == VALUE(FLAG))
		out->flag = in->flag;
	else if (in->value_case == VALUE(INTEGER) &&
	         (in->integer == 0 || in->integer == 1))
		out->flag = in->integer == 1;
	else if (in->value_case == VALUE(TEXT) && is_one_of(in->text, yes))
		out->flag = true;
	else if (in->value_case == VALUE(TEXT) && is_one_of(in->text, no))
		out->flag = false;
	else
		return "Must be a valid boolean.";
	return NULL;
}

static bool
read_digits(const char *text, int64_t *out)
{
	const char *digits = *text == '-' || *text == '+' ? text + 1 : text;
	size_t len = strlen(digits);

	if (len == 0 || len > INTEGER_DIGITS_MAX ||
	    strspn(digits, "0123456789") != len)
		return false;
	*out = strtoll(text, NULL, 10);
	return true;
}

static const char *
read_integer(const Latchkey__V1__Attribute *in, struct user_attribute *out)
{
	bool good = in->value_case == VALUE(INTEGER);

	out->type = USER_ATTRIBUTE_INTEGER;
	if (good)
		out->integer = in->integer;
	else if (in->value_case == VALUE(TEXT))
		good = read_digits(in->text, &out->integer);
	if (!good || out->integer > INTEGER_MAX || out->integer < -INTEGER_MAX)
		return "A valid integer is required.";
	return NULL;
}

/* Never NULL, also when the arena is full. */
static const char *
unfit_text_fault(struct arena *arena, const Latchkey__V1__UnfitValue *unfit)
{
	const char *fault = NULL;

	if (unfit->character_presence_case ==
	    LATCHKEY__V1__UNFIT_VALUE__CHARACTER_PRESENCE_CHARACTER) {
		if (unfit->character == 0)
			return "Null characters are not allowed.";
		if (unfit->character >= SURROGATE_MIN &&
		    unfit->character <= SURROGATE_MAX)
			fault = arena_printf(arena,
			                     "Surrogate characters are not "
			                     "allowed: U+%X.",
			                     unfit->character);
	}
	return fault != NULL ? fault : not_text;
}

static const char *
read_text(struct arena *arena, const Latchkey__V1__Attribute *in,
          struct user_attribute *out)
{
	out->type = USER_ATTRIBUTE_TEXT;
	if (in->value_case == VALUE(TEXT)) {
		out->text = in->text;
		return identity_name_fault(in->text, ATTRIBUTE_TEXT_MAX);
	}
	if (in->value_case == VALUE(UNFIT))
		return unfit_text_fault(arena, in->unfit);
	if (in->value_case != VALUE(INTEGER))
		return not_text;
	/* A full arena fails the call where the text is written. */
	out->text = arena_printf(arena, "%lld", (long long)in->integer);
	return NULL;
}

/* read returns what is wrong with a value, or NULL. */
static const char *
read(struct arena *arena, const Latchkey__V1__Attribute *in,
     const struct attribute_declaration *declared, struct user_attribute *out)
{
	*out = (struct user_attribute){ .name = declared->name,
		                        .type = USER_ATTRIBUTE_NULL,
		                        .text = "" };
	if (in->value_case == VALUE(_NOT_SET))
		return NULL;
	if (declared->type == ATTRIBUTE_FLAG)
		return read_flag(in, out);
	if (declared->type == ATTRIBUTE_INTEGER)
		return read_integer(in, out);
	return read_text(arena, in, out);
}

static bool
may_write(const struct attribute_input *input,
          const struct attribute_declaration *declared)
{
	return declared->writer == ATTRIBUTE_BY_USER ||
	       (declared->writer == ATTRIBUTE_BY_STAFF &&
	        input->writer == ATTRIBUTE_BY_STAFF);
}

/* find_writable returns the declaration if the writer may write it. */
static const struct attribute_declaration *
find_writable(const struct rpc_call *call, const struct attribute_input *input,
              const char *name)
{
	const struct attribute_declaration *declared =
		attribute_find(&call->server->attributes, name);

	return declared != NULL && may_write(input, declared) ? declared : NULL;
}

static void
note(struct rpc_call *call, const struct attribute_declaration *declared,
     const char *fault_code, const char *fault)
{
	const char *field =
		arena_printf(call->arena, "attributes.%s", declared->name);

	rpc_violation(call, field == NULL ? "attributes" : field, fault_code,
	              fault);
}

static void
check_one(struct rpc_call *call, const struct attribute_declaration *declared,
          const Latchkey__V1__Attribute *in)
{
	struct user_attribute value;
	const char *fault = read(call->arena, in, declared, &value);

	if (fault != NULL)
		note(call, declared, "malformed", fault);
}

/* A user's attributes while they change: sorted by name, as stored. */
struct attribute_list {
	struct user_attribute *items; /* room for USER_ATTRIBUTES_MAX */
	size_t count;
};

static void
drop(struct attribute_list *list, size_t at)
{
	list->count--;
	memmove(&list->items[at], &list->items[at + 1],
	        (list->count - at) * sizeof(*list->items));
}

/*
 * make_room forgets an attribute of the past, one that is not configured any
 * more. There is one in a full list that lacks a configured one.
 */
static void
make_room(struct attribute_list *list, const struct attribute_table *table)
{
	size_t at = 0;

	while (at < list->count &&
	       attribute_find(table, list->items[at].name) != NULL)
		at++;
	assert(at < list->count);
	drop(list, at);
}

/* Where the name is, or is to be. */
static size_t
place_of(const struct attribute_list *list, const char *name)
{
	size_t at = 0;

	while (at < list->count && strcmp(list->items[at].name, name) < 0)
		at++;
	return at;
}

_Static_assert(ATTRIBUTES_MAX <= USER_ATTRIBUTES_MAX,
               "a user can have every configured attribute");

static void
put(struct attribute_list *list, const struct user_attribute *value,
    const struct attribute_table *table)
{
	size_t at = place_of(list, value->name);

	if (at < list->count &&
	    strcmp(list->items[at].name, value->name) == 0) {
		list->items[at] = *value;
		return;
	}
	if (list->count == USER_ATTRIBUTES_MAX) {
		make_room(list, table);
		at = place_of(list, value->name);
	}
	memmove(&list->items[at + 1], &list->items[at],
	        (list->count - at) * sizeof(*list->items));
	list->items[at] = *value;
	list->count++;
}

/* merge puts what is good in the input into the list. */
static enum code
merge(struct rpc_call *call, const struct attribute_input *input,
      struct attribute_list *list)
{
	for (size_t i = 0; i < input->count; i++) {
		const struct attribute_declaration *declared =
			find_writable(call, input, input->items[i]->name);
		struct user_attribute value;

		if (declared == NULL || read(call->arena, input->items[i],
		                             declared, &value) != NULL)
			continue;
		if (value.text == NULL)
			return CODE_RESOURCE_EXHAUSTED;
		put(list, &value, &call->server->attributes);
	}
	return CODE_OK;
}

/* list_make copies a user's attributes to where there is room for more. */
static enum code
list_make(struct arena *arena, const struct user *user,
          struct attribute_list *out)
{
	out->count = user->attribute_count;
	out->items =
		arena_alloc(arena, USER_ATTRIBUTES_MAX * sizeof(*out->items));
	if (out->items == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	if (out->count > 0)
		memcpy(out->items, user->attributes,
		       out->count * sizeof(*out->items));
	return CODE_OK;
}

static size_t
text_size(const struct user_attribute *value)
{
	return value->type == USER_ATTRIBUTE_TEXT
	               ? json_string_len(value->text, strlen(value->text))
	               : 0;
}

static size_t
texts_size(const struct user_attribute *values, size_t count)
{
	size_t size = 0;

	for (size_t i = 0; i < count; i++)
		size += text_size(&values[i]);
	return size;
}

/* The value that an attribute of the input has now; NULL: it is not in it. */
static const struct user_attribute *
find_given(const struct attribute_input *input,
           const struct attribute_list *list, const char *name)
{
	size_t at = place_of(list, name);
	bool given = false;

	for (size_t i = 0; i < input->count; i++)
		given |= strcmp(input->items[i]->name, name) == 0;
	if (!given || at == list->count ||
	    strcmp(list->items[at].name, name) != 0)
		return NULL;
	return &list->items[at];
}

/*
 * note_excess names the first attribute of the input, in the order of the
 * configuration, with which the texts become too long together; what the user
 * has beside it counts first.
 */
static void
note_excess(struct rpc_call *call, const struct attribute_input *input,
            const struct attribute_list *list)
{
	const struct attribute_table *table = &call->server->attributes;
	size_t size = texts_size(list->items, list->count);
	const struct attribute_declaration *last = NULL;

	if (size <= ATTRIBUTE_TEXTS_MAX)
		return;
	/* From the end: without those after it the sum would still fit. */
	for (size_t row = table->count; row-- > 0;) {
		const struct user_attribute *value =
			find_given(input, list, table->rows[row].name);

		if (value == NULL || !may_write(input, &table->rows[row]) ||
		    text_size(value) == 0)
			continue;
		last = &table->rows[row];
		size -= text_size(value);
		if (size <= ATTRIBUTE_TEXTS_MAX)
			break;
	}
	if (last != NULL)
		note(call, last, "too_long",
		     "The texts of all attributes are too long together: in "
		     "JSON they may have 8192 bytes.");
}

_Static_assert(ATTRIBUTE_TEXTS_MAX == 8192, "note_excess says so");

void
attribute_input_check(struct rpc_call *call,
                      const struct attribute_input *input)
{
	const struct attribute_table *table = &call->server->attributes;
	const struct user nobody = { 0 };
	struct attribute_list alone;

	for (size_t row = 0; row < table->count; row++) {
		const struct attribute_declaration *declared =
			&table->rows[row];

		if (!may_write(input, declared))
			continue;
		for (size_t i = 0; i < input->count; i++)
			if (strcmp(input->items[i]->name, declared->name) == 0)
				check_one(call, declared, input->items[i]);
	}
	/* Without room for the list the call fails where it is written. */
	if (input->count > 0 &&
	    list_make(call->arena, &nobody, &alone) == CODE_OK &&
	    merge(call, input, &alone) == CODE_OK)
		note_excess(call, input, &alone);
}

/* forget_past makes room in texts as make_room does in number. */
static void
forget_past(struct attribute_list *list, const struct attribute_table *table)
{
	for (size_t i = list->count; i-- > 0;)
		if (texts_size(list->items, list->count) >
		            ATTRIBUTE_TEXTS_MAX &&
		    attribute_find(table, list->items[i].name) == NULL)
			drop(list, i);
}

enum code
attribute_input_apply(struct rpc_call *call,
                      const struct attribute_input *input, struct user *user)
{
	struct attribute_list list;
	enum code code;

	if (input->count == 0)
		return CODE_OK;
	code = list_make(call->arena, user, &list);
	if (code == CODE_OK)
		code = merge(call, input, &list);
	if (code != CODE_OK)
		return code;
	forget_past(&list, &call->server->attributes);
	/* Who had more before the limit may keep it, and may write less. */
	if (texts_size(list.items, list.count) >
	    texts_size(user->attributes, user->attribute_count))
		note_excess(call, input, &list);
	code = rpc_fail_fields(call);
	if (code != CODE_OK)
		return code;
	user->attributes = list.items;
	user->attribute_count = list.count;
	return CODE_OK;
}
