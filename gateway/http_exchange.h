#ifndef GATEWAY_HTTP_EXCHANGE_H
#define GATEWAY_HTTP_EXCHANGE_H

#include "gateway/http_loop.h"
#include "gateway/http_request.h"

/*
 * The one conversation with libmicrohttpd: its callbacks carry a request from
 * the request line to the last byte of the answer.
 */

/* http_exchange_daemon makes a loop's daemon with the callbacks set; NULL. */
struct MHD_Daemon *http_exchange_daemon(struct http_loop *loop);

/*
 * http_exchange_refuse_now has the refuser's answer written straight to the
 * socket, for when libmicrohttpd can take none, and lets no more be sent.
 */
void http_exchange_refuse_now(struct http_request *request, unsigned status);

/* http_exchange_resume goes on with a request that has its answer. */
void http_exchange_resume(struct http_request *request);

#endif
