#ifndef SERVER_SERVICE_H
#define SERVER_SERVICE_H

#include <stddef.h>
#include <stdint.h>

#include "base/code.h"
#include "server/settings.h"

/*
 * Everything a serving latchkeyd has open: the lock of the data directory, the
 * store, the keys, the hasher, the mail sender, the listeners; opened in this
 * order, closed in the other.
 */
struct service;

/*
 * service_open opens it all and listens, or nothing. The settings are lent.
 * err gets one sentence.
 */
NODISCARD enum code service_open(const struct server_settings *settings,
                                 struct service **out, char *err,
                                 size_t err_size);

/* service_log_ready writes the line that says where it listens. */
void service_log_ready(const struct service *service);

/* service_reload reads certificates and keys again; failures go to the log. */
void service_reload(struct service *service);

/*
 * service_sweep deletes what has had its time (see sweep.h), takes over changed
 * signing keys and warns, once a day, of certificates that expire soon; to be
 * called every minute or so.
 */
void service_sweep(struct service *service, int64_t now_us);

/* service_drain finishes what runs, for at most timeout_ms. */
void service_drain(struct service *service, int64_t timeout_ms);

/* service_close accepts NULL. */
void service_close(struct service *service);

/*
 * service_check checks what settings say and name without serving: policies,
 * the master key, the certificates, the directories. err gets one sentence.
 */
NODISCARD enum code service_check(const struct server_settings *settings,
                                  char *err, size_t err_size);

#endif
