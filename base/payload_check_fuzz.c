/*
 * Any bytes as any message: what payload_is_valid accepts, protobuf-c unpacks
 * without a memory error, and what it then packs is accepted again. It may
 * still refuse: 1.4.1 cannot merge two occurrences of a message in which a
 * oneof is not set.
 */
#include "base/payload_check.h"

#include <stdlib.h>

#include "base/arena.h"
#include "proto/latchkey/rpc/v1/envelope.pb-c.h"
#include "proto/latchkey/v1/account_service.pb-c.h"
#include "proto/latchkey/v1/auth_service.pb-c.h"
#include "tests/fuzz/fuzz.h"

#define MEMORY (1 << 18)

static void
check_round_trip(const ProtobufCMessage *message)
{
	static uint8_t packed[MEMORY];
	size_t len = protobuf_c_message_get_packed_size(message);

	if (len > sizeof(packed) ||
	    protobuf_c_message_pack(message, packed) != len ||
	    !payload_is_valid(message->descriptor, packed, len))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const ProtobufCMessageDescriptor *const types[] = {
		&latchkey__rpc__v1__call__descriptor,
		&latchkey__rpc__v1__reply__descriptor,
		&latchkey__v1__verify_token_request__descriptor,
		&latchkey__v1__verify_token_response__descriptor,
		&latchkey__v1__get_me_response__descriptor,
	};
	static uint8_t memory[MEMORY];
	ProtobufCMessage *message;
	struct arena arena;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (!payload_is_valid(types[i], data, size))
			continue;
		arena_init(&arena, memory, sizeof(memory));
		message = protobuf_c_message_unpack(types[i], &arena.pb, size,
		                                    data);
		if (message != NULL)
			check_round_trip(message);
	}
	return 0;
}
