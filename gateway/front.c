#include "gateway/front.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/message_limit.h"
#include "base/process.h"
#include "base/version.h"
#include "client/channel.h"
#include "gateway/endpoint.h"
#include "gateway/gateway.h"
#include "gateway/http_server.h"
#include "gateway/http_tls.h"
#include "gateway/proxy_list.h"

/* What translating a request may need beside its text, JSON trees included. */
#define REQUEST_ARENA_FACTOR 8
#define DRAIN_SLACK_MS 1000
#define DRAIN_IDLE_MS 1000
#define PUBLIC_BASE_MAX 1024 /* bytes, as of any setting */

struct front {
	const struct gateway_settings *settings;
	struct endpoint endpoint;
	struct endpoint endpoint_tls; /* port 0 and no address: none */
	char public_base[PUBLIC_BASE_MAX + 1];
	struct channel *channel;
	struct gateway *gateway;
	struct http_tls *tls; /* NULL: no HTTPS */
	struct proxy_list *proxies;
	struct http_server *http;
	struct http_server *https; /* NULL: none */
};

static enum code
refuse(const char *why, char *err, size_t err_size)
{
	(void)snprintf(err, err_size, "%s", why);
	return CODE_INVALID_ARGUMENT;
}

static enum code
choose_endpoint(struct front *front, char *err, size_t err_size)
{
	const struct gateway_settings *s = front->settings;

	if (!endpoint_read(s->gateway.listen, &front->endpoint)) {
		(void)snprintf(err, err_size,
		               "gateway.listen: \"%.60s\" is not a numeric "
		               "address and port such as 127.0.0.1:8000",
		               s->gateway.listen);
		return CODE_INVALID_ARGUMENT;
	}
	if (front->endpoint.is_loopback || s->gateway.behind_tls_proxy)
		return CODE_OK;
	return refuse("gateway.listen: plain HTTP on an address that is not "
	              "loopback would carry passwords in the clear; put a TLS "
	              "proxy in front and set gateway.behind_tls_proxy = true, "
	              "or use gateway.listen_tls",
	              err, err_size);
}

static bool
wants_tls(const struct gateway_settings *s)
{
	return *s->gateway.listen_tls != '\0';
}

/* Which part of HTTPS is not said, NULL: all is, or none is wanted. */
static const char *
lacking(const struct gateway_settings *s)
{
	bool cert = *s->gateway.tls_cert != '\0';
	bool key = *s->gateway.tls_key != '\0';

	if (wants_tls(s) && !cert)
		return "gateway.tls_cert: gateway.listen_tls needs a "
		       "certificate";
	if (wants_tls(s) && !key)
		return "gateway.tls_key: gateway.listen_tls needs a key";
	if (!wants_tls(s) && (cert || key))
		return "gateway.listen_tls: there is a certificate or key but "
		       "no address to use it on";
	return NULL;
}

static enum code
open_tls(struct front *front, char *err, size_t err_size)
{
	const struct gateway_settings *s = front->settings;

	if (lacking(s) != NULL)
		return refuse(lacking(s), err, err_size);
	if (!wants_tls(s))
		return CODE_OK;
	if (!endpoint_read(s->gateway.listen_tls, &front->endpoint_tls)) {
		(void)snprintf(err, err_size,
		               "gateway.listen_tls: \"%.60s\" is not a numeric "
		               "address and port such as 0.0.0.0:8443",
		               s->gateway.listen_tls);
		return CODE_INVALID_ARGUMENT;
	}
	return http_tls_open(s->gateway.tls_cert, s->gateway.tls_key,
	                     &front->tls, err, err_size);
}

static enum code
open_proxies(struct front *front, char *err, size_t err_size)
{
	const struct setting_list *list =
		&front->settings->gateway.trusted_proxies;
	char why[160] = "";
	enum code code;

	if (list->count == 0)
		return CODE_OK;
	code = proxy_list_open((const char *const *)list->items, list->count,
	                       &front->proxies, why, sizeof(why));
	if (code != CODE_OK)
		(void)snprintf(err, err_size, "gateway.trusted_proxies: %s",
		               why);
	return code;
}

static bool
dials_tls(const struct gateway_settings *s)
{
	return strncmp(s->server.url, "tls+tcp", strlen("tls+tcp")) == 0;
}

/* A longer answer than we take would end the connection and every call. */
static size_t
reply_max(const struct gateway_settings *s)
{
	size_t configured = (size_t)s->server.message_max;

	return configured < REPLY_LIMIT ? REPLY_LIMIT : configured;
}

