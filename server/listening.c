#include "server/listening.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/certificate.h"
#include "base/certificate_watch.h"
#include "base/clock.h"

const char *
listening_name(enum listener_kind kind)
{
	static const char *const names[LISTENER_KIND_COUNT] = {
		[LISTENER_FRONT] = "front",
		[LISTENER_SERVICE] = "service",
		[LISTENER_LOCAL] = "local",
	};

	return names[kind];
}

static void
add_tls(struct listening *listening, const struct listener_options *options)
{
	if (*options->url != '\0')
		listening->listeners[listening->count++] = *options;
}

static enum code
add_local(struct listening *listening, const struct server_settings *s,
          char *err, size_t err_size)
{
	const struct setting_list *list = &s->listeners.local_uids;

	if (*s->listeners.local == '\0')
		return CODE_OK;
	for (size_t i = 0; i < list->count && i < LISTENING_UIDS_MAX; i++) {
		char *end;
		unsigned long uid = strtoul(list->items[i], &end, 10);

		if (*end != '\0' || *list->items[i] < '0' ||
		    *list->items[i] > '9' || uid >= UINT32_MAX) {
			(void)snprintf(err, err_size,
			               "listeners.local_uids: \"%s\" is not a "
			               "numeric user id",
			               list->items[i]);
			return CODE_INVALID_ARGUMENT;
		}
		listening->uids[i] = (uid_t)uid;
	}
	listening->listeners[listening->count++] =
		(struct listener_options){ .kind = LISTENER_LOCAL,
		                           .url = s->listeners.local,
		                           .peer_uids = listening->uids,
		                           .peer_uid_count = list->count };
	return CODE_OK;
}

enum code
listening_read(const struct server_settings *s, struct listening *out,
               char *err, size_t err_size)
{
	enum code code;

	*out = (struct listening){ 0 };
	add_tls(out, &(struct listener_options){ .kind = LISTENER_FRONT,
	                                         .url = s->listeners.front,
	                                         .cert_path = s->tls.front_cert,
	                                         .key_path = s->tls.front_key,
	                                         .ca_path = s->tls.front_ca });
	add_tls(out,
	        &(struct listener_options){ .kind = LISTENER_SERVICE,
	                                    .url = s->listeners.service,
	                                    .cert_path = s->tls.service_cert,
	                                    .key_path = s->tls.service_key,
	                                    .ca_path = s->tls.service_ca });
	code = add_local(out, s, err, err_size);
	if (code != CODE_OK || out->count > 0)
		return code;
	(void)snprintf(err, err_size,
	               "listeners.front, .service and .local are all empty: "
	               "there is nothing to listen on");
	return CODE_INVALID_ARGUMENT;
}

static enum code
check_certificate(enum listener_kind kind, const char *path, char *err,
                  size_t err_size)
{
	int64_t expires_at = 0;
	enum code code = certificate_expires_at(path, &expires_at);

	if (code == CODE_OK && expires_at > clock_wall_us() / 1000000)
		return CODE_OK;
	(void)snprintf(err, err_size, "listeners.%s: %s: %s",
	               listening_name(kind), path,
	               code == CODE_OK ? "expired" : code_name(code));
	return code == CODE_OK ? CODE_FAILED_PRECONDITION : code;
}

static enum code
check_files(const struct listener_options *listener, char *err, size_t err_size)
{
	enum code code;

	if (listener->cert_path == NULL)
		return CODE_OK;
	code = check_certificate(listener->kind, listener->ca_path, err,
	                         err_size);
	if (code == CODE_OK)
		code = check_certificate(listener->kind, listener->cert_path,
		                         err, err_size);
	if (code == CODE_OK && access(listener->key_path, R_OK) != 0) {
		(void)snprintf(err, err_size, "listeners.%s: %s: %s",
		               listening_name(listener->kind),
		               listener->key_path, strerror(errno));
		code = CODE_NOT_FOUND;
	}
	return code;
}

enum code
listening_check(const struct listening *listening, char *err, size_t err_size)
{
	enum code code = CODE_OK;

	for (size_t i = 0; i < listening->count && code == CODE_OK; i++)
		code = check_files(&listening->listeners[i], err, err_size);
	return code;
}

void
listening_warn(const struct listening *listening, int64_t now_us)
{
	for (size_t i = 0; i < listening->count; i++) {
		if (listening->listeners[i].cert_path == NULL)
			continue;
		certificate_warn(listening->listeners[i].cert_path, now_us);
		certificate_warn(listening->listeners[i].ca_path, now_us);
	}
}
