/*
 * Any bytes as any message: what payload_is_valid accepts, protobuf-c unpacks,
 * unless the memory is not enough; what it says never depends on luck.
 */
#include "base/payload_check.h"

#include <stdlib.h>

#include "base/arena.h"
#include "proto/latchkey/rpc/v1/envelope.pb-c.h"
#include "proto/latchkey/v1/account_service.pb-c.h"
#include "proto/latchkey/v1/auth_service.pb-c.h"
#include "tests/fuzz/fuzz.h"

#define MEMORY (1 << 18)

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
	struct arena arena;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (!payload_is_valid(types[i], data, size))
			continue;
		arena_init(&arena, memory, sizeof(memory));
		if (protobuf_c_message_unpack(types[i], &arena.pb, size,
		                              data) == NULL &&
		    !arena.full)
			abort();
	}
	return 0;
}
