#ifndef SERVER_DOMAIN_MAIL_SLOT_H
#define SERVER_DOMAIN_MAIL_SLOT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "server/domain/mail_buffer.h"

/*
 * The "{{variable|words}}" of a mail template: where they are and what stands
 * in their place.
 */
struct mail;

enum mail_format { MAIL_FORMAT_TEXT, MAIL_FORMAT_HTML };

/*
 * mail_slot_check tells whether a template is UTF-8 with well-formed slots of
 * known variables. If not, *line is where, beginning with 1, and *fault what.
 */
bool mail_slot_check(struct bytes template, size_t *line, const char **fault);

/*
 * mail_slot_fill writes a template that passed the check with the mail's
 * values: control characters become spaces, HTML is escaped.
 */
void mail_slot_fill(struct mail_buffer *out, struct bytes template,
                    const struct mail *mail, enum mail_format format);

#endif
