#include "server/domain/issuer_keys.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/domain/https_fetch.h"
#include "server/domain/signing_key.h"
#include "server/domain/test_issuer.h"

#define T0 ((int64_t)1000000) /* ms */
#define SECOND ((int64_t)1000)
#define MINUTE (60 * SECOND)
#define THREADS 4

/* A key of 24 bits. */
static const char weak_set[] = "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"key-0\","
			       "\"n\":\"AQAB\",\"e\":\"AQAB\"}]}";

struct fixture {
	struct test_issuer issuer;
	struct issuer_keys *keys;
	uint32_t retry_ms;
};

static void
open_with(struct fixture *f, const char *url, const char *ca)
{
	const struct issuer_keys_options options = { .issuer = "test",
		                                     .url = url,
		                                     .ca = ca };

	issuer_keys_close(f->keys);
	assert_int_equal(issuer_keys_open(&options, &f->keys), CODE_OK);
}

/* One issuer for all cases: its keys take a while to make. */
static int
open_issuer(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(https_begin(), CODE_OK);
	test_issuer_open(&f->issuer);
	*state = f;
	return 0;
}

static int
setup(void **state)
{
	struct fixture *f = *state;

	test_issuer_publish(&f->issuer, 1);
	f->issuer.status = 200;
	f->issuer.cache_control = NULL;
	f->issuer.fetched = 0;
	open_with(f, f->issuer.url, f->issuer.authority.cert_path);
	return 0;
}

static int
close_issuer(void **state)
{
	struct fixture *f = *state;

	issuer_keys_close(f->keys);
	test_issuer_close(&f->issuer);
	https_end();
	free(f);
	return 0;
}

/* Signs with one key and verifies under the name of another. */
static enum code
check(struct fixture *f, size_t signer, const char *kid, int64_t now_ms,
      uint32_t *retry_ms)
{
	const struct bytes message = { "hello", 5 };
	uint8_t signature[SIGNATURE_MAX];
	struct issuer_signature what = { .kid = kid, .message = message };
	size_t len;

	assert_int_equal(signing_key_sign(f->issuer.keys[signer], message,
	                                  signature, &len),
	                 CODE_OK);
	what.signature = (struct bytes){ signature, len };
	return issuer_keys_verify(f->keys, &what, now_ms, retry_ms);
}

static enum code
verify_as(struct fixture *f, size_t signer, const char *kid, int64_t now_ms)
{
	f->retry_ms = 0;
	return check(f, signer, kid, now_ms, &f->retry_ms);
}

static enum code
verify(struct fixture *f, size_t signer, int64_t now_ms)
{
	return verify_as(f, signer, signer == 0 ? "key-0" : "key-1", now_ms);
}

static void
keys_are_fetched_once_and_kept_as_long_as_said(void **state)
{
	struct fixture *f = *state;

	f->issuer.cache_control = "public, max-age=600, must-revalidate";
	assert_int_equal(verify(f, 0, T0), CODE_OK);
	assert_int_equal(verify(f, 0, T0 + 600 * SECOND - 1), CODE_OK);
	assert_int_equal(f->issuer.fetched, 1);
	assert_int_equal(verify(f, 0, T0 + 600 * SECOND), CODE_OK);
	assert_int_equal(f->issuer.fetched, 2);
}

static void
the_time_that_keys_are_kept_is_bounded(void **state)
{
	static const struct {
		const char *said;
		int64_t age_s;
	} cases[] = {
		{ NULL, ISSUER_KEYS_AGE_S },
		{ "private", ISSUER_KEYS_AGE_S },
		{ "max-age=0", ISSUER_KEYS_AGE_MIN_S },
		{ "no-store", ISSUER_KEYS_AGE_MIN_S },
		{ "max-age=99999999999999999999", ISSUER_KEYS_AGE_MAX_S },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const int64_t end = T0 + cases[i].age_s * SECOND;
		unsigned before = f->issuer.fetched;

		open_with(f, f->issuer.url, f->issuer.authority.cert_path);
		f->issuer.cache_control = cases[i].said;
		assert_int_equal(verify(f, 0, T0), CODE_OK);
		assert_int_equal(verify(f, 0, end - 1), CODE_OK);
		assert_int_equal(f->issuer.fetched, before + 1);
		assert_int_equal(verify(f, 0, end), CODE_OK);
		assert_int_equal(f->issuer.fetched, before + 2);
	}
}

