#include "base/command_line.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SENTENCE_MAX 2048 /* bytes; more is cut */

static const struct command *
find(const struct command_line *line, const char *name)
{
	for (size_t i = 0; name != NULL && i < line->count; i++)
		if (strcmp(line->commands[i].name, name) == 0)
			return &line->commands[i];
	return NULL;
}

static bool
is_help(const char *text)
{
	return strcmp(text, "--help") == 0 || strcmp(text, "-h") == 0;
}

static int
print_help(const struct command_line *line)
{
	(void)printf("%s\nCommands:\n", line->about);
	for (size_t i = 0; i < line->count; i++)
		(void)printf("  %-18s %s\n", line->commands[i].name,
		             line->commands[i].summary);
	(void)printf("\n`%s COMMAND --help` explains one of them.\n",
	             line->program);
	if (line->after != NULL)
		(void)printf("\n%s", line->after);
	return fflush(stdout) == 0 ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

static int
run(const struct command_line *line, const struct command *command, int argc,
    char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (argv[i] == NULL || strcmp(argv[i], "--") == 0)
			break;
		if (!is_help(argv[i]))
			continue;
		(void)fputs(command->help, stdout);
		return fflush(stdout) == 0 ? EXIT_CODE_OK : EXIT_CODE_FAILED;
	}
	/* getopt begins its own messages with argv[0]. */
	argv[0] = line->program;
	return command->run(argc, argv);
}

int
command_line_run(const struct command_line *line, int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : NULL;
	const struct command *command = find(line, word);

	if (command != NULL)
		return run(line, command, argc - 1, argv + 1);
	if (word != NULL && (is_help(word) || strcmp(word, "help") == 0)) {
		command = argc > 2 ? find(line, argv[2]) : NULL;
		if (command == NULL)
			return print_help(line);
		(void)fputs(command->help, stdout);
		return fflush(stdout) == 0 ? EXIT_CODE_OK : EXIT_CODE_FAILED;
	}
	command = find(line, line->standard);
	if (command != NULL && (word == NULL || *word == '-'))
		return run(line, command, argc, argv);
	if (word == NULL)
		return command_fail(EXIT_CODE_USAGE, line->program,
		                    "no command; %s --help lists them",
		                    line->program);
	return command_fail(EXIT_CODE_USAGE, line->program,
	                    "no command named \"%s\"; %s --help lists them",
	                    word, line->program);
}

int
command_fail(enum exit_code code, const char *program, const char *fmt, ...)
{
	char sentence[SENTENCE_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(sentence, sizeof(sentence), fmt, ap);
	va_end(ap);
	/* One write: log lines of other threads stay out of it. */
	(void)fprintf(stderr, "%s: %s\n", program, sentence);
	return code;
}

const char *
command_home(const char *program, const char *option)
{
	const char *home = option != NULL ? option : getenv("LATCHKEY_HOME");

	if (home != NULL && *home != '\0')
		return home;
	(void)command_fail(EXIT_CODE_USAGE, program,
	                   "no directory: give --home DIR or set "
	                   "LATCHKEY_HOME");
	return NULL;
}
