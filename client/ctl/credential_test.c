#include "client/ctl/credential.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/certificate.h"
#include "client/client_settings.h"

#define DIR_TEMPLATE "/tmp/credential.XXXXXX"

struct fixture {
	char home[sizeof(DIR_TEMPLATE)];
	char err[512];
	struct credential_order order;
};

static int
make_fixture(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	(void)snprintf(f->home, sizeof(f->home), DIR_TEMPLATE);
	assert_non_null(mkdtemp(f->home));
	assert_int_equal(chdir(f->home), 0);
	assert_int_equal(mkdir("pki", 0700), 0);
	assert_int_equal(certificate_make_authority("ca", 86400,
	                                            "pki/service-ca.crt",
	                                            "pki/service-ca.key"),
	                 CODE_OK);
	f->order =
		(struct credential_order){ .name = "orders", .home = f->home };
	*state = f;
	return 0;
}

static int
remove_entry(const char *path, const struct stat *st, int type,
             struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

static int
drop_fixture(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(chdir("/"), 0);
	assert_int_equal(nftw(f->home, remove_entry, 16, FTW_DEPTH | FTW_PHYS),
	                 0);
	free(f);
	return 0;
}

static enum code
issue(struct fixture *f)
{
	return credential_issue(&f->order, f->err, sizeof(f->err));
}

static void
a_credential_is_private_and_ready_for_use(void **state)
{
	struct fixture *f = *state;
	struct client_settings settings = { 0 };
	struct stat st;

	f->order.url = "tls+tcp://192.0.2.1:1";
	assert_int_equal(issue(f), CODE_OK);
	assert_int_equal(stat("clients/orders", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(stat("clients/orders/orders.key", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(access("clients/orders/service-ca.crt", R_OK), 0);
	assert_int_equal(settings_load(&client_settings_table,
	                               "clients/orders/client.conf", &settings,
	                               f->err, sizeof(f->err)),
	                 CODE_OK);
	assert_string_equal(settings.server.url, "tls+tcp://192.0.2.1:1");
	assert_string_equal(settings.server.name, "latchkeyd");
	assert_string_equal(settings.server.cert, "orders.crt");
	assert_string_equal(settings.server.key, "orders.key");
	assert_string_equal(settings.server.ca, "service-ca.crt");
	settings_free(&client_settings_table, &settings);
}

static void
a_name_is_issued_once_wherever_it_went(void **state)
{
	struct fixture *f = *state;

	f->order.out = "elsewhere";
	assert_int_equal(issue(f), CODE_OK);
	assert_int_equal(access("elsewhere/orders.crt", R_OK), 0);
	f->order.out = NULL;
	assert_int_equal(issue(f), CODE_ALREADY_EXISTS);
	assert_int_not_equal(access("clients/orders", F_OK), 0);
	f->order.name = "other";
	assert_int_equal(issue(f), CODE_OK);
}

static void
bad_names_and_places_are_refused(void **state)
{
	static const char *const names[] = { "", "../x", "a/b", "latchkeyd" };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		f->order.name = names[i];
		assert_int_equal(issue(f), CODE_INVALID_ARGUMENT);
	}
	f->order.name = "orders";
	f->order.home = "/tmp";
	f->order.out = "elsewhere";
	assert_int_equal(issue(f), CODE_FAILED_PRECONDITION);
	assert_int_not_equal(access("elsewhere", F_OK), 0);
}

static void
move_to(const char *from, const char *to)
{
	assert_int_equal(rename(from, to), 0);
}

static int64_t
expiry(const char *path)
{
	int64_t out = 0;

	assert_int_equal(certificate_expires_at(path, &out), CODE_OK);
	return out;
}

static void
a_service_is_renewed_where_its_files_are(void **state)
{
	struct fixture *f = *state;
	bool delivered = false;
	int64_t before;

	assert_int_equal(issue(f), CODE_OK);
	before = expiry("clients/orders/orders.crt");
	assert_int_equal(credential_renew(f->home, "orders", &delivered, f->err,
	                                  sizeof(f->err)),
	                 CODE_OK);
	assert_true(delivered);
	/* The authority of this test ends first. */
	assert_true(expiry("clients/orders/orders.crt") < before);
	assert_int_equal(expiry("clients/orders/orders.crt"),
	                 expiry("pki/issued/orders.crt"));
	move_to("clients/orders", "elsewhere");
	assert_int_equal(credential_renew(f->home, "orders", &delivered, f->err,
	                                  sizeof(f->err)),
	                 CODE_OK);
	assert_false(delivered);
}

static void
what_was_not_issued_is_not_renewed(void **state)
{
	struct fixture *f = *state;
	bool delivered = false;

	assert_int_equal(credential_renew(f->home, "../x", &delivered, f->err,
	                                  sizeof(f->err)),
	                 CODE_INVALID_ARGUMENT);
	assert_int_equal(credential_renew(f->home, "nobody", &delivered, f->err,
	                                  sizeof(f->err)),
	                 CODE_NOT_FOUND);
	assert_non_null(strstr(f->err, "pki/issued/nobody.crt"));
	assert_int_equal(
		credential_renew_server(f->home, f->err, sizeof(f->err)),
		CODE_NOT_FOUND);
	assert_non_null(strstr(f->err, "pki/front-ca.key"));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, make_fixture, drop_fixture)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_credential_is_private_and_ready_for_use),
		CASE(a_name_is_issued_once_wherever_it_went),
		CASE(bad_names_and_places_are_refused),
		CASE(a_service_is_renewed_where_its_files_are),
		CASE(what_was_not_issued_is_not_renewed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
