/*
 * Invariant: a link's token is in the mail and nowhere else; what is stored
 * with the link is its hash.
 */
#include "server/domain/mailing.h"

#include <assert.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "base/encoding.h"
#include "server/domain/full_name.h"
#include "server/store/outbox_store.h"
#include "server/store/store.h"

#define US_PER_S ((int64_t)1000000)
#define TOKEN_TEXT_SIZE BASE64URL_SIZE(LINK_TOKEN_SIZE)

/* The pages of our own gateway; {base} is the public base. */
#define VERIFY_PAGE "{base}/api/auth/verify-email/?token={token}"
#define RESET_PAGE "{base}/api/auth/password-reset-confirm/{uid}/{token}/"

/* What stands in a template for a value; {x}. */
struct slot {
	const char *name;
	const char *value;
};

#define SLOTS 3

/* A mail that is being written. */
struct draft {
	const struct mailing *mailing;
	struct mail mail;
};

static const char *
own_or(const char *template, const char *page)
{
	return template != NULL && *template != '\0' ? template : page;
}

static const char *
link_template(const struct mailing_policy *policy, enum link_purpose purpose)
{
	return purpose == LINK_VERIFY_EMAIL
	               ? own_or(policy->link_verify, VERIFY_PAGE)
	               : own_or(policy->link_reset, RESET_PAGE);
}

static int64_t
lifetime_s(const struct mailing_policy *policy, enum link_purpose purpose)
{
	switch (purpose) {
	case LINK_VERIFY_EMAIL:
		return policy->verify_lifetime_s;
	case LINK_RESET_PASSWORD:
		return policy->reset_lifetime_s;
	case LINK_INVITATION:
		return policy->invitation_lifetime_s;
	}
	return 0;
}

static const char *
mail_template(enum link_purpose purpose)
{
	switch (purpose) {
	case LINK_VERIFY_EMAIL:
		return "verify";
	case LINK_RESET_PASSWORD:
		return "reset";
	case LINK_INVITATION:
		return "invitation";
	}
	return "";
}

/* The slot that the text begins with, or NULL. */
static const struct slot *
find_slot(const char *text, const struct slot slots[SLOTS])
{
	for (size_t i = 0; i < SLOTS; i++)
		if (strncmp(text, slots[i].name, strlen(slots[i].name)) == 0)
			return &slots[i];
	return NULL;
}

/* Adds bytes to what is len long, if there is where to. */
static void
append(char *out, size_t *len, const char *bytes, size_t count)
{
	if (out != NULL)
		memcpy(out + *len, bytes, count);
	*len += count;
}

/* Writes the filled template, if out is not NULL, and returns its length. */
static size_t
fill(const char *template, const struct slot slots[SLOTS], char *out)
{
	size_t len = 0;

	while (*template != '\0') {
		const struct slot *slot = find_slot(template, slots);

		if (slot == NULL) {
			append(out, &len, template ++, 1);
			continue;
		}
		append(out, &len, slot->value, strlen(slot->value));
		template += strlen(slot->name);
	}
	return len;
}

/* Steps of a draft: each does nothing once the transaction has failed. */

/* have gives the text back, or fails the transaction and gives "". */
static const char *
have(const struct mailing *mailing, const char *text)
{
	if (text != NULL)
		return text;
	store_fail(mailing->txn, CODE_RESOURCE_EXHAUSTED);
	return "";
}

static void
add_variable(struct draft *draft, const char *name, const char *value)
{
	struct mail *mail = &draft->mail;

	assert(mail->variable_count < MAIL_VARIABLES_MAX);
	mail->variables[mail->variable_count++] =
		(struct mail_variable){ name, have(draft->mailing, value) };
}

/* How the mail addresses its reader. */
static const char *
greeting_name(struct arena *arena, const struct user *user)
{
	const char *name = full_name_make(arena, user);

	if (name == NULL || *name != '\0')
		return name;
	return *user->username != '\0' ? user->username : user->email;
}

static void
begin(struct draft *draft, const struct mailing *mailing,
      const struct user *user, const char *template_name)
{
	*draft = (struct draft){
		.mailing = mailing,
		.mail = { .user_id = user->id,
		          .to = user->email,
		          .template_name = template_name,
		          .created_at_us = mailing->now_us,
		          .due_at_us = mailing->now_us,
		          .last_error = "" },
	};
	randombytes_buf(draft->mail.id, sizeof(draft->mail.id));
	add_variable(draft, "email", user->email);
	add_variable(draft, "name", greeting_name(mailing->arena, user));
	add_variable(draft, "operator", mailing->policy->operator_name);
}

