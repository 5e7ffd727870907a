#include "server/rpc/listener.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <nng/supplemental/tls/tls.h>
#include <nng/transport/ipc/ipc.h>

#include "base/refusal_log.h"
#include "base/tls_config.h"

#define IPC_MODE 0660
#define HEADER_MAX 64 /* bytes that NNG's protocols add to a message */

enum transport { TRANSPORT_TLS, TRANSPORT_IPC, TRANSPORT_INPROC };

struct listener {
	nng_listener id;
	enum listener_kind kind;
	enum transport transport;
	char *url;
	char *cert_path;
	char *key_path;
	char *ca_path;
	uid_t *peer_uids;
	size_t peer_uid_count;
};

struct listener_set {
	size_t count;
	struct listener listeners[];
};

struct complaint {
	char *text;
	size_t size;
};

static enum code
complain(struct complaint *to, enum code code, const char *url,
         const char *what)
{
	(void)snprintf(to->text, to->size, "%s: %s", url, what);
	return code;
}

const char *
listener_kind_name(enum listener_kind kind)
{
	switch (kind) {
	case LISTENER_FRONT:
		return "front";
	case LISTENER_LOCAL:
		return "local";
	default:
		return "service";
	}
}

static bool
has_prefix(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool
find_transport(const char *url, enum transport *out)
{
	if (has_prefix(url, "tls+tcp://") || has_prefix(url, "tls+tcp4://") ||
	    has_prefix(url, "tls+tcp6://"))
		*out = TRANSPORT_TLS;
	else if (has_prefix(url, "ipc://"))
		*out = TRANSPORT_IPC;
	else if (has_prefix(url, "inproc://"))
		*out = TRANSPORT_INPROC;
	else
		return false;
	return true;
}

static bool
copy_text(const char *text, char **out)
{
	if (text == NULL)
		return true;
	*out = strdup(text);
	return *out != NULL;
}

static enum code
copy_options(struct listener *l, const struct listener_options *from,
             struct complaint *to)
{
	size_t uids_size = from->peer_uid_count * sizeof(uid_t);

	if (!find_transport(from->url, &l->transport))
		return complain(to, CODE_INVALID_ARGUMENT, from->url,
		                "neither tls+tcp:// nor ipc:// nor inproc://");
	if (l->transport == TRANSPORT_TLS && from->kind == LISTENER_LOCAL)
		return complain(to, CODE_INVALID_ARGUMENT, from->url,
		                "a local listener is ipc:// or inproc://");
	l->kind = from->kind;
	if (!copy_text(from->url, &l->url) ||
	    !copy_text(from->cert_path, &l->cert_path) ||
	    !copy_text(from->key_path, &l->key_path) ||
	    !copy_text(from->ca_path, &l->ca_path))
		return complain(to, CODE_RESOURCE_EXHAUSTED, from->url,
		                "out of memory");
	if (uids_size == 0)
		return CODE_OK;
	l->peer_uids = malloc(uids_size);
	if (l->peer_uids == NULL)
		return complain(to, CODE_RESOURCE_EXHAUSTED, from->url,
		                "out of memory");
	memcpy(l->peer_uids, from->peer_uids, uids_size);
	l->peer_uid_count = from->peer_uid_count;
	return CODE_OK;
}

static const struct listener *
find_by_pipe(const struct listener_set *set, nng_pipe pipe)
{
	nng_listener by = nng_pipe_listener(pipe);
	int id = nng_listener_id(by);

	for (size_t i = 0; id > 0 && i < set->count; i++)
		if (nng_listener_id(set->listeners[i].id) == id)
			return &set->listeners[i];
	return NULL;
}

bool
listener_admits_uid(const uid_t *uids, size_t count, uint64_t uid)
{
	if (uid == geteuid())
		return true;
	for (size_t i = 0; i < count; i++)
		if (uids[i] == uid)
			return true;
	return false;
}

/* Before a connection may carry anything: who is at its other end? */
static void
meet_peer(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
	const struct listener *l = find_by_pipe(arg, pipe);
	uint64_t uid = UINT64_MAX;

	(void)event;
	if (l == NULL) {
		(void)nng_pipe_close(pipe);
		return;
	}
	if (l->transport != TRANSPORT_IPC)
		return;
	if (nng_pipe_get_uint64(pipe, NNG_OPT_IPC_PEER_UID, &uid) == 0 &&
	    listener_admits_uid(l->peer_uids, l->peer_uid_count, uid))
		return;
	REFUSAL_LOG("ipc_refused", LOG_T("url", l->url),
	            LOG_N("uid", (int64_t)uid));
	(void)nng_pipe_close(pipe);
}

static enum code
load_tls(const struct listener *l, nng_tls_config **out, struct complaint *to)
{
	const struct tls_config_files files = {
		.cert_path = l->cert_path,
		.key_path = l->key_path,
		.ca_path = l->ca_path,
	};

	return tls_config_load(&files, out, to->text, to->size);
}

/* The listener holds the configuration from here on. */
static int
set_tls(struct listener *l, nng_tls_config *config)
{
	int rv = nng_listener_set_ptr(l->id, NNG_OPT_TLS_CONFIG, config);

	nng_tls_config_free(config);
	return rv;
}

static enum code
prepare(struct listener *l, size_t message_max, struct complaint *to)
{
	nng_tls_config *config;
	enum code code;
	int rv = nng_listener_set_size(l->id, NNG_OPT_RECVMAXSZ,
	                               message_max + HEADER_MAX);

	if (l->transport == TRANSPORT_IPC && rv == 0)
		rv = nng_listener_set_int(l->id, NNG_OPT_IPC_PERMISSIONS,
		                          IPC_MODE);
	if (l->transport == TRANSPORT_TLS && rv == 0) {
		code = load_tls(l, &config, to);
		if (code != CODE_OK)
			return code;
		rv = set_tls(l, config);
		/* Finds out in time that a peer's host is gone. */
		(void)nng_listener_set_bool(l->id, NNG_OPT_TCP_KEEPALIVE, true);
	}
	if (rv != 0 && l->transport != TRANSPORT_INPROC)
		return complain(to, CODE_INVALID_ARGUMENT, l->url,
		                nng_strerror(rv));
	return CODE_OK;
}

static enum code
listen_on(struct listener *l, nng_socket socket, size_t message_max,
          struct complaint *to)
{
	enum code code;
	int rv = nng_listener_create(&l->id, socket, l->url);

	if (rv != 0)
		return complain(to, CODE_INVALID_ARGUMENT, l->url,
		                nng_strerror(rv));
	code = prepare(l, message_max, to);
	if (code != CODE_OK)
		return code;
	rv = nng_listener_start(l->id, 0);
	if (rv != 0)
		return complain(to, CODE_UNAVAILABLE, l->url, nng_strerror(rv));
	return CODE_OK;
}

/* On failure the caller closes the socket, and with it what was opened. */
enum code
listener_set_open(nng_socket socket, const struct listener_set_options *options,
                  struct listener_set **out, char *err, size_t err_size)
{
	struct complaint to = { err, err_size };
	struct listener_set *set = calloc(
		1, sizeof(*set) + options->count * sizeof(set->listeners[0]));
	enum code code = CODE_OK;

	if (set == NULL)
		return complain(&to, CODE_RESOURCE_EXHAUSTED, "listeners",
		                "out of memory");
	set->count = options->count;
	for (size_t i = 0; code == CODE_OK && i < set->count; i++)
		code = copy_options(&set->listeners[i], &options->listeners[i],
		                    &to);
	if (code == CODE_OK &&
	    nng_pipe_notify(socket, NNG_PIPE_EV_ADD_PRE, meet_peer, set) != 0)
		code = complain(&to, CODE_INTERNAL, "listeners",
		                "connections cannot be watched");
	for (size_t i = 0; code == CODE_OK && i < set->count; i++)
		code = listen_on(&set->listeners[i], socket,
		                 options->message_max, &to);
	*out = set;
	return code;
}

enum code
listener_set_reload(struct listener_set *set, char *err, size_t err_size)
{
	struct complaint to = { err, err_size };
	nng_tls_config **configs = calloc(set->count, sizeof(nng_tls_config *));
	enum code code = CODE_OK;

	if (configs == NULL)
		return complain(&to, CODE_RESOURCE_EXHAUSTED, "certificates",
		                "out of memory");
	for (size_t i = 0; code == CODE_OK && i < set->count; i++)
		if (set->listeners[i].transport == TRANSPORT_TLS)
			code = load_tls(&set->listeners[i], &configs[i], &to);
	for (size_t i = 0; i < set->count; i++) {
		struct listener *l = &set->listeners[i];

		if (configs[i] == NULL)
			continue;
		if (code != CODE_OK)
			nng_tls_config_free(configs[i]);
		else if (set_tls(l, configs[i]) != 0)
			code = complain(&to, CODE_INTERNAL, l->url,
			                "did not take the certificate");
	}
	free(configs);
	return code;
}

bool
listener_set_kind(const struct listener_set *set, const nng_msg *msg,
                  enum listener_kind *out)
{
	const struct listener *l = find_by_pipe(set, nng_msg_get_pipe(msg));

	if (l == NULL)
		return false;
	*out = l->kind;
	return true;
}

uint16_t
listener_set_port(const struct listener_set *set, size_t place)
{
	int port;

	if (place >= set->count ||
	    nng_listener_get_int(set->listeners[place].id,
	                         NNG_OPT_TCP_BOUND_PORT, &port) != 0)
		return 0;
	return (uint16_t)port;
}

void
listener_set_free(struct listener_set *set)
{
	if (set == NULL)
		return;
	for (size_t i = 0; i < set->count; i++) {
		free(set->listeners[i].url);
		free(set->listeners[i].cert_path);
		free(set->listeners[i].key_path);
		free(set->listeners[i].ca_path);
		free(set->listeners[i].peer_uids);
	}
	free(set);
}
