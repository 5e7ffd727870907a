/* Beside https_fetch.c the one file that includes libcurl's header. */
#include "server/domain/mail_smtp.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "server/domain/mail_smtp_reply.h"

#define SOCKETS_MAX 8 /* one; a few while addresses are tried */
#define CONNECT_MAX_MS 30000
#define POLL_MS 1000
#define PATH_SIZE (254 + 3) /* an address in <> */

struct mail_smtp {
	const struct mail_options *options;
	char from[PATH_SIZE];
	CURLM *multi;
	CURL *easy; /* NULL: at rest */
	curl_socket_t sockets[SOCKETS_MAX];
	size_t socket_count;
	atomic_bool interrupted;

	/* Of the present delivery. */
	struct bytes unsent;
	struct mail_smtp_reply reply;
	char error[CURL_ERROR_SIZE];
};

static enum code
fail(enum code code, const char *what, char *err, size_t err_size)
{
	(void)snprintf(err, err_size, "%s", what);
	return code;
}

static bool
begins(const char *text, const char *prefix)
{
	return strncasecmp(text, prefix, strlen(prefix)) == 0;
}

static enum code
check(const struct mail_options *o, char *err, size_t err_size)
{
	bool is_tls = begins(o->smtp_url, "smtps://");

	if (!is_tls && !begins(o->smtp_url, "smtp://"))
		return fail(CODE_INVALID_ARGUMENT,
		            "mail.smtp_url: must be smtp://host:port or "
		            "smtps://host:port",
		            err, err_size);
	if (strchr(o->smtp_url, '@') != NULL)
		return fail(CODE_INVALID_ARGUMENT,
		            "mail.smtp_url: holds a user; use mail.smtp_user "
		            "and mail.smtp_password_file",
		            err, err_size);
	if (*o->smtp_user != '\0' && !is_tls && !o->smtp_starttls)
		return fail(CODE_INVALID_ARGUMENT,
		            "mail.smtp_user: the password would be sent in "
		            "the clear; set mail.smtp_starttls to true",
		            err, err_size);
	if (*o->smtp_ca == '\0' || access(o->smtp_ca, R_OK) == 0)
		return CODE_OK;
	(void)snprintf(err, err_size, "mail.smtp_ca: %s cannot be read",
	               o->smtp_ca);
	return CODE_NOT_FOUND;
}

enum code
mail_smtp_open(const struct mail_options *options, const char *from,
               struct mail_smtp **out, char *err, size_t err_size)
{
	struct mail_smtp *smtp;
	enum code code = check(options, err, err_size);

	if (code != CODE_OK)
		return code;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return fail(CODE_INTERNAL, "libcurl does not start", err,
		            err_size);
	smtp = calloc(1, sizeof(*smtp));
	if (smtp != NULL)
		smtp->multi = curl_multi_init();
	if (smtp == NULL || smtp->multi == NULL) {
		free(smtp);
		curl_global_cleanup();
		return fail(CODE_RESOURCE_EXHAUSTED, "not enough memory", err,
		            err_size);
	}
	smtp->options = options;
	(void)snprintf(smtp->from, sizeof(smtp->from), "<%s>", from);
	*out = smtp;
	return CODE_OK;
}

/* What libcurl calls. */

static curl_socket_t
on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct mail_smtp *smtp = arg;
	int fd;

	(void)purpose;
	if (smtp->socket_count == SOCKETS_MAX)
		return CURL_SOCKET_BAD;
	fd = socket(address->family, address->socktype | SOCK_CLOEXEC,
	            address->protocol);
	if (fd >= 0)
		smtp->sockets[smtp->socket_count++] = fd;
	return fd;
}

static int
on_close(void *arg, curl_socket_t fd)
{
	struct mail_smtp *smtp = arg;

	for (size_t i = 0; i < smtp->socket_count; i++)
		if (smtp->sockets[i] == fd)
			smtp->sockets[i] = smtp->sockets[--smtp->socket_count];
	return close(fd);
}

static size_t
on_read(char *out, size_t size, size_t count, void *arg)
{
	struct mail_smtp *smtp = arg;
	size_t len = size * count;

	if (len > smtp->unsent.len)
		len = smtp->unsent.len;
	if (len > 0)
		memcpy(out, smtp->unsent.data, len);
	smtp->unsent.data = (const char *)smtp->unsent.data + len;
	smtp->unsent.len -= len;
	if (smtp->unsent.len == 0)
		mail_smtp_reply_body(&smtp->reply);
	return len;
}

