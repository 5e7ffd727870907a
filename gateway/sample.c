#include "gateway/sample.h"

#include <stdlib.h>
#include <string.h>

#include "base/version.h"
#include "gateway/message.h"

#define DEPTH_MAX 8 /* messages within each other */

/* {"alg":...}.{"example":...}."not a signature" */
#define SIGNATURE ".bm90IGEgc2lnbmF0dXJl"
#define ACCESS_TOKEN                                                           \
	"eyJhbGciOiJFUzI1NiJ9.eyJleGFtcGxlIjoiYWNjZXNzIn0" SIGNATURE
#define REFRESH_TOKEN                                                          \
	"eyJhbGciOiJIUzI1NiJ9.eyJleGFtcGxlIjoicmVmcmVzaCJ9" SIGNATURE
#define ID_TOKEN "eyJhbGciOiJSUzI1NiJ9.eyJleGFtcGxlIjoiaWQifQ" SIGNATURE
#define LINK_TOKEN "the-token-of-the-mailed-link"

#define PASSWORD "use-your-own-words-1815"
#define NEW_PASSWORD "use-other-words-1852"
#define SESSION "0123456789abcdef0123456789abcdef"
#define PICTURE "fedcba9876543210fedcba9876543210.webp"
#define JOINED_US "1767323045678901" /* 2026-01-02T03:04:05.678901Z */
#define SEEN_US "1767945600123456"   /* 2026-01-09T08:00:00.123456Z */

/* The first that fits counts. */
static const struct {
	const char *message; /* how its name begins; NULL: any */
	const char *name;
	const char *value;
} samples[] = {
	{ "Attribute", "name", "phone_number" },
	{ "Attribute", "text", "+44 20 7946 0018" },
	{ "CreateRole", "name", "editor" },
	/* Nobody has clicked the link or logged in yet. */
	{ "CreateUser", "avatar", "" },
	{ "CreateUser", "email_verified", "false" },
	{ "CreateUser", "last_login_at_us", "" },
	{ "DeactivateUser", "is_active", "false" },
	{ "DeleteRole", "name", "editor" },
	{ "DeleteSession", "id", SESSION },
	{ "GetRole", "name", "editor" },
	/* An elliptic curve's key has no n and e. */
	{ "JsonWebKey", "e", "" },
	{ "JsonWebKey", "n", "" },
	{ "RegisterAccount", "avatar", "" },
	{ "RegisterAccount", "email_verified", "false" },
	{ "RegisterAccount", "roles", "" },
	{ "Role", "name", "editor" },
	{ "Session", "id", SESSION },
	{ "UpdateRole", "name", "editor" },
	{ "VerifyToken", "token", ACCESS_TOKEN },

	{ NULL, "access_token", ACCESS_TOKEN },
	{ NULL, "address", "192.0.2.7" },
	{ NULL, "alg", "ES256" },
	{ NULL, "avatar", "/media/avatars/2026/01/02/" PICTURE },
	{ NULL, "created_at_us", JOINED_US },
	{ NULL, "crv", "P-256" },
	{ NULL, "day", "02" },
	{ NULL, "description", "Writes and corrects articles." },
	{ NULL, "device", "Mozilla/5.0 (X11; Linux x86_64)" },
	{ NULL, "email", "ada@example.com" },
	{ NULL, "file", PICTURE },
	{ NULL, "first_name", "Ada" },
	{ NULL, "full_name", "Ada Lovelace" },
	{ NULL, "id", "7" },
	{ NULL, "id_token", ID_TOKEN },
	{ NULL, "identifier", "ada@example.com" },
	{ NULL, "is_staff", "false" },
	{ NULL, "is_superuser", "false" },
	{ NULL, "joined_at_us", JOINED_US },
	{ NULL, "kid", "fedcba9876543210" },
	{ NULL, "kty", "EC" },
	{ NULL, "last_login_at_us", SEEN_US },
	{ NULL, "last_name", "Lovelace" },
	{ NULL, "last_used_at_us", SEEN_US },
	{ NULL, "month", "01" },
	{ NULL, "name", "Ada Lovelace" },
	{ NULL, "new_password", NEW_PASSWORD },
	{ NULL, "old_password", PASSWORD },
	{ NULL, "password", PASSWORD },
	{ NULL, "permissions", "articles.edit" },
	{ NULL, "refresh_expires_at", "1768550400" }, /* 2026-01-16T08:00Z */
	{ NULL, "refresh_token", REFRESH_TOKEN },
	{ NULL, "role", "editor" },
	{ NULL, "roles", "editor" },
	{ NULL, "token", LINK_TOKEN },
	/* So that there is a page after a page of one. */
	{ NULL, "total_count", "2" },
	{ NULL, "uid", "Nw" },
	{ NULL, "uptime_s", "86400" },
	{ NULL, "use", "sig" },
	{ NULL, "username", "ada" },
	{ NULL, "version", LATCHKEY_VERSION },
	/* RFC 7517, appendix A.1. */
	{ NULL, "x", "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4" },
	{ NULL, "y", "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM" },
	{ NULL, "year", "2026" },
};

