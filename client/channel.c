#include "client/channel.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <nng/supplemental/tls/tls.h>

#include "base/clock.h"
#include "base/tls_config.h"
#include "client/channel_state.h"

#define RECONNECT_MIN_MS 10
#define HEADER_MAX 64 /* bytes that NNG's protocols add to a message */

struct complaint {
	char *text;
	size_t size;
};

static enum code
complain(struct complaint *to, enum code code, const char *about,
         const char *what)
{
	(void)snprintf(to->text, to->size, "%s: %s", about, what);
	return code;
}

static struct timespec
until(int64_t ms)
{
	return (struct timespec){ .tv_sec = ms / 1000,
		                  .tv_nsec = ms % 1000 * 1000000 };
}

/* Called with the lock held, which keeps the slot in flight meanwhile. */
static void
give_up(struct slot *slot, enum cause cause)
{
	slot->deadline_ms = NEVER_MS;
	atomic_store(&slot->cause, cause);
	nng_aio_cancel(slot->aio);
}

static void
give_up_all(struct channel *channel, enum cause cause)
{
	for (size_t i = 0; i < channel->slot_count; i++)
		if (channel->slots[i].deadline_ms != NEVER_MS)
			give_up(&channel->slots[i], cause);
}

/* Gives up what is late and returns when to look again. */
static int64_t
sweep(struct channel *channel, int64_t now_ms)
{
	int64_t next_ms = NEVER_MS;

	for (size_t i = 0; i < channel->slot_count; i++) {
		struct slot *slot = &channel->slots[i];

		if (slot->deadline_ms <= now_ms)
			give_up(slot, CAUSE_DEADLINE);
		else if (slot->deadline_ms < next_ms)
			next_ms = slot->deadline_ms;
	}
	return next_ms;
}

/*
 * Deadlines of our own, since NNG keeps its in a list that it walks for each.
 * A call costs nothing here unless its deadline comes before the time at which
 * the timer looks anyway; it looks at all slots, but hardly ever.
 */
static void *
keep_time(void *arg)
{
	struct channel *channel = arg;

	(void)pthread_mutex_lock(&channel->lock);
	while (!channel->closing || channel->begun > 0) {
		int64_t now_ms = clock_monotonic_ms();
		struct timespec at;

		if (channel->wake_ms <= now_ms)
			channel->wake_ms = sweep(channel, now_ms);
		if (channel->wake_ms == NEVER_MS) {
			(void)pthread_cond_wait(&channel->wake, &channel->lock);
			continue;
		}
		at = until(channel->wake_ms);
		(void)pthread_cond_clockwait(&channel->wake, &channel->lock,
		                             CLOCK_MONOTONIC, &at);
	}
	(void)pthread_mutex_unlock(&channel->lock);
	return NULL;
}

/*
 * NNG begins with the smallest pause again after every connection, also after
 * one that the peer closed as soon as it saw who we are; so the pauses of those
 * grow here. Called with the lock held.
 */
static int32_t
choose_pause(struct channel *channel)
{
	int64_t lived_ms = clock_monotonic_ms() - channel->connected_ms;

	if (atomic_exchange(&channel->answered, false) ||
	    lived_ms >= CHANNEL_RECONNECT_MAX_MS)
		channel->redial_ms = RECONNECT_MIN_MS;
	else if (channel->redial_ms < CHANNEL_RECONNECT_MAX_MS / 2)
		channel->redial_ms *= 2;
	else
		channel->redial_ms = CHANNEL_RECONNECT_MAX_MS;
	return channel->redial_ms;
}

/* Calls that were sent fail by NNG; those not yet sent would wait for ever. */
static void
note_pipe(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
	struct channel *channel = arg;
	int32_t pause_ms = 0;

	(void)pipe;
	(void)pthread_mutex_lock(&channel->lock);
	if (event == NNG_PIPE_EV_ADD_POST) {
		channel->connected_ms = clock_monotonic_ms();
		channel->pipes++;
	} else {
		pause_ms = choose_pause(channel);
		if (--channel->pipes == 0)
			give_up_all(channel, CAUSE_LOST);
	}
	(void)pthread_cond_broadcast(&channel->changed);
	(void)pthread_mutex_unlock(&channel->lock);
	/* NNG draws its pause when this has returned. */
	if (pause_ms > 0)
		(void)nng_dialer_set_ms(channel->dialer, NNG_OPT_RECONNMINT,
		                        pause_ms);
}

