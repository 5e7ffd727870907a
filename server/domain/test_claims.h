#ifndef SERVER_DOMAIN_TEST_CLAIMS_H
#define SERVER_DOMAIN_TEST_CLAIMS_H

#include <stdbool.h>

#include "server/domain/token.h"

/* For tests: test_claims_equal compares all that token_verify fills in. */
bool test_claims_equal(const struct token_claims *a,
                       const struct token_claims *b);

#endif
