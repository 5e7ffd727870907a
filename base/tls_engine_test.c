#include "base/tls_engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <sched.h>
#include <sys/socket.h>

#include <arpa/inet.h>

#include "base/clock.h"
#include "base/test_authority.h"
#include "base/tls_config.h"

#define ERR_SIZE 256
#define LOG_SIZE 65536
#define WAIT_MS 20000

/* A listener with one authority, the identities of others, and the log. */
struct fixture {
	struct test_authority authority;
	struct test_authority stranger; /* nobody trusts it */
	struct test_identity server;
	struct test_identity client;
	nng_socket listener;
	nng_socket dialer;
	bool has_listener;
	bool has_dialer;
	uint16_t port;
	int saved_stderr;
	char log_path[TEST_PATH_SIZE];
	char log[LOG_SIZE];
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int fd;

	assert_non_null(f);
	test_authority_make(&f->authority);
	test_authority_make(&f->stranger);
	test_authority_issue(&f->authority, "latchkeyd", CERTIFICATE_SERVER,
	                     &f->server);
	test_authority_issue(&f->authority, "gateway", CERTIFICATE_CLIENT,
	                     &f->client);
	(void)snprintf(f->log_path, sizeof(f->log_path),
	               "/tmp/tls_engine.XXXXXX");
	fd = mkstemp(f->log_path);
	assert_true(fd >= 0);
	f->saved_stderr = dup(STDERR_FILENO);
	assert_true(f->saved_stderr >= 0);
	assert_true(dup2(fd, STDERR_FILENO) >= 0);
	(void)close(fd);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	if (f->has_dialer)
		(void)nng_close(f->dialer);
	if (f->has_listener)
		(void)nng_close(f->listener);
	(void)dup2(f->saved_stderr, STDERR_FILENO);
	(void)close(f->saved_stderr);
	(void)unlink(f->log_path);
	test_authority_remove(&f->authority);
	test_authority_remove(&f->stranger);
	free(f);
	return 0;
}

static nng_tls_config *
load(const struct test_identity *who, const struct test_authority *trusted,
     const char *server_name)
{
	const struct tls_config_files files = {
		.cert_path = who->cert_path,
		.key_path = who->key_path,
		.ca_path = trusted->cert_path,
		.server_name = server_name,
	};
	nng_tls_config *config;
	char err[ERR_SIZE];

	if (tls_config_load(&files, &config, err, sizeof(err)) != CODE_OK)
		fail_msg("%s", err);
	return config;
}

static void
listen_as(struct fixture *f, const struct test_identity *who)
{
	nng_tls_config *config = load(who, &f->authority, NULL);
	nng_listener l;
	int port;

	assert_int_equal(nng_rep0_open(&f->listener), 0);
	f->has_listener = true;
	assert_int_equal(
		nng_listener_create(&l, f->listener, "tls+tcp://127.0.0.1:0"),
		0);
	assert_int_equal(nng_listener_set_ptr(l, NNG_OPT_TLS_CONFIG, config),
	                 0);
	nng_tls_config_free(config);
	assert_int_equal(nng_listener_start(l, 0), 0);
	assert_int_equal(nng_listener_get_int(l, NNG_OPT_TCP_BOUND_PORT, &port),
	                 0);
	f->port = (uint16_t)port;
}

static void
dial_with(struct fixture *f, nng_tls_config *config)
{
	char url[64];
	nng_dialer d;

	(void)snprintf(url, sizeof(url), "tls+tcp://127.0.0.1:%u", f->port);
	assert_int_equal(nng_req0_open(&f->dialer), 0);
	f->has_dialer = true;
	assert_int_equal(nng_dialer_create(&d, f->dialer, url), 0);
	assert_int_equal(nng_dialer_set_ptr(d, NNG_OPT_TLS_CONFIG, config), 0);
	nng_tls_config_free(config);
	assert_int_equal(nng_dialer_start(d, NNG_FLAG_NONBLOCK), 0);
}

static bool
log_has(struct fixture *f, const char *line)
{
	FILE *file = fopen(f->log_path, "r");
	size_t len;

	assert_non_null(file);
	len = fread(f->log, 1, sizeof(f->log) - 1, file);
	(void)fclose(file);
	f->log[len] = '\0';
	return strstr(f->log, line) != NULL;
}

static void
wait_for_log(struct fixture *f, const char *line)
{
	int64_t until_ms = clock_monotonic_ms() + WAIT_MS;

	while (!log_has(f, line)) {
		if (clock_monotonic_ms() > until_ms) {
			(void)dprintf(f->saved_stderr,
			              "no line with %s in:\n%s", line, f->log);
			fail();
		}
		(void)sched_yield();
	}
}

