#ifndef GATEWAY_FRONT_H
#define GATEWAY_FRONT_H

#include <stddef.h>

#include "base/code.h"
#include "gateway/settings.h"

/*
 * Everything a serving gateway has open: the channel to the server, the
 * profiles, the listening HTTP and HTTPS servers; opened in this order.
 */
struct front;

/*
 * front_open opens it all and listens, or nothing. It does not wait for the
 * server: until that is there clients get 503. err gets one sentence.
 */
NODISCARD enum code front_open(const struct gateway_settings *settings,
                               struct front **out, char *err, size_t err_size);

/*
 * front_reload takes the certificate files of these settings, of HTTPS and of
 * the connection to the server; connections live on. When it fails, with one
 * sentence in err, the old ones of the file that it names stay.
 */
NODISCARD enum code front_reload(struct front *front,
                                 const struct gateway_settings *settings,
                                 char *err, size_t err_size);

#define FRONT_CERTIFICATES_MAX 3

/*
 * front_certificates lists the certificates that settings use: of HTTPS, ours
 * for the server, the server's authority. Returns how many; lent.
 */
size_t front_certificates(const struct gateway_settings *settings,
                          const char *out[FRONT_CERTIFICATES_MAX]);

/* front_log_ready writes the line that says where it listens. */
void front_log_ready(const struct front *front);

/*
 * front_drain answers what is in progress and returns; it takes no longer
 * than a request and a call to the server may take together.
 */
void front_drain(struct front *front);

/* front_close accepts NULL; the front has been drained. */
void front_close(struct front *front);

/*
 * front_check checks what settings name without serving: addresses, profiles,
 * CORS, certificates. err gets one sentence.
 */
NODISCARD enum code front_check(const struct gateway_settings *settings,
                                char *err, size_t err_size);

#endif