/* Only the dialogue is looked at, and of ours the first words. */
static int
on_debug(CURL *easy, curl_infotype type, char *data, size_t len, void *arg)
{
	struct mail_smtp *smtp = arg;

	(void)easy;
	if (type == CURLINFO_HEADER_OUT)
		mail_smtp_reply_command(&smtp->reply, data, len);
	else if (type == CURLINFO_HEADER_IN)
		mail_smtp_reply_line(&smtp->reply, data, len);
	return 0;
}

/* Sets an option and keeps the first failure. */
#define SET(option, value)                                                     \
	do {                                                                   \
		if (rc == CURLE_OK)                                            \
			rc = curl_easy_setopt(easy, (option), (value));        \
	} while (0)

static CURLcode
set_manners(struct mail_smtp *smtp, CURL *easy)
{
	const struct mail_options *o = smtp->options;
	int64_t connect_ms = o->timeout_ms;
	CURLcode rc = CURLE_OK;

	if (connect_ms > CONNECT_MAX_MS)
		connect_ms = CONNECT_MAX_MS;
	SET(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NOSIGNAL, 1L);
	/* An unfinished question to the DNS must not hold up our end. */
	SET(CURLOPT_QUICK_EXIT, 1L);
	SET(CURLOPT_TIMEOUT_MS, (long)o->timeout_ms);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
	SET(CURLOPT_ERRORBUFFER, smtp->error);
	SET(CURLOPT_OPENSOCKETFUNCTION, on_open);
	SET(CURLOPT_OPENSOCKETDATA, smtp);
	SET(CURLOPT_CLOSESOCKETFUNCTION, on_close);
	SET(CURLOPT_CLOSESOCKETDATA, smtp);
	SET(CURLOPT_READFUNCTION, on_read);
	SET(CURLOPT_READDATA, smtp);
	SET(CURLOPT_VERBOSE, 1L);
	SET(CURLOPT_DEBUGFUNCTION, on_debug);
	SET(CURLOPT_DEBUGDATA, smtp);
	return rc;
}

