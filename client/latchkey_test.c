#include "client/latchkey.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/test_authority.h"
#include "client/test_server.h"
#include "proto/latchkey/v1/auth_service.pb-c.h"

#define ERR_SIZE 256
#define WAIT_MS 20000

/*
 * The test server answers by the method's name, so this is a service whose
 * methods have those names, called as a generated stub would.
 */
#define TYPE &latchkey__v1__verify_token_request__descriptor

static const ProtobufCMethodDescriptor methods[] = {
	{ "Echo", TYPE, TYPE },
	{ "Fail", TYPE, TYPE },
	{ "Silent", TYPE, TYPE },
};

static const ProtobufCServiceDescriptor service = {
	.magic = PROTOBUF_C__SERVICE_DESCRIPTOR_MAGIC,
	.name = "t",
	.n_methods = sizeof(methods) / sizeof(methods[0]),
	.methods = methods,
};

enum { ECHO, FAIL, SILENT };

struct fixture {
	struct test_server server;
	struct latchkey *latchkey;
	struct latchkey_call call;
	struct latchkey_options options;
	char dir[32];
	char path[48];
	char url[64];
	char conf[TEST_PATH_SIZE];
	char err[ERR_SIZE];
	char heard[32]; /* what the closure was given */
	unsigned heard_count;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/latchkey.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	(void)snprintf(f->path, sizeof(f->path), "%s/s", f->dir);
	(void)snprintf(f->url, sizeof(f->url), "ipc://%s", f->path);
	(void)snprintf(f->conf, sizeof(f->conf), "%s/latchkey.conf", f->dir);
	f->options.url = f->url;
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	if (f->latchkey != NULL)
		latchkey_call_reset(&f->call);
	latchkey_close(f->latchkey);
	test_server_kill(&f->server);
	(void)unlink(f->path);
	(void)unlink(f->conf);
	(void)rmdir(f->dir);
	free(f);
	return 0;
}

static void
start(struct fixture *f)
{
	test_server_start(&f->server, f->url, NULL, NULL);
	if (latchkey_open(&f->options, &f->latchkey, f->err, ERR_SIZE) !=
	    CODE_OK)
		fail_msg("%s", f->err);
	assert_true(latchkey_wait(f->latchkey, WAIT_MS));
	latchkey_call_init(&f->call, f->latchkey, &service);
}

static void
listen_to(const ProtobufCMessage *response, void *ctx)
{
	struct fixture *f = ctx;

	f->heard_count++;
	(void)snprintf(
		f->heard, sizeof(f->heard), "%s",
		response == NULL
			? "nothing"
			: ((const Latchkey__V1__VerifyTokenRequest *)response)
				  ->token);
}

static void
call_method(struct fixture *f, unsigned method, const char *token)
{
	Latchkey__V1__VerifyTokenRequest request =
		LATCHKEY__V1__VERIFY_TOKEN_REQUEST__INIT;

	request.token = (char *)token;
	f->call.service.invoke(&f->call.service, method, &request.base,
	                       listen_to, f);
}

static void
gives_the_response_to_the_closure_before_it_returns(void **state)
{
	struct fixture *f = *state;

	start(f);
	call_method(f, ECHO, "hello");
	assert_int_equal(f->call.code, CODE_OK);
	assert_int_equal(f->heard_count, 1);
	assert_string_equal(f->heard, "hello");
	assert_int_equal(f->call.status->code, 0);
	assert_int_equal(strlen(f->call.request_id), 32);
}

static void
keeps_the_response_until_reset(void **state)
{
	struct fixture *f = *state;
	const Latchkey__V1__VerifyTokenRequest *response;

	start(f);
	call_method(f, ECHO, "hello");
	response = (const Latchkey__V1__VerifyTokenRequest *)f->call.response;
	assert_string_equal(response->token, "hello");
	latchkey_call_reset(&f->call);
	assert_null(f->call.response);
	assert_non_null(f->call.status);
	latchkey_call_reset(&f->call);
	call_method(f, ECHO, "again");
	assert_string_equal(f->heard, "again");
}

static void
tells_a_refusal_with_all_its_details(void **state)
{
	struct fixture *f = *state;

	start(f);
	call_method(f, FAIL, "hello");
	assert_int_equal(f->call.code, CODE_RESOURCE_EXHAUSTED);
	assert_string_equal(f->heard, "nothing");
	assert_null(f->call.response);
	assert_int_equal(f->call.status->retry_after_ms, 1234);
	assert_string_equal(f->call.status->violations[0]->field, "token");
}

