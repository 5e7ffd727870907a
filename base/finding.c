#include "base/finding.h"

#include <stdio.h>
#include <string.h>

#include "base/command_line.h"
#include "base/json.h"

#define LINE_MEMORY 8192 /* bytes */

static const char *const levels[] = {
	[FINDING_OK] = "ok",
	[FINDING_WARN] = "warn",
	[FINDING_FAIL] = "fail",
};

static void
put(struct json_out *out, const char *name, const char *text)
{
	json_out_string(out, name, strlen(name));
	json_out_raw(out, ":", 1);
	json_out_string(out, text, strlen(text));
}

static bool
print_json(enum finding_level level, const char *what, const char *detail)
{
	char memory[LINE_MEMORY];
	struct json_out out;
	struct arena arena;

	arena_init(&arena, memory, sizeof(memory));
	json_out_init(&out, &arena);
	json_out_raw(&out, "{", 1);
	put(&out, "level", levels[level]);
	json_out_raw(&out, ",", 1);
	put(&out, "what", what);
	json_out_raw(&out, ",", 1);
	put(&out, "detail", detail);
	json_out_raw(&out, "}", 1);
	if (json_out_end(&out) != CODE_OK)
		return false;
	(void)puts(out.data);
	return true;
}

void
finding_report(struct findings *findings, enum finding_level level,
               const char *what, const char *detail)
{
	if (level > findings->worst)
		findings->worst = level;
	if (findings->as_json) {
		if (!print_json(level, what, detail))
			(void)print_json(level, what, "too long to print");
	} else {
		(void)printf("%-4s  %s: %s\n", levels[level], what, detail);
	}
}

int
finding_exit_code(const struct findings *findings)
{
	if (fflush(stdout) != 0)
		return EXIT_CODE_USAGE;
	return findings->worst == FINDING_FAIL ? EXIT_CODE_FAILED
	                                       : EXIT_CODE_OK;
}
