#ifndef BASE_TEST_AUTHORITY_H
#define BASE_TEST_AUTHORITY_H

#include <stdint.h>

#include "base/certificate.h"

#define TEST_PATH_SIZE 128

/* For tests: an authority in a folder of its own under /tmp. */
struct test_authority {
	char dir[TEST_PATH_SIZE / 2];
	char cert_path[TEST_PATH_SIZE];
	char key_path[TEST_PATH_SIZE];
	unsigned issued; /* names the next pair of files */
};

/* A certificate and its key. */
struct test_identity {
	char cert_path[TEST_PATH_SIZE];
	char key_path[TEST_PATH_SIZE];
};

/* test_authority_make aborts the test on failure, as do the others. */
void test_authority_make(struct test_authority *authority);

/* test_authority_issue makes an identity that is good for a day. */
void test_authority_issue(struct test_authority *authority, const char *name,
                          enum certificate_use use, struct test_identity *out);

/* test_authority_issue_expired makes one that was good until yesterday. */
void test_authority_issue_expired(struct test_authority *authority,
                                  const char *name, enum certificate_use use,
                                  struct test_identity *out);

/* test_authority_remove deletes the folder. */
void test_authority_remove(struct test_authority *authority);

#endif