static CURLcode
set_server(struct mail_smtp *smtp, CURL *easy)
{
	const struct mail_options *o = smtp->options;
	CURLcode rc = CURLE_OK;

	SET(CURLOPT_URL, o->smtp_url);
	SET(CURLOPT_USE_SSL,
	    (long)(o->smtp_starttls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	if (*o->smtp_ca != '\0') {
		SET(CURLOPT_CAINFO, o->smtp_ca);
		SET(CURLOPT_CAPATH, NULL);
	}
	if (*o->smtp_user != '\0') {
		SET(CURLOPT_USERNAME, o->smtp_user);
		SET(CURLOPT_PASSWORD, o->smtp_password);
	}
	SET(CURLOPT_UPLOAD, 1L);
	SET(CURLOPT_MAIL_FROM, smtp->from);
	return rc;
}

static bool
wake_up(struct mail_smtp *smtp)
{
	CURL *easy = smtp->easy;

	if (easy != NULL)
		return true;
	easy = curl_easy_init();
	if (easy == NULL)
		return false;
	if (set_manners(smtp, easy) != CURLE_OK ||
	    set_server(smtp, easy) != CURLE_OK) {
		curl_easy_cleanup(easy);
		return false;
	}
	smtp->easy = easy;
	return true;
}

static void
shut_sockets(struct mail_smtp *smtp, int how)
{
	for (size_t i = 0; i < smtp->socket_count; i++)
		(void)shutdown(smtp->sockets[i], how);
}

/* Whether to end a delivery although it is not finished. */
static bool
must_abandon(struct mail_smtp *smtp, int64_t *deadline_ms)
{
	if (!atomic_load(&smtp->interrupted))
		return false;
	if (smtp->reply.step != MAIL_SMTP_BODY)
		return true;
	if (*deadline_ms == 0)
		*deadline_ms = clock_monotonic_ms() + MAIL_SMTP_GRACE_MS;
	return clock_monotonic_ms() >= *deadline_ms;
}

/* Returns whether it came to an end, with the result in *rc. */
static bool
run(struct mail_smtp *smtp, CURLcode *rc)
{
	int running = 1, left;
	int64_t deadline_ms = 0;
	const CURLMsg *message;

	while (!must_abandon(smtp, &deadline_ms)) {
		if (curl_multi_perform(smtp->multi, &running) != CURLM_OK)
			return false;
		message = curl_multi_info_read(smtp->multi, &left);
		if (message != NULL && message->msg == CURLMSG_DONE) {
			*rc = message->data.result;
			return true;
		}
		/* interrupt wakes it, and so do sockets. */
		if (running == 0 || curl_multi_poll(smtp->multi, NULL, 0,
		                                    POLL_MS, NULL) != CURLM_OK)
			return false;
	}
	return false;
}

static enum mail_outcome
judge(struct mail_smtp *smtp, const struct mail_delivery *delivery, CURLcode rc)
{
	const struct mail_smtp_reply *reply = &smtp->reply;

	if (rc == CURLE_OK)
		return MAIL_ACCEPTED;
	if (mail_smtp_reply_is_failure(reply)) {
		mail_smtp_reply_explain(reply, delivery->error,
		                        delivery->error_size);
		return mail_smtp_reply_outcome(reply);
	}
	(void)snprintf(delivery->error, delivery->error_size, "%s",
	               smtp->error[0] != '\0' ? smtp->error
	                                      : curl_easy_strerror(rc));
	return MAIL_UNREACHABLE;
}

static enum mail_outcome
transfer(struct mail_smtp *smtp, const struct mail_delivery *delivery)
{
	CURLcode rc = CURLE_FAILED_INIT;
	enum mail_outcome outcome = MAIL_ABANDONED;

	if (curl_multi_add_handle(smtp->multi, smtp->easy) != CURLM_OK)
		return MAIL_UNREACHABLE;
	if (run(smtp, &rc) || !atomic_load(&smtp->interrupted))
		outcome = judge(smtp, delivery, rc);
	/* Else libcurl would say QUIT and wait for the answer. */
	if (outcome == MAIL_ABANDONED)
		shut_sockets(smtp, SHUT_RDWR);
	(void)curl_multi_remove_handle(smtp->multi, smtp->easy);
	return outcome;
}

enum mail_outcome
mail_smtp_deliver(struct mail_smtp *smtp, const struct mail_delivery *delivery)
{
	struct curl_slist *recipients;
	enum mail_outcome outcome = MAIL_UNREACHABLE;
	char to[PATH_SIZE];

	(void)snprintf(delivery->error, delivery->error_size, "no memory");
	(void)snprintf(to, sizeof(to), "<%s>", delivery->to);
	recipients = curl_slist_append(NULL, to);
	if (recipients == NULL || !wake_up(smtp)) {
		curl_slist_free_all(recipients);
		return outcome;
	}
	smtp->unsent = delivery->message;
	smtp->error[0] = '\0';
	mail_smtp_reply_init(&smtp->reply);
	if (curl_easy_setopt(smtp->easy, CURLOPT_MAIL_RCPT, recipients) ==
	            CURLE_OK &&
	    curl_easy_setopt(smtp->easy, CURLOPT_INFILESIZE_LARGE,
	                     (curl_off_t)delivery->message.len) == CURLE_OK)
		outcome = transfer(smtp, delivery);
	(void)curl_easy_setopt(smtp->easy, CURLOPT_MAIL_RCPT, NULL);
	curl_slist_free_all(recipients);
	smtp->unsent = (struct bytes){ 0 };
	return outcome;
}

void
mail_smtp_rest(struct mail_smtp *smtp)
{
	if (smtp->easy == NULL)
		return;
	/* QUIT still goes out, but nobody waits for what is said to it. */
	shut_sockets(smtp, SHUT_RD);
	curl_easy_cleanup(smtp->easy);
	smtp->easy = NULL;
}

void
mail_smtp_interrupt(struct mail_smtp *smtp)
{
	atomic_store(&smtp->interrupted, true);
	(void)curl_multi_wakeup(smtp->multi);
}

void
mail_smtp_close(struct mail_smtp *smtp)
{
	if (smtp == NULL)
		return;
	mail_smtp_rest(smtp);
	(void)curl_multi_cleanup(smtp->multi);
	free(smtp);
	curl_global_cleanup();
}
