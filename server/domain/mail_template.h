#ifndef SERVER_DOMAIN_MAIL_TEMPLATE_H
#define SERVER_DOMAIN_MAIL_TEMPLATE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/code.h"

/*
 * What mails say. Each kind of mail has a text and an HTML template; those
 * that are compiled in come from mail_templates/, and an operator's directory
 * replaces single files. A template is UTF-8 with {{variable}} in it. A text
 * template begins with "Subject: ..." and an empty line.
 *
 * Values are people's input: in HTML they are escaped, and control characters
 * become spaces everywhere, so that no value starts a line of its own.
 *
 * Variables that a template may name; "{{variable|words}}" has the words for a
 * mail in which it is empty:
 *   operator  name of the service (server.operator_name)
 *   email     the address that the mail goes to
 *   link      the one-time link: verify, reset, invitation
 *   lifetime  how long it is good: "3 days", "1 hour"
 *   time      when it happened, UTC: password_changed, identity_linked
 *   address   from which network address, if known: the same
 *   issuer    where one can now sign in, such as Google: identity_linked
 *   name      what the user calls themselves. A stranger may have typed it into
 *             a registration: the built-in templates leave it out.
 */
#define MAIL_TEMPLATE_SIZE_MAX 65536 /* bytes of a template */
#define MAIL_SUBJECT_MAX 255         /* bytes; longer ones are cut */

/* MailRecord.template and file names without their ".txt" or ".html". */
#define MAIL_TEMPLATE_VERIFY "verify"
#define MAIL_TEMPLATE_RESET "reset"
#define MAIL_TEMPLATE_INVITATION "invitation"
#define MAIL_TEMPLATE_PASSWORD_CHANGED "password_changed"
#define MAIL_TEMPLATE_IDENTITY_LINKED "identity_linked"
#define MAIL_TEMPLATE_TEST "test"

struct mail;
struct mail_templates;

/* A mail's words, in the arena. */
struct mail_words {
	const char *subject; /* one line */
	const char *text;
	const char *html;
};

/*
 * mail_templates_open takes the built-in templates and the *.txt and *.html of
 * the directory ("" is none). INVALID_ARGUMENT for what is wrong in one, with
 * its file and line in err; NOT_FOUND, PERMISSION_DENIED or INTERNAL for what
 * cannot be read.
 */
NODISCARD enum code mail_templates_open(const char *dir,
                                        struct mail_templates **out, char *err,
                                        size_t err_size);

/* mail_templates_close accepts NULL. */
void mail_templates_close(struct mail_templates *templates);

/*
 * mail_templates_fill writes a mail's words. NOT_FOUND: no such template;
 * RESOURCE_EXHAUSTED: the arena is full.
 */
NODISCARD enum code mail_templates_fill(const struct mail_templates *templates,
                                        struct arena *arena,
                                        const struct mail *mail,
                                        struct mail_words *out);

#endif
