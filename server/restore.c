#include "server/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file_path.h"
#include "base/file_tree.h"
#include "base/new_file.h"
#include "server/domain/keyring.h"
#include "server/domain/master_key.h"
#include "server/home.h"
#include "server/server_keys.h"
#include "server/store/store.h"
#include "server/store/store_lock.h"

#define MIB ((uint64_t)1 << 20)

/* Beyond the copy's own size: what opening it writes. */
#define DISK_EXTRA (16 * MIB)

/* A restore in the making. */
struct restore {
	const struct restore_order *order;
	struct restore_report *report;
	bool is_there; /* the data directory */
	int serve_fd;  /* no server serves it */
	int open_fd;   /* no process opens it */
	int copy_fd;   /* no process opens the copy; often none ever did */
	char parent[PATH_MAX]; /* of the data directory */
	char fresh[PATH_MAX];  /* the new one while it is made, else "" */
	char *err;
	size_t err_size;
};

static enum code
refuse(const struct restore *r, enum code code, const char *path,
       const char *why)
{
	(void)snprintf(r->err, r->err_size, "%s %s", path, why);
	return code;
}

static enum code
refuse_errno(const struct restore *r, const char *path)
{
	enum code code = new_file_code(errno);

	(void)snprintf(r->err, r->err_size, "%s: %s", path, strerror(errno));
	return code == CODE_OK ? CODE_INTERNAL : code;
}

/* join writes a and b, one behind the other. */
static enum code
join(const struct restore *r, const char *a, const char *b, char out[PATH_MAX])
{
	int len = snprintf(out, PATH_MAX, "%s%s", a, b);

	if (len > 0 && len < PATH_MAX)
		return CODE_OK;
	return refuse(r, CODE_INVALID_ARGUMENT, a, "is too long a path");
}

