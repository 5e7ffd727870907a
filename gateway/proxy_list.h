#ifndef GATEWAY_PROXY_LIST_H
#define GATEWAY_PROXY_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/code.h"

/*
 * The addresses of those who stand between clients and us and whose word
 * about a client counts. Immutable once open.
 */
struct proxy_list;

/*
 * proxy_list_open takes numeric addresses and networks, "10.0.0.7" or
 * "2001:db8::/64"; an IPv4 address mapped into IPv6 is that IPv4 address.
 * INVALID_ARGUMENT with one sentence in err, also for a network of length 0
 * and for one with bits behind its length. RESOURCE_EXHAUSTED.
 */
NODISCARD enum code proxy_list_open(const char *const *networks, size_t count,
                                    struct proxy_list **out, char *err,
                                    size_t err_size);

/* proxy_list_close accepts NULL. */
void proxy_list_close(struct proxy_list *list);

/* proxy_list_has: is the numeric address one of them? NULL list: none is. */
bool proxy_list_has(const struct proxy_list *list, const char *address);

#endif
