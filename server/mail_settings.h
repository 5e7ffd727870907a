#ifndef SERVER_MAIL_SETTINGS_H
#define SERVER_MAIL_SETTINGS_H

#include <stddef.h>

#include "base/code.h"
#include "server/domain/mail_options.h"
#include "server/settings.h"

#define MAIL_PASSWORD_MAX 256 /* bytes */

/* The sender's options as the settings say, and the one secret in them. */
struct mail_settings {
	struct mail_options options;
	char password[MAIL_PASSWORD_MAX + 1];
};

/*
 * mail_settings_read fills *out, which must not move afterwards: options point
 * into it. Texts of the settings are lent. PERMISSION_DENIED for a password
 * file that others may read or that is not ours, NOT_FOUND, INVALID_ARGUMENT;
 * err gets one sentence that names the setting.
 */
NODISCARD enum code mail_settings_read(const struct server_settings *settings,
                                       struct mail_settings *out, char *err,
                                       size_t err_size);

/* mail_settings_wipe forgets the password. */
void mail_settings_wipe(struct mail_settings *settings);

#endif
