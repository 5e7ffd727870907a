#include "server/domain/identity.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include <arpa/inet.h>
#include <unictype.h>
#include <unistr.h>

#include "base/arena.h"
#include "server/store/store.h"
#include "server/store/user_store.h"

#define LABEL_MAX 63        /* characters; RFC 1034, section 3.1 */
#define NAME_BYTES_MAX 4096 /* enough for the greatest of the limits */

static const char bad_email[] = "Enter a valid email address.";
static const char bad_username[] =
	"Enter a valid username. This value may contain only letters, numbers, "
	"and @/./+/-/_ characters.";
static const char not_own_address[] =
	"A username with @ must be your own e-mail address.";
static const char not_text[] = "Not a valid string.";
static const char too_many_bytes[] =
	"Ensure this field has no more than 254 bytes.";
_Static_assert(USER_IDENTIFIER_MAX == 254, "too_many_bytes says so");

/* One sentence for each limit that some text has. */
static const struct length_limit {
	size_t characters;
	const char *sentence;
} length_limits[] = {
#define LIMIT(n)                                                               \
	{                                                                      \
		n, "Ensure this field has no more than " #n " characters."     \
	}
	LIMIT(40),  LIMIT(64),  LIMIT(80),  LIMIT(100), LIMIT(128), LIMIT(150),
	LIMIT(254), LIMIT(255), LIMIT(300), LIMIT(301), LIMIT(512), LIMIT(1024),
#undef LIMIT
};

static const char *
length_sentence(size_t characters)
{
	for (size_t i = 0; i < sizeof(length_limits) / sizeof(length_limits[0]);
	     i++)
		if (length_limits[i].characters == characters)
			return length_limits[i].sentence;
	assert(!"a limit without its sentence");
	return length_limits[0].sentence;
}

/* A stretch of text that is known to be UTF-8. */
struct stretch {
	const uint8_t *at;
	size_t len;
};

/* take returns the first character and moves on; the stretch is not empty. */
static ucs4_t
take(struct stretch *text)
{
	ucs4_t point;
	int step = u8_mbtouc(&point, text->at, text->len);

	text->at += step;
	text->len -= (size_t)step;
	return point;
}

static bool
is_ascii_letter(ucs4_t point)
{
	return (point >= 'a' && point <= 'z') || (point >= 'A' && point <= 'Z');
}

static bool
is_ascii_digit(ucs4_t point)
{
	return point >= '0' && point <= '9';
}

static bool
is_one_of(ucs4_t point, const char *set)
{
	return point > 0 && point < 0x80 && strchr(set, (int)point) != NULL;
}

/* What a dot-atom consists of (RFC 5322, section 3.2.3). */
static bool
is_atom_character(ucs4_t point)
{
	return is_ascii_letter(point) || is_ascii_digit(point) ||
	       is_one_of(point, "-!#$%&'*+/=?^_`{}|~");
}

static bool
is_dot_atom(struct stretch local)
{
	ucs4_t before = '.';

	while (local.len > 0) {
		ucs4_t point = take(&local);

		if (point == '.' ? before == '.' : !is_atom_character(point))
			return false;
		before = point;
	}
	return before != '.';
}

/* Printable ASCII in quotes; a space, '"' and '\' behind a '\' only. */
static bool
is_quoted(struct stretch local)
{
	if (local.len < 2 || local.at[0] != '"' ||
	    local.at[local.len - 1] != '"')
		return false;
	local.at++;
	local.len -= 2;
	while (local.len > 0) {
		ucs4_t point = take(&local);

		if (point == '\\') {
			if (local.len == 0)
				return false;
			point = take(&local);
		} else if (is_one_of(point, " \"")) {
			return false;
		}
		if (point < ' ' || point >= 0x7f)
			return false;
	}
	return true;
}

/* Letters, marks and digits of other scripts, within Django's bounds. */
static bool
is_foreign_character(ucs4_t point)
{
	return point >= 0xa1 && point <= 0xffff &&
	       uc_is_general_category_withtable(
		       point, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_M |
				      UC_CATEGORY_MASK_N);
}

/* What one label of a domain consists of. */
struct label {
	size_t count;
	bool has_digit;
	bool has_foreign;
	bool has_outer_dash;
};

static bool
read_label(struct stretch *domain, struct label *out)
{
	ucs4_t point = 0;

	*out = (struct label){ 0 };
	while (domain->len > 0 && *domain->at != '.') {
		point = take(domain);
		if (is_ascii_digit(point))
			out->has_digit = true;
		else if (is_foreign_character(point))
			out->has_foreign = true;
		else if (!is_ascii_letter(point) && point != '-')
			return false;
		if (out->count == 0 && point == '-')
			out->has_outer_dash = true;
		out->count++;
	}
	out->has_outer_dash = out->has_outer_dash || point == '-';
	return out->count >= 1 && out->count <= LABEL_MAX &&
	       !out->has_outer_dash;
}

