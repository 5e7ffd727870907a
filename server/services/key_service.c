#include "server/services/key_service.h"

#include "proto/latchkey/v1/key_service.pb-c.h"
#include "server/domain/keyring.h"
#include "server/server.h"

#define PRESENCE(NAME) LATCHKEY__V1__JSON_WEB_KEY__##NAME##_PRESENCE_##NAME

static void
fill(Latchkey__V1__JsonWebKey *jwk, const struct public_key *key)
{
	latchkey__v1__json_web_key__init(jwk);
	jwk->use = (char *)"sig";
	jwk->kid = (char *)key->kid;
	jwk->alg = (char *)key_alg_name(key->alg);
	if (key->alg == KEY_ES256) {
		jwk->kty = (char *)"EC";
		jwk->crv_presence_case = PRESENCE(CRV);
		jwk->crv = (char *)"P-256";
		jwk->x_presence_case = PRESENCE(X);
		jwk->x = (char *)key->x;
		jwk->y_presence_case = PRESENCE(Y);
		jwk->y = (char *)key->y;
	} else {
		jwk->kty = (char *)"RSA";
		jwk->n_presence_case = PRESENCE(N);
		jwk->n = (char *)key->n;
		jwk->e_presence_case = PRESENCE(E);
		jwk->e = (char *)key->e;
	}
}

enum code
key_get_jwks(struct rpc_call *call, const void *in, void *out)
{
	Latchkey__V1__GetJwksResponse *resp = out;
	Latchkey__V1__JsonWebKey *jwks;
	struct public_key *keys;
	enum code code;
	size_t count;

	(void)in;
	code = keyring_list_public(call->server->keyring, call->arena, &keys,
	                           &count);
	if (code != CODE_OK)
		return code;
	jwks = arena_alloc(call->arena, count * sizeof(*jwks));
	resp->keys = arena_alloc(call->arena, count * sizeof(void *));
	if (jwks == NULL || resp->keys == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	for (size_t i = 0; i < count; i++) {
		fill(&jwks[i], &keys[i]);
		resp->keys[i] = &jwks[i];
	}
	resp->n_keys = count;
	resp->max_age_s = call->server->jwks_max_age_s;
	return CODE_OK;
}
