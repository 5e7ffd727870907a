#include "server/service.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/certificate.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/process.h"
#include "base/version.h"
#include "server/domain/keyring.h"
#include "server/domain/master_key.h"
#include "server/domain/password.h"
#include "server/domain/token_cache.h"
#include "server/home.h"
#include "server/methods.h"
#include "server/rpc/rpc_server.h"
#include "server/server.h"
#include "server/services/caller.h"
#include "server/store/session_store.h"
#include "server/store/store.h"

#define UIDS_MAX 64       /* as many as listeners.local_uids may have */
#define SWEEP_MAX 128     /* sessions per transaction: writers are waiting */
#define SWEEP_ROUNDS 64   /* transactions per sweep: the rest comes later */
#define SWEEP_ARENA 65536 /* bytes */
#define HASH_EXTRA 2      /* threads that wait while others hash */
#define DAY_US ((int64_t)24 * 3600 * 1000000)
#define EXPIRY_WARNING_S ((int64_t)30 * 24 * 3600)

struct service {
	const struct server_settings *settings;
	int lock_fd;
	struct store *store;
	struct keyring *keyring;
	struct password_hasher *hasher;
	struct token_cache *token_cache;
	struct server server;
	struct rpc_method rows[METHODS_MAX];
	struct listener_options listeners[LISTENER_KIND_COUNT];
	size_t listener_count;
	uid_t uids[UIDS_MAX];
	struct rpc_server *rpc;
	int64_t warned_at_us; /* when certificates were last looked at */
};

/* One pair of files and who must present what they name. */
struct tls_files {
	const char *url, *cert, *key, *ca;
};

static struct tls_files
front_files(const struct server_settings *s)
{
	return (struct tls_files){ s->listeners.front, s->tls.front_cert,
		                   s->tls.front_key, s->tls.front_ca };
}

static struct tls_files
service_files(const struct server_settings *s)
{
	return (struct tls_files){ s->listeners.service, s->tls.service_cert,
		                   s->tls.service_key, s->tls.service_ca };
}

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

static enum code
load_master_key(const struct server_settings *s, uint8_t out[MASTER_KEY_SIZE],
                char *err, size_t err_size)
{
	enum code code = check_master_key(s, err, err_size);

	if (code != CODE_OK)
		return code;
	return master_key_load(s->store.master_key, out, err, err_size);
}

static enum code
open_keyring(struct service *service, char *err, size_t err_size)
{
	uint8_t master[MASTER_KEY_SIZE];
	enum code code =
		load_master_key(service->settings, master, err, err_size);

	if (code == CODE_OK)
		code = keyring_open(service->store, master, &service->keyring,
		                    err, err_size);
	explicit_bzero(master, sizeof(master));
	return code;
}

static enum code
open_store(struct service *service, char *err, size_t err_size)
{
	struct store_options options;
	enum store_fault fault;

	service->lock_fd = home_lock(service->settings, err, err_size);
	if (service->lock_fd < 0)
		return CODE_FAILED_PRECONDITION;
	home_store_options(service->settings, &options);
	return store_open(&options, &service->store, &fault, err, err_size);
}

static unsigned
hash_slots(const struct server_settings *s)
{
	return s->lanes.hash_slots > 0 ? (unsigned)s->lanes.hash_slots
	                               : process_cpu_count();
}

static void
fill_server(struct service *service)
{
	const struct server_settings *s = service->settings;

	service->server = (struct server){
		.store = service->store,
		.keyring = service->keyring,
		.token_cache = service->token_cache,
		.hasher = service->hasher,
		.tokens = { .issuer = s->tokens.issuer,
		            .audience = s->tokens.audience,
		            .user_id_is_number = s->tokens.user_id_is_number,
		            .with_roles = s->tokens.with_roles },
		.sessions = { .session_lifetime_s =
		                      s->tokens.session_lifetime_s,
		              .refresh_lifetime_s =
		                      s->tokens.refresh_lifetime_s,
		              .access_lifetime_s = s->tokens.access_lifetime_s,
		              .grace_ms = s->sessions.grace_ms,
		              .rotate = s->sessions.rotate },
		.started_at_us = clock_wall_us(),
		.version = LATCHKEY_VERSION,
		.jwks_max_age_s = (uint32_t)s->tokens.jwks_max_age_s,
	};
}

static void
add_tls_listener(struct service *service, enum listener_kind kind,
                 struct tls_files files)
{
	if (*files.url == '\0')
		return;
	service->listeners[service->listener_count++] =
		(struct listener_options){ .kind = kind,
		                           .url = files.url,
		                           .cert_path = files.cert,
		                           .key_path = files.key,
		                           .ca_path = files.ca };
}

