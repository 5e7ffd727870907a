#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/certificate_watch.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/process.h"
#include "base/refusal_log.h"
#include "base/serve_options.h"
#include "gateway/commands.h"
#include "gateway/front.h"

#define CHORES_INTERVAL_MS 60000
#define DAY_US ((int64_t)24 * 3600 * 1000000)

const char serve_help[] =
	"Usage: latchkey-gateway [serve] [--home DIR | --config FILE]\n"
	"                        [--check-config]\n"
	"\n"
	"Serves the JSON API until SIGTERM or SIGINT, in the foreground. The\n"
	"log goes to standard error, one line per event; event=ready says\n"
	"where it listens. While the server is away clients get 503.\n"
	"\n"
	"  --home DIR        the directory with gateway.conf;\n"
	"                    default: $LATCHKEY_HOME\n"
	"  --config FILE     read this configuration instead; its paths are\n"
	"                    relative to its directory\n"
	"  --check-config    say what is wrong with the configuration and\n"
	"                    where, or that nothing is, and end\n"
	"\n"
	"Signals: SIGTERM and SIGINT drain (no new connection, what runs is\n"
	"answered) and end with 0; SIGHUP reads log.level, certificates and\n"
	"keys again, those of HTTPS and those for the server.\n"
	"\n"
	"Every setting can be overridden by a variable\n"
	"LATCHKEY_<SECTION>_<KEY>, such as LATCHKEY_GATEWAY_LISTEN.\n";

static void
set_log_level(const struct gateway_settings *settings)
{
	enum log_level level = LOG_LEVEL_INFO;

	if (log_level_from_name(settings->log.level, &level))
		log_set_level(level);
}

/* enter changes to the configuration's directory and returns its name. */
static const char *
enter(const struct serve_options *options, char *err, size_t err_size)
{
	const char *slash =
		options->config == NULL ? NULL : strrchr(options->config, '/');
	char dir[PATH_MAX];
	int len;

	if (options->config == NULL)
		len = snprintf(dir, sizeof(dir), "%s", options->home);
	else if (slash == NULL)
		len = snprintf(dir, sizeof(dir), ".");
	else
		len = snprintf(dir, sizeof(dir), "%.*s",
		               (int)(slash - options->config) + 1,
		               options->config);
	errno = ENAMETOOLONG;
	if (len < 0 || (size_t)len >= sizeof(dir) || chdir(dir) != 0) {
		(void)snprintf(err, err_size, "%.400s: %s", dir,
		               strerror(errno));
		return NULL;
	}
	if (options->config != NULL)
		return slash == NULL ? options->config : slash + 1;
	if (access(GATEWAY_CONFIG, F_OK) == 0 || errno != ENOENT)
		return GATEWAY_CONFIG;
	(void)snprintf(err, err_size,
	               "%.400s has no " GATEWAY_CONFIG
	               "; latchkey-gateway init writes one",
	               dir);
	return NULL;
}

static void
reload(struct front *front, const char *file)
{
	struct gateway_settings settings = { 0 };
	char err[512] = "";

	if (settings_load(&gateway_settings_table, file, &settings, err,
	                  sizeof(err)) == CODE_OK &&
	    front_reload(front, &settings, err, sizeof(err)) == CODE_OK) {
		set_log_level(&settings);
		LOG_EVENT(LOG_LEVEL_INFO, "settings_reloaded",
		          LOG_T("program", PROGRAM));
	} else {
		LOG_EVENT(LOG_LEVEL_ERROR, "settings_kept",
		          LOG_T("reason", err));
	}
	settings_free(&gateway_settings_table, &settings);
}

/* Once a day, and after a reload. */
static void
warn_of_expiry(const struct gateway_settings *settings, int64_t *warned_at_us)
{
	const char *paths[FRONT_CERTIFICATES_MAX];
	int64_t now_us = clock_wall_us();
	size_t count = front_certificates(settings, paths);

	if (*warned_at_us != 0 && now_us - *warned_at_us < DAY_US)
		return;
	*warned_at_us = now_us;
	for (size_t i = 0; i < count; i++)
		certificate_warn(paths[i], now_us);
}

static int
serve(const struct gateway_settings *settings, const char *file)
{
	int64_t warned_at_us = 0;
	struct front *front = NULL;
	char err[512] = "";
	sigset_t signals;
	int got;

	set_log_level(settings);
	if (process_limit_files((uint64_t)settings->limits.files_max) !=
	    CODE_OK)
		LOG_EVENT(LOG_LEVEL_WARN, "files_limited",
		          LOG_T("reason", "the hard limit is lower than "
		                          "limits.files_max"));
	process_block_signals(&signals);
	if (front_open(settings, &front, err, sizeof(err)) != CODE_OK)
		return command_fail(EXIT_CODE_FAILED, PROGRAM, "%s", err);
	front_log_ready(front);
	do {
		warn_of_expiry(settings, &warned_at_us);
		got = process_wait_signal(&signals, CHORES_INTERVAL_MS);
		refusal_log_settle();
		if (got == SIGHUP) {
			reload(front, file);
			warned_at_us = 0;
		}
	} while (got != SIGTERM && got != SIGINT);
	process_unblock_signal(got);
	LOG_EVENT(LOG_LEVEL_INFO, "draining", LOG_T("program", PROGRAM));
	front_drain(front);
	front_close(front);
	refusal_log_settle();
	LOG_EVENT(LOG_LEVEL_INFO, "stopped", LOG_T("program", PROGRAM));
	return EXIT_CODE_OK;
}

static int
check(const struct gateway_settings *settings)
{
	char err[512] = "";

	if (front_check(settings, err, sizeof(err)) != CODE_OK)
		return command_fail(EXIT_CODE_FAILED, PROGRAM, "%s", err);
	(void)puts("The configuration is good.");
	return fflush(stdout) == 0 ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

int
serve_command(int argc, char **argv)
{
	struct serve_options options = { 0 };
	struct gateway_settings settings = { 0 };
	char err[512] = "";
	const char *file;
	int status = serve_options_read(PROGRAM, argc, argv, &options);

	if (status != EXIT_CODE_OK)
		return status;
	process_harden();
	file = enter(&options, err, sizeof(err));
	if (file == NULL ||
	    settings_load(&gateway_settings_table, file, &settings, err,
	                  sizeof(err)) != CODE_OK)
		return command_fail(EXIT_CODE_FAILED, PROGRAM, "%s", err);
	status = options.check ? check(&settings) : serve(&settings, file);
	settings_free(&gateway_settings_table, &settings);
	return status;
}
