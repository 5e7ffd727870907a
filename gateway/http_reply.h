#ifndef GATEWAY_HTTP_REPLY_H
#define GATEWAY_HTTP_REPLY_H

#include <stddef.h>

#include "gateway/http_request.h"

/*
 * http_reply_log writes the access log's line for a request whose status is
 * set: path, cut after 256 bytes, and the body's bytes unless it was a HEAD.
 */
void http_reply_log(const struct http_request *request, const char *path,
                    size_t body_len);

#endif
