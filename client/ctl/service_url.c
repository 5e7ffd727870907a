#include "client/ctl/service_url.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/settings.h"

/* All of latchkeyd.conf that a client has to know. */
struct server_part {
	struct {
		char *service;
	} listeners;
};

#define SETTINGS_STRUCT struct server_part
#include "base/setting_rows.h"

static const struct setting rows[] = {
	ROW_TEXT(listeners, service, "",
	         "Where services connect; empty where the file says nothing."),
};

static const struct settings_table table = {
	.program = "latchkeyd",
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
	.size = sizeof(struct server_part),
	.is_partial = true,
};

/* Addresses that are good to listen on and nothing to connect to. */
static const struct {
	const char *host, *loopback;
} wildcards[] = {
	{ "0.0.0.0", "127.0.0.1" },
	{ "*", "127.0.0.1" },
	{ "[::]", "[::1]" },
};

static enum code
write_url(const char *url, char out[SERVICE_URL_SIZE], char *err,
          size_t err_size)
{
	const char *host = strstr(url, "://");
	const char *port = strrchr(url, ':');
	size_t host_len;

	(void)snprintf(out, SERVICE_URL_SIZE, "%s", url);
	if (host == NULL || port == NULL || port <= host + 2)
		return CODE_OK;
	host += strlen("://");
	host_len = (size_t)(port - host);
	if (strcmp(port, ":0") == 0) {
		(void)snprintf(err, err_size,
		               "listeners.service is %.200s, whose port the "
		               "system chooses at each start: give --url",
		               url);
		return CODE_INVALID_ARGUMENT;
	}
	for (size_t i = 0; i < sizeof(wildcards) / sizeof(wildcards[0]); i++)
		if (strlen(wildcards[i].host) == host_len &&
		    memcmp(wildcards[i].host, host, host_len) == 0)
			(void)snprintf(out, SERVICE_URL_SIZE, "%.*s%s%s",
			               (int)(host - url), url,
			               wildcards[i].loopback, port);
	return CODE_OK;
}

enum code
service_url_read(const char *home, char out[SERVICE_URL_SIZE], char *err,
                 size_t err_size)
{
	struct server_part part = { 0 };
	char file[PATH_MAX];
	int len = snprintf(file, sizeof(file), "%s/latchkeyd.conf", home);
	bool is_there = len > 0 && (size_t)len < sizeof(file) &&
	                access(file, F_OK) == 0;
	enum code code = settings_load(&table, is_there ? file : NULL, &part,
	                               err, err_size);

	if (code != CODE_OK)
		return CODE_INVALID_ARGUMENT;
	code = write_url(part.listeners.service, out, err, err_size);
	settings_free(&table, &part);
	return code;
}
