#include "server/store/checksum.h"

#include <assert.h>
#include <string.h>

#include <sodium.h>

_Static_assert(CHECKSUM_SIZE == crypto_shorthash_BYTES, "one SipHash");

/* Any constant does; this one is on disk in every record. */
static const uint8_t sip_key[crypto_shorthash_KEYBYTES] = "latchkey store 1";

/*
 * The hash of table and key becomes half of the key under which the value is
 * hashed: that binds the three without copying the value behind the key.
 */
void
checksum_compute(enum store_table table, struct bytes key, struct bytes value,
                 uint8_t out[CHECKSUM_SIZE])
{
	static const uint8_t nothing[1];
	uint8_t name[1 + STORE_KEY_MAX];
	uint8_t value_key[crypto_shorthash_KEYBYTES];

	assert(key.len <= STORE_KEY_MAX && table < STORE_TABLE_COUNT);
	name[0] = (uint8_t)table;
	memcpy(name + 1, key.data, key.len);
	memcpy(value_key, sip_key, sizeof(value_key));
	crypto_shorthash(value_key, name, 1 + key.len, sip_key);
	crypto_shorthash(out, value.len > 0 ? value.data : nothing, value.len,
	                 value_key);
}

bool
checksum_open(enum store_table table, struct bytes key, struct bytes stored,
              struct bytes *value)
{
	uint8_t sum[CHECKSUM_SIZE];
	struct bytes rest;

	if (stored.len < CHECKSUM_SIZE || key.len > STORE_KEY_MAX)
		return false;
	rest = (struct bytes){ (const uint8_t *)stored.data + CHECKSUM_SIZE,
		               stored.len - CHECKSUM_SIZE };
	checksum_compute(table, key, rest, sum);
	if (memcmp(sum, stored.data, CHECKSUM_SIZE) != 0)
		return false;
	*value = rest;
	return true;
}
