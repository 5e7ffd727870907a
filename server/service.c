#include "server/service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/message_limit.h"
#include "base/process.h"
#include "base/refusal_log.h"
#include "base/version.h"
#include "server/domain/federation.h"
#include "server/domain/keyring.h"
#include "server/domain/mail_sender.h"
#include "server/domain/password.h"
#include "server/domain/token_cache.h"
#include "server/home.h"
#include "server/listening.h"
#include "server/mail_settings.h"
#include "server/methods.h"
#include "server/policy.h"
#include "server/rpc/rpc_server.h"
#include "server/server.h"
#include "server/server_keys.h"
#include "server/services/caller.h"
#include "server/store/store.h"
#include "server/sweep.h"

#define HASH_EXTRA 2  /* threads that wait while others hash */
#define NET_THREADS 4 /* for calls that may wait for another server */
#define NET_QUEUE_MAX 64
#define READ_THREADS 4 /* for calls that read much */
#define READ_QUEUE_MAX 128
#define DAY_US ((int64_t)24 * 3600 * 1000000)

struct service {
	const struct server_settings *settings;
	int lock_fd;
	struct store *store;
	struct keyring *keyring;
	struct password_hasher *hasher;
	struct token_cache *token_cache;
	struct mail_settings mail;
	struct mail_sender *mail_sender;
	struct federation *federation;
	struct server server;
	struct rpc_method rows[METHODS_MAX];
	struct listening listening;
	struct rpc_server *rpc;
	int64_t warned_at_us; /* when certificates were last looked at */
};

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

static enum code
fill_server(struct service *service, char *err, size_t err_size)
{
	struct server *server = &service->server;

	server->store = service->store;
	server->keyring = service->keyring;
	server->token_cache = service->token_cache;
	server->hasher = service->hasher;
	server->started_at_us = clock_wall_us();
	server->version = LATCHKEY_VERSION;
	server->jwks_max_age_s =
		(uint32_t)service->settings->tokens.jwks_max_age_s;
	return policy_read(service->settings, server, err, err_size);
}

static enum code
open_mail(struct service *service, char *err, size_t err_size)
{
	enum code code = mail_settings_read(service->settings, &service->mail,
	                                    err, err_size);

	if (code == CODE_OK)
		code = mail_sender_open(service->store, &service->mail.options,
		                        &service->mail_sender, err, err_size);
	service->server.mail_sender = service->mail_sender;
	return code;
}

/* Without an issuer in the settings there is no federation. */
static enum code
open_federation(const struct server_settings *s, struct federation **out,
                char *err, size_t err_size)
{
	const struct federation_options options = {
		.google_audiences = &s->federation.google_audiences,
		.google_domain = s->federation.google_domain,
		.google_keys = s->federation.google_keys,
		.issuers = &s->federation.issuers,
		.ca = s->federation.ca,
	};

	return federation_open(&options, out, err, err_size);
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
		.reply_max = REPLY_LIMIT,
		.listeners = service->listening.listeners,
	};
	enum code code = listening_read(s, &service->listening, err, err_size);

	if (hash_threads == 0)
		hash_threads = hash_slots(s) + HASH_EXTRA;
	options.lanes[LANE_WRITE] =
		(struct lane_options){ (unsigned)s->lanes.write_threads,
		                       (unsigned)s->lanes.write_queue_max };
	options.lanes[LANE_HASH] =
		(struct lane_options){ hash_threads,
		                       (unsigned)s->lanes.hash_queue_max };
	options.lanes[LANE_NET] =
		(struct lane_options){ NET_THREADS, NET_QUEUE_MAX };
	options.lanes[LANE_READ] =
		(struct lane_options){ READ_THREADS, READ_QUEUE_MAX };
	options.listener_count = service->listening.count;
	if (code != CODE_OK)
		return code;
	return rpc_server_open(&options, &service->rpc, err, err_size);
}

