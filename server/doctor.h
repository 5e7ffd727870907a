#ifndef SERVER_DOCTOR_H
#define SERVER_DOCTOR_H

#include <stdint.h>

#include "base/finding.h"

/*
 * Looks a state directory over and changes nothing in it: who may read its
 * files, how long its certificates last, whether the clock makes sense, how
 * full the store is, whether mail can be sent.
 */
/* One finding; `what` names a file or a part. Both are lent for the call. */
typedef void doctor_report(void *ctx, enum finding_level level,
                           const char *what, const char *detail);

struct doctor {
	doctor_report *report;
	void *ctx;
	int64_t now_us;
	const char *mail_to; /* address of a test mail, or NULL: send none */
};

/* doctor_examine makes `home` the working directory and looks it over. */
void doctor_examine(const struct doctor *doctor, const char *home);

#endif
