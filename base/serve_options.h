#ifndef BASE_SERVE_OPTIONS_H
#define BASE_SERVE_OPTIONS_H

#include <stdbool.h>

/*
 * The options of the two programs that serve: `[--home DIR | --config FILE]
 * [--check-config]`. One of home and config is set; the text is argv's or the
 * environment's.
 */
struct serve_options {
	const char *home;   /* NULL with --config */
	const char *config; /* NULL with --home */
	bool check;
};

/*
 * serve_options_read parses argv. Returns EXIT_CODE_OK, or EXIT_CODE_USAGE
 * after one sentence on standard error.
 */
int serve_options_read(const char *program, int argc, char **argv,
                       struct serve_options *options);

#endif
