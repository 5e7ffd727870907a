#ifndef CLIENT_CLIENT_SETTINGS_H
#define CLIENT_CLIENT_SETTINGS_H

#include "base/settings.h"

/*
 * What a service's configuration file says about the server it calls; made by
 * `latchkeyctl pki issue`. The keys are those of the gateway's own file.
 */
struct client_settings {
	struct {
		char *url;
		char *name;
		char *ca;
		char *cert;
		char *key;
	} server;
};

extern const struct settings_table client_settings_table;

#endif
