#ifndef GATEWAY_PAGING_H
#define GATEWAY_PAGING_H

#include "gateway/inquiry.h"
#include "gateway/route_answer.h"

/*
 * Where the pages beside this one of a list are: absolute URLs below the
 * public base with the request's own path and query, as the Django REST
 * framework's PageNumberPagination writes them. Never from a Host header.
 */
struct paging_links {
	const char *next;     /* a JSON string; NULL: there is none */
	const char *previous; /* likewise */
};

/* paging_write makes both in the request's arena; false when it is full. */
bool paging_write(const struct route_paging *paging,
                  const struct inquiry *inquiry, const char *public_base,
                  const ProtobufCMessage *reply, struct paging_links *out);

#endif
