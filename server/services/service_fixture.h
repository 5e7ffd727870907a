#ifndef SERVER_SERVICES_SERVICE_FIXTURE_H
#define SERVER_SERVICES_SERVICE_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "server/domain/password.h"
#include "server/rpc/rpc.h"
#include "server/server.h"
#include "server/store/outbox_store.h"
#include "server/store/store.h"
#include "server/store/user_store.h"

#define REASON(name) LATCHKEY__RPC__V1__REASON__REASON_##name
#define SECOND ((int64_t)1000000)
#define START (1700000000 * SECOND)

/*
 * For the tests of the services: a server on a store of its own, with keys and
 * a hasher, without a mail sender, throttles or attributes, and one call at a
 * time to give to handlers. The functions fail the running cmocka case when
 * something goes wrong; call them from its thread only.
 */
struct service_fixture {
	char dir[64];
	struct server server;
	struct store *store;
	struct keyring *keyring;
	struct rpc_method method;
	struct principal principal;
	struct arena arena; /* of the present call */
	struct arena kept;  /* outlives it */
	struct rpc_call call;
	uint32_t call_count;
	char hash[PASSWORD_HASH_SIZE]; /* of "secret" */
	uint8_t memory[262144];
	uint8_t kept_memory[262144];
};

/* cmocka's setup and teardown. The clock stands at START. */
int service_fixture_setup(void **state);
int service_fixture_teardown(void **state);

/* service_fixture_next makes a new call at the same clock, by the same caller.
 */
void service_fixture_next(struct service_fixture *f);

/* service_fixture_repeat is a new call with the last one's request id. */
void service_fixture_repeat(struct service_fixture *f);

/*
 * service_fixture_add stores a user and returns its id. Texts left NULL are
 * empty; the password is "secret" unless a hash is given.
 */
uint64_t service_fixture_add(struct service_fixture *f,
                             const struct user *user);

/* service_fixture_get reads a user into the kept arena. */
struct user service_fixture_get(struct service_fixture *f, uint64_t id);

/* service_fixture_put replaces a user. */
void service_fixture_put(struct service_fixture *f, const struct user *user);

/*
 * service_fixture_be lets the calls that follow come from a user, in a new
 * session; id 0 is nobody. Returns the session's id in hexadecimal.
 */
const char *service_fixture_be(struct service_fixture *f, uint64_t id);

/* service_fixture_open opens one more session for a user; likewise. */
const char *service_fixture_open(struct service_fixture *f, uint64_t id,
                                 const char *address);

/*
 * service_fixture_mail takes the next mail out of the outbox, into the kept
 * arena; false: there is none.
 */
bool service_fixture_mail(struct service_fixture *f, struct mail *out);

/* service_fixture_value returns a mail's variable. */
const char *service_fixture_value(const struct mail *mail, const char *name);

#endif
