#include "client/client_settings.h"

#define SETTINGS_STRUCT struct client_settings
#include "base/setting_rows.h"

static const struct setting rows[] = {
	ROW_PATH(server, url, "tls+tcp://127.0.0.1:7702",
	         "The server: tls+tcp://HOST:PORT, or ipc://PATH on the same "
	         "host."),
	ROW_TEXT(server, name, "latchkeyd",
	         "The name that the server's certificate must have. Not used "
	         "with ipc://."),
	ROW_TEXT(server, ca, "ca.crt",
	         "Authority of the server's certificate, PEM. This path and "
	         "the next two begin at this file's directory. Not used with "
	         "ipc://."),
	ROW_TEXT(server, cert, "client.crt",
	         "This client's certificate, PEM. Not used with ipc://."),
	ROW_TEXT(server, key, "client.key",
	         "Its key, PEM, which nobody else may read. Not used with "
	         "ipc://."),
};

const struct settings_table client_settings_table = {
	.program = "latchkey client",
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
	.size = sizeof(struct client_settings),
};
