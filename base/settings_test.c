#include "base/settings.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct example {
	bool enabled;
	int64_t port;
	char *name;
	char *level;
	struct setting_list origins;
	int64_t delta;
};

static const char *const levels[] = { "low", "high", NULL };

static const struct setting rows[] = {
	{ .section = "net",
	  .key = "enabled",
	  .type = SETTING_BOOL,
	  .offset = offsetof(struct example, enabled),
	  .def = "true",
	  .doc = "Whether it listens." },
	{ .section = "net",
	  .key = "port",
	  .type = SETTING_NUMBER,
	  .offset = offsetof(struct example, port),
	  .def = "8000",
	  .min = 0,
	  .max = 65535,
	  .doc = "Where it listens; 0 to 65535. This sentence is here to be "
	         "long enough that it has to be wrapped." },
	{ .section = "log",
	  .key = "name",
	  .type = SETTING_TEXT,
	  .offset = offsetof(struct example, name),
	  .def = "",
	  .min = 0,
	  .max = 20,
	  .doc = "A name; 0 to 20 bytes." },
	{ .section = "log",
	  .key = "level",
	  .type = SETTING_TEXT,
	  .offset = offsetof(struct example, level),
	  .def = "low",
	  .choices = levels,
	  .doc = "low or high." },
	{ .section = "net",
	  .key = "origins",
	  .type = SETTING_LIST,
	  .offset = offsetof(struct example, origins),
	  .def = "a, b",
	  .min = 0,
	  .max = 3,
	  .doc = "Up to 3 origins." },
	{ .section = "net",
	  .key = "delta",
	  .type = SETTING_NUMBER,
	  .offset = offsetof(struct example, delta),
	  .def = "-5",
	  .min = INT64_MIN,
	  .max = INT64_MAX,
	  .doc = "Any number." },
};

static const struct settings_table table = {
	.program = "exampled",
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
	.size = sizeof(struct example),
};

struct fixture {
	char dir[32];
	char file[64];
	char err[512];
	struct example out;
};

static int
make_fixture(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/settings.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	(void)snprintf(f->file, sizeof(f->file), "%s/c.conf", f->dir);
	*state = f;
	return 0;
}

static int
drop_fixture(void **state)
{
	struct fixture *f = *state;

	settings_free(&table, &f->out);
	(void)unlink(f->file);
	assert_int_equal(rmdir(f->dir), 0);
	free(f);
	return 0;
}

static void
write_bytes(struct fixture *f, const void *data, size_t len)
{
	FILE *to = fopen(f->file, "w");

	assert_non_null(to);
	assert_int_equal(fwrite(data, 1, len, to), len);
	assert_int_equal(fclose(to), 0);
}

static enum code
load_text(struct fixture *f, const char *text)
{
	write_bytes(f, text, strlen(text));
	settings_free(&table, &f->out);
	f->err[0] = '\0';
	return settings_load(&table, f->file, &f->out, f->err, sizeof(f->err));
}

static void
assert_is_empty(const struct example *out)
{
	static const struct example empty;

	assert_memory_equal(out, &empty, sizeof(empty));
}

/* err is the file's name and then `rest`. */
static void
assert_sentence(const struct fixture *f, const char *rest)
{
	size_t len = strlen(f->file);

	assert_memory_equal(f->err, f->file, len);
	assert_string_equal(f->err + len, rest);
}

static void
without_a_file_the_defaults_hold(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
		settings_load(&table, NULL, &f->out, f->err, sizeof(f->err)),
		CODE_OK);
	assert_true(f->out.enabled);
	assert_int_equal(f->out.port, 8000);
	assert_string_equal(f->out.name, "");
	assert_string_equal(f->out.level, "low");
	assert_int_equal(f->out.origins.count, 2);
	assert_string_equal(f->out.origins.items[0], "a");
	assert_string_equal(f->out.origins.items[1], "b");
	assert_int_equal(f->out.delta, -5);
}

