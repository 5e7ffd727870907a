#ifndef SERVER_DOMAIN_MAIL_DELIVERY_H
#define SERVER_DOMAIN_MAIL_DELIVERY_H

#include <stddef.h>

#include "base/bytes.h"

struct mail;

/* What became of a mail that was handed to a transport. */
enum mail_outcome {
	MAIL_ACCEPTED,    /* it is theirs now */
	MAIL_REFUSED,     /* for good: another try would end the same */
	MAIL_LATER,       /* this mail failed; others may not */
	MAIL_UNREACHABLE, /* no mail would pass now */
	MAIL_ABANDONED,   /* interrupted by us */
};

/* One mail on its way. All is lent for the call. */
struct mail_delivery {
	const struct mail *mail;
	const char *to;       /* ASCII, safe as an argument of SMTP */
	struct bytes message; /* with CRLF */
	char *error;          /* receives one sentence unless accepted; never a
	                         link */
	size_t error_size;
};

#endif
