#ifndef SERVER_STORE_SCHEMA_H
#define SERVER_STORE_SCHEMA_H

#include "server/store/store.h"

/*
 * User ids that a restored backup passes by: so many, and for each second since
 * it was made so many more. Who was made after the copy is gone, but tokens may
 * be about, and services may have kept the ids: nobody else is ever given them,
 * unless users were made faster than that.
 */
#define RESTORED_USER_IDS_MIN 1000000
#define RESTORED_USER_IDS_PER_S 10

/*
 * schema_settle writes the MetaRecord of a new store, migrates an older one
 * and refuses a newer one: FAILED_PRECONDITION, with both numbers in `err`.
 * With `keep` it refuses an older one too, as schema_refuse_older does.
 * In a backup that is opened it moves the user ids on. Part of store_open.
 */
NODISCARD enum code schema_settle(struct store *store, bool keep,
                                  enum store_fault *fault, char *err,
                                  size_t err_size);

/*
 * schema_refuse_older fills *fault and err for a store that lacks what this
 * schema has and may be in use by a server of its own: changed under that, it
 * would be written in two ways. Returns FAILED_PRECONDITION.
 */
NODISCARD enum code schema_refuse_older(enum store_fault *fault, char *err,
                                        size_t err_size);

/* What the MetaRecord says. */
struct schema_facts {
	uint32_t version;
	int64_t copied_at_us; /* 0: no backup made it, or it was opened */
};

/*
 * schema_look reads them and changes nothing, whatever the version. DATA_LOSS:
 * there is no MetaRecord, or it is damaged.
 */
NODISCARD enum code schema_look(struct store *store, struct schema_facts *out);

#endif
