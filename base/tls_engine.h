#ifndef BASE_TLS_ENGINE_H
#define BASE_TLS_ENGINE_H

#include "base/code.h"

/*
 * TLS for NNG by mbedTLS, in place of the engine that NNG brings, because that
 * one says nothing about why a peer was refused and asks for nothing unless
 * told to. With this engine there is one way to speak TLS and no weaker one:
 * version 1.2, ECDHE-ECDSA with AES-GCM on P-256 or P-384, a private authority,
 * a certificate from both sides with the extended key usage of its side and,
 * on the dialing side, the name it was told to expect. No tickets, no
 * resumption, no renegotiation, no revocation lists.
 *
 * A peer that is refused is one line in the log, unless there are too many (see
 * refusal_log.h):
 *   event=tls_refused side=server reason="certificate expired" cn=gateway
 *   peer=192.0.2.7:41234
 * A side that learns of its own refusal by an alert logs "refused by the
 * peer: ...". Who resets the connection before a first byte has no address.
 */

/*
 * tls_engine_register makes NNG use this engine in the whole process. To be
 * called before any nng_tls_config is made; more than once is harmless.
 * INTERNAL if mbedTLS or NNG refuse.
 */
NODISCARD enum code tls_engine_register(void);

#endif
