#ifndef SERVER_STORE_SCHEMA_H
#define SERVER_STORE_SCHEMA_H

#include "server/store/store.h"

/*
 * schema_settle writes the MetaRecord of a new store, migrates an older one
 * and refuses a newer one: FAILED_PRECONDITION, with both numbers in `err`.
 * Part of store_open.
 */
NODISCARD enum code schema_settle(struct store *store, enum store_fault *fault,
                                  char *err, size_t err_size);

#endif
