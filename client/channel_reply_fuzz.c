/*
 * Any bytes as a Reply: read without a memory error; a success has a payload
 * of the right type, and nothing else has one.
 */
#include "client/channel_reply.h"

#include <stdlib.h>

#include "proto/latchkey/v1/auth_service.pb-c.h"
#include "tests/fuzz/fuzz.h"

#define MEMORY (1 << 16)

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t request_id[16] = { 0, 1, 2,  3,  4,  5,  6,  7,
		                                8, 9, 10, 11, 12, 13, 14, 15 };
	static uint8_t memory[MEMORY];
	struct channel_reply reply = { 0 };
	struct arena arena;
	enum code code;

	arena_init(&arena, memory, sizeof(memory));
	code = channel_reply_read(
		&arena, (struct bytes){ data, size }, request_id,
		&latchkey__v1__verify_token_response__descriptor, &reply);
	if ((code == CODE_OK) != (reply.payload != NULL))
		abort();
	if (code == CODE_OK && reply.status == NULL)
		abort();
	return 0;
}