static void
ends_at_its_timeout(void **state)
{
	struct fixture *f = *state;

	start(f);
	f->call.timeout_ms = 5;
	call_method(f, SILENT, "hello");
	assert_int_equal(f->call.code, CODE_DEADLINE_EXCEEDED);
	assert_string_equal(f->heard, "nothing");
}

static void
refuses_more_calls_than_it_may_hold(void **state)
{
	struct fixture *f = *state;
	struct latchkey_call second;

	f->options.calls_max = 1;
	start(f);
	call_method(f, ECHO, "hello");
	latchkey_call_init(&second, f->latchkey, &service);
	second.service.invoke(&second.service, ECHO, NULL, listen_to, f);
	assert_int_equal(second.code, CODE_RESOURCE_EXHAUSTED);
	assert_int_equal(second.status->code, CODE_RESOURCE_EXHAUSTED);
	latchkey_call_reset(&second);
}

static void
fails_at_once_without_a_server(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
		latchkey_open(&f->options, &f->latchkey, f->err, ERR_SIZE),
		CODE_OK);
	latchkey_call_init(&f->call, f->latchkey, &service);
	call_method(f, ECHO, "hello");
	assert_int_equal(f->call.code, CODE_UNAVAILABLE);
	assert_true(f->call.status->message[0] != '\0');
}

static void
write_conf(const struct fixture *f, const char *text)
{
	FILE *file = fopen(f->conf, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* Names of the authority's folder, from which the file is read. */
static void
reads_a_configuration_whose_paths_begin_beside_it(void **state)
{
	struct test_authority authority;
	struct test_identity server, client;
	struct fixture *f = *state;
	char text[512];

	test_authority_make(&authority);
	test_authority_issue(&authority, "latchkeyd", CERTIFICATE_SERVER,
	                     &server);
	test_authority_issue(&authority, "billing", CERTIFICATE_CLIENT,
	                     &client);
	test_server_start(&f->server, "tls+tcp://127.0.0.1:0", &server,
	                  &authority);
	(void)snprintf(f->conf, sizeof(f->conf), "%s/latchkey.conf",
	               authority.dir);
	(void)snprintf(text, sizeof(text),
	               "server {\n"
	               "  url = \"tls+tcp://127.0.0.1:%u\"\n"
	               "  name = \"latchkeyd\"\n"
	               "  ca = \"ca.pem\"\n"
	               "  cert = \"%s\"\n"
	               "  key = \"%s\"\n"
	               "}\n",
	               f->server.port, strrchr(client.cert_path, '/') + 1,
	               strrchr(client.key_path, '/') + 1);
	write_conf(f, text);
	if (latchkey_open_file(f->conf, &f->latchkey, f->err, ERR_SIZE) !=
	    CODE_OK)
		fail_msg("%s", f->err);
	assert_true(latchkey_wait(f->latchkey, WAIT_MS));
	latchkey_call_init(&f->call, f->latchkey, &service);
	call_method(f, ECHO, "hello");
	assert_string_equal(f->heard, "hello");
	test_authority_remove(&authority);
}

static void
says_what_is_wrong_with_a_configuration(void **state)
{
	struct fixture *f = *state;

	assert_int_not_equal(
		latchkey_open_file(f->conf, &f->latchkey, f->err, ERR_SIZE),
		CODE_OK);
	assert_non_null(strstr(f->err, f->conf));
	write_conf(f, "server {\n  url = \"tls+tcp://127.0.0.1:1\"\n"
	              "  ca = \"missing.pem\"\n}\n");
	assert_int_equal(
		latchkey_open_file(f->conf, &f->latchkey, f->err, ERR_SIZE),
		CODE_NOT_FOUND);
	assert_non_null(strstr(f->err, f->dir));
	assert_non_null(strstr(f->err, "missing.pem"));
	f->latchkey = NULL;
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(gives_the_response_to_the_closure_before_it_returns),
		TEST(keeps_the_response_until_reset),
		TEST(tells_a_refusal_with_all_its_details),
		TEST(ends_at_its_timeout),
		TEST(refuses_more_calls_than_it_may_hold),
		TEST(fails_at_once_without_a_server),
		TEST(reads_a_configuration_whose_paths_begin_beside_it),
		TEST(says_what_is_wrong_with_a_configuration),
	};

	test_server_main(argc, argv);
	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
