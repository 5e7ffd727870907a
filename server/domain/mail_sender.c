/*
 * Invariant: a mail leaves the outbox only once it was accepted or given up,
 * and after an acceptance nothing is sent before that is stored.
 */
#include "server/domain/mail_sender.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/log.h"
#include "server/domain/mail_post.h"
#include "server/domain/mailing.h"
#include "server/store/outbox_store.h"
#include "server/store/store.h"

#define US_PER_S ((int64_t)1000000)
#define US_PER_MS ((int64_t)1000)
#define STORE_PAUSE_US (5 * US_PER_S) /* after a failure of the store */

struct mail_sender {
	struct store *store;
	struct mail_post *post;
	int64_t retry_first_ms;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool woken;   /* under lock */
	bool closing; /* under lock */

	/* The thread's own. */
	void *memory;
	struct arena arena;
	uint32_t outages;      /* tries in a row that found no way out */
	int64_t held_until_us; /* no try before, after such a one */
};

/* What was tried, how it went, and when. */
struct attempt {
	const struct mail *mail;
	enum mail_outcome outcome;
	bool is_unwanted; /* not tried at all, and gone */
	int64_t now_us;
	char error[MAIL_LAST_ERROR_MAX + 1];
};

int64_t
mail_retry_pause_us(int64_t first_ms, uint32_t attempts)
{
	const int64_t max_us = MAIL_RETRY_MAX_S * US_PER_S;
	int64_t pause_us = first_ms * US_PER_MS;

	while (attempts-- > 0 && pause_us < max_us)
		pause_us *= 2;
	return pause_us < max_us ? pause_us : max_us;
}

static bool
is_closing(struct mail_sender *sender)
{
	bool closing;

	(void)pthread_mutex_lock(&sender->lock);
	closing = sender->closing;
	(void)pthread_mutex_unlock(&sender->lock);
	return closing;
}

/* Waits for a time of the wall clock, or for less if woken. */
static void
wait_until(struct mail_sender *sender, int64_t until_us, bool may_wake)
{
	struct timespec until = { .tv_sec = (time_t)(until_us / US_PER_S),
		                  .tv_nsec =
		                          (long)(until_us % US_PER_S) * 1000 };
	int rc = 0;

	(void)pthread_mutex_lock(&sender->lock);
	while (rc == 0 && !sender->closing && !(may_wake && sender->woken))
		rc = until_us == INT64_MAX
		             ? pthread_cond_wait(&sender->changed,
		                                 &sender->lock)
		             : pthread_cond_timedwait(&sender->changed,
		                                      &sender->lock, &until);
	if (may_wake)
		sender->woken = false;
	(void)pthread_mutex_unlock(&sender->lock);
}

static bool
is_given_up(const struct attempt *attempt)
{
	if (attempt->outcome == MAIL_REFUSED)
		return true;
	return attempt->now_us - attempt->mail->created_at_us >=
	       MAIL_GIVE_UP_S * US_PER_S;
}

/* Stores what became of a mail, in one transaction. */
static enum code
settle_once(struct mail_sender *sender, const struct attempt *attempt)
{
	const struct mail *mail = attempt->mail;
	struct store_txn txn;
	enum code code;

	store_begin_write(sender->store, &txn);
	if (attempt->is_unwanted || attempt->outcome == MAIL_ACCEPTED ||
	    is_given_up(attempt))
		outbox_store_del(&txn, mail);
	else
		outbox_store_postpone(
			&txn, &sender->arena, mail,
			attempt->now_us +
				mail_retry_pause_us(sender->retry_first_ms,
		                                    mail->attempts),
			attempt->error);
	code = store_end(&txn);
	/* Gone in the meantime: then there is nothing to store. */
	return code == CODE_NOT_FOUND ? CODE_OK : code;
}

/*
 * Until it is stored nothing else is sent: the mail would be due again and be
 * sent a second time.
 */
static void
settle(struct mail_sender *sender, const struct attempt *attempt)
{
	size_t mark = sender->arena.used;
	enum code code;

	while ((code = settle_once(sender, attempt)) != CODE_OK) {
		LOG_EVENT(LOG_LEVEL_ERROR, "outbox_failed",
		          LOG_T("code", code_name(code)));
		arena_rewind(&sender->arena, mark);
		wait_until(sender, clock_wall_us() + STORE_PAUSE_US, false);
		if (is_closing(sender))
			return;
	}
}

static void
log_attempt(const struct attempt *attempt)
{
	const struct mail *mail = attempt->mail;
	char id[HEX_SIZE(MAIL_ID_SIZE)];

	hex_encode(mail->id, MAIL_ID_SIZE, id);
	if (attempt->is_unwanted)
		LOG_EVENT(LOG_LEVEL_INFO, "mail_dropped", LOG_T("id", id),
		          LOG_T("template", mail->template_name),
		          LOG_N("user_id", (int64_t)mail->user_id));
	else if (attempt->outcome == MAIL_ACCEPTED)
		LOG_EVENT(LOG_LEVEL_INFO, "mail_sent", LOG_T("id", id),
		          LOG_T("template", mail->template_name),
		          LOG_N("attempts", (int64_t)mail->attempts + 1));
	else if (is_given_up(attempt))
		LOG_EVENT(LOG_LEVEL_ERROR, "mail_given_up", LOG_T("id", id),
		          LOG_T("to", mail->to),
		          LOG_T("template", mail->template_name),
		          LOG_N("attempts", (int64_t)mail->attempts + 1),
		          LOG_T("reason", attempt->error));
	else
		LOG_EVENT(LOG_LEVEL_WARN, "mail_postponed", LOG_T("id", id),
		          LOG_T("template", mail->template_name),
		          LOG_N("attempts", (int64_t)mail->attempts + 1),
		          LOG_T("reason", attempt->error));
}