static struct channel_options
channel_options_of(const struct gateway_settings *s)
{
	struct channel_options options = {
		.url = s->server.url,
		.calls_max = (unsigned)s->server.calls_max,
		.arena_size = MESSAGE_ARENA_SIZE / REPLY_LIMIT * reply_max(s),
		.message_max = reply_max(s),
		.hold = true, /* until everything else has been checked */
	};

	if (dials_tls(s)) {
		options.server_name = s->server.name;
		options.ca_path = s->server.ca;
		options.cert_path = s->server.cert;
		options.key_path = s->server.key;
	}
	return options;
}

static enum code
open_channel(struct front *front, char *err, size_t err_size)
{
	struct channel_options options = channel_options_of(front->settings);

	return channel_open(&options, &front->channel, err, err_size);
}

/* "http://127.0.0.1:8000" where nobody says what clients call this. */
static void
choose_public_base(struct front *front)
{
	const struct endpoint *endpoint = &front->endpoint;
	char listen[ENDPOINT_TEXT_SIZE];

	if (*front->settings->gateway.public_base != '\0') {
		(void)snprintf(front->public_base, sizeof(front->public_base),
		               "%s", front->settings->gateway.public_base);
	} else if (endpoint->is_loopback && endpoint->port != 0) {
		endpoint_write(endpoint, endpoint->port, listen);
		(void)snprintf(front->public_base, sizeof(front->public_base),
		               "http://%s", listen);
	}
}

static enum translate_confirm
confirm_of(const char *verify_on_get)
{
	if (strcmp(verify_on_get, "always") == 0)
		return TRANSLATE_CONFIRM_NOBODY;
	if (strcmp(verify_on_get, "never") == 0)
		return TRANSLATE_CONFIRM_ALL;
	return TRANSLATE_CONFIRM_PEOPLE;
}

static enum code
open_gateway(struct front *front, char *err, size_t err_size)
{
	const struct gateway_settings *s = front->settings;
	struct gateway_options options = {
		.profiles = (const char *const *)s->gateway.profiles.items,
		.profile_count = s->gateway.profiles.count,
		.cors = { .origins = (const char *const *)s->cors.origins.items,
		          .origin_count = s->cors.origins.count,
		          .allow_all = s->cors.allow_all,
		          .allow_credentials = s->cors.allow_credentials },
		.rpc_timeout_ms = (uint32_t)s->server.timeout_ms,
		.operator_name = s->pages.operator_name,
		.confirm = confirm_of(s->pages.verify_on_get),
		.channel = front->channel,
	};

	if (*s->gateway.profile_dir != '\0')
		options.profile_dir = s->gateway.profile_dir;
	if (*s->gateway.swagger_ui_dir != '\0')
		options.swagger_ui_dir = s->gateway.swagger_ui_dir;
	choose_public_base(front);
	if (*front->public_base != '\0')
		options.public_base = front->public_base;
	return gateway_open(&options, &front->gateway, err, err_size);
}

static enum code
open_http(struct front *front, char *err, size_t err_size)
{
	const struct gateway_settings *s = front->settings;
	struct http_options options = {
		.address = front->endpoint.address,
		.port = front->endpoint.port,
		.loops = s->gateway.loops > 0 ? (unsigned)s->gateway.loops
		                              : process_cpu_count(),
		.limits = {
			.body_max = (size_t)s->limits.body_max,
			.body_most = gateway_body_most(front->gateway),
			.head_max = (size_t)s->limits.head_max,
			.url_max = (size_t)s->limits.url_max,
			.head_timeout_ms = s->limits.head_timeout_ms,
			.request_timeout_ms = s->limits.request_timeout_ms,
			.idle_timeout_ms = s->limits.idle_timeout_ms,
			.drain_idle_timeout_ms = DRAIN_IDLE_MS,
			.connections_max = (unsigned)s->limits.connections_max,
			.connections_per_address_max =
				(unsigned)s->limits.connections_per_address_max,
		},
		.secure = s->gateway.behind_tls_proxy,
		.proxies = front->proxies,
		.forwarded =
			strcmp(s->gateway.proxy_header, "forwarded") == 0,
		.handler = gateway_handle,
		.refuser = gateway_refuse,
		.body_limit = gateway_body_limit,
		.ctx = front->gateway,
	};
	enum code code;

	options.arena_size = HTTP_ARENA_MIN(options.limits) +
	                     REQUEST_ARENA_FACTOR * (size_t)s->limits.body_max;
	code = http_server_open(&options, &front->http, err, err_size);
	if (code != CODE_OK || front->tls == NULL)
		return code;
	options.address = front->endpoint_tls.address;
	options.port = front->endpoint_tls.port;
	options.tls = front->tls;
	options.secure = true;
	return http_server_open(&options, &front->https, err, err_size);
}

