#include "server/services/role_service.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "proto/latchkey/v1/role_service.pb-c.h"
#include "server/domain/role.h"
#include "server/server.h"
#include "server/services/caller.h"
#include "server/services/field.h"
#include "server/services/rank.h"
#include "server/services/store_refusal.h"
#include "server/store/role_store.h"
#include "server/store/store.h"
#include "server/store/user_store.h"

#define REASON(name) LATCHKEY__RPC__V1__REASON__REASON_##name
#define HAS_DESCRIPTION                                                        \
	LATCHKEY__V1__UPDATE_ROLE_REQUEST__DESCRIPTION_PRESENCE_DESCRIPTION

static enum code
refuse_unknown(struct rpc_call *call)
{
	return rpc_fail(call, CODE_NOT_FOUND, REASON(UNSPECIFIED),
	                "there is no such role");
}

static void
log_change(const struct rpc_call *call, const char *event, const char *role)
{
	LOG_EVENT(LOG_LEVEL_INFO, event, LOG_T("role", role),
	          LOG_N("by_user_id", (int64_t)call->caller->user_id),
	          LOG_T("request_id", call->request_id_text));
}

static void
fill(Latchkey__V1__Role *m, const struct role_entry *role)
{
	latchkey__v1__role__init(m);
	m->name = (char *)role->name;
	m->description = (char *)role->description;
	m->permissions = (char **)role->permissions;
	m->n_permissions = role->permission_count;
}