/* After a try that found no way out, others wait too. */
static void
note_outage(struct mail_sender *sender, const struct attempt *attempt)
{
	int64_t pause_us;

	if (attempt->outcome != MAIL_UNREACHABLE) {
		sender->outages = 0;
		return;
	}
	pause_us = mail_retry_pause_us(sender->retry_first_ms, sender->outages);
	if (pause_us > MAIL_OUTAGE_MAX_S * US_PER_S)
		pause_us = MAIL_OUTAGE_MAX_S * US_PER_S;
	sender->outages++;
	sender->held_until_us = attempt->now_us + pause_us;
}

static void
deliver(struct mail_sender *sender, const struct mail *mail)
{
	struct attempt attempt = { .mail = mail };

	attempt.outcome =
		mail_post_deliver(sender->post, &sender->arena, mail,
	                          attempt.error, sizeof(attempt.error));
	if (attempt.outcome == MAIL_ABANDONED)
		return;
	attempt.now_us = clock_wall_us();
	note_outage(sender, &attempt);
	log_attempt(&attempt);
	settle(sender, &attempt);
}

static bool
is_wanted(struct mail_sender *sender, const struct mail *mail)
{
	struct store_txn txn;
	bool wanted;

	store_begin_read(sender->store, &txn);
	wanted = mailing_is_wanted(&txn, &sender->arena, mail);
	/* Whose record is damaged holds up nobody's mail, not the own either.
	 */
	return store_end(&txn) != CODE_OK || wanted;
}

static void
drop(struct mail_sender *sender, const struct mail *mail)
{
	const struct attempt attempt = { .mail = mail, .is_unwanted = true };

	log_attempt(&attempt);
	settle(sender, &attempt);
}

/* A clock that was set back holds nobody for longer than an outage does. */
static bool
is_held(const struct mail_sender *sender, int64_t now_us)
{
	int64_t left_us = sender->held_until_us - now_us;

	return sender->outages > 0 && left_us > 0 &&
	       left_us <= MAIL_OUTAGE_MAX_S * US_PER_S;
}

/* Sends what is due and returns when to look again. */
static int64_t
work(struct mail_sender *sender)
{
	while (!is_closing(sender)) {
		int64_t now_us = clock_wall_us(), next_us = INT64_MAX;
		struct store_txn txn;
		struct mail mail;
		enum code code;

		if (is_held(sender, now_us))
			return sender->held_until_us;
		store_begin_read(sender->store, &txn);
		code = outbox_store_due(&txn, &sender->arena, now_us, &mail,
		                        &next_us);
		if (store_end(&txn) != CODE_OK) {
			LOG_EVENT(LOG_LEVEL_ERROR, "outbox_failed",
			          LOG_T("code", code_name(code)));
			return now_us + STORE_PAUSE_US;
		}
		if (code == CODE_NOT_FOUND)
			return next_us;
		if (is_wanted(sender, &mail))
			deliver(sender, &mail);
		else
			drop(sender, &mail);
		arena_reset(&sender->arena);
	}
	return 0;
}

static void *
run(void *arg)
{
	struct mail_sender *sender = arg;

	while (!is_closing(sender)) {
		int64_t until_us = work(sender);

		arena_reset(&sender->arena);
		mail_post_rest(sender->post);
		wait_until(sender, until_us, true);
	}
	return NULL;
}

/* Signals are for the thread that waits for them, whatever was blocked. */
static int
start_thread(struct mail_sender *sender)
{
	sigset_t all, before;
	int rc;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&sender->thread, NULL, run, sender);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

static void
release(struct mail_sender *sender)
{
	mail_post_close(sender->post);
	(void)pthread_cond_destroy(&sender->changed);
	(void)pthread_mutex_destroy(&sender->lock);
	free(sender->memory);
	free(sender);
}

enum code
mail_sender_open(struct store *store, const struct mail_options *options,
                 struct mail_sender **out, char *err, size_t err_size)
{
	struct mail_sender *sender = calloc(1, sizeof(*sender));
	void *memory = malloc(MAIL_POST_ARENA_SIZE);
	enum code code = CODE_RESOURCE_EXHAUSTED;

	if (sender == NULL || memory == NULL) {
		free(memory);
		free(sender);
		(void)snprintf(err, err_size, "not enough memory for mails");
		return code;
	}
	sender->store = store;
	sender->retry_first_ms = options->retry_first_ms;
	sender->memory = memory;
	arena_init(&sender->arena, memory, MAIL_POST_ARENA_SIZE);
	(void)pthread_mutex_init(&sender->lock, NULL);
	(void)pthread_cond_init(&sender->changed, NULL);
	code = mail_post_open(options, &sender->post, err, err_size);
	if (code == CODE_OK && start_thread(sender) != 0) {
		(void)snprintf(err, err_size, "no thread for mails");
		code = CODE_RESOURCE_EXHAUSTED;
	}
	if (code != CODE_OK) {
		release(sender);
		return code;
	}
	*out = sender;
	return CODE_OK;
}

void
mail_sender_wake(struct mail_sender *sender)
{
	(void)pthread_mutex_lock(&sender->lock);
	sender->woken = true;
	(void)pthread_cond_signal(&sender->changed);
	(void)pthread_mutex_unlock(&sender->lock);
}

void
mail_sender_close(struct mail_sender *sender)
{
	if (sender == NULL)
		return;
	(void)pthread_mutex_lock(&sender->lock);
	sender->closing = true;
	(void)pthread_cond_signal(&sender->changed);
	(void)pthread_mutex_unlock(&sender->lock);
	mail_post_interrupt(sender->post);
	(void)pthread_join(sender->thread, NULL);
	arena_reset(&sender->arena);
	release(sender);
}