static enum code
add_local_listener(struct service *service, char *err, size_t err_size)
{
	const struct setting_list *list =
		&service->settings->listeners.local_uids;

	if (*service->settings->listeners.local == '\0')
		return CODE_OK;
	for (size_t i = 0; i < list->count && i < UIDS_MAX; i++) {
		char *end;
		unsigned long uid = strtoul(list->items[i], &end, 10);

		if (*end != '\0' || *list->items[i] < '0' ||
		    *list->items[i] > '9' || uid >= UINT32_MAX) {
			(void)snprintf(err, err_size,
			               "listeners.local_uids: \"%s\" is not a "
			               "numeric user id",
			               list->items[i]);
			return CODE_INVALID_ARGUMENT;
		}
		service->uids[i] = (uid_t)uid;
	}
	service->listeners[service->listener_count++] =
		(struct listener_options){
			.kind = LISTENER_LOCAL,
			.url = service->settings->listeners.local,
			.peer_uids = service->uids,
			.peer_uid_count = list->count
		};
	return CODE_OK;
}

static enum code
choose_listeners(struct service *service, char *err, size_t err_size)
{
	enum code code;

	add_tls_listener(service, LISTENER_FRONT,
	                 front_files(service->settings));
	add_tls_listener(service, LISTENER_SERVICE,
	                 service_files(service->settings));
	code = add_local_listener(service, err, err_size);
	if (code != CODE_OK || service->listener_count > 0)
		return code;
	(void)snprintf(err, err_size,
	               "listeners.front, .service and .local are all empty: "
	               "there is nothing to listen on");
	return CODE_INVALID_ARGUMENT;
}

static enum code
listen_all(struct service *service, char *err, size_t err_size)
{
	const struct server_settings *s = service->settings;
	unsigned hash_threads = (unsigned)s->lanes.hash_threads;
	struct rpc_server_options options = {
		.server = &service->server,
		.methods = service->rows,
		.method_count = methods_make(&service->server, service->rows),
		.authenticate = caller_authenticate,
		.inline_contexts = (unsigned)s->limits.inline_contexts,
		.arena_size = (size_t)s->limits.arena_size,
		.message_max = (size_t)s->limits.message_max,
		.listeners = service->listeners,
	};
	enum code code = choose_listeners(service, err, err_size);

	if (hash_threads == 0)
		hash_threads = hash_slots(s) + HASH_EXTRA;
	options.lanes[LANE_WRITE] =
		(struct lane_options){ (unsigned)s->lanes.write_threads,
		                       (unsigned)s->lanes.write_queue_max };
	options.lanes[LANE_HASH] =
		(struct lane_options){ hash_threads,
		                       (unsigned)s->lanes.hash_queue_max };
	/* No method waits for another server yet. */
	options.lanes[LANE_NET] = (struct lane_options){ 1, 1 };
	options.listener_count = service->listener_count;
	if (code != CODE_OK)
		return code;
	return rpc_server_open(&options, &service->rpc, err, err_size);
}

enum code
service_open(const struct server_settings *settings, struct service **out,
             char *err, size_t err_size)
{
	struct service *service = calloc(1, sizeof(*service));
	enum code code;

	if (service == NULL) {
		(void)snprintf(err, err_size, "out of memory");
		return CODE_RESOURCE_EXHAUSTED;
	}
	service->settings = settings;
	service->lock_fd = -1;
	code = open_store(service, err, err_size);
	if (code == CODE_OK)
		code = open_keyring(service, err, err_size);
	if (code == CODE_OK) {
		code = password_hasher_open(hash_slots(settings),
		                            &service->hasher);
		if (code == CODE_OK)
			code = token_cache_open(&service->token_cache);
		if (code != CODE_OK)
			(void)snprintf(err, err_size,
			               "no memory for passwords and tokens");
	}
	if (code == CODE_OK) {
		fill_server(service);
		code = listen_all(service, err, err_size);
	}
	if (code != CODE_OK) {
		service_close(service);
		return code;
	}
	*out = service;
	return CODE_OK;
}

/* show_url writes a listener's URL with the port it is bound to. */
static void
show_url(const struct service *service, size_t i, char *out, size_t size)
{
	const char *url = service->listeners[i].url;
	uint16_t port = rpc_server_port(service->rpc, i);
	const char *colon = strrchr(url, ':');

	if (port != 0 && colon != NULL)
		(void)snprintf(out, size, "%.*s:%u", (int)(colon - url), url,
		               (unsigned)port);
	else
		(void)snprintf(out, size, "%s", url);
}

void
service_log_ready(const struct service *service)
{
	static const char *const keys[LISTENER_KIND_COUNT] = {
		[LISTENER_FRONT] = "front",
		[LISTENER_SERVICE] = "service",
		[LISTENER_LOCAL] = "local",
	};
	struct log_field fields[LISTENER_KIND_COUNT + 1];
	char urls[LISTENER_KIND_COUNT][256];

	fields[0] = LOG_T("version", LATCHKEY_VERSION);
	for (size_t i = 0; i < service->listener_count; i++) {
		show_url(service, i, urls[i], sizeof(urls[i]));
		fields[i + 1] =
			LOG_T(keys[service->listeners[i].kind], urls[i]);
	}
	log_event(LOG_LEVEL_INFO, "ready", fields, service->listener_count + 1);
}