static bool
has_prefix(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool
is_tls(const char *url)
{
	return has_prefix(url, "tls+tcp://") ||
	       has_prefix(url, "tls+tcp4://") || has_prefix(url, "tls+tcp6://");
}

static enum code
check(const struct channel_options *options, struct complaint *to)
{
	const char *url = options->url == NULL ? "" : options->url;

	if (!is_tls(url) && !has_prefix(url, "ipc://") &&
	    !has_prefix(url, "inproc://"))
		return complain(to, CODE_INVALID_ARGUMENT, url,
		                "neither tls+tcp:// nor ipc:// nor inproc://");
	if (is_tls(url) &&
	    (options->server_name == NULL || options->server_name[0] == '\0'))
		return complain(to, CODE_INVALID_ARGUMENT, url,
		                "needs the name that the server must prove");
	if (options->calls_max == 0 || options->arena_size == 0 ||
	    options->message_max == 0)
		return complain(to, CODE_INVALID_ARGUMENT, url,
		                "calls_max, arena_size and message_max must "
		                "be set");
	return CODE_OK;
}

static enum code
open_slot(struct channel *channel, size_t i)
{
	struct slot *slot = &channel->slots[i];

	slot->channel = channel;
	slot->deadline_ms = NEVER_MS;
	arena_pool_lend(&channel->memory, i, &slot->arena);
	if (nng_aio_alloc(&slot->aio, slot_proceed, slot) != 0)
		return CODE_RESOURCE_EXHAUSTED;
	if (nng_ctx_open(&slot->ctx, channel->socket) != 0)
		return CODE_RESOURCE_EXHAUSTED;
	slot->has_ctx = true;
	slot->next_free = channel->free;
	channel->free = slot;
	return CODE_OK;
}

/* Contexts copy the resend time, so it is set before they are opened. */
static enum code
open_socket(struct channel *channel, size_t message_max)
{
	nng_socket socket;

	if (nng_req0_open(&channel->socket) != 0)
		return CODE_RESOURCE_EXHAUSTED;
	channel->has_socket = true;
	socket = channel->socket;
	if (nng_socket_set_ms(socket, NNG_OPT_REQ_RESENDTIME,
	                      NNG_DURATION_INFINITE) != 0 ||
	    nng_socket_set_ms(socket, NNG_OPT_RECONNMINT, RECONNECT_MIN_MS) !=
	            0 ||
	    nng_socket_set_ms(socket, NNG_OPT_RECONNMAXT,
	                      CHANNEL_RECONNECT_MAX_MS) != 0 ||
	    nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ,
	                        message_max + HEADER_MAX) != 0 ||
	    nng_pipe_notify(socket, NNG_PIPE_EV_ADD_POST, note_pipe, channel) !=
	            0 ||
	    nng_pipe_notify(socket, NNG_PIPE_EV_REM_POST, note_pipe, channel) !=
	            0)
		return CODE_INTERNAL;
	return CODE_OK;
}

/* No signal is for this thread. */
static enum code
start_timer(struct channel *channel)
{
	sigset_t all, before;
	int rc;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&channel->timer, NULL, keep_time, channel);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	channel->has_timer = rc == 0;
	return rc == 0 ? CODE_OK : CODE_RESOURCE_EXHAUSTED;
}

static enum code
set_tls(nng_dialer dialer, const struct channel_options *options,
        struct complaint *to)
{
	const struct tls_config_files files = {
		.cert_path = options->cert_path,
		.key_path = options->key_path,
		.ca_path = options->ca_path,
		.server_name = options->server_name,
	};
	nng_tls_config *config;
	enum code code = tls_config_load(&files, &config, to->text, to->size);
	int rv;

	if (code != CODE_OK)
		return code;
	rv = nng_dialer_set_ptr(dialer, NNG_OPT_TLS_CONFIG, config);
	nng_tls_config_free(config);
	if (rv != 0)
		return complain(to, CODE_INTERNAL, options->url,
		                nng_strerror(rv));
	(void)nng_dialer_set_bool(dialer, NNG_OPT_TCP_KEEPALIVE, true);
	return CODE_OK;
}

enum code
channel_renew(struct channel *channel, const struct channel_options *options,
              char *err, size_t err_size)
{
	struct complaint to = { err, err_size };

	return is_tls(options->url) ? set_tls(channel->dialer, options, &to)
	                            : CODE_OK;
}

enum code
channel_start(struct channel *channel)
{
	return nng_dialer_start(channel->dialer, NNG_FLAG_NONBLOCK) == 0
	               ? CODE_OK
	               : CODE_INTERNAL;
}

