#ifndef BASE_TLS_CONFIG_H
#define BASE_TLS_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include <nng/nng.h>
#include <nng/supplemental/tls/tls.h>

#include "base/code.h"

/* What one side of a TLS connection shows and believes, in PEM files. */
struct tls_config_files {
	const char *cert_path;   /* our certificate */
	const char *key_path;    /* its key; refused if others may read it */
	const char *ca_path;     /* authority of the peers */
	const char *server_name; /* dialing: the name to expect; else NULL */
};

#define TLS_CONFIG_FILE_MAX 65536 /* bytes of one file */

/*
 * tls_config_load reads the files, registers the engine and makes a
 * configuration, which the caller frees with nng_tls_config_free. A dialer
 * has a server name, a listener none. On failure err gets one sentence that
 * names the file: NOT_FOUND, PERMISSION_DENIED, INVALID_ARGUMENT (not PEM, not
 * a pair, too long), INTERNAL.
 */
NODISCARD enum code tls_config_load(const struct tls_config_files *files,
                                    nng_tls_config **out, char *err,
                                    size_t err_size);

#endif
