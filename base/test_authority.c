#include "base/test_authority.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define DAY_S ((int64_t)86400)

static void
must(int ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "test authority: %s failed\n", what);
	abort();
}

void
test_authority_make(struct test_authority *authority)
{
	*authority = (struct test_authority){ 0 };
	(void)snprintf(authority->dir, sizeof(authority->dir),
	               "/tmp/authority.XXXXXX");
	must(mkdtemp(authority->dir) != NULL, "mkdtemp");
	(void)snprintf(authority->cert_path, TEST_PATH_SIZE, "%s/ca.pem",
	               authority->dir);
	(void)snprintf(authority->key_path, TEST_PATH_SIZE, "%s/ca.key",
	               authority->dir);
	must(certificate_make_authority("test-authority", 30 * DAY_S,
	                                authority->cert_path,
	                                authority->key_path) == CODE_OK,
	     "certificate_make_authority");
}

static void
issue(struct test_authority *authority, struct certificate_order *order,
      struct test_identity *out)
{
	unsigned n = authority->issued++;

	(void)snprintf(out->cert_path, TEST_PATH_SIZE, "%s/%u.pem",
	               authority->dir, n);
	(void)snprintf(out->key_path, TEST_PATH_SIZE, "%s/%u.key",
	               authority->dir, n);
	order->ca_cert_path = authority->cert_path;
	order->ca_key_path = authority->key_path;
	order->cert_path = out->cert_path;
	order->key_path = out->key_path;
	must(certificate_issue(order) == CODE_OK, "certificate_issue");
}

void
test_authority_issue(struct test_authority *authority, const char *name,
                     enum certificate_use use, struct test_identity *out)
{
	struct certificate_order order = {
		.name = name,
		.use = use,
		.not_before = clock_wall_us() / 1000000 - 60,
		.lifetime_s = DAY_S,
	};

	issue(authority, &order, out);
}

void
test_authority_issue_expired(struct test_authority *authority, const char *name,
                             enum certificate_use use,
                             struct test_identity *out)
{
	struct certificate_order order = {
		.name = name,
		.use = use,
		.not_before = clock_wall_us() / 1000000 - 3 * DAY_S,
		.lifetime_s = 2 * DAY_S,
	};

	issue(authority, &order, out);
}

void
test_authority_remove(struct test_authority *authority)
{
	DIR *dir = opendir(authority->dir);
	const struct dirent *entry;

	must(dir != NULL, "opendir");
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	(void)closedir(dir);
	(void)rmdir(authority->dir);
}