static void
an_unknown_key_has_the_set_fetched_once_a_minute_at_most(void **state)
{
	struct fixture *f = *state;

	f->issuer.cache_control = "max-age=86400";
	assert_int_equal(verify(f, 0, T0), CODE_OK);
	test_issuer_publish(&f->issuer, 2);
	assert_int_equal(verify(f, 1, T0 + MINUTE - 1), CODE_UNAUTHENTICATED);
	assert_int_equal(f->issuer.fetched, 1);
	assert_int_equal(verify(f, 1, T0 + MINUTE), CODE_OK);
	assert_int_equal(f->issuer.fetched, 2);
	assert_int_equal(verify(f, 0, T0 + MINUTE), CODE_OK);
	assert_int_equal(verify_as(f, 0, "key-9", T0 + 2 * MINUTE),
	                 CODE_UNAUTHENTICATED);
	assert_int_equal(verify_as(f, 0, "key-9", T0 + 2 * MINUTE),
	                 CODE_UNAUTHENTICATED);
	assert_int_equal(f->issuer.fetched, 3);
}

static void
a_key_that_is_withdrawn_is_good_no_more(void **state)
{
	struct fixture *f = *state;

	f->issuer.cache_control = "max-age=60";
	test_issuer_publish(&f->issuer, 2);
	assert_int_equal(verify(f, 1, T0), CODE_OK);
	test_issuer_publish(&f->issuer, 1);
	assert_int_equal(verify(f, 1, T0 + MINUTE), CODE_UNAUTHENTICATED);
}

static void
a_signature_of_another_key_is_refused_without_a_fetch(void **state)
{
	struct fixture *f = *state;

	test_issuer_publish(&f->issuer, 2);
	assert_int_equal(verify(f, 0, T0), CODE_OK);
	assert_int_equal(verify_as(f, 0, "key-1", T0 + 2 * MINUTE),
	                 CODE_UNAUTHENTICATED);
	/* What is there but no RSA key is unknown. */
	assert_int_equal(verify_as(f, 0, "ec", T0), CODE_UNAUTHENTICATED);
	assert_int_equal(f->issuer.fetched, 1);
}

static void
what_is_no_set_of_keys_is_unavailable_and_tried_again_later(void **state)
{
	static const char *const bodies[] = {
		"",
		"[]",
		"{}",
		"{\"keys\":[]}",
		"{\"keys\":{}}",
		"{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"key-0\"}]}",
		weak_set,
		"<html>",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		int64_t now_ms = T0 + (int64_t)i * ISSUER_KEYS_RETRY_MS;

		(void)snprintf(f->issuer.body, sizeof(f->issuer.body), "%s",
		               bodies[i]);
		assert_int_equal(verify(f, 0, now_ms), CODE_UNAVAILABLE);
		assert_int_equal(f->retry_ms, ISSUER_KEYS_RETRY_MS);
		assert_int_equal(verify(f, 0, now_ms + 1), CODE_UNAVAILABLE);
		assert_int_equal(f->retry_ms, ISSUER_KEYS_RETRY_MS - 1);
		assert_int_equal(f->issuer.fetched, i + 1);
	}
}

static void
only_a_whole_small_answer_with_status_200_counts(void **state)
{
	static const unsigned statuses[] = { 204, 301, 404, 500 };
	struct fixture *f = *state;
	int64_t now_ms = T0;

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		f->issuer.status = statuses[i];
		assert_int_equal(verify(f, 0, now_ms), CODE_UNAVAILABLE);
		now_ms += MINUTE;
	}
	f->issuer.status = 200;
	assert_int_equal(verify(f, 0, now_ms), CODE_OK);
	/* No redirect was followed. */
	assert_int_equal(f->issuer.fetched, 5);
	open_with(f, f->issuer.url, f->issuer.authority.cert_path);
	memset(f->issuer.body + strlen(f->issuer.body), ' ',
	       ISSUER_KEYS_SIZE_MAX);
	assert_int_equal(verify(f, 0, T0), CODE_UNAVAILABLE);
}

static void
keys_that_cannot_be_replaced_are_used_until_they_expire(void **state)
{
	struct fixture *f = *state;

	f->issuer.cache_control = "max-age=600";
	assert_int_equal(verify(f, 0, T0), CODE_OK);
	f->issuer.status = 500;
	assert_int_equal(verify(f, 1, T0 + 2 * MINUTE), CODE_UNAVAILABLE);
	assert_int_equal(f->retry_ms, MINUTE);
	assert_int_equal(verify(f, 0, T0 + 2 * MINUTE), CODE_OK);
	/* A failure shortens the minute only for who has no keys. */
	assert_int_equal(verify(f, 1, T0 + 3 * MINUTE - 1), CODE_UNAVAILABLE);
	assert_int_equal(f->issuer.fetched, 2);
	assert_int_equal(verify(f, 1, T0 + 3 * MINUTE), CODE_UNAVAILABLE);
	assert_int_equal(f->issuer.fetched, 3);
	assert_int_equal(verify(f, 0, T0 + 10 * MINUTE), CODE_UNAVAILABLE);
	f->issuer.status = 200;
	assert_int_equal(verify(f, 0, T0 + 11 * MINUTE), CODE_OK);
}