/* The last label has no digits, unless it is one of another script. */
static bool
is_top_level(const uint8_t *text, const struct label *label)
{
	static const char prefix[] = "xn--";
	const size_t prefix_len = sizeof(prefix) - 1;

	if (!label->has_digit)
		return label->count >= 2;
	return !label->has_foreign && label->count > prefix_len &&
	       strncasecmp((const char *)text, prefix, prefix_len) == 0 &&
	       memchr(text + prefix_len, '-', label->count - prefix_len) ==
	               NULL;
}

static bool
is_domain_name(struct stretch domain)
{
	for (size_t labels = 1;; labels++) {
		const uint8_t *begin = domain.at;
		struct label label;

		if (!read_label(&domain, &label))
			return false;
		if (domain.len == 0)
			return labels >= 2 && is_top_level(begin, &label);
		(void)take(&domain); /* the dot */
	}
}

/* An IPv4 or IPv6 address in brackets. */
static bool
is_literal(struct stretch domain)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t address[sizeof(struct in6_addr)];
	size_t len;

	if (domain.len < 2 || domain.at[0] != '[' ||
	    domain.at[domain.len - 1] != ']')
		return false;
	len = domain.len - 2;
	if (len >= sizeof(text))
		return false;
	memcpy(text, domain.at + 1, len);
	text[len] = '\0';
	return inet_pton(AF_INET, text, address) == 1 ||
	       inet_pton(AF_INET6, text, address) == 1;
}

/* Whether it can be stored, and logged in with. */
static bool
is_identifier(const char *text)
{
	uint8_t memory[STORE_KEY_MAX + 64];
	struct arena arena;
	char *normalised;

	arena_init(&arena, memory, sizeof(memory));
	return strlen(text) <= USER_IDENTIFIER_MAX &&
	       identifier_normalise(&arena, text, &normalised) == CODE_OK;
}

static bool
is_localhost(struct stretch domain)
{
	static const char name[] = "localhost";

	return domain.len == sizeof(name) - 1 &&
	       memcmp(domain.at, name, domain.len) == 0;
}

const char *
identity_email_fault(const char *email)
{
	struct stretch local = { .at = (const uint8_t *)email };
	const char *fault = identity_name_fault(email, USER_EMAIL_MAX);
	struct stretch domain;
	const char *at;
	size_t len;

	if (fault != NULL)
		return fault == not_text ? bad_email : fault;
	len = strlen(email);
	/* No mail gets there (RFC 5321, section 4.5.3.1.3). */
	if (len > USER_EMAIL_MAX)
		return bad_email;
	at = strrchr(email, '@');
	if (at == NULL)
		return bad_email;
	local.len = (size_t)(at - email);
	domain.at = local.at + local.len + 1;
	domain.len = len - local.len - 1;
	if (!is_dot_atom(local) && !is_quoted(local))
		return bad_email;
	if (!is_localhost(domain) && !is_domain_name(domain) &&
	    !is_literal(domain))
		return bad_email;
	return is_identifier(email) ? NULL : bad_email;
}

/* \w of Python's expressions, and the five others. */
static bool
is_username_character(ucs4_t point)
{
	return is_one_of(point, "@.+-_") ||
	       uc_is_general_category_withtable(
		       point, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_N);
}

static bool
is_username(struct stretch text)
{
	if (text.len == 0)
		return false;
	while (text.len > 0)
		if (!is_username_character(take(&text)))
			return false;
	return true;
}

/* Whether two identifiers are one, as the store compares them. */
static bool
is_same(const char *a, const char *b)
{
	uint8_t memory[2 * (STORE_KEY_MAX + 64)];
	struct arena arena;
	char *x, *y;

	arena_init(&arena, memory, sizeof(memory));
	return identifier_normalise(&arena, a, &x) == CODE_OK &&
	       identifier_normalise(&arena, b, &y) == CODE_OK &&
	       strcmp(x, y) == 0;
}

const char *
identity_username_fault(const char *username, const char *email)
{
	const char *fault = identity_name_fault(username, USER_USERNAME_MAX);

	if (fault != NULL)
		return fault;
	if (!is_username((struct stretch){ (const uint8_t *)username,
	                                   strlen(username) }))
		return bad_username;
	if (strlen(username) > USER_IDENTIFIER_MAX)
		return too_many_bytes;
	if (!is_identifier(username))
		return bad_username;
	if (strchr(username, '@') != NULL &&
	    (email == NULL || !is_same(username, email)))
		return not_own_address;
	return NULL;
}

const char *
identity_name_fault(const char *name, size_t characters_max)
{
	size_t len = strnlen(name, NAME_BYTES_MAX + 1);

	if (len > NAME_BYTES_MAX)
		return length_sentence(characters_max);
	if (u8_check((const uint8_t *)name, len) != NULL)
		return not_text;
	return u8_mbsnlen((const uint8_t *)name, len) > characters_max
	               ? length_sentence(characters_max)
	               : NULL;
}
