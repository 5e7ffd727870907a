#ifndef BASE_COMMAND_LINE_H
#define BASE_COMMAND_LINE_H

#include <stddef.h>

#include "base/code.h"

/*
 * A program's subcommands as one table, with their help. Every program of this
 * tree is `program [command] [options]`, answers --help everywhere and ends
 * with one of these codes.
 */
enum exit_code {
	EXIT_CODE_OK = 0,
	EXIT_CODE_FAILED = 1,
	EXIT_CODE_USAGE = 2,
	EXIT_CODE_THIRD = 3, /* what it means the program's help says */
};

struct command {
	const char *name;
	const char *summary; /* one line of the program's help */
	const char *help;    /* usage, options, examples */
	/* argv[0] is the program's name; returns an exit code. */
	int (*run)(int argc, char **argv);
};

struct command_line {
	char *program;     /* goes into argv[0] */
	const char *about; /* first paragraph of the help */
	const struct command *commands;
	size_t count;
	const char *standard; /* command when none is named, or NULL */
	const char *after;    /* last paragraphs: exit codes, environment */
};

/*
 * command_line_run runs the command that argv names, or prints help. An
 * unknown command is a usage failure with one sentence on standard error.
 */
int command_line_run(const struct command_line *line, int argc, char **argv);

/* command_fail prints "program: sentence" and returns `code`. */
int command_fail(enum exit_code code, const char *program, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/*
 * command_home returns the directory to work in: the option's value, else
 * $LATCHKEY_HOME, else NULL after one sentence on standard error.
 */
const char *command_home(const char *program, const char *option);

#endif
