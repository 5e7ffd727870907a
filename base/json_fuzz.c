/*
 * Any bytes: json_read answers without a memory error; what it accepted, it
 * accepts again when written, and writes the same the second time.
 */
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

#define MEMORY (1 << 20)

static void
check_round_trip(struct arena *arena, const struct json *value)
{
	struct json_out first, second;
	struct json *again;
	struct json_error err;

	json_out_init(&first, arena);
	json_out_value(&first, value);
	if (json_out_end(&first) != CODE_OK)
		return;
	switch (json_read(arena, first.data, first.len, &again, &err)) {
	case CODE_OK:
		break;
	case CODE_RESOURCE_EXHAUSTED:
		return;
	default:
		abort();
	}
	json_out_init(&second, arena);
	json_out_value(&second, again);
	if (json_out_end(&second) == CODE_OK &&
	    (second.len != first.len ||
	     memcmp(second.data, first.data, first.len) != 0))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t memory[MEMORY];
	struct arena arena;
	struct json *value;
	struct json_error err = { 0 };

	arena_init(&arena, memory, sizeof(memory));
	switch (json_read(&arena, (const char *)data, size, &value, &err)) {
	case CODE_OK:
		check_round_trip(&arena, value);
		break;
	case CODE_INVALID_ARGUMENT:
		if (err.what == NULL || err.line == 0 || err.column == 0 ||
		    err.column > size + 1)
			abort();
		break;
	default:
		break;
	}
	arena_reset(&arena);
	return 0;
}
