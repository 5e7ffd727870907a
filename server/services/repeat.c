#include "server/services/repeat.h"

#include <sodium.h>
#include <string.h>

#include "server/domain/keyring.h"
#include "server/server.h"
#include "server/store/repetition_store.h"

#define REASON(name) LATCHKEY__RPC__V1__REASON__REASON_##name

/* Hashes what protobuf-c packs, so that no copy of a secret is made. */
struct hash_buffer {
	ProtobufCBuffer base; /* first */
	crypto_generichash_state state;
};

static void
hash_append(ProtobufCBuffer *base, size_t len, const uint8_t *data)
{
	struct hash_buffer *buffer = (struct hash_buffer *)base;

	(void)crypto_generichash_update(&buffer->state, data, len);
}

static void
digest(const struct rpc_call *call, const ProtobufCMessage *in,
       uint8_t out[REPETITION_DIGEST_SIZE])
{
	struct hash_buffer buffer = { .base = { .append = hash_append } };

	(void)crypto_generichash_init(
		&buffer.state, keyring_digest_key(call->server->keyring),
		KEYRING_DIGEST_KEY_SIZE, REPETITION_DIGEST_SIZE);
	(void)protobuf_c_message_pack_to_buffer(in, &buffer.base);
	(void)crypto_generichash_final(&buffer.state, out,
	                               REPETITION_DIGEST_SIZE);
	sodium_memzero(&buffer.state, sizeof(buffer.state));
}

static uint64_t
caller_id(const struct rpc_call *call)
{
	return call->caller == NULL ? 0 : call->caller->user_id;
}

enum code
repeat_find(struct rpc_call *call, struct store_txn *txn,
            const ProtobufCMessage *in, uint64_t *user_id)
{
	uint8_t expected[REPETITION_DIGEST_SIZE];
	struct repetition found;
	enum code code = repetition_store_find(txn, call->arena,
	                                       call->request_id, &found);

	if (code != CODE_OK)
		return code;
	digest(call, in, expected);
	if (found.caller_id != caller_id(call) ||
	    strcmp(found.method, call->method->name) != 0 ||
	    sodium_memcmp(found.digest, expected, sizeof(expected)) != 0)
		return rpc_fail(call, CODE_ALREADY_EXISTS,
		                REASON(REQUEST_ID_REUSED),
		                "the request id was used for another call");
	*user_id = found.made_user_id;
	return CODE_OK;
}

void
repeat_add(struct rpc_call *call, struct store_txn *txn,
           const ProtobufCMessage *in, uint64_t user_id)
{
	struct repetition repetition = {
		.caller_id = caller_id(call),
		.method = call->method->name,
		.made_user_id = user_id,
		.created_at_us = call->now_us,
	};

	digest(call, in, repetition.digest);
	memcpy(repetition.request_id, call->request_id,
	       sizeof(repetition.request_id));
	repetition_store_add(txn, call->arena, &repetition);
}