static void
the_file_replaces_defaults(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(load_text(f, "# comment\n"
	                              "net {\n"
	                              "\tenabled = no\n"
	                              "\tport = 010\n"
	                              "\torigins = { \"http://x:1\", 'y' }\n"
	                              "}\n"
	                              "log { name = \"one two\" level = high }"
	                              "\n"),
	                 CODE_OK);
	assert_false(f->out.enabled);
	/* Not octal. */
	assert_int_equal(f->out.port, 10);
	assert_string_equal(f->out.name, "one two");
	assert_string_equal(f->out.level, "high");
	assert_int_equal(f->out.origins.count, 2);
	assert_string_equal(f->out.origins.items[0], "http://x:1");
	assert_string_equal(f->out.origins.items[1], "y");
	assert_int_equal(f->out.delta, -5);
}

static void
a_list_may_be_empty_single_or_appended_to(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(load_text(f, "net { origins = {} }\n"), CODE_OK);
	assert_int_equal(f->out.origins.count, 0);
	assert_int_equal(load_text(f, "net { origins = one }\n"), CODE_OK);
	assert_int_equal(f->out.origins.count, 1);
	assert_string_equal(f->out.origins.items[0], "one");
	assert_int_equal(load_text(f, "net { origins = {p}\norigins += {q} }"),
	                 CODE_OK);
	assert_int_equal(f->out.origins.count, 2);
	assert_string_equal(f->out.origins.items[1], "q");
}

static void
an_empty_file_and_a_section_twice_are_fine(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(load_text(f, ""), CODE_OK);
	assert_int_equal(f->out.port, 8000);
	assert_int_equal(load_text(f, "net { port = 1 }\nnet { delta = 2 }"),
	                 CODE_OK);
	assert_int_equal(f->out.port, 1);
	assert_int_equal(f->out.delta, 2);
}

