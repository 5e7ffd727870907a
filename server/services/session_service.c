#include "server/services/session_service.h"

#include <string.h>

#include "base/encoding.h"
#include "base/log.h"
#include "proto/latchkey/v1/session_service.pb-c.h"
#include "server/domain/session.h"
#include "server/server.h"
#include "server/services/caller.h"
#include "server/services/rank.h"
#include "server/services/store_refusal.h"
#include "server/store/store.h"
#include "server/store/user_store.h"

#define REASON(name) LATCHKEY__RPC__V1__REASON__REASON_##name

#define SESSIONS_LISTED_MAX 200

static enum code
not_found(struct rpc_call *call)
{
	return rpc_fail(call, CODE_NOT_FOUND, REASON(UNSPECIFIED),
	                "there is no such session or user");
}

/*
 * reach tells whether the caller may see the user's sessions: one's own
 * always, another's as staff and by rank. A refusal does not fail the
 * transaction; a failure of the store does.
 */
static enum code
reach(struct rpc_call *call, struct store_txn *txn, uint64_t user_id)
{
	struct user user;
	enum code code;

	if (user_id == call->caller->user_id)
		return CODE_OK;
	if (!rank_is_staff(call))
		return rank_refuse_role(call);
	code = user_store_find(txn, call->arena, user_id, &user);
	if (code == CODE_NOT_FOUND)
		return not_found(call);
	if (code == CODE_OK && !rank_may_touch(call, &user))
		return rank_refuse(call);
	return code;
}

static uint64_t
asked_user(const struct rpc_call *call, uint64_t user_id)
{
	return user_id == 0 ? call->caller->user_id : user_id;
}

static enum code
fill_session(struct rpc_call *call, const struct session *session,
             Latchkey__V1__Session **out)
{
	Latchkey__V1__Session *m = arena_alloc(call->arena, sizeof(*m));
	char *id = arena_alloc(call->arena, HEX_SIZE(SESSION_ID_SIZE));

	if (m == NULL || id == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	latchkey__v1__session__init(m);
	hex_encode(session->id, SESSION_ID_SIZE, id);
	m->id = id;
	m->user_id = session->user_id;
	m->device = (char *)session->user_agent;
	m->address = (char *)session->client_address;
	m->created_at_us = session->created_at_us;
	m->last_used_at_us = session->rotated_at_us != 0
	                             ? session->rotated_at_us
	                             : session->created_at_us;
	m->current = strcmp(id, call->caller->session_id) == 0;
	*out = m;
	return CODE_OK;
}

static enum code
fill_list(struct rpc_call *call, const struct session_list *list,
          Latchkey__V1__ListSessionsResponse *resp)
{
	resp->sessions = arena_alloc(call->arena, list->count * sizeof(void *));
	if (resp->sessions == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	for (size_t i = 0; i < list->count; i++) {
		enum code code;

		if (!session_is_alive(&list->sessions[i], call->now_us))
			continue;
		code = fill_session(call, &list->sessions[i],
		                    &resp->sessions[resp->n_sessions]);
		if (code != CODE_OK)
			return code;
		resp->n_sessions++;
	}
	return CODE_OK;
}

enum code
session_list_sessions(struct rpc_call *call, const void *in, void *out)
{
	const Latchkey__V1__ListSessionsRequest *req = in;
	Latchkey__V1__ListSessionsResponse *resp = out;
	uint64_t user_id = asked_user(call, req->user_id);
	struct session_list list = { 0 };
	struct store_txn txn;
	enum code code, end;

	store_begin_read(call->server->store, &txn);
	code = reach(call, &txn, user_id);
	if (code == CODE_OK)
		code = session_store_list(&txn, call->arena, user_id,
		                          SESSIONS_LISTED_MAX, &list);
	end = store_end(&txn);
	if (end != CODE_OK)
		return store_refuse(call, &txn);
	return code == CODE_OK ? fill_list(call, &list, resp) : code;
}

/* Somebody else's session is not there, for all that a user may know. */
static enum code
reach_session(struct rpc_call *call, struct store_txn *txn, const uint8_t *id,
              struct session *session)
{
	enum code code = session_store_find(txn, call->arena, id, session);

	if (code != CODE_OK && code != CODE_NOT_FOUND)
		return code;
	if (code == CODE_NOT_FOUND || !session_is_alive(session, call->now_us))
		return not_found(call);
	if (session->user_id != call->caller->user_id && !rank_is_staff(call))
		return not_found(call);
	return reach(call, txn, session->user_id);
}

static void
log_end(const struct rpc_call *call, uint64_t user_id, size_t count)
{
	LOG_EVENT(LOG_LEVEL_INFO, "sessions_revoked",
	          LOG_N("user_id", (int64_t)user_id),
	          LOG_N("by", (int64_t)call->caller->user_id),
	          LOG_N("count", (int64_t)count),
	          LOG_T("request_id", call->request_id_text));
}

enum code
session_delete_session(struct rpc_call *call, const void *in, void *out)
{
	const Latchkey__V1__DeleteSessionRequest *req = in;
	uint8_t id[SESSION_ID_SIZE];
	struct session session;
	struct store_txn txn;
	enum code code, end;

	(void)out;
	if (!hex_decode(req->session_id, id, SESSION_ID_SIZE))
		return not_found(call);
	store_begin_write(call->server->store, &txn);
	code = caller_renew(call, &txn);
	if (code == CODE_OK)
		code = reach_session(call, &txn, id, &session);
	if (code == CODE_OK) {
		session_end_now(&session, SESSION_ENDED_REVOKED, call->now_us);
		session_store_put(&txn, call->arena, &session);
	}
	end = store_end(&txn);
	if (end != CODE_OK)
		return store_refuse(call, &txn);
	if (code == CODE_OK)
		log_end(call, session.user_id, 1);
	return code;
}

enum code
session_revoke_other_sessions(struct rpc_call *call, const void *in, void *out)
{
	const Latchkey__V1__RevokeOtherSessionsRequest *req = in;
	Latchkey__V1__RevokeOtherSessionsResponse *resp = out;
	uint64_t user_id = asked_user(call, req->user_id);
	uint8_t own[SESSION_ID_SIZE];
	struct session_ending ending = { .except = own,
		                         .reason = SESSION_ENDED_REVOKED,
		                         .now_us = call->now_us };
	struct store_txn txn;
	size_t ended = 0;
	enum code code, end;

	if (!hex_decode(call->caller->session_id, own, SESSION_ID_SIZE))
		return CODE_INTERNAL;
	store_begin_write(call->server->store, &txn);
	code = caller_renew(call, &txn);
	if (code == CODE_OK)
		code = reach(call, &txn, user_id);
	if (code == CODE_OK)
		session_store_end_all(&txn, call->arena, user_id, &ending,
		                      &ended);
	end = store_end(&txn);
	if (end != CODE_OK)
		return store_refuse(call, &txn);
	if (code != CODE_OK)
		return code;
	log_end(call, user_id, ended);
	resp->ended_count = (uint32_t)ended;
	return CODE_OK;
}
