#ifndef BASE_FINDING_H
#define BASE_FINDING_H

#include <stdbool.h>

/*
 * What an examination finds, one line each on standard output: for people, or
 * as JSON for programs.
 */
enum finding_level {
	FINDING_OK,
	FINDING_WARN, /* works, but will not for ever */
	FINDING_FAIL,
};

struct findings {
	bool as_json; /* {"level":"ok","what":"...","detail":"..."} */
	enum finding_level worst;
};

/* finding_report prints a finding; `what` names a file or a part. */
void finding_report(struct findings *findings, enum finding_level level,
                    const char *what, const char *detail);

/* finding_exit_code returns EXIT_CODE_FAILED if something fails, else OK. */
int finding_exit_code(const struct findings *findings);

#endif
