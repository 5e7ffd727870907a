/*
 * Makes the certificates that tests need and no operator ever would: of
 * another authority, long expired, for another use.
 *
 *   certificate_maker authority NAME CERTIFICATE KEY
 *   certificate_maker server|client NAME CA-CERTIFICATE CA-KEY CERTIFICATE
 *                     KEY NOT-BEFORE LIFETIME-SECONDS
 *
 * NOT-BEFORE is seconds relative to now, such as -86400.
 */
#include "base/certificate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int
usage(void)
{
	(void)fputs("usage: see the head of certificate_maker.c\n", stderr);
	return 2;
}

static int
report(enum code code)
{
	if (code == CODE_OK)
		return EXIT_SUCCESS;
	(void)fprintf(stderr, "certificate_maker: %s\n", code_name(code));
	return EXIT_FAILURE;
}

static int
make_leaf(char **argv)
{
	struct certificate_order order = {
		.name = argv[2],
		.use = strcmp(argv[1], "server") == 0 ? CERTIFICATE_SERVER
		                                      : CERTIFICATE_CLIENT,
		.ca_cert_path = argv[3],
		.ca_key_path = argv[4],
		.cert_path = argv[5],
		.key_path = argv[6],
		.not_before = (int64_t)time(NULL) + strtoll(argv[7], NULL, 10),
		.lifetime_s = strtoll(argv[8], NULL, 10),
	};

	return report(certificate_issue(&order));
}

int
main(int argc, char **argv)
{
	enum { YEAR_S = 365 * 24 * 3600 };

	if (argc == 5 && strcmp(argv[1], "authority") == 0)
		return report(certificate_make_authority(argv[2], YEAR_S,
		                                         argv[3], argv[4]));
	if (argc == 9 &&
	    (strcmp(argv[1], "server") == 0 || strcmp(argv[1], "client") == 0))
		return make_leaf(argv);
	return usage();
}
