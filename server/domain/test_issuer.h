#ifndef SERVER_DOMAIN_TEST_ISSUER_H
#define SERVER_DOMAIN_TEST_ISSUER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/test_authority.h"

struct MHD_Daemon;
struct signing_key;

#define TEST_ISSUER_KEYS 2
#define TEST_ISSUER_BODY_SIZE 131072 /* bytes */

/*
 * For tests: an issuer with RSA keys "key-0" and "key-1", and an HTTPS server
 * at localhost that answers every GET with the body, status and Cache-Control
 * that the test sets between its requests. Its functions abort on failure.
 */
struct test_issuer {
	struct test_authority authority;
	struct MHD_Daemon *daemon;
	char url[64];
	struct signing_key *keys[TEST_ISSUER_KEYS];
	char body[TEST_ISSUER_BODY_SIZE];
	const char *cache_control; /* NULL: no such header */
	unsigned status;
	atomic_uint fetched; /* requests answered */
};

void test_issuer_open(struct test_issuer *issuer);
void test_issuer_close(struct test_issuer *issuer);

/* test_issuer_publish makes the set of the first `count` keys the body. */
void test_issuer_publish(struct test_issuer *issuer, size_t count);

/*
 * test_issuer_token signs claims, a JSON object, with a key; the token lives in
 * the arena.
 */
char *test_issuer_token(const struct test_issuer *issuer, struct arena *arena,
                        size_t key, const char *claims);

#endif