static void
end(struct draft *draft)
{
	outbox_store_add(draft->mailing->txn, draft->mailing->arena,
	                 &draft->mail);
}

static void
hash_token(const uint8_t token[LINK_TOKEN_SIZE], uint8_t out[LINK_HASH_SIZE])
{
	int rc = crypto_generichash(out, LINK_HASH_SIZE, token, LINK_TOKEN_SIZE,
	                            NULL, 0);

	assert(rc == 0);
	(void)rc;
}

/* Stores a new link in place of those before it, and gives its token. */
static void
add_link(const struct mailing *mailing, const struct user *user,
         enum link_purpose purpose, char token_text[TOKEN_TEXT_SIZE])
{
	uint8_t token[LINK_TOKEN_SIZE];
	struct link link = {
		.purpose = purpose,
		.user_id = user->id,
		.email = user->email,
		.created_at_us = mailing->now_us,
		.expires_at_us =
			mailing->now_us +
			lifetime_s(mailing->policy, purpose) * US_PER_S,
	};

	randombytes_buf(token, sizeof(token));
	hash_token(token, link.hash);
	base64url_encode(token, sizeof(token), token_text);
	explicit_bzero(token, sizeof(token));
	link_store_end_purpose(mailing->txn, mailing->arena, user->id, purpose,
	                       mailing->now_us);
	link_store_add(mailing->txn, mailing->arena, &link);
}

/* The link as the mail shows it. */
static const char *
make_url(const struct mailing *mailing, const struct user *user,
         enum link_purpose purpose, const char *token)
{
	const char *template = link_template(mailing->policy, purpose);
	char *uid, *url;
	size_t len;

	if (uid_write(mailing->arena, user->id, &uid) != CODE_OK)
		return NULL;
	const struct slot slots[SLOTS] = {
		{ "{base}", mailing->policy->public_base },
		{ "{uid}", uid },
		{ "{token}", token },
	};

	len = fill(template, slots, NULL);
	url = arena_alloc(mailing->arena, len + 1); /* zeroed: ends in NUL */
	if (url != NULL)
		(void)fill(template, slots, url);
	return url;
}

/* How long a link is good, in the greatest unit that says it exactly. */
static const char *
lifetime_text(const struct mailing *mailing, enum link_purpose purpose)
{
	static const struct unit {
		int64_t seconds;
		const char *name;
	} units[] = {
		{ 86400, "day" },
		{ 3600, "hour" },
		{ 60, "minute" },
		{ 1, "second" },
	};
	int64_t seconds = lifetime_s(mailing->policy, purpose), count;
	const struct unit *unit = units;

	while (unit->seconds > 1 && seconds % unit->seconds != 0)
		unit++;
	count = seconds / unit->seconds;
	return arena_printf(mailing->arena, "%lld %s%s", (long long)count,
	                    unit->name, count == 1 ? "" : "s");
}

