#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/process.h"
#include "client/ctl/commands.h"
#include "client/ctl/credential.h"
#include "client/ctl/service_url.h"

const char pki_help[] =
	"Usage: latchkeyctl pki issue NAME [--home DIR] [--out DIR]\n"
	"                        [--url URL]\n"
	"\n"
	"Makes a key and a certificate for the service NAME, signed by the\n"
	"state directory's authority for services, and a configuration ready\n"
	"for latchkeyctl --config and the client library: NAME.key, NAME.crt,\n"
	"service-ca.crt and client.conf. Works on files alone: it must run\n"
	"where the state directory is. A name is issued once.\n"
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
	if (argc - optind != 2 || strcmp(argv[optind], "issue") != 0)
		return command_fail(EXIT_CODE_USAGE, PROGRAM,
		                    "pki wants issue and a NAME");
	order->name = argv[optind + 1];
	if (order->home == NULL)
		order->home = getenv("LATCHKEY_HOME");
	if (order->home != NULL && *order->home != '\0')
		return EXIT_CODE_OK;
	return command_fail(EXIT_CODE_USAGE, PROGRAM,
	                    "no state directory: give --home DIR or set "
	                    "LATCHKEY_HOME");
}

int
pki_command(int argc, char **argv)
{
	struct credential_order order = { 0 };
	char url[SERVICE_URL_SIZE], err[512] = "";
	int status = parse(argc, argv, &order);

	if (status != EXIT_CODE_OK)
		return status;
	process_harden();
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
