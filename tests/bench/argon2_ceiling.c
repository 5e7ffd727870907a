#include "tests/bench/argon2_ceiling.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/bail.h"

static const char password[] = "correct horse battery staple";

struct argon2_ceiling {
	struct meter *meter;
	_Atomic bool stopping;
	unsigned count;
	pthread_t *threads;
	char hash[crypto_pwhash_STRBYTES];
};

static void *
run(void *arg)
{
	struct argon2_ceiling *ceiling = arg;

	while (!atomic_load(&ceiling->stopping)) {
		uint64_t asked_ns = meter_now_ns();

		if (crypto_pwhash_str_verify(ceiling->hash, password,
		                             strlen(password)) == 0)
			meter_count(ceiling->meter, asked_ns);
		else
			meter_fail(ceiling->meter, "argon2id failed");
	}
	return NULL;
}

static void
stop(void *self)
{
	struct argon2_ceiling *ceiling = self;

	atomic_store(&ceiling->stopping, true);
	for (unsigned i = 0; i < ceiling->count; i++)
		(void)pthread_join(ceiling->threads[i], NULL);
	free(ceiling->threads);
	free(ceiling);
}

struct load
argon2_ceiling_start(unsigned threads, struct meter *meter)
{
	struct argon2_ceiling *ceiling = bail_alloc(1, sizeof(*ceiling));

	if (sodium_init() == -1 ||
	    crypto_pwhash_str_alg(ceiling->hash, password, strlen(password),
	                          ARGON2_OPSLIMIT, ARGON2_MEMLIMIT,
	                          crypto_pwhash_ALG_ARGON2ID13) != 0)
		bail("libsodium cannot hash");
	ceiling->meter = meter;
	ceiling->count = threads;
	ceiling->threads = bail_alloc(threads, sizeof(*ceiling->threads));
	for (unsigned i = 0; i < threads; i++) {
		if (pthread_create(&ceiling->threads[i], NULL, run, ceiling) !=
		    0)
			bail("cannot start a thread");
	}
	return (struct load){ ceiling, stop };
}
