#ifndef GATEWAY_CALLER_CHECK_H
#define GATEWAY_CALLER_CHECK_H

#include "gateway/translate.h"

/*
 * Who may not make a request is told so before what is wrong with it, as the
 * service that this replaces looks at the caller before the body. The server
 * sees to that in every call; a request that is refused here makes none. If it
 * came with a token, the server is asked about the token alone, and its word
 * outranks the refusal. Private to the translation.
 */

/*
 * caller_check_begin makes that question the call of an exchange that has its
 * refusal in x->answer; false: the refusal is the answer.
 */
bool caller_check_begin(struct exchange *x);

/* caller_check_end puts another refusal in its place if the caller may not. */
void caller_check_end(const struct translator *t, struct exchange *x,
                      enum code code, const Latchkey__Rpc__V1__Status *status,
                      const ProtobufCMessage *reply);

#endif
