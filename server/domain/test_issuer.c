#include "server/domain/test_issuer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <microhttpd.h>

#include "base/encoding.h"
#include "server/domain/signing_key.h"

#define PEM_SIZE 4096

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "test_issuer: %s failed\n", what);
	abort();
}

static void
make_key(struct test_issuer *issuer, size_t i)
{
	struct stored_key about = { .alg = "RS256",
		                    .purpose = KEY_PURPOSE_ACCESS };
	uint8_t key[PRIVATE_KEY_MAX];
	char kid[16];
	size_t len;

	(void)snprintf(kid, sizeof(kid), "key-%zu", i);
	about.kid = kid;
	must(signing_key_make(KEY_RS256, key, &len) == CODE_OK &&
	             signing_key_open(&about, (struct bytes){ key, len },
	                              &issuer->keys[i]) == CODE_OK,
	     "making a key");
}

void
test_issuer_publish(struct test_issuer *issuer, size_t count)
{
	uint8_t memory[4096];
	struct arena arena;
	size_t at;

	at = (size_t)snprintf(issuer->body, sizeof(issuer->body),
	                      "{\"keys\":[{\"kty\":\"EC\",\"kid\":\"ec\"}");
	for (size_t i = 0; i < count; i++) {
		struct public_key key;

		arena_init(&arena, memory, sizeof(memory));
		must(signing_key_public(issuer->keys[i], &arena, &key) ==
		             CODE_OK,
		     "the public key");
		at += (size_t)snprintf(
			issuer->body + at, sizeof(issuer->body) - at,
			",{\"kty\":\"RSA\",\"use\":\"sig\",\"kid\":\"%s\","
			"\"n\":\"%s\",\"e\":\"%s\"}",
			key.kid, key.n, key.e);
	}
	(void)snprintf(issuer->body + at, sizeof(issuer->body) - at, "]}");
}

static enum MHD_Result
// NOLINTNEXTLINE(readability-function-size): libmicrohttpd's type
on_request(void *cls, struct MHD_Connection *connection, const char *url,
           const char *method, const char *version, const char *data,
           size_t *data_size, void **request)
{
	struct test_issuer *issuer = cls;
	struct MHD_Response *response;
	enum MHD_Result result;

	(void)url, (void)method, (void)version, (void)data, (void)data_size;
	(void)request;
	response = MHD_create_response_from_buffer(
		strlen(issuer->body), issuer->body, MHD_RESPMEM_MUST_COPY);
	must(response != NULL, "a response");
	if (issuer->cache_control != NULL)
		(void)MHD_add_response_header(response, "Cache-Control",
		                              issuer->cache_control);
	(void)MHD_add_response_header(response, "Location", "/elsewhere");
	atomic_fetch_add(&issuer->fetched, 1);
	result = MHD_queue_response(connection, issuer->status, response);
	MHD_destroy_response(response);
	return result;
}

static void
read_file(const char *path, char out[PEM_SIZE])
{
	FILE *file = fopen(path, "re");
	size_t len;

	must(file != NULL, path);
	len = fread(out, 1, PEM_SIZE - 1, file);
	out[len] = '\0';
	(void)fclose(file);
}

static void
listen_on_any_port(struct test_issuer *issuer)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	char certificate[PEM_SIZE], key[PEM_SIZE];
	const union MHD_DaemonInfo *info;
	struct test_identity identity;

	test_authority_issue(&issuer->authority, "localhost",
	                     CERTIFICATE_SERVER, &identity);
	read_file(identity.cert_path, certificate);
	read_file(identity.key_path, key);
	issuer->daemon = MHD_start_daemon(
		MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_TLS, 0, NULL, NULL,
		on_request, issuer, MHD_OPTION_SOCK_ADDR, &address,
		MHD_OPTION_HTTPS_MEM_CERT, certificate,
		MHD_OPTION_HTTPS_MEM_KEY, key, MHD_OPTION_END);
	must(issuer->daemon != NULL, "MHD_start_daemon");
	info = MHD_get_daemon_info(issuer->daemon, MHD_DAEMON_INFO_BIND_PORT);
	must(info != NULL, "the port");
	(void)snprintf(issuer->url, sizeof(issuer->url),
	               "https://localhost:%u/", (unsigned)info->port);
}

void
test_issuer_open(struct test_issuer *issuer)
{
	memset(issuer, 0, sizeof(*issuer));
	issuer->status = MHD_HTTP_OK;
	for (size_t i = 0; i < TEST_ISSUER_KEYS; i++)
		make_key(issuer, i);
	test_issuer_publish(issuer, 1);
	test_authority_make(&issuer->authority);
	listen_on_any_port(issuer);
}

void
test_issuer_close(struct test_issuer *issuer)
{
	MHD_stop_daemon(issuer->daemon);
	test_authority_remove(&issuer->authority);
	for (size_t i = 0; i < TEST_ISSUER_KEYS; i++)
		signing_key_close(issuer->keys[i]);
}

static char *
encode(struct arena *arena, const void *data, size_t len)
{
	char *text = arena_alloc(arena, BASE64URL_SIZE(len));

	must(text != NULL, "memory");
	base64url_encode(data, len, text);
	return text;
}

char *
test_issuer_token(const struct test_issuer *issuer, struct arena *arena,
                  size_t key, const char *claims)
{
	uint8_t signature[SIGNATURE_MAX];
	const char *header;
	char *text;
	size_t len;

	header = arena_printf(arena, "{\"alg\":\"RS256\",\"kid\":\"%s\"}",
	                      signing_key_kid(issuer->keys[key]));
	must(header != NULL, "memory");
	text = arena_printf(arena, "%s.%s",
	                    encode(arena, header, strlen(header)),
	                    encode(arena, claims, strlen(claims)));
	must(text != NULL, "memory");
	must(signing_key_sign(issuer->keys[key],
	                      (struct bytes){ text, strlen(text) }, signature,
	                      &len) == CODE_OK,
	     "signing");
	text = arena_printf(arena, "%s.%s", text,
	                    encode(arena, signature, len));
	must(text != NULL, "memory");
	return text;
}
