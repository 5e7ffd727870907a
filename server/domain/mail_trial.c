/* What mail_sender.h offers to an operator: checks, and a mail right now. */
#include "server/domain/mail_sender.h"

#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "base/arena.h"
#include "base/clock.h"
#include "server/domain/mail_post.h"
#include "server/domain/mail_template.h"
#include "server/store/outbox_store.h"

enum code
mail_sender_check(const struct mail_options *options, char *err,
                  size_t err_size)
{
	struct mail_post *post = NULL;
	enum code code = mail_post_open(options, &post, err, err_size);

	mail_post_close(post);
	return code;
}

static enum code
deliver(struct mail_post *post, const struct mail *mail, char *err,
        size_t err_size)
{
	void *memory = malloc(MAIL_POST_ARENA_SIZE);
	enum mail_outcome outcome;
	struct arena arena;

	if (memory == NULL) {
		(void)snprintf(err, err_size, "not enough memory");
		return CODE_RESOURCE_EXHAUSTED;
	}
	arena_init(&arena, memory, MAIL_POST_ARENA_SIZE);
	outcome = mail_post_deliver(post, &arena, mail, err, err_size);
	arena_reset(&arena);
	free(memory);
	switch (outcome) {
	case MAIL_ACCEPTED:
		return CODE_OK;
	case MAIL_REFUSED:
		return CODE_FAILED_PRECONDITION;
	default:
		return CODE_UNAVAILABLE;
	}
}

enum code
mail_send_test(const struct mail_options *options, const char *to, char *err,
               size_t err_size)
{
	struct mail mail = {
		.to = to,
		.template_name = MAIL_TEMPLATE_TEST,
		.variables = { { "operator", options->operator_name },
		               { "email", to } },
		.variable_count = 2,
		.created_at_us = clock_wall_us(),
		.last_error = "",
	};
	struct mail_post *post;
	enum code code = mail_post_open(options, &post, err, err_size);

	if (code != CODE_OK)
		return code;
	randombytes_buf(mail.id, sizeof(mail.id));
	code = deliver(post, &mail, err, err_size);
	mail_post_close(post);
	return code;
}
