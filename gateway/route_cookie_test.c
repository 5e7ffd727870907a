#include "gateway/route_cookie.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/profile.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

#define LOGIN                                                                  \
	"\"rpc\": \"latchkey.v1.AuthService/Authenticate\", \"auth\": "        \
	"\"none\""
#define REFRESH                                                                \
	"\"rpc\": \"latchkey.v1.AuthService/Refresh\", \"auth\": \"none\""
#define LOGOUT "\"rpc\": \"latchkey.v1.AuthService/Logout\", \"auth\": \"none\""
#define TAKES(from)                                                            \
	"\"request\": [{\"field\": \"refresh_token\", \"from\": [" from "]}]"
#define ACCESS "\"body\": {\"access\": \"{access_token}\"}"
#define AT(path) "\"method\": \"POST\", \"path\": \"" path "\""

/* Loads one profile of one row; NULL, and err, if it is refused. */
static struct profile_set *
load(const char *member, const char *row, char *err, size_t err_size)
{
	char dir[] = "/tmp/route_cookie_test.XXXXXX";
	struct profile_options options = { .dir = dir };
	struct profile_set *set = NULL;
	char path[64];
	FILE *file;

	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/a.json", dir);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fprintf(file, "{\"profile\": \"a\", %s \"routes\": [{%s}]}",
	                    member, row) > 0);
	assert_int_equal(fclose(file), 0);
	if (profile_set_open(&options, &set, err, err_size) != CODE_OK)
		set = NULL;
	(void)unlink(path);
	(void)rmdir(dir);
	return set;
}

static struct profile_set *
load_good(const char *member, const char *row)
{
	char err[512] = "";
	struct profile_set *set = load(member, row, err, sizeof(err));

	if (set == NULL) {
		(void)fprintf(stderr, "%s\n", err);
		abort();
	}
	return set;
}

static const struct route *
route_of(const struct profile_set *set, const char *path)
{
	for (const struct router_path *p = set->router.first; p != NULL;
	     p = p->next)
		if (p->routes[METHOD_POST] != NULL &&
		    strcmp(p->routes[METHOD_POST]->path, path) == 0)
			return p->routes[METHOD_POST];
	fail_msg("no %s", path);
	return NULL;
}

static const struct {
	const char *row;
	bool sets, takes, clears;
} good[] = {
	{ AT("/api/auth/x/") ", " LOGIN ", \"no_store\": true, " ACCESS, true,
	  false, false },
	{ AT("/api/auth/x/") ", " REFRESH ", " TAKES(
		  "\"body.refresh\"") ", \"no_store\": true, " ACCESS,
	  true, true, false },
	{ AT("/api/auth/x/") ", " LOGOUT ", " TAKES("\"body.refresh\""), false,
	  true, true },
};

static void
the_rpc_tells_what_a_row_does_with_the_cookie(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		struct profile_set *set =
			load_good("\"refresh_cookie\": true,", good[i].row);
		const struct route_cookie *cookie =
			&route_of(set, "/api/auth/x/")->cookie;

		assert_true(cookie->is_used);
		assert_int_equal(cookie->set_from != NULL, good[i].sets);
		assert_int_equal(cookie->row != NULL, good[i].takes);
		assert_int_equal(cookie->clears, good[i].clears);
		assert_true(set->has_cookie);
		profile_set_close(set);
	}
}

static void
without_the_member_no_row_knows_of_a_cookie(void **state)
{
	static const char *const members[] = { "",
		                               "\"refresh_cookie\": false," };

	(void)state;
	for (size_t m = 0; m < COUNT(members); m++)
		for (size_t i = 0; i < COUNT(good); i++) {
			struct profile_set *set =
				load_good(members[m], good[i].row);

			assert_false(
				route_of(set, "/api/auth/x/")->cookie.is_used);
			assert_false(set->has_cookie);
			profile_set_close(set);
		}
}

static void
a_row_that_could_give_the_token_away_is_refused(void **state)
{
	static const struct {
		const char *row, *said;
	} bad[] = {
		{ AT("/api/auth/x/") ", " LOGIN ", " ACCESS, "no_store" },
		{ AT("/x/") ", " LOGIN ", \"no_store\": true, " ACCESS,
		  "/api/auth/" },
		{ AT("/api/auth/x/") ", " LOGIN
		                     ", \"no_store\": true, \"body\": {\"r\": "
		                     "\"{refresh_token}\"}",
		  "shows the refresh token" },
		{ AT("/api/auth/x/") ", " REFRESH ", " TAKES(
			  "\"body.refresh\"") ", \"no_store\": true, "
		                              "\"body\": {\"r\": \"is "
		                              "{refresh_token|omit}\"}",
		  "" },
		{ AT("/api/auth/x/") ", " LOGOUT
		                     ", " TAKES("\"header.x-refresh\""),
		  "elsewhere" },
		{ AT("/api/auth/x/") ", " LOGOUT
		                     ", " TAKES("\"body.a\", \"query.b\""),
		  "elsewhere" },
		{ AT("/api/auth/x/") ", " LOGOUT ", " TAKES(
			  "\"body.a\", \"body.b\", \"body.c\", \"body.d\""),
		  "no room" },
		{ "\"method\": \"GET\", \"path\": "
		  "\"/api/auth/x/\", " LOGIN ", \"no_store\": true, " ACCESS,
		  "GET" },
	};
	char err[512];

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		err[0] = '\0';
		assert_null(load("\"refresh_cookie\": true,", bad[i].row, err,
		                 sizeof(err)));
		assert_non_null(strstr(err, "/a.json: /routes/0"));
		if (strstr(err, bad[i].said) == NULL)
			fail_msg("%zu: %s", i, err);
	}
}

static void
the_member_is_a_boolean(void **state)
{
	char err[512] = "";

	(void)state;
	assert_null(load("\"refresh_cookie\": \"yes\",", good[0].row, err,
	                 sizeof(err)));
	assert_non_null(strstr(err, "/refresh_cookie"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rpc_tells_what_a_row_does_with_the_cookie),
		cmocka_unit_test(without_the_member_no_row_knows_of_a_cookie),
		cmocka_unit_test(
			a_row_that_could_give_the_token_away_is_refused),
		cmocka_unit_test(the_member_is_a_boolean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
