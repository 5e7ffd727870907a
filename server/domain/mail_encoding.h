#ifndef SERVER_DOMAIN_MAIL_ENCODING_H
#define SERVER_DOMAIN_MAIL_ENCODING_H

#include "server/domain/mail_buffer.h"

/*
 * Text as mail carries it: ASCII, short lines, CRLF. Whatever the input, the
 * output of these is safe where it is put: no input byte ends a header.
 */

/*
 * mail_encoding_body writes text (lines end in LF or CRLF) as quoted-printable
 * with a CRLF at its end (RFC 2045, section 6.7).
 */
void mail_encoding_body(struct mail_buffer *out, const char *text);

/*
 * mail_encoding_subject writes UTF-8 for an unstructured header: as it is if it
 * is short and plain, else as encoded words, folded (RFC 2047).
 */
void mail_encoding_subject(struct mail_buffer *out, const char *text);

/* mail_encoding_name does so for a display name (section 5 (3)). */
void mail_encoding_name(struct mail_buffer *out, const char *text);

#endif
