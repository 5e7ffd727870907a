#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/process.h"
#include "base/serve_options.h"
#include "server/commands.h"
#include "server/home.h"
#include "server/service.h"

#define SWEEP_INTERVAL_MS 60000

const char serve_help[] =
	"Usage: latchkeyd [serve] [--home DIR | --config FILE]\n"
	"                 [--check-config]\n"
	"\n"
	"Serves the RPCs until SIGTERM or SIGINT, in the foreground. The\n"
	"log goes to standard error, one line per event; event=ready says\n"
	"where it listens.\n"
	"\n"
	"  --home DIR        the state directory; default: $LATCHKEY_HOME\n"
	"  --config FILE     read this configuration instead of\n"
	"                    DIR/latchkeyd.conf; its paths are relative to\n"
	"                    its directory\n"
	"  --check-config    say what is wrong with the configuration and\n"
	"                    where, or that nothing is, and end\n"
	"\n"
	"Signals: SIGTERM and SIGINT drain (no new call, what runs is\n"
	"answered) and end with 0; SIGHUP reads the certificates, the\n"
	"signing keys and log.level again.\n"
	"\n"
	"Every setting can be overridden by a variable\n"
	"LATCHKEY_<SECTION>_<KEY>.\n";

static void
set_log_level(const struct server_settings *settings)
{
	enum log_level level = LOG_LEVEL_INFO;

	if (log_level_from_name(settings->log.level, &level))
		log_set_level(level);
}

/* reload re-reads what may change while serving: see the help. */
static void
reload(struct service *service, const struct serve_options *options)
{
	struct server_settings settings = { 0 };
	char err[512] = "";
	const char *file = options->config;

	/* home_enter has changed the directory: only the name counts now. */
	for (const char *c = file; c != NULL && *c != '\0'; c++)
		if (*c == '/')
			file = c + 1;
	if (file == NULL)
		file = HOME_CONFIG;
	if (settings_load(&server_settings_table, file, &settings, err,
	                  sizeof(err)) == CODE_OK)
		set_log_level(&settings);
	else
		LOG_EVENT(LOG_LEVEL_ERROR, "settings_kept",
		          LOG_T("reason", err));
	settings_free(&server_settings_table, &settings);
	service_reload(service);
}

static void
serve_until_told(struct service *service, const struct serve_options *options,
                 const sigset_t *signals)
{
	int64_t sweep_at_ms = clock_monotonic_ms();

	for (;;) {
		int64_t wait_ms = sweep_at_ms - clock_monotonic_ms();
		int got = 0;

		if (wait_ms > 0)
			got = process_wait_signal(signals, wait_ms);
		if (got == SIGTERM || got == SIGINT)
			return;
		if (got == SIGHUP)
			reload(service, options);
		if (clock_monotonic_ms() < sweep_at_ms)
			continue;
		service_sweep(service, clock_wall_us());
		sweep_at_ms = clock_monotonic_ms() + SWEEP_INTERVAL_MS;
	}
}

static int
serve(const struct serve_options *options,
      const struct server_settings *settings)
{
	struct service *service = NULL;
	char err[512] = "";
	sigset_t signals;

	set_log_level(settings);
	if (process_limit_files((uint64_t)settings->limits.files_max) !=
	    CODE_OK)
		LOG_EVENT(LOG_LEVEL_WARN, "files_limited",
		          LOG_T("reason", "the hard limit is lower than "
		                          "limits.files_max"));
	process_block_signals(&signals);
	if (service_open(settings, &service, err, sizeof(err)) != CODE_OK)
		return command_fail(EXIT_CODE_FAILED, PROGRAM, "%s", err);
	service_log_ready(service);
	serve_until_told(service, options, &signals);
	LOG_EVENT(LOG_LEVEL_INFO, "draining",
	          LOG_N("timeout_ms", settings->server.drain_timeout_ms));
	service_drain(service, settings->server.drain_timeout_ms);
	service_close(service);
	LOG_EVENT(LOG_LEVEL_INFO, "stopped", LOG_T("program", PROGRAM));
	return EXIT_CODE_OK;
}

static int
check(const struct server_settings *settings)
{
	char err[512] = "";

	if (service_check(settings, err, sizeof(err)) != CODE_OK)
		return command_fail(EXIT_CODE_FAILED, PROGRAM, "%s", err);
	(void)puts("The configuration is good.");
	return fflush(stdout) == 0 ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

int
serve_command(int argc, char **argv)
{
	struct serve_options options = { 0 };
	struct server_settings settings = { 0 };
	char err[512] = "";
	int status = serve_options_read(PROGRAM, argc, argv, &options);

	if (status != EXIT_CODE_OK)
		return status;
	process_harden();
	if (home_enter(options.home, options.config, &settings, err,
	               sizeof(err)) != CODE_OK)
		return command_fail(EXIT_CODE_FAILED, PROGRAM, "%s", err);
	status = options.check ? check(&settings) : serve(&options, &settings);
	settings_free(&server_settings_table, &settings);
	return status;
}
