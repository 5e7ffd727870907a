#ifndef GATEWAY_HTTP_REPLY_H
#define GATEWAY_HTTP_REPLY_H

#include "gateway/http_request.h"

/* http_reply_release gives the response up, and wipes a cookie in it. */
void http_reply_release(struct http_request *request);

/*
 * http_reply_log writes the access log's line for a request whose status is
 * set: path, cut after 256 bytes, the response's route and condition, and the
 * body's bytes unless it was a HEAD.
 */
void http_reply_log(const struct http_request *request,
                    const struct http_response *response);

#endif
