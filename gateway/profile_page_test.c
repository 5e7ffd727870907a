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
quotes_an_example_that_loads(void **state)
{
	const struct profile_options options = { .dir = EXAMPLE_DIR };
	struct profile_set *set = NULL;
	char *page = read_file(PAGE);
	char *example = read_file(EXAMPLE_DIR "/acme.json");
	char err[256];

	(void)state;
	assert_non_null(strstr(page, example));
	if (profile_set_open(&options, &set, err, sizeof(err)) != CODE_OK)
		fail_msg("%s", err);
	profile_set_close(set);
	free(example);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotes_an_example_that_loads),
		cmocka_unit_test(quotes_a_mistake_as_the_loader_words_it),
		cmocka_unit_test(names_every_condition_of_the_gateways_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
