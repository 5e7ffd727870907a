#include "server/domain/test_claims.h"

#include <string.h>

bool
test_claims_equal(const struct token_claims *a, const struct token_claims *b)
{
	return a->type == b->type && memcmp(a->id, b->id, sizeof(a->id)) == 0 &&
	       a->user_id == b->user_id &&
	       memcmp(a->session_id, b->session_id, sizeof(a->session_id)) ==
	               0 &&
	       a->counter == b->counter && a->issued_at == b->issued_at &&
	       a->expires_at == b->expires_at && a->not_before == b->not_before;
}
