#include "server/domain/mail_post.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/domain/mail_address.h"
#include "server/domain/mail_maildir.h"
#include "server/domain/mail_message.h"
#include "server/domain/mail_smtp.h"
#include "server/domain/mail_template.h"

struct mail_post {
	const struct mail_options *options;
	struct mail_address from;
	const char *id_domain;
	struct mail_templates *templates;
	struct mail_maildir *maildir; /* one of the two */
	struct mail_smtp *smtp;
};

static enum code
read_from(struct mail_post *post, char *err, size_t err_size)
{
	const struct mail_options *o = post->options;

	if (mail_address_read_named(o->from, &post->from) != CODE_OK) {
		(void)snprintf(err, err_size,
		               "mail.from: \"%s\" is neither an address nor "
		               "\"Name <address>\"",
		               o->from);
		return CODE_INVALID_ARGUMENT;
	}
	post->id_domain = *o->message_id_domain != '\0'
	                          ? o->message_id_domain
	                          : mail_address_domain(&post->from);
	if (post->id_domain[0] == '[' ||
	    mail_address_is_domain(post->id_domain))
		return CODE_OK;
	(void)snprintf(err, err_size,
	               "mail.message_id_domain: \"%s\" is not a domain",
	               post->id_domain);
	return CODE_INVALID_ARGUMENT;
}

static enum code
open_transport(struct mail_post *post, char *err, size_t err_size)
{
	const struct mail_options *o = post->options;

	if (o->transport == MAIL_SMTP)
		return mail_smtp_open(o, post->from.address, &post->smtp, err,
		                      err_size);
	return mail_maildir_open(o->maildir, &post->maildir, err, err_size);
}

enum code
mail_post_open(const struct mail_options *options, struct mail_post **out,
               char *err, size_t err_size)
{
	struct mail_post *post = calloc(1, sizeof(*post));
	enum code code;

	if (post == NULL) {
		(void)snprintf(err, err_size, "not enough memory");
		return CODE_RESOURCE_EXHAUSTED;
	}
	post->options = options;
	code = read_from(post, err, err_size);
	if (code == CODE_OK)
		code = mail_templates_open(options->template_dir,
		                           &post->templates, err, err_size);
	if (code == CODE_OK)
		code = open_transport(post, err, err_size);
	if (code != CODE_OK) {
		mail_post_close(post);
		return code;
	}
	*out = post;
	return CODE_OK;
}

void
mail_post_close(struct mail_post *post)
{
	if (post == NULL)
		return;
	mail_smtp_close(post->smtp);
	mail_maildir_close(post->maildir);
	mail_templates_close(post->templates);
	free(post);
}

static enum mail_outcome
give_back(const struct mail_delivery *delivery, enum mail_outcome outcome,
          const char *why)
{
	(void)snprintf(delivery->error, delivery->error_size, "%s", why);
	return outcome;
}

static enum mail_outcome
hand_over(struct mail_post *post, const struct mail_delivery *delivery)
{
	if (post->smtp != NULL)
		return mail_smtp_deliver(post->smtp, delivery);
	return mail_maildir_deliver(post->maildir, delivery);
}

enum mail_outcome
mail_post_deliver(struct mail_post *post, struct arena *arena,
                  const struct mail *mail, char *error, size_t error_size)
{
	struct mail_address to;
	struct mail_delivery delivery = { .mail = mail,
		                          .error = error,
		                          .error_size = error_size };
	struct mail_parts parts = { .id_domain = post->id_domain,
		                    .from = &post->from,
		                    .to = &to,
		                    .date_us = mail->created_at_us };

	if (mail_address_read(mail->to, &to) != CODE_OK)
		return give_back(&delivery, MAIL_REFUSED,
		                 "the address cannot be mailed to");
	memcpy(parts.id, mail->id, MAIL_ID_SIZE);
	switch (mail_templates_fill(post->templates, arena, mail,
	                            &parts.words)) {
	case CODE_OK:
		break;
	case CODE_NOT_FOUND:
		return give_back(&delivery, MAIL_LATER, "no such template");
	default:
		return give_back(&delivery, MAIL_LATER, "too long a mail");
	}
	if (mail_message_write(arena, &parts, &delivery.message) != CODE_OK)
		return give_back(&delivery, MAIL_LATER, "too long a mail");
	delivery.to = to.address;
	return hand_over(post, &delivery);
}

void
mail_post_rest(struct mail_post *post)
{
	if (post->smtp != NULL)
		mail_smtp_rest(post->smtp);
}

void
mail_post_interrupt(struct mail_post *post)
{
	if (post->smtp != NULL)
		mail_smtp_interrupt(post->smtp);
}
