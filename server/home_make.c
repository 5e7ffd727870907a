/* How a state directory comes to be: see home.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/certificate.h"
#include "base/clock.h"
#include "base/file_tree.h"
#include "base/new_file.h"
#include "server/domain/keyring.h"
#include "server/domain/master_key.h"
#include "server/home.h"
#include "server/secret_file.h"
#include "server/store/store.h"

#define YEAR_S ((int64_t)365 * 24 * 3600)
#define AUTHORITY_LIFETIME_S (20 * YEAR_S)

/* Where it is to be and where it is built. */
struct site {
	char target[PATH_MAX]; /* absolute */
	char temporary[PATH_MAX];
	struct secret_file secret; /* wiped; empty: make a key of its own */
};

static enum code
say(enum code code, const char *what, char *err, size_t err_size)
{
	if (code != CODE_OK)
		(void)snprintf(err, err_size, "%s: %s", what, code_name(code));
	return code;
}

static enum code
say_errno(const char *what, char *err, size_t err_size)
{
	enum code code = new_file_code(errno);

	(void)snprintf(err, err_size, "%s: %s", what, strerror(errno));
	return code == CODE_OK ? CODE_INTERNAL : code;
}

static bool
is_empty(const char *dir)
{
	DIR *entries = opendir(dir);
	const struct dirent *entry;
	bool empty = true;

	if (entries == NULL)
		return false;
	while (empty && (entry = readdir(entries)) != NULL)
		empty = strcmp(entry->d_name, ".") == 0 ||
		        strcmp(entry->d_name, "..") == 0;
	(void)closedir(entries);
	return empty;
}

/* check_target says whether a state directory may be made there. */
static enum code
check_target(const char *dir, char *err, size_t err_size)
{
	char marker[PATH_MAX];
	int len = snprintf(marker, sizeof(marker), "%s/" HOME_MARKER, dir);
	struct stat st;

	if (len < 0 || (size_t)len >= sizeof(marker)) {
		(void)snprintf(err, err_size, "%s: too long a path", dir);
		return CODE_INVALID_ARGUMENT;
	}
	if (lstat(dir, &st) != 0 && errno == ENOENT)
		return CODE_OK;
	if (access(marker, F_OK) == 0) {
		(void)snprintf(err, err_size,
		               "%s is a Latchkey state directory already", dir);
		return CODE_ALREADY_EXISTS;
	}
	if (S_ISDIR(st.st_mode) && is_empty(dir))
		return CODE_OK;
	(void)snprintf(err, err_size,
	               "%s is there and not a Latchkey state directory; name "
	               "another directory",
	               dir);
	return CODE_FAILED_PRECONDITION;
}

/* resolve makes the path absolute: building changes the directory. */
static enum code
resolve(const char *dir, struct site *site, char *err, size_t err_size)
{
	char copy[PATH_MAX], parent[PATH_MAX];
	char *slash;
	int len = snprintf(copy, sizeof(copy), "%s", dir);

	if (len <= 0 || (size_t)len >= sizeof(copy)) {
		(void)snprintf(err, err_size,
		               "the directory's name is empty "
		               "or too long");
		return CODE_INVALID_ARGUMENT;
	}
	if (realpath(copy, site->target) != NULL)
		return CODE_OK;
	while (len > 1 && copy[len - 1] == '/')
		copy[--len] = '\0';
	slash = strrchr(copy, '/');
	if (slash != NULL)
		*slash = '\0';
	if (realpath(slash == NULL   ? "."
	             : slash == copy ? "/"
	                             : copy,
	             parent) == NULL)
		return say_errno(dir, err, err_size);
	len = snprintf(site->target, sizeof(site->target), "%s/%s", parent,
	               slash == NULL ? copy : slash + 1);
	if (len > 0 && (size_t)len < sizeof(site->target))
		return CODE_OK;
	errno = ENAMETOOLONG;
	return say_errno(dir, err, err_size);
}

static enum code
make_dir(const char *path, mode_t mode, char *err, size_t err_size)
{
	if (mkdir(path, mode) != 0 || chmod(path, mode) != 0)
		return say_errno(path, err, err_size);
	return CODE_OK;
}

