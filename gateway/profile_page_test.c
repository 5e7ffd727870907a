/* Holds docs/profiles.md to what the loader does. */
#include "gateway/profile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PAGE "docs/profiles.md"
#define EXAMPLE_DIR "gateway/testdata/profiles"

static char *
read_file(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = calloc(1, 65536);

	assert_non_null(file);
	assert_non_null(text);
	assert_in_range(fread(text, 1, 65535, file), 1, 65534);
	assert_int_equal(fclose(file), 0);
	return text;
}

static void
quotes_examples_that_load(void **state)
{
	static const char *const examples[] = {
		EXAMPLE_DIR "/acme.json",
		EXAMPLE_DIR "/acme-accounts.json",
	};
	const struct profile_options options = { .dir = EXAMPLE_DIR };
	struct profile_set *set = NULL;
	char *page = read_file(PAGE);
	char err[256];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char *example = read_file(examples[i]);

		if (strstr(page, example) == NULL)
			fail_msg("the page lacks %s", examples[i]);
		free(example);
	}
	if (profile_set_open(&options, &set, err, sizeof(err)) != CODE_OK)
		fail_msg("%s", err);
	profile_set_close(set);
	free(page);
}

static void
quotes_a_mistake_as_the_loader_words_it(void **state)
{
	const char *sentence = "latchkey.v1.AuthenticateRequest has no field "
			       "\"pasword\"";
	char *page = read_file(PAGE);

	(void)state;
	assert_non_null(strstr(page, sentence));
	free(page);
}

static void
names_every_condition_of_the_gateways_own(void **state)
{
	char *page = read_file(PAGE);

	(void)state;
	for (unsigned i = 0; i < CONDITION_OWN_COUNT; i++) {
		char quoted[CONDITION_NAME_SIZE + 2];
		char name[CONDITION_NAME_SIZE];

		(void)snprintf(quoted, sizeof(quoted), "`%s`",
		               condition_write(i, name));
		if (strstr(page, quoted) == NULL)
			fail_msg("the page lacks %s", quoted);
	}
	free(page);
}

static void
names_every_page_and_every_shipped_profile(void **state)
{
	const struct profile_options options = { 0 };
	struct profile_set *set = NULL;
	char *page = read_file(PAGE);
	char quoted[64], err[256];

	(void)state;
	assert_int_equal(profile_set_open(&options, &set, err, sizeof(err)),
	                 CODE_OK);
	for (size_t i = 0; i < set->pages.count + set->count; i++) {
		(void)snprintf(
			quoted, sizeof(quoted), "`%s`",
			i < set->pages.count
				? set->pages.pages[i].name
				: set->profiles[i - set->pages.count].name);
		if (strstr(page, quoted) == NULL)
			fail_msg("the page lacks %s", quoted);
	}
	profile_set_close(set);
	free(page);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotes_examples_that_load),
		cmocka_unit_test(quotes_a_mistake_as_the_loader_words_it),
		cmocka_unit_test(names_every_condition_of_the_gateways_own),
		cmocka_unit_test(names_every_page_and_every_shipped_profile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