static enum code
open_all(struct front *front, char *err, size_t err_size)
{
	enum code code = choose_endpoint(front, err, err_size);

	if (code == CODE_OK)
		code = open_tls(front, err, err_size);
	if (code == CODE_OK)
		code = open_proxies(front, err, err_size);
	if (code == CODE_OK)
		code = open_channel(front, err, err_size);
	if (code == CODE_OK)
		code = open_gateway(front, err, err_size);
	return code;
}

enum code
front_open(const struct gateway_settings *settings, struct front **out,
           char *err, size_t err_size)
{
	struct front *front = calloc(1, sizeof(*front));
	enum code code;

	if (front == NULL) {
		(void)snprintf(err, err_size, "out of memory");
		return CODE_RESOURCE_EXHAUSTED;
	}
	front->settings = settings;
	code = open_all(front, err, err_size);
	if (code == CODE_OK)
		code = open_http(front, err, err_size);
	if (code == CODE_OK && channel_start(front->channel) != CODE_OK) {
		(void)snprintf(err, err_size,
		               "%s: connecting cannot be started",
		               settings->server.url);
		code = CODE_INTERNAL;
	}
	if (code != CODE_OK) {
		front_close(front);
		return code;
	}
	*out = front;
	return CODE_OK;
}

/* The files may have other names by now; the server is the same one. */
static enum code
renew_channel(struct front *front, const struct gateway_settings *settings,
              char *err, size_t err_size)
{
	struct channel_options options = channel_options_of(settings);

	options.url = front->settings->server.url;
	if (dials_tls(front->settings) != dials_tls(settings))
		options = channel_options_of(front->settings);
	return channel_renew(front->channel, &options, err, err_size);
}

enum code
front_reload(struct front *front, const struct gateway_settings *settings,
             char *err, size_t err_size)
{
	enum code code = renew_channel(front, settings, err, err_size);

	if (code != CODE_OK || front->tls == NULL)
		return code;
	if (lacking(settings) != NULL)
		return refuse(lacking(settings), err, err_size);
	return http_tls_load(front->tls, settings->gateway.tls_cert,
	                     settings->gateway.tls_key, err, err_size);
}

size_t
front_certificates(const struct gateway_settings *settings,
                   const char *out[FRONT_CERTIFICATES_MAX])
{
	size_t count = 0;

	if (wants_tls(settings))
		out[count++] = settings->gateway.tls_cert;
	if (dials_tls(settings)) {
		out[count++] = settings->server.cert;
		out[count++] = settings->server.ca;
	}
	return count;
}

void
front_log_ready(const struct front *front)
{
	char listen[ENDPOINT_TEXT_SIZE], tls[ENDPOINT_TEXT_SIZE];

	endpoint_write(&front->endpoint, http_server_port(front->http), listen);
	if (front->https != NULL)
		endpoint_write(&front->endpoint_tls,
		               http_server_port(front->https), tls);
	LOG_EVENT(LOG_LEVEL_INFO, "ready", LOG_T("version", LATCHKEY_VERSION),
	          LOG_T("listen", listen),
	          LOG_T("listen_tls", front->https != NULL ? tls : NULL),
	          LOG_T("server", front->settings->server.url));
}

void
front_drain(struct front *front)
{
	const struct gateway_settings *s = front->settings;

	int64_t until_ms = clock_monotonic_ms() + s->limits.request_timeout_ms +
	                   s->server.timeout_ms + DRAIN_SLACK_MS;
	int64_t left_ms;

	if (front->https != NULL)
		http_server_drain(front->https, 0);
	http_server_drain(front->http, until_ms - clock_monotonic_ms());
	left_ms = until_ms - clock_monotonic_ms();
	if (front->https != NULL)
		http_server_drain(front->https, left_ms > 0 ? left_ms : 0);
}

void
front_close(struct front *front)
{
	if (front == NULL)
		return;
	http_server_close(front->http);
	http_server_close(front->https);
	http_tls_close(front->tls);
	proxy_list_close(front->proxies);
	gateway_close(front->gateway);
	channel_close(front->channel);
	free(front);
}

enum code
front_check(const struct gateway_settings *settings, char *err, size_t err_size)
{
	struct front *front = calloc(1, sizeof(*front));
	enum code code;

	if (front == NULL) {
		(void)snprintf(err, err_size, "out of memory");
		return CODE_RESOURCE_EXHAUSTED;
	}
	front->settings = settings;
	code = open_all(front, err, err_size);
	front_close(front);
	return code;
}
