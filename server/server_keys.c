#include "server/server_keys.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "server/domain/key_retirement.h"
#include "server/domain/keyring.h"
#include "server/domain/token_cache.h"

/* check_master_key refuses a master key that a backup would take along. */
static enum code
check_master_key(const struct server_settings *s, char *err, size_t err_size)
{
	char dir[PATH_MAX], key[PATH_MAX];
	size_t len;

	if (realpath(s->store.dir, dir) == NULL) {
		(void)snprintf(err, err_size, "store.dir: %s: %s", s->store.dir,
		               strerror(errno));
		return CODE_NOT_FOUND;
	}
	/* What is missing is master_key_load's to tell. */
	if (realpath(s->store.master_key, key) == NULL)
		return CODE_OK;
	len = strlen(dir);
	if (strncmp(dir, key, len) != 0 || key[len] != '/')
		return CODE_OK;
	(void)snprintf(
		err, err_size,
		"store.master_key lies inside store.dir; move it out, so "
		"that no copy of the store holds its own key");
	return CODE_FAILED_PRECONDITION;
}

enum code
server_keys_load_master(const struct server_settings *s,
                        uint8_t out[MASTER_KEY_SIZE], char *err,
                        size_t err_size)
{
	enum code code = check_master_key(s, err, err_size);

	if (code != CODE_OK)
		return code;
	return master_key_load(s->store.master_key, out, err, err_size);
}

enum code
server_keys_open(const struct server_settings *s, struct store *store,
                 struct keyring **out, char *err, size_t err_size)
{
	uint8_t master[MASTER_KEY_SIZE];
	enum code code = server_keys_load_master(s, master, err, err_size);

	if (code == CODE_OK)
		code = keyring_open(store, master, out, err, err_size);
	explicit_bzero(master, sizeof(master));
	return code;
}

/* The master key is read only when there is a new key to unseal. */
static enum code
reload(const struct server_keys *keys, bool *changed, char *err,
       size_t err_size)
{
	uint8_t master[MASTER_KEY_SIZE];
	const char *fault = "";
	enum code code = keyring_reload(keys->keyring, keys->store, NULL,
	                                changed, &fault);

	if (code == CODE_UNAUTHENTICATED) {
		code = server_keys_load_master(keys->settings, master, err,
		                               err_size);
		if (code != CODE_OK)
			return code;
		code = keyring_reload(keys->keyring, keys->store, master,
		                      changed, &fault);
		explicit_bzero(master, sizeof(master));
	}
	if (code != CODE_OK)
		(void)snprintf(err, err_size, "%s", fault);
	return code;
}

static const char *
signer_kid(const struct keyring *keyring, enum key_purpose purpose,
           int64_t now_us)
{
	return signing_key_kid(keyring_signer(keyring, purpose, now_us));
}

/* take_over returns whether the keys in use are those of the store. */
static bool
take_over(const struct server_keys *keys, int64_t now_us)
{
	const struct keyring *keyring = keys->keyring;
	bool changed = false;
	char err[512] = "";
	enum code code = reload(keys, &changed, err, sizeof(err));

	if (code != CODE_OK) {
		LOG_EVENT(LOG_LEVEL_ERROR, "keys_kept",
		          LOG_T("code", code_name(code)), LOG_T("reason", err));
		return false;
	}
	if (!changed)
		return true;
	/* After the keys: what is verified from now on, is by the new ones. */
	token_cache_forget(keys->cache);
	LOG_EVENT(LOG_LEVEL_INFO, "keys_changed",
	          LOG_T("access",
	                signer_kid(keyring, KEY_PURPOSE_ACCESS, now_us)),
	          LOG_T("refresh",
	                signer_kid(keyring, KEY_PURPOSE_REFRESH, now_us)));
	return true;
}

void
server_keys_renew(const struct server_keys *keys, int64_t now_us)
{
	const struct server_settings *s = keys->settings;
	const struct key_lifetimes lifetimes = {
		.access_s = s->tokens.access_lifetime_s,
		.refresh_s = s->tokens.refresh_lifetime_s,
	};
	size_t deleted = 0;
	enum code code;

	/* A key that it could not learn to be retired may still sign. */
	if (!take_over(keys, now_us))
		return;
	code = key_retirement_sweep(keys->store, now_us, &lifetimes, &deleted);
	if (code != CODE_OK)
		LOG_EVENT(LOG_LEVEL_ERROR, "sweep", LOG_T("noun", "keys"),
		          LOG_T("code", code_name(code)));
	if (deleted == 0)
		return;
	(void)take_over(keys, now_us);
	LOG_EVENT(LOG_LEVEL_INFO, "keys_deleted",
	          LOG_N("count", (int64_t)deleted));
}
