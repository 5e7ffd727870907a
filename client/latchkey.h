#ifndef CLIENT_LATCHKEY_H
#define CLIENT_LATCHKEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "base/code.h"
#include "proto/latchkey/rpc/v1/status.pb-c.h"

/*
 * The C client of Latchkey. proto/latchkey/v1/ says what each method does; the
 * stubs that protoc-c makes of it are called with a call object's `service`:
 *
 *	struct latchkey *latchkey;
 *	struct latchkey_call call;
 *	Latchkey__V1__VerifyTokenRequest ask =
 *		LATCHKEY__V1__VERIFY_TOKEN_REQUEST__INIT;
 *	char err[256];
 *
 *	if (latchkey_open_file("/etc/billing/latchkey.conf", &latchkey, err,
 *	                       sizeof(err)) != CODE_OK)
 *		errx(1, "%s", err);
 *	(void)latchkey_wait(latchkey, 5000);
 *	latchkey_call_init(&call, latchkey,
 *	                   &latchkey__v1__auth_service__descriptor);
 *	ask.token = token;
 *	latchkey__v1__auth_service__verify_token(&call.service, &ask, seen,
 *	                                         &user_id);
 *	if (call.code != CODE_OK)
 *		warnx("%s: %s", code_name(call.code), call.status->message);
 *	latchkey_call_reset(&call);
 *	latchkey_close(latchkey);
 *
 * where seen(response, &user_id) is called before the stub returns, with NULL
 * if the call failed.
 *
 * Threads: a struct latchkey is shared by all; a call object is used by one
 * thread at a time, so have one for each. Nothing here may be carried over a
 * fork. Passwords and tokens are wiped when a call is reset.
 */
struct latchkey;

/* Texts are copied. */
struct latchkey_options {
	const char *url;         /* tls+tcp://, ipc:// */
	const char *server_name; /* the name the server must prove */
	const char *ca_path;     /* authority of the server, PEM */
	const char *cert_path;   /* our certificate, PEM */
	const char *key_path;    /* its key, PEM, not readable by others */
	unsigned calls_max;      /* call objects that have called; 0: 64 */
};

/*
 * latchkey_open starts to connect and returns; it keeps a connection up from
 * then on. err gets one sentence that names the file or option at fault:
 * INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED, RESOURCE_EXHAUSTED.
 */
NODISCARD enum code latchkey_open(const struct latchkey_options *options,
                                  struct latchkey **out, char *err,
                                  size_t err_size);

/* latchkey_open_file takes the options from a file of `latchkeyctl pki issue`.
 */
NODISCARD enum code latchkey_open_file(const char *path, struct latchkey **out,
                                       char *err, size_t err_size);

/* latchkey_wait waits until connected; false after timeout_ms. */
bool latchkey_wait(struct latchkey *latchkey, int64_t timeout_ms);

/* latchkey_close accepts NULL. Every call object has been reset before. */
void latchkey_close(struct latchkey *latchkey);

struct latchkey_call {
	ProtobufCService service; /* for the stubs: &call.service */

	/* Set between latchkey_call_init and the stub; lent until reset. */
	uint32_t timeout_ms;        /* 1 to 60000; 10000 unless set */
	const char *access_token;   /* of the user it is for; NULL: none */
	const char *client_address; /* of that user; a gateway's to state */
	const char *user_agent;     /* likewise */

	/* How it went; valid from the stub's return to reset or next stub. */
	enum code code; /* UNAVAILABLE: no connection; it may have run */
	const Latchkey__Rpc__V1__Status *status; /* never NULL afterwards */
	const ProtobufCMessage *response;        /* as given to the closure */
	char request_id[33];                     /* as in the server's log */

	/* Not for the user. */
	struct latchkey *latchkey;
	struct channel_call *held;
	Latchkey__Rpc__V1__Status own_status;
};

/*
 * latchkey_call_init prepares a call object for a service's stubs. A stub
 * sends once, never again, and returns when the call has ended, at the latest
 * after timeout_ms; while nobody is connected, at once with UNAVAILABLE. More
 * calls than calls_max at a time end with RESOURCE_EXHAUSTED.
 */
void latchkey_call_init(struct latchkey_call *call, struct latchkey *latchkey,
                        const ProtobufCServiceDescriptor *service);

/*
 * latchkey_call_reset wipes what the last call brought and gives its place
 * back; the object may be used again. Harmless if there was none.
 */
void latchkey_call_reset(struct latchkey_call *call);

#endif
