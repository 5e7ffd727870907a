#ifndef SERVER_POLICY_H
#define SERVER_POLICY_H

#include <stddef.h>

#include "base/code.h"
#include "server/server.h"
#include "server/settings.h"

/*
 * policy_read turns settings into the policies that handlers follow: tokens,
 * sessions, throttles, mails, attributes, registration. The other members of
 * *out stay as they are. Texts are lent. INVALID_ARGUMENT, and one sentence
 * that names the setting in err, for what the table of settings cannot check.
 */
NODISCARD enum code policy_read(const struct server_settings *settings,
                                struct server *out, char *err, size_t err_size);

#endif