void
service_reload(struct service *service)
{
	char err[512] = "";
	enum code code = rpc_server_reload(service->rpc, err, sizeof(err));

	service->warned_at_us = 0;
	if (code == CODE_OK)
		LOG_EVENT(LOG_LEVEL_INFO, "certificates_reloaded",
		          LOG_N("listeners", (int64_t)service->listener_count));
	else
		LOG_EVENT(LOG_LEVEL_ERROR, "certificates_kept",
		          LOG_T("code", code_name(code)), LOG_T("reason", err));
}

static void
warn_of_expiry(const char *path, int64_t now_us)
{
	int64_t expires_at = 0;
	int64_t left_s;

	if (certificate_expires_at(path, &expires_at) != CODE_OK)
		return;
	left_s = expires_at - now_us / 1000000;
	if (left_s < EXPIRY_WARNING_S)
		LOG_EVENT(LOG_LEVEL_WARN, "certificate_expires",
		          LOG_T("file", path), LOG_N("seconds", left_s));
}

static void
warn_of_certificates(struct service *service, int64_t now_us)
{
	if (service->warned_at_us != 0 &&
	    now_us - service->warned_at_us < DAY_US)
		return;
	service->warned_at_us = now_us;
	for (size_t i = 0; i < service->listener_count; i++) {
		if (service->listeners[i].cert_path == NULL)
			continue;
		warn_of_expiry(service->listeners[i].cert_path, now_us);
		warn_of_expiry(service->listeners[i].ca_path, now_us);
	}
}

/* sweep_once is one small transaction; *deleted stays 0 when it fails. */
static enum code
sweep_once(struct service *service, int64_t now_us, size_t *deleted)
{
	void *memory = malloc(SWEEP_ARENA);
	struct store_txn txn;
	struct arena arena;
	size_t count = 0;
	enum code code;

	if (memory == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	arena_init(&arena, memory, SWEEP_ARENA);
	store_begin_write(service->store, &txn);
	session_store_sweep(&txn, &arena, now_us, SWEEP_MAX, &count);
	code = store_end(&txn);
	arena_reset(&arena);
	free(memory);
	if (code == CODE_OK)
		*deleted = count;
	return code;
}

void
service_sweep(struct service *service, int64_t now_us)
{
	size_t deleted = SWEEP_MAX, total = 0;
	enum code code = CODE_OK;

	for (int i = 0; i < SWEEP_ROUNDS && deleted == SWEEP_MAX; i++) {
		deleted = 0;
		code = sweep_once(service, now_us, &deleted);
		total += deleted;
	}
	if (code != CODE_OK)
		LOG_EVENT(LOG_LEVEL_ERROR, "sweep",
		          LOG_T("code", code_name(code)));
	else if (total > 0)
		LOG_EVENT(LOG_LEVEL_DEBUG, "sweep",
		          LOG_N("sessions", (int64_t)total));
	warn_of_certificates(service, now_us);
}

void
service_drain(struct service *service, int64_t timeout_ms)
{
	rpc_server_drain(service->rpc, timeout_ms);
}

void
service_close(struct service *service)
{
	if (service == NULL)
		return;
	rpc_server_close(service->rpc);
	password_hasher_close(service->hasher);
	token_cache_close(service->token_cache);
	keyring_close(service->keyring);
	store_close(service->store);
	/* Last: nobody else may open the store before we are out of it. */
	if (service->lock_fd >= 0)
		(void)close(service->lock_fd);
	free(service);
}

static enum code
check_certificate(const char *name, const char *path, char *err,
                  size_t err_size)
{
	int64_t expires_at = 0;
	enum code code = certificate_expires_at(path, &expires_at);

	if (code == CODE_OK && expires_at > clock_wall_us() / 1000000)
		return CODE_OK;
	(void)snprintf(err, err_size, "%s: %s: %s", name, path,
	               code == CODE_OK ? "expired" : code_name(code));
	return code == CODE_OK ? CODE_FAILED_PRECONDITION : code;
}

static enum code
check_files(const char *name, struct tls_files files, char *err,
            size_t err_size)
{
	enum code code;

	if (*files.url == '\0')
		return CODE_OK;
	code = check_certificate(name, files.ca, err, err_size);
	if (code == CODE_OK)
		code = check_certificate(name, files.cert, err, err_size);
	if (code == CODE_OK && access(files.key, R_OK) != 0) {
		(void)snprintf(err, err_size, "%s: %s: %s", name, files.key,
		               strerror(errno));
		code = CODE_NOT_FOUND;
	}
	return code;
}

enum code
service_check(const struct server_settings *settings, char *err,
              size_t err_size)
{
	struct service probe = { .settings = settings };
	uint8_t master[MASTER_KEY_SIZE];
	enum code code = choose_listeners(&probe, err, err_size);

	if (code == CODE_OK)
		code = check_files("listeners.front", front_files(settings),
		                   err, err_size);
	if (code == CODE_OK)
		code = check_files("listeners.service", service_files(settings),
		                   err, err_size);
	if (code == CODE_OK)
		code = load_master_key(settings, master, err, err_size);
	explicit_bzero(master, sizeof(master));
	return code;
}
