#include "server/domain/password.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/encoding.h"

#define PASSES 2
#define MEMORY_KIB 19456
/* What a hash may ask for, so that a forged record cannot stop the server. */
#define PASSES_MAX 16
#define MEMORY_KIB_MAX (256 * 1024)
#define SALT_SIZE crypto_pwhash_argon2id_SALTBYTES
#define TAG_SIZE 32

static_assert(PASSWORD_HASH_SIZE >= crypto_pwhash_STRBYTES,
              "a PHC string fits");

struct password_hasher {
	sem_t slots;
	char decoy[PASSWORD_HASH_SIZE];
};

/* A PHC string taken apart. */
struct argon2id {
	uint32_t memory_kib;
	uint32_t passes;
	uint8_t salt[SALT_SIZE];
	uint8_t tag[TAG_SIZE];
};

/* take moves *at behind `label` if it stands there. */
static bool
take(const char **at, const char *label)
{
	size_t len = strlen(label);

	if (strncmp(*at, label, len) != 0)
		return false;
	*at += len;
	return true;
}

/* take_number reads a decimal number from 1 to max without leading zeros. */
static bool
take_number(const char **at, uint32_t max, uint32_t *out)
{
	uint32_t value = 0;

	if (**at < '1' || **at > '9')
		return false;
	while (**at >= '0' && **at <= '9') {
		value = value * 10 + (uint32_t)(*(*at)++ - '0');
		if (value > max)
			return false;
	}
	*out = value;
	return true;
}

/* take_base64 reads exactly `size` bytes of unpadded base64. */
static bool
take_base64(const char **at, uint8_t *out, size_t size)
{
	size_t len;

	return sodium_base642bin(out, size, *at, strlen(*at), NULL, &len, at,
	                         sodium_base64_VARIANT_ORIGINAL_NO_PADDING) ==
	               0 &&
	       len == size;
}

static bool
read_argon2id(const char *hash, struct argon2id *out)
{
	return take(&hash, "$argon2id$v=19$m=") &&
	       take_number(&hash, MEMORY_KIB_MAX, &out->memory_kib) &&
	       take(&hash, ",t=") &&
	       take_number(&hash, PASSES_MAX, &out->passes) &&
	       take(&hash, ",p=1$") &&
	       take_base64(&hash, out->salt, SALT_SIZE) && take(&hash, "$") &&
	       take_base64(&hash, out->tag, TAG_SIZE) && *hash == '\0';
}

/*
 * Not crypto_pwhash_str_verify: that answers "no match" when memory is short,
 * and a right password must not look wrong.
 */
static enum code
match_argon2id(const char *password, const char *hash, bool *match)
{
	struct argon2id stored;
	uint8_t tag[TAG_SIZE];
	int rc;

	if (!read_argon2id(hash, &stored))
		return CODE_INTERNAL;
	errno = 0;
	rc = crypto_pwhash(tag, sizeof(tag), password, strlen(password),
	                   stored.salt, stored.passes,
	                   (size_t)stored.memory_kib * 1024,
	                   crypto_pwhash_ALG_ARGON2ID13);
	if (rc == 0)
		*match = sodium_memcmp(tag, stored.tag, sizeof(tag)) == 0;
	sodium_memzero(tag, sizeof(tag));
	if (rc == 0)
		return CODE_OK;
	return errno == ENOMEM ? CODE_RESOURCE_EXHAUSTED : CODE_INTERNAL;
}

/* The forms of hashes that are understood, by how they begin. */
static const struct format {
	const char *prefix;
	enum code (*match)(const char *password, const char *hash, bool *match);
} formats[] = {
	{ "$argon2id$", match_argon2id },
};

static enum code
match_stored(const char *password, const char *hash, bool *match)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strncmp(hash, formats[i].prefix,
		            strlen(formats[i].prefix)) == 0)
			return formats[i].match(password, hash, match);
	return CODE_INTERNAL;
}

enum code
password_hasher_open(unsigned slots, struct password_hasher **out)
{
	struct password_hasher *hasher;
	char password[BASE64URL_SIZE(32)];
	uint8_t random[32];
	enum code code;

	if (slots == 0 || slots > SEM_VALUE_MAX)
		return CODE_INVALID_ARGUMENT;
	if (sodium_init() < 0)
		return CODE_INTERNAL;
	hasher = calloc(1, sizeof(*hasher));
	if (hasher == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	if (sem_init(&hasher->slots, 0, slots) != 0) {
		free(hasher);
		return CODE_INTERNAL;
	}
	randombytes_buf(random, sizeof(random));
	base64url_encode(random, sizeof(random), password);
	code = password_hash(hasher, password, hasher->decoy);
	if (code != CODE_OK) {
		password_hasher_close(hasher);
		return code;
	}
	*out = hasher;
	return CODE_OK;
}

void
password_hasher_close(struct password_hasher *hasher)
{
	if (hasher == NULL)
		return;
	(void)sem_destroy(&hasher->slots);
	free(hasher);
}

static void
take_slot(struct password_hasher *hasher)
{
	while (sem_wait(&hasher->slots) != 0)
		assert(errno == EINTR);
}

static void
give_slot(struct password_hasher *hasher)
{
	int rc = sem_post(&hasher->slots);

	assert(rc == 0);
	(void)rc;
}

static bool
is_too_long(const char *password)
{
	return strnlen(password, PASSWORD_MAX + 1) > PASSWORD_MAX;
}

enum code
password_hash(struct password_hasher *hasher, const char *password,
              char out[PASSWORD_HASH_SIZE])
{
	char text[crypto_pwhash_STRBYTES];
	int rc;

	if (is_too_long(password))
		return CODE_INVALID_ARGUMENT;
	take_slot(hasher);
	rc = crypto_pwhash_str_alg(text, password, strlen(password), PASSES,
	                           (size_t)MEMORY_KIB * 1024,
	                           crypto_pwhash_ALG_ARGON2ID13);
	give_slot(hasher);
	if (rc != 0)
		return CODE_RESOURCE_EXHAUSTED;
	memcpy(out, text, sizeof(text));
	return CODE_OK;
}

enum code
password_match(struct password_hasher *hasher, const char *password,
               const char *hash, bool *match)
{
	bool is_usable = hash != NULL && hash[0] != '!';
	bool found = false, ignored;
	enum code code = CODE_OK, decoy = CODE_OK;

	if (is_too_long(password))
		return CODE_INVALID_ARGUMENT;
	take_slot(hasher);
	if (is_usable)
		code = match_stored(password, hash, &found);
	if (!is_usable || code == CODE_INTERNAL)
		decoy = match_argon2id(password, hasher->decoy, &ignored);
	give_slot(hasher);
	if (code == CODE_OK)
		code = decoy;
	if (code == CODE_OK)
		*match = found;
	return code;
}

bool
password_needs_rehash(const char *hash)
{
	struct argon2id stored;

	return hash == NULL || !read_argon2id(hash, &stored) ||
	       stored.memory_kib != MEMORY_KIB || stored.passes != PASSES;
}
