#ifndef CLIENT_CHANNEL_H
#define CLIENT_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/code.h"
#include "proto/latchkey/rpc/v1/envelope.pb-c.h"

/*
 * The calling side of the RPC: one NNG socket that reconnects by itself, and a
 * context for each call in flight. A call is sent once: nothing is ever sent
 * again behind the caller's back. While nobody is connected a call fails at
 * once with UNAVAILABLE; after its deadline with DEADLINE_EXCEEDED; when the
 * connection breaks under it with UNAVAILABLE (the call may have run).
 */
struct channel;

/*
 * Whoever is refused, or finds nobody, tries again after a pause drawn from 0
 * to a bound that doubles from 10 ms up to this one. A connection that lasted
 * as long, or carried a reply, begins at 10 ms again.
 */
#define CHANNEL_RECONNECT_MAX_MS 2000

struct channel_options {
	const char *url;         /* tls+tcp://, ipc:// or inproc:// */
	const char *server_name; /* TLS: the name the server must prove */
	const char *ca_path;     /* TLS: authority of the server, PEM */
	const char *cert_path;   /* TLS: our certificate, PEM */
	const char *key_path;    /* TLS: its key, PEM */
	unsigned calls_max;      /* calls in flight; more wait or are refused */
	size_t arena_size;       /* bytes a call may use */
	size_t message_max;      /* bytes of a reply */
	bool hold;               /* do not connect before channel_start */
};

/*
 * channel_open starts connecting and returns; it does not wait. err gets one
 * sentence: INVALID_ARGUMENT for options, NOT_FOUND or PERMISSION_DENIED for
 * files.
 */
NODISCARD enum code channel_open(const struct channel_options *options,
                                 struct channel **out, char *err,
                                 size_t err_size);

/* channel_start begins connecting on a channel opened with `hold`; once. */
NODISCARD enum code channel_start(struct channel *channel);

/*
 * channel_renew reads the TLS files again, for the connections from now on; the
 * one that is open lives on. Without TLS it does nothing. On failure, with one
 * sentence in err, all stays as it was.
 */
NODISCARD enum code channel_renew(struct channel *channel,
                                  const struct channel_options *options,
                                  char *err, size_t err_size);

/*
 * channel_close accepts NULL. Calls in flight end with UNAVAILABLE, and it
 * waits until every call that was begun has been ended; nobody may begin or
 * send one meanwhile, nor may it be called with a call of one's own.
 */
void channel_close(struct channel *channel);

/* channel_wait waits until somebody is connected; false after timeout_ms. */
bool channel_wait(struct channel *channel, int64_t timeout_ms);

/* channel_is_connected tells whether a call would be sent now. */
bool channel_is_connected(struct channel *channel);

/* One call. Made by channel_call_begin, ended by channel_call_end. */
struct channel_call {
	struct arena
		*arena; /* for the request and the reply; wiped at the end */
	uint8_t request_id[16];
	uint32_t timeout_ms;
	Latchkey__Rpc__V1__Caller caller; /* the strings are lent */

	/* The outcome, valid inside `done` and until channel_call_end. */
	enum code code;
	const Latchkey__Rpc__V1__Status *status; /* never NULL once done */
	ProtobufCMessage *reply; /* NULL unless code is CODE_OK; in the arena */

	void (*done)(struct channel_call *call, void *ctx);
	void *ctx;
};

/*
 * channel_call_begin takes a call from the pool, with a fresh request id;
 * RESOURCE_EXHAUSTED if calls_max are in flight.
 */
NODISCARD enum code channel_call_begin(struct channel *channel,
                                       struct channel_call **out);

/*
 * channel_call_send packs and sends. `done` runs exactly once, on a thread of
 * the library or before this returns, and must not block. Failures to send
 * are reported through it as well. The request may be freed when this returns.
 *
 * A server closes the connection, and with it every call, on a message longer
 * than its limits.message_max; so a request that with its envelope is over
 * that setting's default, MESSAGE_LIMIT, is refused here: INVALID_ARGUMENT.
 */
void channel_call_send(struct channel_call *call, const char *method,
                       const ProtobufCMessage *request,
                       const ProtobufCMessageDescriptor *reply_type);

/*
 * channel_call_send_wait does the same and waits for the outcome; `done` is
 * not used. Returns call->code. Not from within a `done`.
 */
NODISCARD enum code
channel_call_send_wait(struct channel_call *call, const char *method,
                       const ProtobufCMessage *request,
                       const ProtobufCMessageDescriptor *reply_type);

/* channel_call_end wipes the call and gives it back. */
void channel_call_end(struct channel_call *call);

#endif