/* What others speak, tried by OpenSSL's own client. */
static void
offer(struct fixture *f, const char *arguments)
{
	char command[1024];

	(void)snprintf(command, sizeof(command),
	               "openssl s_client -connect 127.0.0.1:%u -CAfile %s %s "
	               "</dev/null >/dev/null 2>/dev/null",
	               f->port, f->authority.cert_path, arguments);
	(void)!system(command);
}

static void
assert_echo_works(struct fixture *f)
{
	char question[8] = "hello", answer[8];
	size_t len = sizeof(answer);

	assert_int_equal(
		nng_socket_set_ms(f->dialer, NNG_OPT_RECVTIMEO, WAIT_MS), 0);
	assert_int_equal(
		nng_socket_set_ms(f->listener, NNG_OPT_RECVTIMEO, WAIT_MS), 0);
	assert_int_equal(nng_send(f->dialer, question, sizeof(question), 0), 0);
	assert_int_equal(nng_recv(f->listener, answer, &len, 0), 0);
	assert_int_equal(nng_send(f->listener, answer, len, 0), 0);
	assert_int_equal(nng_recv(f->dialer, answer, &len, 0), 0);
	assert_string_equal(answer, "hello");
}

static void
connects_sides_that_trust_each_other(void **state)
{
	struct fixture *f = *state;

	listen_as(f, &f->server);
	dial_with(f, load(&f->client, &f->authority, "latchkeyd"));
	assert_echo_works(f);
	assert_false(log_has(f, "tls_refused"));
}

static void
refuses_a_client_of_another_authority(void **state)
{
	struct test_identity foreign;
	struct fixture *f = *state;

	test_authority_issue(&f->stranger, "intruder", CERTIFICATE_CLIENT,
	                     &foreign);
	listen_as(f, &f->server);
	dial_with(f, load(&foreign, &f->authority, "latchkeyd"));
	wait_for_log(f, "side=server reason=\"unknown authority\" cn=intruder "
	                "peer=127.0.0.1:");
}

static void
refuses_an_expired_client(void **state)
{
	struct test_identity expired;
	struct fixture *f = *state;

	test_authority_issue_expired(&f->authority, "late", CERTIFICATE_CLIENT,
	                             &expired);
	listen_as(f, &f->server);
	dial_with(f, load(&expired, &f->authority, "latchkeyd"));
	wait_for_log(f, "side=server reason=\"certificate expired\" cn=late");
}

static void
refuses_a_server_certificate_from_a_client(void **state)
{
	struct fixture *f = *state;
	char arguments[2 * TEST_PATH_SIZE + 32];

	listen_as(f, &f->server);
	(void)snprintf(arguments, sizeof(arguments), "-tls1_2 -cert %s -key %s",
	               f->server.cert_path, f->server.key_path);
	offer(f, arguments);
	wait_for_log(f, "side=server reason=\"wrong key usage\" cn=latchkeyd");
}

/* mbedTLS alone would take it for any use. */
static void
refuses_a_certificate_that_states_no_use(void **state)
{
	struct fixture *f = *state;
	const char *dir = f->authority.dir;
	char command[1024];

	(void)snprintf(command, sizeof(command),
	               "cd %s && openssl req -new -newkey ec -pkeyopt "
	               "ec_paramgen_curve:P-256 -nodes -subj /CN=plain "
	               "-keyout plain.key -out plain.csr 2>/dev/null && "
	               "openssl x509 -req -in plain.csr -CA ca.pem "
	               "-CAkey ca.key -days 1 -out plain.pem 2>/dev/null",
	               dir);
	assert_int_equal(system(command), 0);
	listen_as(f, &f->server);
	(void)snprintf(command, sizeof(command),
	               "-tls1_2 -cert %s/plain.pem -key %s/plain.key", dir,
	               dir);
	offer(f, command);
	wait_for_log(f, "side=server reason=\"wrong key usage\" cn=plain");
}

/* One of ours cannot: a service's certificate, shown by a rogue listener. */
static FILE *
start_rogue(struct fixture *f, const struct test_identity *shown)
{
	char command[512], line[128];
	unsigned port = 0;
	FILE *rogue;

	(void)snprintf(command, sizeof(command),
	               "exec openssl s_server -accept 127.0.0.1:0 -naccept 1 "
	               "-tls1_2 -rev -Verify 1 -cert %s -key %s -CAfile %s "
	               "</dev/null 2>/dev/null",
	               shown->cert_path, shown->key_path,
	               f->authority.cert_path);
	rogue = popen(command, "r");
	assert_non_null(rogue);
	while (port == 0 && fgets(line, sizeof(line), rogue) != NULL)
		(void)sscanf(line, "ACCEPT 127.0.0.1:%u", &port);
	assert_true(port > 0);
	f->port = (uint16_t)port;
	return rogue;
}

