#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/certificate_watch.h"
#include "base/clock.h"
#include "base/finding.h"
#include "base/process.h"
#include "gateway/commands.h"
#include "gateway/front.h"

const char doctor_help[] =
	"Usage: latchkey-gateway doctor [--home DIR] [--json]\n"
	"\n"
	"Looks gateway.conf and what it names over, beside a running gateway\n"
	"or without one: settings, profiles, who may read the key of HTTPS,\n"
	"how many days its certificate and that for the server have left. One\n"
	"line per finding: ok, warn or fail. Changes nothing. `latchkeyctl\n"
	"doctor` runs it as well where there is a gateway.conf.\n"
	"\n"
	"  --home DIR    the directory with gateway.conf;\n"
	"                default: $LATCHKEY_HOME\n"
	"  --json        print each finding as one JSON object\n"
	"\n"
	"Ends with 1 if something fails.\n";

enum { OPTION_HOME = 1, OPTION_JSON };

static void
look_at_key(struct findings *findings, const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		finding_report(findings, FINDING_FAIL, path,
		               strerrordesc_np(errno));
	else if ((st.st_mode & S_IRWXO) != 0)
		finding_report(findings, FINDING_FAIL, path,
		               "everybody may read or change it: run chmod o= "
		               "on it");
	else
		finding_report(findings, FINDING_OK, path,
		               "not everybody may read it");
}

static void
look_at_files(struct findings *findings,
              const struct gateway_settings *settings)
{
	const char *paths[FRONT_CERTIFICATES_MAX];
	size_t count = front_certificates(settings, paths);
	char detail[CERTIFICATE_DETAIL_SIZE];
	int64_t now_us = clock_wall_us();

	for (size_t i = 0; i < count; i++) {
		enum finding_level level =
			certificate_judge(paths[i], now_us, detail);

		finding_report(findings, level, paths[i], detail);
	}
	if (*settings->gateway.tls_key != '\0')
		look_at_key(findings, settings->gateway.tls_key);
}

static void
examine(struct findings *findings, const char *home)
{
	struct gateway_settings settings = { 0 };
	char err[512] = "";

	if (chdir(home) != 0) {
		finding_report(findings, FINDING_FAIL, home,
		               strerrordesc_np(errno));
		return;
	}
	if (settings_load(&gateway_settings_table, GATEWAY_CONFIG, &settings,
	                  err, sizeof(err)) != CODE_OK) {
		finding_report(findings, FINDING_FAIL, "gateway", err);
		return;
	}
	if (front_check(&settings, err, sizeof(err)) == CODE_OK)
		finding_report(findings, FINDING_OK, "gateway",
		               "its settings and profiles are good");
	else
		finding_report(findings, FINDING_FAIL, "gateway", err);
	look_at_files(findings, &settings);
	settings_free(&gateway_settings_table, &settings);
}

int
doctor_command(int argc, char **argv)
{
	static const struct option known[] = {
		{ "home", required_argument, NULL, OPTION_HOME },
		{ "json", no_argument, NULL, OPTION_JSON },
		{ 0 },
	};
	struct findings findings = { 0 };
	const char *home = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == OPTION_HOME)
			home = optarg;
		else if (option == OPTION_JSON)
			findings.as_json = true;
		else
			return EXIT_CODE_USAGE;
	}
	if (optind < argc)
		return command_fail(EXIT_CODE_USAGE, PROGRAM,
		                    "doctor takes no argument \"%s\"",
		                    argv[optind]);
	home = command_home(PROGRAM, home);
	if (home == NULL)
		return EXIT_CODE_USAGE;
	process_harden();
	examine(&findings, home);
	return finding_exit_code(&findings);
}
