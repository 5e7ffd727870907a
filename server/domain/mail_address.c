/* Invariant: what passes has only characters of RFC 5321's Mailbox in it. */
#include "server/domain/mail_address.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <idn2.h>

#include "base/encoding.h"

#define LOCAL_MAX 64   /* bytes: RFC 5321, section 4.5.3.1.1 */
#define DOMAIN_MAX 253 /* bytes: what fits into a DNS name */

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define ATOM LETTERS DIGITS "!#$%&'*+/=?^_`{|}~-"

/* Runs of `allowed` with single dots between them. */
static bool
is_dotted(const char *text, size_t len, const char *allowed)
{
	bool was_dot = true;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '.' ? was_dot : strchr(allowed, text[i]) == NULL)
			return false;
		was_dot = text[i] == '.';
	}
	return !was_dot;
}

/* "[192.0.2.1]", "[IPv6:2001:db8::1]" */
static bool
is_literal(const char *text, size_t len)
{
	return len > 2 && text[0] == '[' && text[len - 1] == ']' &&
	       strspn(text + 1, LETTERS DIGITS ".:") == len - 2;
}

bool
mail_address_is_domain(const char *text)
{
	size_t len = strnlen(text, DOMAIN_MAX + 1);

	return len <= DOMAIN_MAX && is_dotted(text, len, LETTERS DIGITS "-");
}

/* Appends the domain in ASCII to `out`, which begins with local part and @. */
static enum code
put_domain(const char *domain, struct mail_address *out)
{
	size_t used = strlen(out->address);
	char *ascii = NULL;
	enum code code = CODE_INVALID_ARGUMENT;

	if (strnlen(domain, DOMAIN_MAX + 1) > DOMAIN_MAX ||
	    idn2_to_ascii_8z(domain, &ascii,
	                     IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
		return CODE_INVALID_ARGUMENT;
	if (used + strlen(ascii) < sizeof(out->address) &&
	    mail_address_is_domain(ascii)) {
		memcpy(out->address + used, ascii, strlen(ascii) + 1);
		code = CODE_OK;
	}
	idn2_free(ascii);
	return code;
}

static enum code
read_mailbox(const char *text, size_t len, struct mail_address *out)
{
	char copy[MAIL_TO_MAX + 1];
	const char *at;
	size_t local_len;

	if (len >= sizeof(copy))
		return CODE_INVALID_ARGUMENT;
	memcpy(copy, text, len);
	copy[len] = '\0';
	at = strrchr(copy, '@');
	if (at == NULL)
		return CODE_INVALID_ARGUMENT;
	local_len = (size_t)(at - copy);
	if (local_len > LOCAL_MAX || !is_dotted(copy, local_len, ATOM))
		return CODE_INVALID_ARGUMENT;
	memcpy(out->address, copy, local_len + 1);
	out->address[local_len + 1] = '\0';
	if (!is_literal(at + 1, len - local_len - 1))
		return put_domain(at + 1, out);
	memcpy(out->address + local_len + 1, at + 1, len - local_len);
	return CODE_OK;
}

enum code
mail_address_read(const char *text, struct mail_address *out)
{
	struct mail_address address = { .name = "" };
	size_t len = strnlen(text, MAIL_TO_MAX + 1);
	enum code code = read_mailbox(text, len, &address);

	if (code == CODE_OK)
		*out = address;
	return code;
}

const char *
mail_address_domain(const struct mail_address *address)
{
	return strrchr(address->address, '@') + 1;
}

/* Takes spaces and one pair of quotes off both ends. */
static void
trim(const char **text, size_t *len)
{
	while (*len > 0 && (*text)[*len - 1] == ' ')
		(*len)--;
	while (*len > 0 && **text == ' ') {
		(*text)++;
		(*len)--;
	}
	if (*len >= 2 && **text == '"' && (*text)[*len - 1] == '"') {
		(*text)++;
		*len -= 2;
	}
}

static bool
is_name(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return false;
	return len <= MAIL_ADDRESS_NAME_MAX && utf8_is_valid(text, len);
}

enum code
mail_address_read_named(const char *text, struct mail_address *out)
{
	const char *begin = strrchr(text, '<');
	size_t len = strlen(text), name_len;
	char mailbox[MAIL_TO_MAX + 1];
	enum code code;

	if (begin == NULL)
		return mail_address_read(text, out);
	name_len = (size_t)(begin - text);
	len -= name_len + 1;
	if (len == 0 || len > sizeof(mailbox) || begin[len] != '>')
		return CODE_INVALID_ARGUMENT;
	memcpy(mailbox, begin + 1, len - 1);
	mailbox[len - 1] = '\0';
	trim(&text, &name_len);
	if (!is_name(text, name_len))
		return CODE_INVALID_ARGUMENT;
	code = mail_address_read(mailbox, out);
	if (code != CODE_OK)
		return code;
	memcpy(out->name, text, name_len);
	out->name[name_len] = '\0';
	return CODE_OK;
}
