#ifndef GATEWAY_REFRESH_COOKIE_H
#define GATEWAY_REFRESH_COOKIE_H

#include <stdbool.h>

#include "gateway/translate.h"

/*
 * The refresh token in a cookie (docs/cookies.md), for routes whose profile
 * says so. Whoever sets or uses the cookie has to come by HTTPS, from a page
 * of an origin on the list, with application/json: no page of another origin
 * can send that without being asked for its origin first.
 */

/*
 * refresh_cookie_take looks for the cookie once the body is read, where that
 * has no refresh token. False: refuse with *condition.
 */
bool refresh_cookie_take(const struct translator *t, struct exchange *x,
                         unsigned *condition);

/*
 * refresh_cookie_give adds Set-Cookie to a success: the reply's refresh token,
 * or for a logout its end. False: there is no memory for it.
 */
bool refresh_cookie_give(struct exchange *x, const ProtobufCMessage *reply);

/* refresh_cookie_drop ends a cookie that the server refused. */
void refresh_cookie_drop(struct exchange *x);

/* refresh_cookie_is_on: does a route of the request's path use the cookie? */
bool refresh_cookie_is_on(const struct exchange *x);

#endif
