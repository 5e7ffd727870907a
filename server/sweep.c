#include "server/sweep.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/log.h"
#include "server/store/link_store.h"
#include "server/store/repetition_store.h"
#include "server/store/session_store.h"
#include "server/store/store.h"
#include "server/store/throttle_store.h"

#define RECORDS_MAX 128  /* per transaction: writers are waiting */
#define ROUNDS_MAX 64    /* transactions per noun and run */
#define ARENA_SIZE 65536 /* bytes */

typedef void sweeper(struct store_txn *txn, struct arena *arena, int64_t now_us,
                     size_t max, size_t *deleted);

static const struct sweep {
	const char *noun;
	sweeper *sweep;
} sweeps[] = {
	{ "sessions", session_store_sweep },
	{ "links", link_store_sweep },
	{ "throttles", throttle_store_sweep },
	{ "repetitions", repetition_store_sweep },
};

/* sweep_once is one small transaction; *deleted stays 0 when it fails. */
static enum code
sweep_once(const struct sweep *sweep, struct store *store, struct arena *arena,
           int64_t now_us, size_t *deleted)
{
	struct store_txn txn;
	size_t count = 0;
	enum code code;

	store_begin_write(store, &txn);
	sweep->sweep(&txn, arena, now_us, RECORDS_MAX, &count);
	code = store_end(&txn);
	arena_reset(arena);
	if (code == CODE_OK)
		*deleted = count;
	return code;
}

static void
sweep_all(const struct sweep *sweep, struct store *store, struct arena *arena,
          int64_t now_us)
{
	size_t deleted = RECORDS_MAX, total = 0;
	enum code code = CODE_OK;

	for (int i = 0; i < ROUNDS_MAX && deleted == RECORDS_MAX; i++) {
		deleted = 0;
		code = sweep_once(sweep, store, arena, now_us, &deleted);
		total += deleted;
	}
	if (code != CODE_OK)
		LOG_EVENT(LOG_LEVEL_ERROR, "sweep", LOG_T("noun", sweep->noun),
		          LOG_T("code", code_name(code)));
	else if (total > 0)
		LOG_EVENT(LOG_LEVEL_DEBUG, "sweep", LOG_T("noun", sweep->noun),
		          LOG_N("count", (int64_t)total));
}

void
sweep_run(struct store *store, int64_t now_us)
{
	void *memory = malloc(ARENA_SIZE);
	struct arena arena;

	if (memory == NULL)
		return;
	arena_init(&arena, memory, ARENA_SIZE);
	for (size_t i = 0; i < sizeof(sweeps) / sizeof(sweeps[0]); i++)
		sweep_all(&sweeps[i], store, &arena, now_us);
	free(memory);
}
