#include "server/policy.h"

#include <stdio.h>
#include <string.h>

#define HOUR_S ((int64_t)3600)
#define DAY_S (24 * HOUR_S)

/* How long one-time links live. */
#define RESET_LIFETIME_S HOUR_S
#define VERIFY_LIFETIME_S (3 * DAY_S)
#define INVITATION_LIFETIME_S (7 * DAY_S)

static enum code
read_throttles(const struct server_settings *s, struct throttle_policy *out,
               char *err, size_t err_size)
{
	const struct {
		const char *key;
		const char *text;
		enum throttle_scope scope;
	} rows[] = {
		{ "login_address", s->throttles.login_address,
		  THROTTLE_LOGIN_ADDRESS },
		{ "login_account", s->throttles.login_account,
		  THROTTLE_LOGIN_ACCOUNT },
		{ "login_device", s->throttles.login_device,
		  THROTTLE_LOGIN_DEVICE },
		{ "mail_minute", s->throttles.mail_minute,
		  THROTTLE_MAIL_MINUTE },
		{ "mail_hour", s->throttles.mail_hour, THROTTLE_MAIL_HOUR },
		{ "register_address", s->throttles.register_address,
		  THROTTLE_REGISTER_ADDRESS },
		{ "old_password", s->throttles.old_password,
		  THROTTLE_OLD_PASSWORD },
		{ "own_changes", s->throttles.own_changes,
		  THROTTLE_OWN_CHANGE },
	};

	_Static_assert(sizeof(rows) / sizeof(rows[0]) == THROTTLE_SCOPE_COUNT,
	               "every throttle has its setting");
	for (size_t i = 0; i < THROTTLE_SCOPE_COUNT; i++) {
		if (throttle_rate_read(rows[i].text,
		                       &out->rates[rows[i].scope]))
			continue;
		(void)snprintf(err, err_size,
		               "throttles.%s: \"%s\" is neither "
		               "EVENTS/SECONDS, such as \"10/300\", nor "
		               "\"off\"",
		               rows[i].key, rows[i].text);
		return CODE_INVALID_ARGUMENT;
	}
	return CODE_OK;
}

static enum code
read_attributes(const struct server_settings *s, struct attribute_table *out,
                char *err, size_t err_size)
{
	char why[256] = "";
	enum code code = attribute_table_read(&s->users.attributes, out, why,
	                                      sizeof(why));

	if (code != CODE_OK)
		(void)snprintf(err, err_size, "users.attributes: %s", why);
	return code;
}

static enum registration_mode
read_registration(const struct server_settings *s)
{
	if (strcmp(s->registration.mode, "open") == 0)
		return REGISTRATION_OPEN;
	if (strcmp(s->registration.mode, "verify") == 0)
		return REGISTRATION_VERIFY;
	return REGISTRATION_CLOSED;
}

/* Links and pictures are made from it: no '/' at its end, and a scheme. */
static enum code
check_public_base(const char *base, char *err, size_t err_size)
{
	size_t len = strlen(base);

	if ((strncmp(base, "http://", 7) == 0 ||
	     strncmp(base, "https://", 8) == 0) &&
	    base[len - 1] != '/' && strpbrk(base, " ?#\"<>\\\r\n\t") == NULL)
		return CODE_OK;
	(void)snprintf(err, err_size,
	               "server.public_base: \"%s\" is not an http or https URL "
	               "without a final '/'",
	               base);
	return CODE_INVALID_ARGUMENT;
}

static enum code
check_links(const struct server_settings *s, char *err, size_t err_size)
{
	const struct {
		const char *key;
		const char *template;
		enum link_purpose purpose;
	} rows[] = {
		{ "verify", s->links.verify, LINK_VERIFY_EMAIL },
		{ "reset", s->links.reset, LINK_RESET_PASSWORD },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *fault = mailing_template_fault(rows[i].template,
		                                           rows[i].purpose);

		if (fault == NULL)
			continue;
		(void)snprintf(err, err_size, "links.%s: \"%s\" %s",
		               rows[i].key, rows[i].template, fault);
		return CODE_INVALID_ARGUMENT;
	}
	return CODE_OK;
}

_Static_assert(TOKEN_ISSUER_MAX == TOKEN_AUDIENCE_MAX, "one check for both");

/* A token has so much room for it, as it is. */
static enum code
check_token_text(const char *key, const char *text, char *err, size_t err_size)
{
	bool is_plain = true;

	for (const char *at = text; *at != '\0'; at++)
		if ((unsigned char)*at < ' ' || *at == '"' || *at == '\\')
			is_plain = false;
	if (is_plain && strlen(text) <= TOKEN_ISSUER_MAX)
		return CODE_OK;
	(void)snprintf(err, err_size,
	               "%s is longer than %d bytes or has a quote, a backslash "
	               "or a control character",
	               key, TOKEN_ISSUER_MAX);
	return CODE_INVALID_ARGUMENT;
}

static enum code
check_tokens(const struct server_settings *s, char *err, size_t err_size)
{
	const char *key = "tokens.issuer", *issuer = s->tokens.issuer;
	enum code code;

	if (*issuer == '\0') {
		key = "server.public_base, without tokens.issuer the issuer,";
		issuer = s->server.public_base;
	}
	code = check_token_text(key, issuer, err, err_size);
	if (code != CODE_OK)
		return code;
	return check_token_text("tokens.audience", s->tokens.audience, err,
	                        err_size);
}

enum code
policy_read(const struct server_settings *s, struct server *out, char *err,
            size_t err_size)
{
	enum code code =
		check_public_base(s->server.public_base, err, err_size);

	if (code == CODE_OK)
		code = check_links(s, err, err_size);
	if (code == CODE_OK)
		code = check_tokens(s, err, err_size);
	if (code == CODE_OK)
		code = read_throttles(s, &out->throttles, err, err_size);
	if (code == CODE_OK)
		code = read_attributes(s, &out->attributes, err, err_size);
	if (code != CODE_OK)
		return code;
	out->tokens = (struct token_policy){
		.issuer = *s->tokens.issuer == '\0' ? s->server.public_base
		                                    : s->tokens.issuer,
		.audience = s->tokens.audience,
		.user_id_is_number = s->tokens.user_id_is_number,
		.with_roles = s->tokens.with_roles,
	};
	out->sessions = (struct session_policy){
		.session_lifetime_s = s->tokens.session_lifetime_s,
		.refresh_lifetime_s = s->tokens.refresh_lifetime_s,
		.access_lifetime_s = s->tokens.access_lifetime_s,
		.grace_ms = s->sessions.grace_ms,
		.rotate = s->sessions.rotate,
		.per_user_max = (size_t)s->sessions.per_user_max,
	};
	out->mailing = (struct mailing_policy){
		.public_base = s->server.public_base,
		.link_verify = s->links.verify,
		.link_reset = s->links.reset,
		.operator_name = s->server.operator_name,
		.verify_lifetime_s = VERIFY_LIFETIME_S,
		.reset_lifetime_s = RESET_LIFETIME_S,
		.invitation_lifetime_s = INVITATION_LIFETIME_S,
	};
	out->registration = read_registration(s);
	return CODE_OK;
}
