#ifndef SERVER_DOMAIN_MAIL_MESSAGE_H
#define SERVER_DOMAIN_MAIL_MESSAGE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/code.h"
#include "server/domain/mail_address.h"
#include "server/domain/mail_template.h"
#include "server/store/outbox_store.h"

/*
 * A mail as it goes over the wire (RFC 5322, RFC 2045): the same parts give
 * the same bytes, so that a repeat is a repeat.
 */
struct mail_parts {
	uint8_t id[MAIL_ID_SIZE];
	const char *id_domain; /* of the Message-ID; mail_address_is_domain */
	const struct mail_address *from;
	const struct mail_address *to;
	int64_t date_us; /* when it was caused; since 1970 */
	struct mail_words words;
};

/*
 * mail_message_write writes it, with CRLF, into the arena: headers, then text
 * and HTML as multipart/alternative. RESOURCE_EXHAUSTED: the arena is full.
 */
NODISCARD enum code mail_message_write(struct arena *arena,
                                       const struct mail_parts *parts,
                                       struct bytes *out);

#endif