static void
cut_name(const char *path, char out[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	size_t len = slash == path ? 1 : (size_t)(slash - path);

	(void)snprintf(out, PATH_MAX, "%.*s", (int)len, path);
}

/*
 * Only its owner may: files that root makes would keep the server from
 * starting.
 */
static enum code
check_owner(const struct restore *r)
{
	const char *path = r->is_there ? r->report->data : r->parent;
	struct stat st;

	if (stat(path, &st) != 0)
		return refuse_errno(r, path);
	if (st.st_uid == geteuid())
		return CODE_OK;
	(void)snprintf(r->err, r->err_size,
	               "%s belongs to the user with the id %u: run this as "
	               "that user",
	               path, (unsigned)st.st_uid);
	return CODE_PERMISSION_DENIED;
}

/* A link to a directory elsewhere is followed: what changes lies there. */
static enum code
find_data(struct restore *r)
{
	const char *dir = r->order->settings->store.dir;
	char *data = r->report->data;

	r->is_there = realpath(dir, data) != NULL;
	if (!r->is_there && errno != ENOENT)
		return refuse_errno(r, dir);
	if (!r->is_there && file_path_absolute(dir, data) != CODE_OK)
		return refuse(r, CODE_INVALID_ARGUMENT, dir,
		              "is too long a path");
	cut_name(data, r->parent);
	return check_owner(r);
}

static enum code
find_copy(struct restore *r)
{
	const char *from = r->order->from;
	char folder[PATH_MAX], real[PATH_MAX];
	struct stat st;
	enum code code;

	if (lstat(from, &st) != 0)
		return refuse_errno(r, from);
	if (S_ISLNK(st.st_mode))
		return refuse(r, CODE_INVALID_ARGUMENT, from,
		              "is a symbolic link: name what it leads to");
	code = join(r, from, S_ISDIR(st.st_mode) ? "/data.mdb" : "",
	            r->report->copy);
	if (code != CODE_OK)
		return code;
	cut_name(r->report->copy, folder);
	if (realpath(folder, real) == NULL)
		return refuse_errno(r, folder);
	if (r->is_there && strcmp(real, r->report->data) == 0)
		return refuse(r, CODE_FAILED_PRECONDITION, r->report->copy,
		              "lies in the data directory itself: a copy from "
		              "elsewhere is needed");
	r->copy_fd = store_lock_share_all(real);
	if (r->copy_fd >= 0 || errno == ENOENT)
		return CODE_OK;
	if (errno == EAGAIN)
		return refuse(r, CODE_FAILED_PRECONDITION, r->report->copy,
		              "is open in another process: make a copy with "
		              "latchkeyd backup");
	return refuse_errno(r, real);
}

/* server_keys_load_master looks at the data directory, which may be missing. */
static enum code
check_keys(const struct restore *r, struct store *store)
{
	const struct server_settings *settings = r->order->settings;
	uint8_t master[MASTER_KEY_SIZE];
	struct keyring *keyring = NULL;
	char fault[512] = "";
	enum code code = r->is_there
	                         ? server_keys_load_master(settings, master,
	                                                   r->err, r->err_size)
	                         : master_key_load(settings->store.master_key,
	                                           master, r->err, r->err_size);

	if (code != CODE_OK)
		return code;
	code = keyring_open(store, master, &keyring, fault, sizeof(fault));
	explicit_bzero(master, sizeof(master));
	keyring_close(keyring);
	if (code != CODE_OK)
		(void)snprintf(r->err, r->err_size, "%s, %s: %s",
		               r->report->copy, settings->store.master_key,
		               fault);
	return code;
}

static enum code
check_copy(struct restore *r)
{
	struct store *store = NULL;
	enum code code = find_copy(r);

	if (code == CODE_OK)
		code = store_copy_open(r->report->copy, &store,
		                       &r->report->facts, r->err, r->err_size);
	if (code == CODE_OK)
		code = check_keys(r, store);
	store_close(store);
	return code;
}

static enum code
lock(struct restore *r)
{
	const char *data = r->report->data;

	if (!r->is_there)
		return CODE_OK;
	r->serve_fd = home_lock(r->order->settings, r->err, r->err_size);
	if (r->serve_fd < 0)
		return CODE_UNAVAILABLE;
	r->open_fd = store_lock_take_all(data);
	if (r->open_fd >= 0)
		return CODE_OK;
	if (errno == EAGAIN)
		return refuse(
			r, CODE_UNAVAILABLE, data,
			"is open in another latchkeyd command: wait until "
			"it ends");
	return refuse_errno(r, data);
}

static enum code
check_room(const struct restore *r)
{
	uint64_t need = r->report->facts.size + DISK_EXTRA, room;
	struct statvfs disk;

	if (statvfs(r->parent, &disk) != 0)
		return refuse_errno(r, r->parent);
	room = (uint64_t)disk.f_bavail * disk.f_frsize;
	if (room >= need)
		return CODE_OK;
	(void)snprintf(r->err, r->err_size,
	               "%s has %" PRIu64 " MiB free, the restored store needs "
	               "%" PRIu64 " MiB beside the one that is there",
	               r->parent, room / MIB, need / MIB + 1);
	return CODE_RESOURCE_EXHAUSTED;
}

/* Opens the new store as a server would: older records are migrated, and user
 * ids move on. */
static enum code
try_fresh(struct restore *r)
{
	struct store_options options;
	struct store *store = NULL;
	enum store_fault fault;
	enum code code;

	home_store_options(r->order->settings, &options);
	options.dir = r->fresh;
	options.readers_max = 1;
	code = store_open(&options, &store, &fault, r->err, r->err_size);
	if (code == CODE_OK)
		code = check_keys(r, store);
	store_close(store);
	if (code == CODE_OK && new_file_sync_directory(r->fresh) != CODE_OK)
		return refuse_errno(r, r->fresh);
	return code;
}

static enum code
make_fresh(struct restore *r)
{
	enum code code = join(r, r->report->data, ".tmp-XXXXXX", r->fresh);

	if (code != CODE_OK) {
		r->fresh[0] = '\0';
		return code;
	}
	if (mkdtemp(r->fresh) == NULL) {
		code = refuse_errno(r, r->fresh);
		r->fresh[0] = '\0';
		return code;
	}
	code = store_copy_put(r->report->copy, &r->report->facts, r->fresh,
	                      r->err, r->err_size);
	return code == CODE_OK ? try_fresh(r) : code;
}

/* name_kept names the old directory by the time, without what shells mind. */
static enum code
name_kept(const struct restore *r, char out[PATH_MAX])
{
	char time[CLOCK_UTC_SIZE], name[sizeof(".before-") + CLOCK_UTC_SIZE];
	size_t len = 0;

	(void)clock_utc_text(r->order->now_us, time);
	for (const char *c = time; *c != '\0'; c++)
		if (*c != '-' && *c != ':')
			time[len++] = *c;
	time[len] = '\0';
	(void)snprintf(name, sizeof(name), ".before-%s", time);
	return join(r, r->report->data, name, out);
}

static enum code
sync_parent(const struct restore *r, const char *but)
{
	if (new_file_sync_directory(r->parent) == CODE_OK)
		return CODE_OK;
	(void)snprintf(r->err, r->err_size, "%s cannot be synced%s", r->parent,
	               but);
	return CODE_INTERNAL;
}

static enum code
place_first(struct restore *r)
{
	if (renameat2(AT_FDCWD, r->fresh, AT_FDCWD, r->report->data,
	              RENAME_NOREPLACE) != 0)
		return refuse_errno(r, r->report->data);
	r->fresh[0] = '\0';
	return sync_parent(r, ", but the copy is restored");
}

/*
 * The new directory first takes the name that the old one is to have, since
 * afterwards it would be the old one that lies under a temporary name.
 */
static enum code
change_places(struct restore *r)
{
	char kept[PATH_MAX];
	enum code code = name_kept(r, kept);

	if (code != CODE_OK)
		return code;
	if (renameat2(AT_FDCWD, r->fresh, AT_FDCWD, kept, RENAME_NOREPLACE) !=
	    0)
		return refuse_errno(r, kept);
	memcpy(r->fresh, kept, sizeof(kept));
	code = sync_parent(r, "");
	if (code != CODE_OK)
		return code;
	if (renameat2(AT_FDCWD, kept, AT_FDCWD, r->report->data,
	              RENAME_EXCHANGE) != 0) {
		(void)snprintf(r->err, r->err_size,
		               "%s cannot change places with another directory "
		               "(%s): restore by hand, as operations.md tells",
		               r->report->data, strerror(errno));
		return CODE_FAILED_PRECONDITION;
	}
	r->fresh[0] = '\0';
	memcpy(r->report->kept, kept, sizeof(kept));
	return sync_parent(r, ", but the copy is restored");
}

static void
begin(struct restore *r, struct restore_report *out)
{
	*out = (struct restore_report){ .kept = "" };
	r->report = out;
	r->serve_fd = r->open_fd = r->copy_fd = -1;
}

static void
end(const struct restore *r)
{
	const int fds[] = { r->copy_fd, r->open_fd, r->serve_fd };

	if (r->fresh[0] != '\0')
		file_tree_remove(r->fresh);
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
}

enum code
restore_check(const struct restore_order *order, struct restore_report *out,
              char *err, size_t err_size)
{
	struct restore r = { .order = order, .err = err, .err_size = err_size };
	enum code code;

	begin(&r, out);
	code = find_data(&r);
	if (code == CODE_OK)
		code = check_copy(&r);
	end(&r);
	return code;
}

enum code
restore_run(const struct restore_order *order, struct restore_report *out,
            char *err, size_t err_size)
{
	struct restore r = { .order = order, .err = err, .err_size = err_size };
	enum code code;

	begin(&r, out);
	code = find_data(&r);
	if (code == CODE_OK)
		code = lock(&r);
	if (code == CODE_OK)
		code = check_copy(&r);
	if (code == CODE_OK)
		code = check_room(&r);
	if (code == CODE_OK)
		code = make_fresh(&r);
	if (code == CODE_OK)
		code = r.is_there ? change_places(&r) : place_first(&r);
	end(&r);
	return code;
}