static void
refuses_a_listener_that_shows_a_client_certificate(void **state)
{
	struct fixture *f = *state;
	FILE *rogue = start_rogue(f, &f->client);

	dial_with(f, load(&f->client, &f->authority, "gateway"));
	wait_for_log(f, "side=client reason=\"wrong key usage\" cn=gateway");
	(void)pclose(rogue);
}

static void
does_not_load_a_certificate_of_the_other_side(void **state)
{
	struct fixture *f = *state;
	const struct tls_config_files files = {
		.cert_path = f->client.cert_path,
		.key_path = f->client.key_path,
		.ca_path = f->authority.cert_path,
	};
	nng_tls_config *config;
	char err[ERR_SIZE];

	assert_int_equal(tls_config_load(&files, &config, err, sizeof(err)),
	                 CODE_INVALID_ARGUMENT);
	assert_non_null(strstr(err, "not a server's certificate"));
}

static void
refuses_a_listener_of_another_authority(void **state)
{
	struct fixture *f = *state;

	listen_as(f, &f->server);
	dial_with(f, load(&f->client, &f->stranger, "latchkeyd"));
	wait_for_log(f,
	             "side=client reason=\"unknown authority\" cn=latchkeyd");
}

static void
refuses_an_expired_listener(void **state)
{
	struct test_identity expired;
	struct fixture *f = *state;

	test_authority_issue_expired(&f->authority, "latchkeyd",
	                             CERTIFICATE_SERVER, &expired);
	listen_as(f, &expired);
	dial_with(f, load(&f->client, &f->authority, "latchkeyd"));
	wait_for_log(f,
	             "side=client reason=\"certificate expired\" cn=latchkeyd");
}

static void
refuses_a_listener_of_another_name(void **state)
{
	struct fixture *f = *state;

	listen_as(f, &f->server);
	dial_with(f, load(&f->client, &f->authority, "other"));
	wait_for_log(f, "side=client reason=\"wrong name\" cn=latchkeyd");
}

static int
connect_tcp(const struct fixture *f)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		                  .sin_port = htons(f->port),
		                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static void
says_what_is_wrong_with_garbage(void **state)
{
	struct fixture *f = *state;
	int fd;

	listen_as(f, &f->server);
	fd = connect_tcp(f);
	assert_int_equal(write(fd, "GET / HTTP/1.1\r\n\r\n", 18), 18);
	wait_for_log(f, "side=server reason=\"protocol error: SSL - ");
	(void)close(fd);
	/* And goes on. */
	dial_with(f, load(&f->client, &f->authority, "latchkeyd"));
	assert_echo_works(f);
}

static void
says_that_a_connection_was_lost(void **state)
{
	struct fixture *f = *state;

	listen_as(f, &f->server);
	(void)close(connect_tcp(f));
	wait_for_log(f, "side=server reason=\"connection lost during the "
	                "handshake\"");
	dial_with(f, load(&f->client, &f->authority, "latchkeyd"));
	assert_echo_works(f);
}

static void
refuses_a_client_without_a_certificate(void **state)
{
	struct fixture *f = *state;

	listen_as(f, &f->server);
	offer(f, "-tls1_2");
	wait_for_log(f, "side=server reason=\"no client certificate\"");
}

static void
refuses_older_and_other_ways_to_speak(void **state)
{
	struct fixture *f = *state;

	listen_as(f, &f->server);
	offer(f, "-tls1_1 -cipher ALL:@SECLEVEL=0");
	wait_for_log(f, "protocol error: SSL - Handshake protocol not within");
	offer(f, "-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA256");
	wait_for_log(f, "protocol error: SSL - The server has no ciphersuites");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(connects_sides_that_trust_each_other),
		TEST(refuses_a_client_of_another_authority),
		TEST(refuses_an_expired_client),
		TEST(refuses_a_server_certificate_from_a_client),
		TEST(refuses_a_certificate_that_states_no_use),
		TEST(refuses_a_listener_that_shows_a_client_certificate),
		TEST(does_not_load_a_certificate_of_the_other_side),
		TEST(refuses_a_listener_of_another_authority),
		TEST(refuses_an_expired_listener),
		TEST(refuses_a_listener_of_another_name),
		TEST(says_what_is_wrong_with_garbage),
		TEST(says_that_a_connection_was_lost),
		TEST(refuses_a_client_without_a_certificate),
		TEST(refuses_older_and_other_ways_to_speak),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