static enum code
make_config(const struct setting_list *set, struct server_settings *out,
            char *err, size_t err_size)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);
	enum code code = CODE_RESOURCE_EXHAUSTED;

	if (to == NULL)
		return say(code, HOME_CONFIG, err, err_size);
	code = settings_print(&server_settings_table, to, set, err, err_size);
	if (fclose(to) != 0 && code == CODE_OK)
		code = say(CODE_RESOURCE_EXHAUSTED, HOME_CONFIG, err, err_size);
	if (code == CODE_OK)
		code = say(new_file_write(HOME_CONFIG,
		                          (struct bytes){ text, len }, 0600),
		           HOME_CONFIG, err, err_size);
	free(text);
	if (code != CODE_OK)
		return code;
	return settings_load(&server_settings_table, HOME_CONFIG, out, err,
	                     err_size);
}

static enum code
make_pki(char *err, size_t err_size)
{
	static const struct {
		const char *path, *name;
		enum certificate_use use;
		const char *ca;
	} leaves[] = {
		{ "front-server", HOME_SERVER_NAME, CERTIFICATE_SERVER,
		  "front-ca" },
		{ "service-server", HOME_SERVER_NAME, CERTIFICATE_SERVER,
		  "service-ca" },
		{ "gateway", "gateway", CERTIFICATE_CLIENT, "front-ca" },
	};
	enum code code = make_dir("pki", 0700, err, err_size);

	if (code == CODE_OK)
		code = say(certificate_make_authority(
				   "latchkey-front-ca", AUTHORITY_LIFETIME_S,
				   "pki/front-ca.crt", "pki/front-ca.key"),
		           "pki/front-ca.crt", err, err_size);
	if (code == CODE_OK)
		code = say(certificate_make_authority(
				   "latchkey-service-ca", AUTHORITY_LIFETIME_S,
				   "pki/service-ca.crt", "pki/service-ca.key"),
		           "pki/service-ca.crt", err, err_size);
	for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++) {
		char ca_cert[64], ca_key[64], cert[64], key[64];
		struct certificate_order order = {
			.name = leaves[i].name,
			.use = leaves[i].use,
			.not_before = clock_wall_us() / 1000000 -
			              CERTIFICATE_BACKDATED_S,
			.lifetime_s = CERTIFICATE_LIFETIME_S,
			.ca_cert_path = ca_cert,
			.ca_key_path = ca_key,
			.cert_path = cert,
			.key_path = key,
		};

		if (code != CODE_OK)
			return code;
		(void)snprintf(ca_cert, sizeof(ca_cert), "pki/%s.crt",
		               leaves[i].ca);
		(void)snprintf(ca_key, sizeof(ca_key), "pki/%s.key",
		               leaves[i].ca);
		(void)snprintf(cert, sizeof(cert), "pki/%s.crt",
		               leaves[i].path);
		(void)snprintf(key, sizeof(key), "pki/%s.key", leaves[i].path);
		code = say(certificate_issue(&order), cert, err, err_size);
	}
	return code;
}

static enum code
add_keys(struct store *store, const struct server_settings *settings,
         const struct site *site, const uint8_t master[MASTER_KEY_SIZE])
{
	struct key_order access = { .alg = KEY_ES256,
		                    .purpose = KEY_PURPOSE_ACCESS,
		                    .now_us = clock_wall_us() };
	struct key_order refresh = { .alg = KEY_HS256,
		                     .purpose = KEY_PURPOSE_REFRESH,
		                     .now_us = access.now_us };
	enum code code;

	if (!key_alg_from_name(settings->tokens.algorithm, &access.alg))
		return CODE_INVALID_ARGUMENT;
	if (site->secret.len > 0)
		access.secret =
			(struct bytes){ site->secret.data, site->secret.len };
	code = keyring_add(store, master, &access, NULL);
	if (code == CODE_OK)
		code = keyring_add(store, master, &refresh, NULL);
	return code;
}