/* Now, as a notice says it: in UTC, to the minute. */
static const char *
time_text(const struct mailing *mailing)
{
	time_t now = (time_t)(mailing->now_us / US_PER_S);
	char text[64];
	struct tm utc;

	if (gmtime_r(&now, &utc) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M UTC", &utc) == 0)
		return "";
	return arena_strdup(mailing->arena, text);
}

void
mailing_link(const struct mailing *mailing, const struct user *user,
             enum link_purpose purpose)
{
	char token[TOKEN_TEXT_SIZE];
	struct draft draft;

	if (*user->email == '\0' || mailing->txn->code != CODE_OK)
		return;
	add_link(mailing, user, purpose, token);
	begin(&draft, mailing, user, mail_template(purpose));
	add_variable(&draft, "link", make_url(mailing, user, purpose, token));
	add_variable(&draft, "lifetime", lifetime_text(mailing, purpose));
	/* Whoever is invited need not know where the staff sits. */
	if (purpose != LINK_INVITATION)
		add_variable(&draft, "address", mailing->client_address);
	end(&draft);
	explicit_bzero(token, sizeof(token));
}

void
mailing_password_changed(const struct mailing *mailing, const struct user *user)
{
	struct draft draft;

	if (*user->email == '\0' || mailing->txn->code != CODE_OK)
		return;
	begin(&draft, mailing, user, "password_changed");
	add_variable(&draft, "time", time_text(mailing));
	add_variable(&draft, "address", mailing->client_address);
	end(&draft);
}

void
mailing_identity_linked(const struct mailing *mailing, const struct user *user,
                        const char *issuer)
{
	struct draft draft;

	if (*user->email == '\0' || mailing->txn->code != CODE_OK)
		return;
	begin(&draft, mailing, user, "identity_linked");
	add_variable(&draft, "issuer", issuer);
	add_variable(&draft, "time", time_text(mailing));
	add_variable(&draft, "address", mailing->client_address);
	end(&draft);
}

static bool
has_link(const struct mail *mail)
{
	for (size_t i = 0; i < mail->variable_count; i++)
		if (strcmp(mail->variables[i].name, "link") == 0)
			return true;
	return false;
}

bool
mailing_is_wanted(struct store_txn *txn, struct arena *arena,
                  const struct mail *mail)
{
	size_t mark = arena->used;
	struct user user;
	enum code code;
	bool wanted;

	if (mail->user_id == 0)
		return true;
	code = user_store_find(txn, arena, mail->user_id, &user);
	wanted = code != CODE_NOT_FOUND;
	if (code == CODE_OK && has_link(mail))
		wanted = user.is_active && strcmp(user.email, mail->to) == 0;
	arena_rewind(arena, mark);
	return wanted;
}

static bool
begins_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

const char *
mailing_template_fault(const char *template, enum link_purpose purpose)
{
	if (template == NULL || *template == '\0')
		return NULL;
	if (strlen(template) > MAILING_TEMPLATE_MAX)
		return "is longer than 1024 bytes";
	if (!begins_with(template, "https://") &&
	    !begins_with(template, "http://") &&
	    !begins_with(template, "{base}/"))
		return "does not begin with https://, http:// or {base}/";
	for (const char *at = template; *at != '\0'; at++)
		/* What is not ASCII is below 0 or above 0x7f. */
		if (*at <= ' ' || *at >= 0x7f || strchr("\"<>\\^`|", *at))
			return "has a character that no URL has";
	if (strstr(template, "{token}") == NULL)
		return "has no {token}";
	if (purpose != LINK_VERIFY_EMAIL && strstr(template, "{uid}") == NULL)
		return "has no {uid}";
	return NULL;
}

static bool
is_for(const struct link *link, enum link_purpose purpose)
{
	if (purpose == LINK_VERIFY_EMAIL)
		return link->purpose == LINK_VERIFY_EMAIL;
	return link->purpose == LINK_RESET_PASSWORD ||
	       link->purpose == LINK_INVITATION;
}

/* Whether the user is still there and has the address it was mailed to. */
static bool
is_current(const struct mailing *mailing, const struct link *link)
{
	struct user user;

	return user_store_find(mailing->txn, mailing->arena, link->user_id,
	                       &user) == CODE_OK &&
	       strcmp(user.email, link->email) == 0;
}

enum link_fault
mailing_read_link(const struct mailing *mailing, const char *token,
                  enum link_purpose purpose, uint64_t user_id, struct link *out)
{
	uint8_t bytes[LINK_TOKEN_SIZE], hash[LINK_HASH_SIZE];
	size_t token_len = strnlen(token, TOKEN_TEXT_SIZE), len;
	struct link link;

	if (!base64url_decode(token, token_len, bytes, sizeof(bytes), &len) ||
	    len != sizeof(bytes))
		return LINK_INVALID;
	hash_token(bytes, hash);
	explicit_bzero(bytes, sizeof(bytes));
	if (link_store_find(mailing->txn, mailing->arena, hash, &link) !=
	            CODE_OK ||
	    !is_for(&link, purpose) ||
	    (user_id != 0 && user_id != link.user_id) ||
	    !is_current(mailing, &link))
		return LINK_INVALID;
	*out = link;
	if (link.used_at_us != 0)
		return LINK_USED;
	return mailing->now_us < link.expires_at_us ? LINK_OK : LINK_EXPIRED;
}
