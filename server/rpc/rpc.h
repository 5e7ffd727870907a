#ifndef SERVER_RPC_RPC_H
#define SERVER_RPC_RPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/code.h"
#include "proto/latchkey/rpc/v1/status.pb-c.h"

/*
 * What a handler sees of a call, and what the table of methods says about it.
 * Knows no service and no store.
 */
struct server; /* what all handlers share: server/server.h */

/* What a caller must have. Each includes the ones before it. */
enum role { ROLE_NONE, ROLE_USER, ROLE_STAFF, ROLE_SUPERUSER };

/* Where a handler runs. The lane waits, not the thread that receives. */
enum lane {
	LANE_INLINE, /* never blocks: on the thread that received the call */
	LANE_WRITE,  /* may wait for a commit */
	LANE_HASH,   /* may hash a password */
	LANE_NET,    /* may wait for another server */
	LANE_READ,   /* reads much, perhaps from the disk */
	LANE_COUNT,
};

/* By which listener a call came in: the only identity of a peer there is. */
enum listener_kind {
	LISTENER_SERVICE, /* TLS, any service: its stated address is ignored */
	LISTENER_FRONT,   /* TLS, gateways: may state a client's address */
	LISTENER_LOCAL,   /* ipc or inproc: likewise */
	LISTENER_KIND_COUNT,
};

#define RPC_REQUEST_ID_SIZE 16
#define RPC_VIOLATIONS_MAX 16
#define RPC_MESSAGE_MAX 255 /* bytes of Status.message */

/* Who is calling, found by the authenticator; dies with the call. */
struct principal {
	uint64_t user_id;
	enum role role;
	const void *user; /* struct user of server/store/user_store.h */
	char session_id[33];
};

/* One request in progress. Everything it points to dies with the arena. */
struct rpc_call {
	const struct server *server;
	struct arena *arena;
	const struct rpc_method *method;
	const struct principal *caller; /* NULL without an access token */
	enum listener_kind listener;
	uint8_t request_id[RPC_REQUEST_ID_SIZE];
	char request_id_text[2 * RPC_REQUEST_ID_SIZE + 1];
	const char *access_token;   /* "" is none; never logged */
	const char *client_address; /* "" unless the listener may state one */
	const char *user_agent;     /* "" is none */
	int64_t now_us;             /* wall clock, read once per call */
	int64_t deadline_ms;        /* monotonic */

	/* How it failed; filled by rpc_fail and rpc_violation. */
	Latchkey__Rpc__V1__Reason reason;
	Latchkey__Rpc__V1__Subject subject;
	char message[RPC_MESSAGE_MAX + 1];
	struct rpc_violation {
		const char *field;   /* static text */
		const char *code;    /* static text */
		const char *message; /* static text */
	} violations[RPC_VIOLATIONS_MAX];
	size_t violation_count;
	uint32_t retry_after_ms;
};

/*
 * A handler reads `in`, fills `out`, and returns how it went. `in` and `out`
 * are the messages its row names; name them on the first line. Whatever `out`
 * points to lives in the call's arena or for ever.
 */
typedef enum code rpc_handler(struct rpc_call *call, const void *in, void *out);

/*
 * An authenticator turns call->access_token, which is not empty, into a
 * principal in the call's arena; on failure it has called rpc_fail. Runs
 * inline, before the role check, for every method that needs a role.
 */
typedef enum code rpc_authenticator(struct rpc_call *call,
                                    struct principal *out);

/* A row of server/methods.c: everything the server knows about a method. */
struct rpc_method {
	const char *name; /* "latchkey.v1.AuthService/Authenticate" */
	rpc_handler *handler;
	enum role role;
	enum lane lane;
	bool mutating;        /* changes the store */
	uint32_t payload_max; /* bytes */
	const ProtobufCMessageDescriptor *in;
	const ProtobufCMessageDescriptor *out;
};

/*
 * rpc_fail sets what the client will be told and returns `code`. The subject
 * is REQUEST unless set afterwards. Never given a secret.
 */
enum code rpc_fail(struct rpc_call *call, enum code code,
                   Latchkey__Rpc__V1__Reason reason, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

/* rpc_violation notes a bad field; all three are static texts. */
void rpc_violation(struct rpc_call *call, const char *field, const char *code,
                   const char *message);

/*
 * rpc_fail_fields ends a handler's check of its fields: OK without violations,
 * otherwise INVALID_ARGUMENT with FIELD_INVALID.
 */
NODISCARD enum code rpc_fail_fields(struct rpc_call *call);

#endif