struct maker {
	struct arena *arena;
	const char *root; /* name of the message around all */
	const ProtobufCFieldDescriptor *absent;
	unsigned depth;
};

static bool
begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* inner lies in outer, whose own samples go before those of any. */
static const char *
find(const char *outer, const char *inner, const char *name)
{
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		const char *message = samples[i].message;

		if (strcmp(samples[i].name, name) == 0 &&
		    (message == NULL || begins(outer, message) ||
		     begins(inner, message)))
			return samples[i].value;
	}
	return NULL;
}

const char *
sample_find(const char *message, const char *name)
{
	return find(message, message, name);
}

static void
set_enum(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	const ProtobufCEnumDescriptor *type = field->descriptor;

	/* In the order of their numbers, of which 0 means nothing. */
	for (unsigned i = 0; i < type->n_values; i++) {
		if (type->values[i].value == 0)
			continue;
		message_set_integer(message, field, type->values[i].value);
		return;
	}
}

static void
set_list(const struct maker *m, ProtobufCMessage *message,
         const ProtobufCFieldDescriptor *field, void *item)
{
	void **items = arena_alloc(m->arena, sizeof(*items));

	if (items == NULL || item == NULL)
		return;
	items[0] = item;
	message_set_list(message, field, items, 1);
}

static void
set_text(const struct maker *m, ProtobufCMessage *message,
         const ProtobufCFieldDescriptor *field, const char *sample)
{
	char *text =
		arena_strdup(m->arena, sample == NULL ? "example" : sample);

	if (text == NULL)
		return;
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		set_list(m, message, field, text);
	else
		message_set_text(message, field, text);
}

/* NOLINTBEGIN(misc-no-recursion): DEPTH_MAX bounds it */

static ProtobufCMessage *make(struct maker *m,
                              const ProtobufCMessageDescriptor *type);

static void
set_child(struct maker *m, ProtobufCMessage *message,
          const ProtobufCFieldDescriptor *field)
{
	ProtobufCMessage *child;

	if (m->depth == DEPTH_MAX)
		return;
	m->depth++;
	child = make(m, field->descriptor);
	m->depth--;
	if (child == NULL)
		return;
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		set_list(m, message, field, child);
	else
		message_set_child(message, field, child);
}

static void
set_field(struct maker *m, ProtobufCMessage *message,
          const ProtobufCFieldDescriptor *field)
{
	const char *sample =
		find(m->root, message->descriptor->short_name, field->name);
	enum message_kind kind = message_kind(field);

	if (field == m->absent || (sample != NULL && *sample == '\0'))
		return;
	if (kind == MESSAGE_CHILD)
		set_child(m, message, field);
	else if (kind == MESSAGE_TEXT)
		set_text(m, message, field, sample);
	else if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return;
	else if (kind == MESSAGE_ENUM)
		set_enum(message, field);
	else if (kind == MESSAGE_BOOL)
		message_set_bool(message, field,
		                 sample == NULL || strcmp(sample, "true") == 0);
	else if (kind == MESSAGE_INTEGER)
		message_set_integer(message, field,
		                    sample == NULL ? 1
		                                   : strtoll(sample, NULL, 10));
}

/* Of a oneof with several members the first is set. */
static bool
is_later_member(const ProtobufCMessageDescriptor *type, unsigned index)
{
	const ProtobufCFieldDescriptor *field = &type->fields[index];

	if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0)
		return false;
	for (unsigned i = 0; i < index; i++)
		if ((type->fields[i].flags & PROTOBUF_C_FIELD_FLAG_ONEOF) !=
		            0 &&
		    type->fields[i].quantifier_offset ==
		            field->quantifier_offset)
			return true;
	return false;
}

static ProtobufCMessage *
make(struct maker *m, const ProtobufCMessageDescriptor *type)
{
	ProtobufCMessage *message = message_new(m->arena, type);

	for (unsigned i = 0; message != NULL && i < type->n_fields; i++)
		if (!is_later_member(type, i))
			set_field(m, message, &type->fields[i]);
	return message;
}

/* NOLINTEND(misc-no-recursion) */

ProtobufCMessage *
sample_message(struct arena *arena, const ProtobufCMessageDescriptor *type,
               const ProtobufCFieldDescriptor *absent)
{
	struct maker m = { .arena = arena,
		           .root = type->short_name,
		           .absent = absent };
	ProtobufCMessage *message = make(&m, type);

	return arena->full ? NULL : message;
}