static enum code
make_message(struct rpc_call *call, const struct role_entry *role,
             Latchkey__V1__Role **out)
{
	Latchkey__V1__Role *m = arena_alloc(call->arena, sizeof(*m));

	if (m == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	fill(m, role);
	*out = m;
	return CODE_OK;
}

enum code
role_list_roles(struct rpc_call *call, const void *in, void *out)
{
	Latchkey__V1__ListRolesResponse *resp = out;
	struct role_entry *roles = NULL;
	Latchkey__V1__Role *rows;
	struct store_txn txn;
	size_t count = 0;
	enum code code;

	(void)in;
	store_begin_read(call->server->store, &txn);
	code = role_store_list(&txn, call->arena, &roles, &count);
	if (store_end(&txn) != CODE_OK)
		return store_refuse(call, &txn);
	if (code != CODE_OK)
		return code;
	rows = arena_alloc(call->arena, count * sizeof(*rows));
	resp->roles = arena_alloc(call->arena, count * sizeof(void *));
	if (rows == NULL || resp->roles == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	for (size_t i = 0; i < count; i++) {
		fill(&rows[i], &roles[i]);
		resp->roles[i] = &rows[i];
	}
	resp->n_roles = count;
	return CODE_OK;
}

/* A name that cannot be one is no role's: NOT_FOUND, as any other unknown. */
static enum code
find(struct rpc_call *call, struct store_txn *txn, const char *name,
     struct role_entry *out)
{
	enum code code;

	if (role_name_fault(name) != NULL)
		return refuse_unknown(call);
	code = role_store_find(txn, call->arena, name, out);
	return code == CODE_NOT_FOUND ? refuse_unknown(call) : code;
}

enum code
role_get_role(struct rpc_call *call, const void *in, void *out)
{
	const Latchkey__V1__GetRoleRequest *req = in;
	Latchkey__V1__GetRoleResponse *resp = out;
	struct role_entry role = { 0 };
	struct store_txn txn;
	enum code code;

	store_begin_read(call->server->store, &txn);
	code = find(call, &txn, req->name, &role);
	if (store_end(&txn) != CODE_OK)
		return store_refuse(call, &txn);
	return code == CODE_OK ? make_message(call, &role, &resp->role) : code;
}

/* set_permissions checks a list and makes it the role's. */
static enum code
set_permissions(struct rpc_call *call, char **names, size_t count,
                struct role_entry *role)
{
	const char **sorted;
	const char *fault = NULL;

	if (count > ROLE_PERMISSIONS_MAX) {
		rpc_violation(call, "permissions", "too_long",
		              "Ensure this field has no more than 200 "
		              "permissions.");
		return CODE_OK;
	}
	for (size_t i = 0; i < count && fault == NULL; i++)
		fault = role_permission_fault(names[i]);
	field_note(call, "permissions", fault);
	sorted = arena_alloc(call->arena, count * sizeof(*sorted));
	if (sorted == NULL)
		return CODE_RESOURCE_EXHAUSTED;
	if (count > 0)
		memcpy(sorted, names, count * sizeof(*sorted));
	role->permissions = sorted;
	role->permission_count = role_sort(sorted, count);
	return CODE_OK;
}

_Static_assert(ROLE_PERMISSIONS_MAX == 200, "set_permissions says so");

/* begin begins a write by a caller who still may. */
static enum code
begin(struct rpc_call *call, struct store_txn *txn)
{
	store_begin_write(call->server->store, txn);
	return caller_renew(call, txn);
}

/* end ends a write after steps that ended with `code`. */
static enum code
end(struct rpc_call *call, struct store_txn *txn, enum code code)
{
	store_fail(txn, code);
	if (store_end(txn) == CODE_OK)
		return CODE_OK;
	return call->message[0] != '\0' ? code : store_refuse(call, txn);
}

static void
note_taken(struct rpc_call *call)
{
	rpc_violation(call, "name", "unique",
	              "role with this name already exists.");
}

/*
 * note_excess judges a role that takes so many bytes more than are taken now:
 * all roles are one answer.
 */
static enum code
note_excess(struct rpc_call *call, struct store_txn *txn, size_t more)
{
	size_t size = 0;
	enum code code = role_store_size(txn, call->arena, &size);

	if (code == CODE_OK && size + more > ROLES_SIZE_MAX)
		rpc_violation(call, "permissions", "too_long",
		              "All roles are too long together: they may have "
		              "768 KiB, with 32 bytes beside each text.");
	return code;
}

_Static_assert(ROLES_SIZE_MAX == 768 * 1024 && ROLE_TEXT_COST == 32,
               "note_excess says so");

/* judge_size does that for a new role, as things are now. */
static enum code
judge_size(struct rpc_call *call, const struct role_entry *role)
{
	struct store_txn txn;
	enum code code;

	store_begin_read(call->server->store, &txn);
	code = note_excess(call, &txn, role_entry_size(role));
	return store_end(&txn) == CODE_OK ? code : store_refuse(call, &txn);
}

/* judge_name notes what is wrong with a new role's name, as it is now. */
static enum code
judge_name(struct rpc_call *call, const char *name)
{
	const char *fault = role_name_fault(name);
	size_t mark = call->arena->used;
	struct role_entry other;
	struct store_txn txn;
	enum code code;

	field_note(call, "name", fault);
	if (fault != NULL)
		return CODE_OK;
	store_begin_read(call->server->store, &txn);
	code = role_store_find(&txn, call->arena, name, &other);
	if (store_end(&txn) != CODE_OK)
		return store_refuse(call, &txn);
	arena_rewind(call->arena, mark);
	if (code == CODE_OK)
		note_taken(call);
	return code == CODE_NOT_FOUND ? CODE_OK : code;
}

/* add refuses a name that is taken as a bad field. */
static enum code
add(struct rpc_call *call, struct store_txn *txn, const struct role_entry *role)
{
	size_t mark = call->arena->used;
	struct role_entry other;
	enum code code = role_store_find(txn, call->arena, role->name, &other);

	arena_rewind(call->arena, mark);
	if (code == CODE_OK) {
		note_taken(call);
		return rpc_fail_fields(call);
	}
	if (code != CODE_NOT_FOUND)
		return code;
	code = note_excess(call, txn, role_entry_size(role));
	if (code == CODE_OK)
		code = rpc_fail_fields(call);
	if (code != CODE_OK)
		return code;
	role_store_add(txn, call->arena, role);
	if (txn->code == CODE_RESOURCE_EXHAUSTED &&
	    txn->fault == STORE_FAULT_NONE && !call->arena->full)
		return rpc_fail(call, txn->code, REASON(UNSPECIFIED),
		                "there are as many roles as there may be");
	return txn->code;
}

enum code
role_create_role(struct rpc_call *call, const void *in, void *out)
{
	const Latchkey__V1__CreateRoleRequest *req = in;
	Latchkey__V1__CreateRoleResponse *resp = out;
	struct role_entry role = { .name = req->name,
		                   .description = req->description };
	struct store_txn txn;
	enum code code;

	code = judge_name(call, req->name);
	field_note(call, "description",
	           role_description_fault(req->description));
	if (code == CODE_OK)
		code = set_permissions(call, req->permissions,
		                       req->n_permissions, &role);
	if (code == CODE_OK)
		code = judge_size(call, &role);
	if (code == CODE_OK)
		code = rpc_fail_fields(call);
	if (code != CODE_OK || req->validate_only)
		return code;
	code = begin(call, &txn);
	if (code == CODE_OK)
		code = add(call, &txn, &role);
	code = end(call, &txn, code);
	if (code != CODE_OK)
		return code;
	log_change(call, "role_created", role.name);
	return make_message(call, &role, &resp->role);
}

static enum code
update(struct rpc_call *call, struct store_txn *txn,
       const Latchkey__V1__UpdateRoleRequest *req, struct role_entry *role)
{
	enum code code = find(call, txn, req->name, role);
	size_t before, after;

	if (code != CODE_OK)
		return code;
	before = role_entry_size(role);
	if (req->description_presence_case == HAS_DESCRIPTION) {
		field_note(call, "description",
		           role_description_fault(req->description));
		role->description = req->description;
	}
	if (req->permissions != NULL)
		code = set_permissions(call, req->permissions->names,
		                       req->permissions->n_names, role);
	after = role_entry_size(role);
	/* What is too long already, from before the limit, may shrink. */
	if (code == CODE_OK && after > before)
		code = note_excess(call, txn, after - before);
	if (code == CODE_OK)
		code = rpc_fail_fields(call);
	if (code == CODE_OK)
		role_store_put(txn, call->arena, role);
	return code;
}

enum code
role_update_role(struct rpc_call *call, const void *in, void *out)
{
	const Latchkey__V1__UpdateRoleRequest *req = in;
	Latchkey__V1__UpdateRoleResponse *resp = out;
	struct role_entry role = { 0 };
	struct store_txn txn;
	enum code code;

	code = begin(call, &txn);
	if (code == CODE_OK)
		code = update(call, &txn, req, &role);
	code = end(call, &txn, code);
	if (code != CODE_OK)
		return code;
	log_change(call, "role_updated", req->name);
	return make_message(call, &role, &resp->role);
}

/* take_role writes a user without the role, if the user has it. */
static void
take_role(struct rpc_call *call, struct store_txn *txn, const struct user *user,
          const char *name)
{
	const char *kept[USER_ROLE_COUNT_MAX];
	struct user without = *user;
	size_t count = 0;

	for (size_t i = 0; i < user->role_count; i++)
		if (strcmp(user->roles[i], name) != 0)
			kept[count++] = user->roles[i];
	if (count == user->role_count)
		return;
	without.roles = kept;
	without.role_count = count;
	user_store_put(txn, call->arena, &without);
}

/*
 * In one transaction, however many users there are: were the name left with
 * one of them, a later role of that name would be the user's too.
 */
static enum code
del(struct rpc_call *call, struct store_txn *txn, const char *name)
{
	size_t mark = call->arena->used;
	struct user user = { 0 };
	struct role_entry role;
	enum code code = find(call, txn, name, &role);

	while (code == CODE_OK) {
		arena_rewind(call->arena, mark);
		code = user_store_next(txn, call->arena, user.id, &user);
		if (code == CODE_OK)
			take_role(call, txn, &user, name);
	}
	if (code != CODE_NOT_FOUND || call->message[0] != '\0')
		return code;
	role_store_del(txn, name);
	return CODE_OK;
}

enum code
role_delete_role(struct rpc_call *call, const void *in, void *out)
{
	const Latchkey__V1__DeleteRoleRequest *req = in;
	struct store_txn txn;
	enum code code;

	(void)out;
	code = begin(call, &txn);
	if (code == CODE_OK)
		code = del(call, &txn, req->name);
	code = end(call, &txn, code);
	if (code == CODE_OK)
		log_change(call, "role_deleted", req->name);
	return code;
}

static bool
has_permission(const struct role_entry *role, const char *permission)
{
	for (size_t i = 0; i < role->permission_count; i++)
		if (strcmp(role->permissions[i], permission) == 0)
			return true;
	return false;
}

/* is_granted looks through the roles of a user; one that is gone has none. */
static bool
is_granted(struct rpc_call *call, struct store_txn *txn,
           const struct user *user, const char *permission)
{
	size_t mark = call->arena->used;
	struct role_entry role;
	bool granted = false;

	for (size_t i = 0; i < user->role_count && !granted; i++) {
		granted = role_store_find(txn, call->arena, user->roles[i],
		                          &role) == CODE_OK &&
		          has_permission(&role, permission);
		arena_rewind(call->arena, mark);
	}
	return granted;
}

enum code
role_check_permission(struct rpc_call *call, const void *in, void *out)
{
	const Latchkey__V1__CheckPermissionRequest *req = in;
	Latchkey__V1__CheckPermissionResponse *resp = out;
	struct store_txn txn;
	bool allowed;
	enum code code;

	field_note(call, "permission", role_permission_fault(req->permission));
	code = rpc_fail_fields(call);
	if (code != CODE_OK)
		return code;
	if (rank_is_superuser(call)) {
		resp->allowed = true;
		return CODE_OK;
	}
	store_begin_read(call->server->store, &txn);
	allowed = is_granted(call, &txn, caller_user(call), req->permission);
	if (store_end(&txn) != CODE_OK)
		return store_refuse(call, &txn);
	resp->allowed = allowed;
	return CODE_OK;
}