static enum code
make_store(const struct server_settings *settings, const struct site *site,
           char *err, size_t err_size)
{
	uint8_t master[MASTER_KEY_SIZE];
	struct store_options options;
	struct store *store = NULL;
	enum store_fault fault;
	enum code code;

	code = make_dir(settings->store.dir, 0700, err, err_size);
	if (code == CODE_OK)
		code = say(master_key_make(settings->store.master_key),
		           settings->store.master_key, err, err_size);
	if (code == CODE_OK)
		code = master_key_load(settings->store.master_key, master, err,
		                       err_size);
	if (code != CODE_OK)
		return code;
	home_store_options(settings, &options);
	code = store_open(&options, &store, &fault, err, err_size);
	if (code == CODE_OK)
		code = say(add_keys(store, settings, site, master),
		           "the signing keys", err, err_size);
	store_close(store);
	if (code == CODE_OK)
		code = say(new_file_sync_directory(settings->store.dir),
		           settings->store.dir, err, err_size);
	explicit_bzero(master, sizeof(master));
	return code;
}

/* build fills the present directory. */
static enum code
build(const struct home_options *options, const struct site *site, char *err,
      size_t err_size)
{
	struct server_settings settings = { 0 };
	enum code code = make_config(options->set, &settings, err, err_size);

	if (code == CODE_OK)
		code = make_dir("run", 0750, err, err_size);
	if (code == CODE_OK)
		code = make_pki(err, err_size);
	if (code == CODE_OK && site->secret.len > 0 &&
	    strcmp(settings.tokens.algorithm, "HS256") != 0) {
		(void)snprintf(err, err_size,
		               "a secret file goes with --set "
		               "tokens.algorithm=HS256 only");
		code = CODE_INVALID_ARGUMENT;
	}
	if (code == CODE_OK)
		code = make_store(&settings, site, err, err_size);
	/* The marker comes last: what has one is complete. */
	if (code == CODE_OK)
		code = say(new_file_write(
				   HOME_MARKER,
				   (struct bytes){ HOME_MARKER_TEXT,
		                                   strlen(HOME_MARKER_TEXT) },
				   0444),
		           HOME_MARKER, err, err_size);
	settings_free(&server_settings_table, &settings);
	return code;
}

/* move puts the finished directory in its place, for good. */
static enum code
move(const struct site *site, char *err, size_t err_size)
{
	char parent[PATH_MAX];
	const char *slash = strrchr(site->target, '/');

	if (rename(site->temporary, site->target) != 0) {
		if (errno == ENOTEMPTY || errno == EEXIST)
			return check_target(site->target, err, err_size);
		return say_errno(site->target, err, err_size);
	}
	(void)snprintf(parent, sizeof(parent), "%.*s",
	               (int)(slash - site->target) + 1, site->target);
	return say(new_file_sync_directory(parent), parent, err, err_size);
}

static enum code
build_and_move(const struct home_options *options, struct site *site, char *err,
               size_t err_size)
{
	int len = snprintf(site->temporary, sizeof(site->temporary),
	                   "%s.tmp-XXXXXX", site->target);
	enum code code;

	if (len < 0 || (size_t)len >= sizeof(site->temporary)) {
		(void)snprintf(err, err_size, "%s: too long a path",
		               site->target);
		return CODE_INVALID_ARGUMENT;
	}
	if (mkdtemp(site->temporary) == NULL || chdir(site->temporary) != 0)
		return say_errno(site->temporary, err, err_size);
	code = build(options, site, err, err_size);
	if (code == CODE_OK)
		code = move(site, err, err_size);
	if (code != CODE_OK) {
		(void)!chdir("/");
		file_tree_remove(site->temporary);
	}
	return code;
}

enum code
home_make(const struct home_options *options, char *err, size_t err_size)
{
	struct site site = { .secret.len = 0 };
	enum code code = resolve(options->dir, &site, err, err_size);

	if (code == CODE_OK)
		code = check_target(site.target, err, err_size);
	if (code == CODE_OK && options->secret_file != NULL)
		code = secret_file_read(options->secret_file, &site.secret, err,
		                        err_size);
	if (code == CODE_OK)
		code = build_and_move(options, &site, err, err_size);
	explicit_bzero(&site, sizeof(site));
	return code;
}
