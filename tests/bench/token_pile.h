#ifndef TESTS_BENCH_TOKEN_PILE_H
#define TESTS_BENCH_TOKEN_PILE_H

#include <stdatomic.h>

#include "tests/bench/hop.h"
#include "tests/bench/rpc_load.h"
#include "tests/bench/token_jar.h"

/*
 * More access tokens than the server can remember having seen, used in turn:
 * each has to be verified anew. Any thread may take the next.
 */
struct token_pile {
	char **tokens;
	unsigned count;
	_Atomic unsigned next;
};

/*
 * token_pile_fill gets `count` tokens for the jar's sessions by Refresh, which
 * must not rotate.
 */
void token_pile_fill(struct token_pile *pile, unsigned count,
                     struct token_jar *jar, const struct hop *hop);

/* token_pile_next returns a token that stays as long as the pile. */
char *token_pile_next(struct token_pile *pile);

void token_pile_free(struct token_pile *pile);

#endif
