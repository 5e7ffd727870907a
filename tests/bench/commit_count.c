#include "tests/bench/commit_count.h"

#include <lmdb.h>
#include <stdlib.h>

#include "tests/bench/bail.h"

struct commit_count {
	MDB_env *env;
};

struct commit_count *
commit_count_open(const char *dir)
{
	struct commit_count *count = bail_alloc(1, sizeof(*count));
	int rc = mdb_env_create(&count->env);

	if (rc == 0)
		rc = mdb_env_open(count->env, dir, MDB_RDONLY, 0);
	if (rc != 0)
		bail("%s: %s", dir, mdb_strerror(rc));
	return count;
}

uint64_t
commit_count_get(struct commit_count *count)
{
	MDB_envinfo info = { 0 };

	if (mdb_env_info(count->env, &info) != 0)
		bail("the store's state cannot be read");
	return info.me_last_txnid;
}

void
commit_count_close(struct commit_count *count)
{
	mdb_env_close(count->env);
	free(count);
}
