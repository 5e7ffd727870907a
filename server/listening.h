#ifndef SERVER_LISTENING_H
#define SERVER_LISTENING_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/code.h"
#include "server/rpc/rpc_server.h"
#include "server/settings.h"

#define LISTENING_UIDS_MAX 64 /* as many as listeners.local_uids may have */

/* Where to listen, as the settings say. Points into itself: never copied. */
struct listening {
	struct listener_options listeners[LISTENER_KIND_COUNT];
	size_t count; /* at least one */
	uid_t uids[LISTENING_UIDS_MAX];
};

/* listening_read reads the settings, whose texts it borrows. */
NODISCARD enum code listening_read(const struct server_settings *settings,
                                   struct listening *out, char *err,
                                   size_t err_size);

/* listening_check looks at the files: readable, certificates not expired. */
NODISCARD enum code listening_check(const struct listening *listening,
                                    char *err, size_t err_size);

/* listening_warn logs each certificate that expires soon. */
void listening_warn(const struct listening *listening, int64_t now_us);

/* listening_name returns "front" and the like. */
const char *listening_name(enum listener_kind kind);

#endif