static enum code
open_pools(struct service *service, char *err, size_t err_size)
{
	enum code code = password_hasher_open(hash_slots(service->settings),
	                                      &service->hasher);

	if (code == CODE_OK)
		code = token_cache_open(&service->token_cache);
	if (code != CODE_OK)
		(void)snprintf(err, err_size,
		               "no memory for passwords and tokens");
	return code;
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
		code = server_keys_open(settings, service->store,
		                        &service->keyring, err, err_size);
	if (code == CODE_OK)
		code = open_pools(service, err, err_size);
	if (code == CODE_OK)
		code = fill_server(service, err, err_size);
	if (code == CODE_OK)
		code = open_mail(service, err, err_size);
	if (code == CODE_OK)
		code = open_federation(settings, &service->federation, err,
		                       err_size);
	service->server.federation = service->federation;
	if (code == CODE_OK)
		code = listen_all(service, err, err_size);
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
	const char *url = service->listening.listeners[i].url;
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
	struct log_field fields[LISTENER_KIND_COUNT + 1];
	char urls[LISTENER_KIND_COUNT][256];

	const struct listening *listening = &service->listening;

	fields[0] = LOG_T("version", LATCHKEY_VERSION);
	for (size_t i = 0; i < listening->count; i++) {
		show_url(service, i, urls[i], sizeof(urls[i]));
		fields[i + 1] = LOG_T(
			listening_name(listening->listeners[i].kind), urls[i]);
	}
	log_event(LOG_LEVEL_INFO, "ready", fields, listening->count + 1);
}

static void
renew_keys(struct service *service, int64_t now_us)
{
	const struct server_keys keys = { .settings = service->settings,
		                          .store = service->store,
		                          .keyring = service->keyring,
		                          .cache = service->token_cache };

	server_keys_renew(&keys, now_us);
}

void
service_reload(struct service *service)
{
	char err[512] = "";
	enum code code = rpc_server_reload(service->rpc, err, sizeof(err));

	service->warned_at_us = 0;
	renew_keys(service, clock_wall_us());
	if (code == CODE_OK)
		LOG_EVENT(
			LOG_LEVEL_INFO, "certificates_reloaded",
			LOG_N("listeners", (int64_t)service->listening.count));
	else
		LOG_EVENT(LOG_LEVEL_ERROR, "certificates_kept",
		          LOG_T("code", code_name(code)), LOG_T("reason", err));
}

void
service_sweep(struct service *service, int64_t now_us)
{
	sweep_run(service->store, now_us);
	renew_keys(service, now_us);
	refusal_log_settle();
	if (service->warned_at_us != 0 &&
	    now_us - service->warned_at_us < DAY_US)
		return;
	service->warned_at_us = now_us;
	listening_warn(&service->listening, now_us);
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
	refusal_log_settle();
	federation_close(service->federation);
	mail_sender_close(service->mail_sender);
	mail_settings_wipe(&service->mail);
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
check_federation(const struct server_settings *settings, char *err,
                 size_t err_size)
{
	struct federation *federation = NULL;
	enum code code = open_federation(settings, &federation, err, err_size);

	federation_close(federation);
	return code;
}

static enum code
check_mail(const struct server_settings *settings, char *err, size_t err_size)
{
	struct mail_settings mail = { .password = "" };
	enum code code = mail_settings_read(settings, &mail, err, err_size);

	if (code == CODE_OK)
		code = mail_sender_check(&mail.options, err, err_size);
	mail_settings_wipe(&mail);
	return code;
}

enum code
service_check(const struct server_settings *settings, char *err,
              size_t err_size)
{
	struct server policies = { 0 };
	struct listening listening;
	uint8_t master[MASTER_KEY_SIZE];
	enum code code = listening_read(settings, &listening, err, err_size);

	if (code == CODE_OK)
		code = listening_check(&listening, err, err_size);
	if (code == CODE_OK)
		code = policy_read(settings, &policies, err, err_size);
	if (code == CODE_OK)
		code = check_mail(settings, err, err_size);
	if (code == CODE_OK)
		code = check_federation(settings, err, err_size);
	if (code == CODE_OK)
		code = server_keys_load_master(settings, master, err, err_size);
	explicit_bzero(master, sizeof(master));
	return code;
}
