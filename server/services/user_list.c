/*
 * ListUsers: one walk over all users in id order. Only the page's users stay in
 * the arena, so that what a call may use bounds a page and not the store.
 */
#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/message_limit.h"
#include "proto/latchkey/v1/user_service.pb-c.h"
#include "server/domain/role.h"
#include "server/server.h"
#include "server/services/field.h"
#include "server/services/store_refusal.h"
#include "server/services/user_message.h"
#include "server/services/user_service.h"
#include "server/store/store.h"
#include "server/store/user_store.h"

#define REASON(name) LATCHKEY__RPC__V1__REASON__REASON_##name
#define HAS_IS_ACTIVE                                                          \
	LATCHKEY__V1__LIST_USERS_REQUEST__IS_ACTIVE_PRESENCE_IS_ACTIVE

#define PAGE_SIZE 50
#define PAGE_SIZE_MAX 200
#define SEARCH_MAX 254     /* bytes */
#define DEADLINE_EVERY 512 /* users between two looks at the clock */

/* Bytes around one user, and beside all users, of a ListUsersResponse. */
#define AROUND_USER 6
#define BESIDE_USERS 64

_Static_assert(PAGE_SIZE *(USER_MESSAGE_MAX + AROUND_USER) + BESIDE_USERS <=
                       REPLY_PAYLOAD_MAX,
               "a page that nobody asked to be larger can always be sent");

/* A walk in progress. */
struct walk {
	const Latchkey__V1__ListUsersRequest *req;
	const char *search; /* as identifiers compare; "" is none */
	uint64_t first;     /* of the matching users, counted from 0 */
	uint32_t page_size;
	Latchkey__V1__User **users; /* room for page_size */
	size_t user_count;
	size_t size; /* bytes of the answer so far */
	uint64_t total;
};

/* contains disregards case; what cannot be folded matches nothing. */
static bool
contains(struct arena *arena, const char *text, const char *search)
{
	size_t mark = arena->used;
	char *folded;
	bool found = *text != '\0' &&
	             identifier_normalise(arena, text, &folded) == CODE_OK &&
	             strstr(folded, search) != NULL;

	arena_rewind(arena, mark);
	return found;
}

static bool
has_role(const struct user *user, const char *role)
{
	for (size_t i = 0; i < user->role_count; i++)
		if (strcmp(user->roles[i], role) == 0)
			return true;
	return false;
}

static bool
matches(struct arena *arena, const struct walk *walk, const struct user *user)
{
	const Latchkey__V1__ListUsersRequest *req = walk->req;
	const char *search = walk->search;

	if (req->is_active_presence_case == HAS_IS_ACTIVE &&
	    (req->is_active != 0) != user->is_active)
		return false;
	if (*req->role != '\0' && !has_role(user, req->role))
		return false;
	return *search == '\0' || contains(arena, user->email, search) ||
	       contains(arena, user->username, search) ||
	       contains(arena, user->first_name, search) ||
	       contains(arena, user->last_name, search) ||
	       contains(arena, user->name, search);
}

static enum code
refuse_size(struct rpc_call *call)
{
	rpc_violation(call, "page_size", "too_large",
	              "A page of this size is too long for one answer: ask "
	              "for fewer.");
	return rpc_fail_fields(call);
}

/* take counts a user that matches and keeps it if it is on the page. */
static enum code
take(struct rpc_call *call, struct walk *walk, const struct user *user,
     bool *kept)
{
	uint64_t index = walk->total++;
	Latchkey__V1__User *message = NULL;
	enum code code;

	*kept = index >= walk->first && walk->user_count < walk->page_size;
	if (!*kept)
		return CODE_OK;
	code = user_message_make(call, user, &message);
	if (code != CODE_OK)
		return code;
	walk->users[walk->user_count++] = message;
	walk->size +=
		AROUND_USER + latchkey__v1__user__get_packed_size(message);
	return walk->size > REPLY_PAYLOAD_MAX ? refuse_size(call) : CODE_OK;
}

static enum code
walk_users(struct rpc_call *call, struct store_txn *txn, struct walk *walk)
{
	struct user user = { 0 };
	enum code code = CODE_OK;

	for (uint64_t seen = 1; code == CODE_OK; seen++) {
		size_t mark = call->arena->used;
		bool kept = false;

		code = user_store_next(txn, call->arena, user.id, &user);
		if (code == CODE_OK && matches(call->arena, walk, &user))
			code = take(call, walk, &user, &kept);
		if (!kept)
			arena_rewind(call->arena, mark);
		if (code == CODE_OK && seen % DEADLINE_EVERY == 0 &&
		    clock_monotonic_ms() > call->deadline_ms)
			code = rpc_fail(call, CODE_DEADLINE_EXCEEDED,
			                REASON(DEADLINE_PASSED),
			                "there are too many users to look "
			                "through in time");
	}
	return code == CODE_NOT_FOUND ? CODE_OK : code;
}

static enum code
begin(struct rpc_call *call, const Latchkey__V1__ListUsersRequest *req,
      struct walk *walk)
{
	uint32_t page = req->page == 0 ? 1 : req->page;
	char *search;
	enum code code;

	*walk = (struct walk){ .req = req, .search = "", .size = BESIDE_USERS };
	walk->page_size = req->page_size == 0 ? PAGE_SIZE : req->page_size;
	walk->first = (uint64_t)(page - 1) * walk->page_size;
	if (walk->page_size > PAGE_SIZE_MAX)
		rpc_violation(call, "page_size", "too_large",
		              "Ensure this value is less than or equal to "
		              "200.");
	if (strnlen(req->search, SEARCH_MAX + 1) > SEARCH_MAX)
		rpc_violation(call, "search", "too_long",
		              "Ensure this field has no more than 254 "
		              "bytes.");
	if (*req->role != '\0')
		field_note(call, "role", role_name_fault(req->role));
	code = rpc_fail_fields(call);
	if (code != CODE_OK)
		return code;
	if (*req->search != '\0') {
		code = identifier_normalise(call->arena, req->search, &search);
		if (code == CODE_INVALID_ARGUMENT) {
			field_note(call, "search", "Enter a shorter text.");
			return rpc_fail_fields(call);
		}
		if (code == CODE_OK)
			walk->search = search;
	}
	walk->users =
		arena_alloc(call->arena, walk->page_size * sizeof(void *));
	return walk->users == NULL ? CODE_RESOURCE_EXHAUSTED : code;
}

enum code
user_list_users(struct rpc_call *call, const void *in, void *out)
{
	Latchkey__V1__ListUsersResponse *resp = out;
	struct store_txn txn;
	struct walk walk;
	enum code code = begin(call, in, &walk), end;

	if (code != CODE_OK)
		return code;
	assert(walk.users != NULL);
	store_begin_read(call->server->store, &txn);
	code = walk_users(call, &txn, &walk);
	end = store_end(&txn);
	/* Fewer of them would have had room. */
	if (code != CODE_OK && call->arena->full && walk.user_count > 0 &&
	    walk.page_size > 1)
		return refuse_size(call);
	if (end != CODE_OK)
		return store_refuse(call, &txn);
	if (code != CODE_OK)
		return code;
	if (walk.first > 0 && walk.first >= walk.total)
		return rpc_fail(call, CODE_NOT_FOUND, REASON(PAGE_INVALID),
		                "there is no such page");
	resp->users = walk.users;
	resp->n_users = walk.user_count;
	resp->total_count = walk.total;
	resp->page = (uint32_t)(walk.first / walk.page_size) + 1;
	resp->page_size = walk.page_size;
	return CODE_OK;
}
