/*
 * The validators work on characters in lower case. Everything made of the
 * password lies on the stack and is wiped before password_judge returns.
 */
#include "server/domain/password_policy.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <unicase.h>
#include <unictype.h>
#include <unistr.h>

#include "server/domain/common_password.h"
#include "server/domain/password.h"

/*
 * Lower case has more characters than the text only where a character of two
 * bytes becomes two, so that there are never more than bytes.
 */
#define POINTS_MAX PASSWORD_MAX

static const char too_short[] = "This password is too short. It must contain "
				"at least 8 characters.";
static const char too_common[] = "This password is too common.";
static const char all_digits[] = "This password is entirely numeric.";

_Static_assert(PASSWORD_LENGTH_MIN == 8, "the sentence says 8");

/* Text as code points. */
struct points {
	uint32_t at[POINTS_MAX];
	size_t count;
};

/* What is made of one password; wiped. */
struct judged {
	struct points typed;
	struct points lower;
	struct points sorted; /* lower, by code point */
	struct points value;  /* an attribute of the owner, in lower case */
	struct points part;   /* a part of it, by code point */
};

/* read_points ignores what lies beyond POINTS_MAX bytes. */
static void
read_points(const char *text, struct points *out)
{
	size_t len = strnlen(text, POINTS_MAX);
	const uint8_t *at = (const uint8_t *)text;

	out->count = 0;
	while (len > 0) {
		ucs4_t point;
		int step = u8_mbtouc(&point, at, len);

		out->at[out->count++] = point;
		at += step;
		len -= (size_t)step;
	}
}

static void
lower_points(const struct points *in, struct points *out)
{
	uint32_t *lowered;

	out->count = POINTS_MAX;
	lowered = u32_tolower(in->at, in->count, NULL, NULL, out->at,
	                      &out->count);
	/* It allocates only what does not fit. */
	assert(lowered == out->at);
	(void)lowered;
}

/* By Shell's method, in place: qsort allocates, and this is a password. */
static void
sort_points(struct points *points)
{
	uint32_t *at = points->at;

	for (size_t gap = points->count / 2; gap > 0; gap /= 2) {
		for (size_t i = gap; i < points->count; i++) {
			uint32_t moved = at[i];
			size_t j = i;

			for (; j >= gap && at[j - gap] > moved; j -= gap)
				at[j] = at[j - gap];
			at[j] = moved;
		}
	}
}

/* How many characters two sorted texts share, each as often as both have it. */
static size_t
count_shared(const struct points *a, const struct points *b)
{
	size_t shared = 0;

	for (size_t i = 0, j = 0; i < a->count && j < b->count;) {
		if (a->at[i] == b->at[j]) {
			shared++;
			i++;
			j++;
		} else if (a->at[i] < b->at[j]) {
			i++;
		} else {
			j++;
		}
	}
	return shared;
}

/*
 * quick_ratio() >= 0.7, in whole numbers. A password of ten times the part's
 * length is let through as Django does, whose bound it cannot reach anyway.
 */
static bool
resembles(struct judged *j, size_t begin, size_t end)
{
	size_t length = j->sorted.count + (end - begin);

	if (end == begin || j->sorted.count >= 10 * (end - begin))
		return false;
	j->part.count = end - begin;
	memcpy(j->part.at, j->value.at + begin,
	       j->part.count * sizeof(j->part.at[0]));
	sort_points(&j->part);
	return 20 * count_shared(&j->sorted, &j->part) >= 7 * length;
}

/* \w of Python's expressions: what is a letter or has a numeric value, or _ */
static bool
is_word(uint32_t point)
{
	return point == '_' ||
	       uc_is_general_category_withtable(
		       point, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_N);
}

/* Whether the password resembles a value, or a part of it between \W+. */
static bool
resembles_value(struct judged *j, const char *value)
{
	struct points *typed = &j->part;
	size_t begin = 0;

	if (value == NULL || *value == '\0')
		return false;
	read_points(value, typed);
	lower_points(typed, &j->value);
	for (size_t i = 0; i < j->value.count; i++) {
		if (is_word(j->value.at[i]))
			continue;
		if (resembles(j, begin, i))
			return true;
		begin = i + 1;
	}
	return resembles(j, begin, j->value.count) ||
	       resembles(j, 0, j->value.count);
}

/* The sentence about the first attribute that the password resembles. */
static const char *
find_similar(struct judged *j, const struct password_owner *owner)
{
	const struct row {
		const char *value;
		const char *message;
	} rows[] = {
		{ owner->username,
		  "The password is too similar to the username." },
		{ owner->first_name,
		  "The password is too similar to the first name." },
		{ owner->last_name,
		  "The password is too similar to the last name." },
		{ owner->email,
		  "The password is too similar to the email address." },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (resembles_value(j, rows[i].value))
			return rows[i].message;
	return NULL;
}

/* White space as Python's str.strip sees it. */
static bool
is_space(uint32_t point)
{
	return uc_is_property_white_space(point) ||
	       (point >= 0x1c && point <= 0x1f);
}

static bool
is_common(const struct points *lower)
{
	size_t begin = 0, end = lower->count;
	uint8_t text[4 * COMMON_PASSWORD_MAX];
	size_t len = sizeof(text);
	bool is_found;

	while (begin < end && is_space(lower->at[begin]))
		begin++;
	while (begin < end && is_space(lower->at[end - 1]))
		end--;
	/* What remains fits: no character takes more than four bytes. */
	if (end - begin > COMMON_PASSWORD_MAX)
		return false;
	if (begin == end ||
	    u32_to_u8(lower->at + begin, end - begin, text, &len) != text)
		return false;
	is_found = common_password_find((const char *)text, len);
	explicit_bzero(text, sizeof(text));
	return is_found;
}

static bool
is_all_digits(const struct points *points)
{
	for (size_t i = 0; i < points->count; i++)
		if (uc_digit_value(points->at[i]) < 0)
			return false;
	return points->count > 0;
}

static void
add(struct password_verdict *verdict, enum password_fault fault,
    const char *message)
{
	verdict->messages[fault] = message;
	verdict->count++;
}

void
password_judge(enum password_rules rules, const char *password,
               const struct password_owner *owner, struct password_verdict *out)
{
	const char *similar;
	struct judged j;

	*out = (struct password_verdict){ 0 };
	read_points(password, &j.typed);
	lower_points(&j.typed, &j.lower);
	j.sorted = j.lower;
	sort_points(&j.sorted);
	if (j.typed.count < PASSWORD_LENGTH_MIN)
		add(out, PASSWORD_TOO_SHORT, too_short);
	if (rules == PASSWORD_RULES_DJANGO) {
		similar = find_similar(&j, owner);
		if (similar != NULL)
			add(out, PASSWORD_TOO_SIMILAR, similar);
		if (is_common(&j.lower))
			add(out, PASSWORD_TOO_COMMON, too_common);
		if (is_all_digits(&j.typed))
			add(out, PASSWORD_ALL_DIGITS, all_digits);
	}
	explicit_bzero(&j, sizeof(j));
}