/* Whoever asks for an unknown key then makes the outage no longer. */
static void
a_fetch_that_fails_before_the_keys_expire_is_soon_tried_again(void **state)
{
	struct fixture *f = *state;
	int64_t end = T0 + (int64_t)ISSUER_KEYS_AGE_S * 1000;

	assert_int_equal(verify(f, 0, T0), CODE_OK);
	f->issuer.status = 500;
	assert_int_equal(verify(f, 1, end - 30000), CODE_UNAVAILABLE);
	assert_int_equal(f->retry_ms, 30000);
	assert_int_equal(verify(f, 1, end - 1), CODE_UNAVAILABLE);
	assert_int_equal(f->issuer.fetched, 2);
	assert_int_equal(verify(f, 0, end), CODE_UNAVAILABLE);
	assert_int_equal(f->issuer.fetched, 3);
	f->issuer.status = 200;
	assert_int_equal(verify(f, 0, end + ISSUER_KEYS_RETRY_MS), CODE_OK);
}

static void
only_a_server_with_a_good_certificate_is_asked(void **state)
{
	struct fixture *f = *state;
	char url[sizeof(f->issuer.url) + 8];
	struct test_authority other;

	open_with(f, f->issuer.url, "");
	assert_int_equal(verify(f, 0, T0), CODE_UNAVAILABLE);
	test_authority_make(&other);
	open_with(f, f->issuer.url, other.cert_path);
	assert_int_equal(verify(f, 0, T0), CODE_UNAVAILABLE);
	test_authority_remove(&other);
	/* The certificate is for another name. */
	(void)snprintf(url, sizeof(url), "https://127.0.0.1:%s",
	               f->issuer.url + strlen("https://localhost:"));
	open_with(f, url, f->issuer.authority.cert_path);
	assert_int_equal(verify(f, 0, T0), CODE_UNAVAILABLE);
	assert_int_equal(f->issuer.fetched, 0);
}

static void *
verify_in_a_thread(void *arg)
{
	uint32_t retry_ms = 0;

	return check(arg, 0, "key-0", T0, &retry_ms) == CODE_OK ? arg : NULL;
}

static void
threads_that_need_the_keys_at_once_share_one_fetch(void **state)
{
	struct fixture *f = *state;
	pthread_t threads[THREADS];
	void *good;

	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
		                                verify_in_a_thread, f),
		                 0);
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], &good), 0);
		assert_ptr_equal(good, f);
	}
	assert_int_equal(f->issuer.fetched, 1);
}

static void
cache_control_is_read_directive_by_directive(void **state)
{
	static const struct {
		const char *value;
		int64_t max_age_s;
	} cases[] = {
		{ "", -1 },
		{ "public", -1 },
		{ "max-age=", -1 },
		{ "max-age=x", -1 },
		{ "s-max-age=7", -1 },
		{ "max-age=7", 7 },
		{ " Public ,MAX-AGE=19800 , must-revalidate\r\n", 19800 },
		{ "max-age=7, no-store", 0 },
		{ "No-Cache", 0 },
		{ "max-age=31536001", 31536000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(https_max_age_read(cases[i].value,
		                                    strlen(cases[i].value)),
		                 cases[i].max_age_s);
	assert_int_equal(https_max_age_read("max-age=71", 9), 7);
}

#define CASE(test) cmocka_unit_test_setup(test, setup)

int
main(void)
{
	const struct CMUnitTest issuer_keys[] = {
		CASE(keys_are_fetched_once_and_kept_as_long_as_said),
		CASE(the_time_that_keys_are_kept_is_bounded),
		CASE(an_unknown_key_has_the_set_fetched_once_a_minute_at_most),
		CASE(a_key_that_is_withdrawn_is_good_no_more),
		CASE(a_signature_of_another_key_is_refused_without_a_fetch),
		CASE(what_is_no_set_of_keys_is_unavailable_and_tried_again_later),
		CASE(only_a_whole_small_answer_with_status_200_counts),
		CASE(keys_that_cannot_be_replaced_are_used_until_they_expire),
		CASE(a_fetch_that_fails_before_the_keys_expire_is_soon_tried_again),
		CASE(only_a_server_with_a_good_certificate_is_asked),
		CASE(threads_that_need_the_keys_at_once_share_one_fetch),
		cmocka_unit_test(cache_control_is_read_directive_by_directive),
	};

	return cmocka_run_group_tests(issuer_keys, open_issuer, close_issuer);
}