static void
a_bad_file_is_refused_by_line_and_leaves_nothing(void **state)
{
	static const struct {
		const char *text;
		const char *sentence;
	} cases[] = {
		{ "net {\n\n\tport = 65536\n}\n",
		  ":3: net.port must be a whole number from 0 to 65535, not "
		  "\"65536\"" },
		{ "net {\nport = 12x\n}\n",
		  ":2: net.port must be a whole number from 0 to 65535, not "
		  "\"12x\"" },
		{ "net {\nport = \"\"\n}\n",
		  ":2: net.port must be a whole number from 0 to 65535, not "
		  "\"\"" },
		{ "net {\nport = 99999999999999999999\n}\n",
		  ":2: net.port must be a whole number from 0 to 65535, not "
		  "\"99999999999999999999\"" },
		{ "net {\nenabled = maybe\n}\n",
		  ":2: net.enabled must be true or false, not \"maybe\"" },
		{ "log {\n# x\nname = 123456789012345678901\n}\n",
		  ":3: log.name must be a text of 0 to 20 bytes without "
		  "control characters, not \"123456789012345678901\"" },
		{ "/* a\n# b */ log {\n// x \"\nname = \"\\\"#//\" } # '\n"
		  "port = 1\n",
		  ":5: no such option 'port'" },
		{ "log { name = \"a\\nb\" }\n",
		  ":1: log.name must be a text of 0 to 20 bytes without "
		  "control characters, not \"a?b\"" },
		{ "log { level = middle }\n",
		  ":1: log.level must be one of low, high, not \"middle\"" },
		{ "net { origins = { \"\" } }\n",
		  ":1: net.origins must be a list of texts of 1 to 1024 bytes "
		  "without control characters, not \"\"" },
		{ "net {\norigins = { a, b, c, d }\n}\n",
		  ":3: net.origins must have 0 to 3 items" },
		{ "net {\nport = 1\nport = 2\n}\n",
		  ":3: net.port is set twice" },
		{ "net {\norigins = {a}\norigins = {b}\n}\n",
		  ":3: net.origins is set twice" },
		{ "net {\ncolour = 1\n}\n", ":2: no such option 'colour'" },
		{ "nett {\nport = 1\n}\n", ":1: no such option 'nett'" },
		{ "port = 1\n", ":1: no such option 'port'" },
		{ "net {\nport 1\n}\n",
		  ":2: missing equal sign after option 'port'" },
		{ "net {\nport =", ":2: premature end of file" },
		{ "net {\nport = 1\n", ": a closing brace is missing" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(load_text(f, cases[i].text),
		                 CODE_INVALID_ARGUMENT);
		assert_sentence(f, cases[i].sentence);
		assert_is_empty(&f->out);
	}
}

static void
what_is_no_readable_text_file_is_refused(void **state)
{
	static char big[300 * 1024];
	struct fixture *f = *state;

	assert_int_equal(
		settings_load(&table, f->file, &f->out, f->err, sizeof(f->err)),
		CODE_INVALID_ARGUMENT);
	assert_sentence(f, ": cannot be read: No such file or directory");
	assert_int_equal(
		settings_load(&table, f->dir, &f->out, f->err, sizeof(f->err)),
		CODE_INVALID_ARGUMENT);
	assert_non_null(strstr(f->err, ": cannot be read: not a regular file"));
	write_bytes(f, "net { }\0net { port = 1 }", 24);
	assert_int_equal(
		settings_load(&table, f->file, &f->out, f->err, sizeof(f->err)),
		CODE_INVALID_ARGUMENT);
	assert_sentence(f, ": cannot be read: a NUL byte in it");
	memset(big, ' ', sizeof(big));
	write_bytes(f, big, sizeof(big));
	assert_int_equal(
		settings_load(&table, f->file, &f->out, f->err, sizeof(f->err)),
		CODE_INVALID_ARGUMENT);
	assert_sentence(f, ": cannot be read: longer than 256 KiB");
	assert_is_empty(&f->out);
}

static void
the_environment_overrides_the_file(void **state)
{
	struct fixture *f = *state;
	enum code code;

	assert_int_equal(setenv("LATCHKEY_NET_PORT", "9", 1), 0);
	assert_int_equal(setenv("LATCHKEY_NET_ORIGINS", " x ,y ", 1), 0);
	assert_int_equal(setenv("LATCHKEY_LOG_NAME", "", 1), 0);
	assert_int_equal(setenv("LATCHKEY_OTHER_KEY", "ignored", 1), 0);
	code = load_text(f, "net { port = 1 }\nlog { name = n }\n");
	(void)unsetenv("LATCHKEY_NET_PORT");
	(void)unsetenv("LATCHKEY_NET_ORIGINS");
	(void)unsetenv("LATCHKEY_LOG_NAME");
	(void)unsetenv("LATCHKEY_OTHER_KEY");
	assert_int_equal(code, CODE_OK);
	assert_int_equal(f->out.port, 9);
	assert_int_equal(f->out.origins.count, 2);
	assert_string_equal(f->out.origins.items[0], "x");
	assert_string_equal(f->out.origins.items[1], "y");
	assert_string_equal(f->out.name, "");
}

static void
a_bad_variable_is_named(void **state)
{
	struct fixture *f = *state;
	enum code code;

	assert_int_equal(setenv("LATCHKEY_NET_PORT", "-1", 1), 0);
	code = load_text(f, "");
	(void)unsetenv("LATCHKEY_NET_PORT");
	assert_int_equal(code, CODE_INVALID_ARGUMENT);
	assert_string_equal(f->err, "LATCHKEY_NET_PORT: net.port must be a "
	                            "whole number from 0 to 65535, not \"-1\"");
	assert_is_empty(&f->out);
	assert_int_equal(setenv("LATCHKEY_NET_ORIGINS", "a,,b", 1), 0);
	code = load_text(f, "");
	(void)unsetenv("LATCHKEY_NET_ORIGINS");
	assert_int_equal(code, CODE_INVALID_ARGUMENT);
	assert_is_empty(&f->out);
}

static char *
print_settings(char **set, size_t count, char *err, enum code *code)
{
	struct setting_list list = { set, count };
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	assert_non_null(to);
	*code = settings_print(&table, to, &list, err, 512);
	assert_int_equal(fclose(to), 0);
	return text;
}

static void
the_example_documents_every_key_and_reads_back_as_the_defaults(void **state)
{
	struct fixture *f = *state;
	enum code code;
	char *text = print_settings(NULL, 0, f->err, &code);

	assert_int_equal(code, CODE_OK);
	assert_non_null(strstr(text, "\t# Where it listens; 0 to 65535."));
	assert_non_null(strstr(text, "\t# Environment: LATCHKEY_NET_PORT\n"
	                             "\t# port = 8000\n"));
	assert_non_null(strstr(text, "\t# origins = { \"a\", \"b\" }\n"));
	assert_non_null(strstr(text, "\t# name = \"\"\n"));
	assert_int_equal(load_text(f, text), CODE_OK);
	assert_int_equal(f->out.port, 8000);
	assert_int_equal(f->out.origins.count, 2);
	free(text);
}

static void
values_that_are_set_are_written_and_read_back(void **state)
{
	char *set[] = { "net.port=77",
		        "log.name=a\"\\${HOME}'=", "net.origins=x, y",
		        "net.enabled=off" };
	struct fixture *f = *state;
	enum code code;
	char *text = print_settings(set, 4, f->err, &code);

	assert_int_equal(code, CODE_OK);
	assert_int_equal(load_text(f, text), CODE_OK);
	assert_int_equal(f->out.port, 77);
	assert_string_equal(f->out.name, "a\"\\${HOME}'=");
	assert_int_equal(f->out.origins.count, 2);
	assert_string_equal(f->out.origins.items[1], "y");
	assert_false(f->out.enabled);
	free(text);
}

static void
a_bad_assignment_is_refused_and_nothing_written(void **state)
{
	static const struct {
		char *set[2];
		size_t count;
		const char *sentence;
	} cases[] = {
		{ { "net.port" },
		  1,
		  "net.port: not of the form section.key=value" },
		{ { "port=a.b" },
		  1,
		  "port=a.b: not of the form section.key=value" },
		{ { "net.colour=1" },
		  1,
		  "net.colour=1: exampled has no setting net.colour" },
		{ { "net.port=x" },
		  1,
		  "net.port=x: net.port must be a whole number from 0 to "
		  "65535, not \"x\"" },
		{ { "net.port=1", "net.port=2" }, 2, "net.port=2: set twice" },
		{ { "net.origins=1,2,3,4" },
		  1,
		  "net.origins=1,2,3,4: net.origins must have 0 to 3 items" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *set[] = { cases[i].set[0], cases[i].set[1] };
		enum code code;
		char *text = print_settings(set, cases[i].count, f->err, &code);

		assert_int_equal(code, CODE_INVALID_ARGUMENT);
		assert_string_equal(f->err, cases[i].sentence);
		assert_string_equal(text, "");
		free(text);
	}
}

static void
relative_paths_begin_at_the_directory_of_the_file(void **state)
{
	static const struct {
		const char *file, *text, *path;
	} cases[] = {
		{ "/etc/x.conf", "a/b", "/etc/a/b" },
		{ "/etc/x.conf", "/a/b", "/a/b" },
		{ "/etc/x.conf", "", "" },
		{ "x.conf", "a", "a" },
		{ "d/x.conf", "a", "d/a" },
		{ NULL, "a", "a" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *path = settings_path(cases[i].file, cases[i].text);

		assert_string_equal(path, cases[i].path);
		free(path);
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, make_fixture, drop_fixture)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(without_a_file_the_defaults_hold),
		CASE(the_file_replaces_defaults),
		CASE(a_list_may_be_empty_single_or_appended_to),
		CASE(an_empty_file_and_a_section_twice_are_fine),
		CASE(a_bad_file_is_refused_by_line_and_leaves_nothing),
		CASE(what_is_no_readable_text_file_is_refused),
		CASE(the_environment_overrides_the_file),
		CASE(a_bad_variable_is_named),
		CASE(the_example_documents_every_key_and_reads_back_as_the_defaults),
		CASE(values_that_are_set_are_written_and_read_back),
		CASE(a_bad_assignment_is_refused_and_nothing_written),
		CASE(relative_paths_begin_at_the_directory_of_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