static enum code
dial(struct channel *channel, const struct channel_options *options,
     struct complaint *to)
{
	enum code code;
	int rv = nng_dialer_create(&channel->dialer, channel->socket,
	                           options->url);

	if (rv != 0)
		return complain(to, CODE_INVALID_ARGUMENT, options->url,
		                nng_strerror(rv));
	if (is_tls(options->url)) {
		code = set_tls(channel->dialer, options, to);
		if (code != CODE_OK)
			return code;
	}
	if (options->hold)
		return CODE_OK;
	code = channel_start(channel);
	if (code != CODE_OK)
		return complain(to, code, options->url,
		                "connecting cannot be started");
	return CODE_OK;
}

static enum code
open_parts(struct channel *channel, const struct channel_options *options,
           struct complaint *to)
{
	enum code code = arena_pool_open(&channel->memory, channel->slot_count,
	                                 options->arena_size);

	if (code == CODE_OK)
		code = open_socket(channel, options->message_max);
	for (size_t i = 0; code == CODE_OK && i < channel->slot_count; i++)
		code = open_slot(channel, i);
	if (code == CODE_OK)
		code = start_timer(channel);
	if (code != CODE_OK)
		return complain(to, code, options->url,
		                "the system gives no memory or no thread");
	return dial(channel, options, to);
}

enum code
channel_open(const struct channel_options *options, struct channel **out,
             char *err, size_t err_size)
{
	struct complaint to = { err, err_size };
	struct channel *channel;
	enum code code = check(options, &to);

	if (code != CODE_OK)
		return code;
	channel = calloc(1, sizeof(*channel) +
	                            options->calls_max * sizeof(struct slot));
	if (channel == NULL)
		return complain(&to, CODE_RESOURCE_EXHAUSTED, options->url,
		                "out of memory");
	channel->slot_count = options->calls_max;
	channel->wake_ms = NEVER_MS;
	channel->redial_ms = RECONNECT_MIN_MS;
	(void)pthread_mutex_init(&channel->lock, NULL);
	(void)pthread_cond_init(&channel->changed, NULL);
	(void)pthread_cond_init(&channel->wake, NULL);
	code = open_parts(channel, options, &to);
	if (code != CODE_OK) {
		channel_close(channel);
		return code;
	}
	*out = channel;
	return CODE_OK;
}

static void
end_calls(struct channel *channel)
{
	(void)pthread_mutex_lock(&channel->lock);
	channel->closing = true;
	give_up_all(channel, CAUSE_CLOSED);
	while (channel->begun > 0)
		(void)pthread_cond_wait(&channel->changed, &channel->lock);
	(void)pthread_cond_broadcast(&channel->wake);
	(void)pthread_cond_broadcast(&channel->changed);
	(void)pthread_mutex_unlock(&channel->lock);
}

static void
close_slot(struct slot *slot)
{
	if (slot->aio != NULL) {
		nng_aio_stop(slot->aio);
		nng_aio_free(slot->aio);
	}
	if (slot->has_ctx)
		(void)nng_ctx_close(slot->ctx);
}

void
channel_close(struct channel *channel)
{
	if (channel == NULL)
		return;
	end_calls(channel);
	if (channel->has_timer)
		(void)pthread_join(channel->timer, NULL);
	for (size_t i = 0; i < channel->slot_count; i++)
		close_slot(&channel->slots[i]);
	if (channel->has_socket)
		(void)nng_close(channel->socket);
	arena_pool_close(&channel->memory);
	(void)pthread_cond_destroy(&channel->wake);
	(void)pthread_cond_destroy(&channel->changed);
	(void)pthread_mutex_destroy(&channel->lock);
	free(channel);
}

bool
channel_wait(struct channel *channel, int64_t timeout_ms)
{
	struct timespec at = until(clock_monotonic_ms() + timeout_ms);
	bool connected;
	int rc = 0;

	(void)pthread_mutex_lock(&channel->lock);
	while (channel->pipes == 0 && !channel->closing && rc == 0)
		rc = pthread_cond_clockwait(&channel->changed, &channel->lock,
		                            CLOCK_MONOTONIC, &at);
	connected = channel->pipes > 0;
	(void)pthread_mutex_unlock(&channel->lock);
	return connected;
}

bool
channel_is_connected(struct channel *channel)
{
	bool connected;

	(void)pthread_mutex_lock(&channel->lock);
	connected = channel->pipes > 0;
	(void)pthread_mutex_unlock(&channel->lock);
	return connected;
}
