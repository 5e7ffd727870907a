#ifndef TESTS_BENCH_TOKEN_JAR_H
#define TESTS_BENCH_TOKEN_JAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOKEN_JAR_TEXT_SIZE 2048 /* bytes of a token, NUL included */

/* The newest tokens of one session. */
struct token_pair {
	char access[TOKEN_JAR_TEXT_SIZE];
	char refresh[TOKEN_JAR_TEXT_SIZE];
};

/*
 * The sessions that the loads use: one for each call in flight, so that every
 * one can rotate its refresh token on its own, as front-ends do. A pair is
 * changed only by whoever uses its index.
 */
struct token_jar {
	struct token_pair *pairs;
	unsigned count;
};

/* Who logs in. */
#define TOKEN_JAR_EMAIL "bench@example.org"
#define TOKEN_JAR_PASSWORD "correct horse battery staple"

/* token_jar_fill logs in `count` times through the gateway on `port`. */
void token_jar_fill(struct token_jar *jar, unsigned count, uint16_t port);

/* token_jar_pair returns the pair of an index; they repeat after `count`. */
struct token_pair *token_jar_pair(const struct token_jar *jar, unsigned index);

/*
 * token_jar_take copies the text of a JSON member from an answer; false if it
 * is absent or too long. For what this server writes: no spaces, no escapes.
 */
bool token_jar_take(const char *json, size_t len, const char *member,
                    char out[TOKEN_JAR_TEXT_SIZE]);

#endif
