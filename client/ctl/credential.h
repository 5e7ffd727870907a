#ifndef CLIENT_CTL_CREDENTIAL_H
#define CLIENT_CTL_CREDENTIAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/code.h"

#define CREDENTIAL_CONFIG "client.conf"

/*
 * What a service needs to call the server: a key, a certificate for it, the
 * server's authority, and a configuration that names them.
 */
struct credential_order {
	const char *name;
	const char *home; /* the state directory */
	const char *out;  /* NULL: HOME/clients/NAME */
	const char *url;  /* NULL or "": the default listeners.service */
};

/*
 * credential_issue makes them: NAME.key and NAME.crt, service-ca.crt and
 * client.conf in a directory (0700) that is made if it is not there. A copy of
 * the certificate in HOME/pki/issued says that the name is taken:
 * ALREADY_EXISTS. FAILED_PRECONDITION: no state directory, INVALID_ARGUMENT:
 * the name, and as the files fail. err gets one sentence.
 */
NODISCARD enum code credential_issue(const struct credential_order *order,
                                     char *err, size_t err_size);

/*
 * credential_renew gives a service's certificate more time: the copy in
 * HOME/pki/issued and, if it is there, the one in HOME/clients/NAME; *delivered
 * tells whether it was. The service's key stays as it is, so that a kill
 * between the two leaves both good. NOT_FOUND: no such name was issued; else as
 * of certificate_renew. err gets one sentence.
 */
NODISCARD enum code credential_renew(const char *home, const char *name,
                                     bool *delivered, char *err,
                                     size_t err_size);

/*
 * credential_renew_server does it for the certificates that init made: of the
 * two listeners and of the gateway, each whole before the next.
 */
NODISCARD enum code credential_renew_server(const char *home, char *err,
                                            size_t err_size);

#endif
