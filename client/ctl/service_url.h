#ifndef CLIENT_CTL_SERVICE_URL_H
#define CLIENT_CTL_SERVICE_URL_H

#include <stddef.h>

#include "base/code.h"

#define SERVICE_URL_SIZE 1100 /* bytes: any setting and its end */

/*
 * service_url_read writes where a client on this host reaches the listener for
 * services: listeners.service of HOME/latchkeyd.conf or of its variable, with
 * the loopback address in place of one that stands for every address. Empty
 * when there is no such listener or no such file. INVALID_ARGUMENT: the file
 * cannot be read as a configuration, or the port is one that the system
 * chooses anew at each start; err gets one sentence.
 */
NODISCARD enum code service_url_read(const char *home,
                                     char out[SERVICE_URL_SIZE], char *err,
                                     size_t err_size);

#endif
