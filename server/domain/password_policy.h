#ifndef SERVER_DOMAIN_PASSWORD_POLICY_H
#define SERVER_DOMAIN_PASSWORD_POLICY_H

#include <stddef.h>

#include "base/code.h"

/*
 * Whether a password is good enough, judged as Django's four validators do
 * (django.contrib.auth.password_validation) and said in their words.
 */
#define PASSWORD_LENGTH_MIN 8 /* characters */

enum password_fault {
	PASSWORD_TOO_SIMILAR,
	PASSWORD_TOO_SHORT,
	PASSWORD_TOO_COMMON,
	PASSWORD_ALL_DIGITS,
	PASSWORD_FAULT_COUNT,
};

enum password_rules { PASSWORD_RULES_DJANGO, PASSWORD_RULES_LENGTH };

/* Whom the password must not resemble; NULL or "" is none. */
struct password_owner {
	const char *username;
	const char *first_name;
	const char *last_name;
	const char *email;
};

/* One sentence per fault, in PASSWORD_FAULT order; NULL where there is none. */
struct password_verdict {
	const char *messages[PASSWORD_FAULT_COUNT]; /* static text */
	size_t count;
};

/*
 * password_judge looks at all the rules, and at the first PASSWORD_MAX bytes of
 * each text. Characters are Unicode's, counted by code point. The similarity is
 * Django's: the quick ratio of difflib's SequenceMatcher of at least 0.7 with
 * an attribute or one of its parts between non-word characters, without regard
 * to case.
 */
void password_judge(enum password_rules rules, const char *password,
                    const struct password_owner *owner,
                    struct password_verdict *out);

#endif
