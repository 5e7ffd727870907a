#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/process.h"
#include "client/ctl/commands.h"
#include "client/ctl/credential.h"
#include "client/ctl/service_url.h"

const char pki_help[] =
	"Usage: latchkeyctl pki issue NAME [--home DIR] [--out DIR]\n"
	"                        [--url URL]\n"
	"       latchkeyctl pki renew [NAME...] [--home DIR]\n"
	"\n"
	"Works on files alone: it must run where the state directory is.\n"
	"\n"
	"`issue` makes a key and a certificate for the service NAME, signed "
	"by\n"
	"the state directory's authority for services, and a configuration\n"
	"ready for latchkeyctl --config and the client library: NAME.key,\n"
	"NAME.crt, service-ca.crt and client.conf. A name is issued once.\n"
	"\n"
	"`renew` gives certificates five more years, in their place: without\n"
	"NAME those that `latchkeyd init` made, for the two listeners and the\n"
	"gateway, else those of the services named. Keys stay as they are, so\n"
	"that certificate and key go together at every moment. SIGHUP to\n"
	"latchkeyd and latchkey-gateway makes them use the new ones. What "
	"lies\n"
	"on other hosts has to be copied there: pki/gateway.crt of the state\n"
	"directory, or pki/issued/NAME.crt as the service's NAME.crt.\n"
	"\n"
	"  NAME          letters, digits, '.', '-', '_'; up to 63\n"
	"  --home DIR    the state directory; default: $LATCHKEY_HOME\n"
	"  --out DIR     where to write; default: HOME/clients/NAME\n"
	"  --url URL     where NAME will reach the server; default:\n"
	"                listeners.service of HOME/latchkeyd.conf or of\n"
	"                its variable $LATCHKEY_LISTENERS_SERVICE, on\n"
	"                127.0.0.1 if it listens on every address; without\n"
	"                such a listener tls+tcp://127.0.0.1:7702\n";

enum { OPTION_HOME = 1, OPTION_OUT, OPTION_URL };

static int
parse(int argc, char **argv, struct credential_order *order)
{
	static const struct option known[] = {
		{ "home", required_argument, NULL, OPTION_HOME },
		{ "out", required_argument, NULL, OPTION_OUT },
		{ "url", required_argument, NULL, OPTION_URL },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == OPTION_HOME)
			order->home = optarg;
		else if (option == OPTION_OUT)
			order->out = optarg;
		else if (option == OPTION_URL)
			order->url = optarg;
		else
			return EXIT_CODE_USAGE;
	}
	if (order->home == NULL)
		order->home = getenv("LATCHKEY_HOME");
	if (order->home != NULL && *order->home != '\0')
		return EXIT_CODE_OK;
	return command_fail(EXIT_CODE_USAGE, PROGRAM,
	                    "no state directory: give --home DIR or set "
	                    "LATCHKEY_HOME");
}

static int
issue(const struct credential_order *asked)
{
	struct credential_order order = *asked;
	char url[SERVICE_URL_SIZE], err[512] = "";

	if (order.url == NULL) {
		if (service_url_read(order.home, url, err, sizeof(err)) !=
		    CODE_OK)
			return command_fail(EXIT_CODE_USAGE, PROGRAM, "%s",
			                    err);
		order.url = url;
	}
	if (credential_issue(&order, err, sizeof(err)) != CODE_OK)
		return command_fail(EXIT_CODE_USAGE, PROGRAM, "%s", err);
	return EXIT_CODE_OK;
}

static int
renew_services(const char *home, char *const names[])
{
	for (; *names != NULL; names++) {
		bool delivered = false;
		char err[512] = "";

		if (credential_renew(home, *names, &delivered, err,
		                     sizeof(err)) != CODE_OK)
			return command_fail(EXIT_CODE_USAGE, PROGRAM, "%s",
			                    err);
		if (!delivered)
			(void)printf("copy %s/pki/issued/%s.crt to where %s "
			             "has its %s.crt\n",
			             home, *names, *names, *names);
	}
	return fflush(stdout) == 0 ? EXIT_CODE_OK : EXIT_CODE_USAGE;
}

static int
renew(const struct credential_order *order, char *const names[])
{
	char err[512] = "";

	if (order->out != NULL || order->url != NULL)
		return command_fail(EXIT_CODE_USAGE, PROGRAM,
		                    "pki renew takes neither --out nor --url");
	if (*names != NULL)
		return renew_services(order->home, names);
	if (credential_renew_server(order->home, err, sizeof(err)) != CODE_OK)
		return command_fail(EXIT_CODE_USAGE, PROGRAM, "%s", err);
	return EXIT_CODE_OK;
}

int
pki_command(int argc, char **argv)
{
	struct credential_order order = { 0 };
	int status = parse(argc, argv, &order);
	const char *word = status == EXIT_CODE_OK ? argv[optind] : NULL;

	if (status != EXIT_CODE_OK)
		return status;
	process_harden();
	if (word != NULL && strcmp(word, "renew") == 0)
		return renew(&order, argv + optind + 1);
	if (word == NULL || strcmp(word, "issue") != 0 || argc - optind != 2)
		return command_fail(EXIT_CODE_USAGE, PROGRAM,
		                    "pki wants issue and a NAME, or renew");
	order.name = argv[optind + 1];
	return issue(&order);
}
