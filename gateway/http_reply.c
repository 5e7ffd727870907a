/*
 * What http_respond does: the answer as libmicrohttpd wants it, or, where it
 * cannot take one, written to the socket in one piece; the access log's line;
 * the end of the handler's memory.
 */
#include "gateway/http_reply.h"

#include <assert.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/log.h"
#include "gateway/http_tls.h"

#define LOG_PATH_MAX 256

/* A body that libmicrohttpd sends and then has wiped and freed. */
struct reply_body {
	size_t len;
	char bytes[];
};

static void
free_body(void *cls)
{
	struct reply_body *body = cls;

	explicit_bzero(body->bytes, body->len);
	free(body);
}

static struct MHD_Response *
make_body(struct bytes from)
{
	static char nothing[1];
	struct MHD_Response *response;
	struct reply_body *body;

	if (from.len == 0)
		return MHD_create_response_from_buffer(0, nothing,
		                                       MHD_RESPMEM_PERSISTENT);
	body = malloc(sizeof(*body) + from.len);
	if (body == NULL)
		return NULL;
	body->len = from.len;
	memcpy(body->bytes, from.data, from.len);
	response = MHD_create_response_from_buffer_with_free_callback_cls(
		from.len, body->bytes, free_body, body);
	if (response == NULL)
		free_body(body);
	return response;
}

static bool
is_header_absent(const struct http_header_line *line)
{
	return line->value == NULL || *line->value == '\0';
}

static bool
is_header_sendable(const struct http_header_line *line)
{
	return strpbrk(line->name, "\r\n \t:") == NULL &&
	       strpbrk(line->value, "\r\n") == NULL;
}

static bool
add_headers(struct MHD_Response *response, const struct http_response *from)
{
	for (size_t i = 0; i < from->header_count; i++) {
		const struct http_header_line *line = &from->headers[i];

		if (is_header_absent(line))
			continue;
		if (!is_header_sendable(line) ||
		    MHD_add_response_header(response, line->name,
		                            line->value) != MHD_YES)
			return false;
	}
	return true;
}

static struct MHD_Response *
make_response(const struct http_request *request,
              const struct http_response *from)
{
	struct MHD_Response *response = make_body(from->body);

	if (response == NULL)
		return NULL;
	if (!add_headers(response, from) ||
	    (request->close && MHD_add_response_header(response, "Connection",
	                                               "close") != MHD_YES)) {
		MHD_destroy_response(response);
		return NULL;
	}
	return response;
}

/* As RFC 9110, section 5.6.7 wants it; the process keeps the C locale. */
static void
print_date(char *out, size_t size)
{
	time_t now = time(NULL);
	struct tm tm;

	(void)gmtime_r(&now, &tm);
	if (strftime(out, size, "%a, %d %b %Y %H:%M:%S GMT", &tm) == 0)
		*out = '\0';
}

static size_t
head_size(const struct http_response *response)
{
	size_t size = 256;

	for (size_t i = 0; i < response->header_count; i++)
		if (!is_header_absent(&response->headers[i]))
			size += strlen(response->headers[i].name) +
			        strlen(response->headers[i].value) + 4;
	return size;
}

static void
print_head(const struct http_response *response, char *head, size_t size)
{
	char date[40];
	size_t len;

	print_date(date, sizeof(date));
	len = (size_t)snprintf(
		head, size,
		"HTTP/1.1 %u %s\r\nDate: %s\r\nConnection: close\r\n"
		"Content-Length: %zu\r\n",
		response->status, MHD_get_reason_phrase_for(response->status),
		date, response->body.len);
	for (size_t i = 0; i < response->header_count; i++) {
		const struct http_header_line *line = &response->headers[i];

		if (!is_header_absent(line) && is_header_sendable(line))
			len += (size_t)snprintf(head + len, size - len,
			                        "%s: %s\r\n", line->name,
			                        line->value);
	}
	(void)snprintf(head + len, size - len, "\r\n");
}

/* There is one: nothing is refused in this way before its head is read. */
static void *
tls_session(const struct http_request *request)
{
	return MHD_get_connection_info(request->connection->mhd,
	                               MHD_CONNECTION_INFO_GNUTLS_SESSION)
	        ->tls_session;
}

/* It is short, and the connection's last: what does not fit is lost. */
static void
send_directly(const struct http_request *request,
              const struct http_response *response)
{
	size_t size = head_size(response);
	char *head = malloc(size);
	struct iovec parts[2];
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };

	if (head == NULL)
		return;
	print_head(response, head, size);
	parts[0] = (struct iovec){ head, strlen(head) };
	parts[1] = (struct iovec){ (void *)(uintptr_t)response->body.data,
		                   response->body.len };
	if (strcmp(request->method, "HEAD") == 0) {
		message.msg_iovlen = 1;
		parts[1].iov_len = 0;
	}
	if (request->loop->server->options.tls != NULL)
		http_tls_send(tls_session(request),
		              (struct bytes){ head, parts[0].iov_len },
		              (struct bytes){ response->body.data,
		                              parts[1].iov_len });
	else
		(void)sendmsg(request->connection->fd, &message,
		              MSG_DONTWAIT | MSG_NOSIGNAL);
	free(head);
}

static const char *
text_or_null(const char *text)
{
	return *text != '\0' ? text : NULL;
}

void
http_reply_log(const struct http_request *request,
               const struct http_response *response)
{
	bool has_body = strcmp(request->method, "HEAD") != 0;
	char id[HEX_SIZE(sizeof(request->id))];
	char path[LOG_PATH_MAX + 1];

	hex_encode(request->id, sizeof(request->id), id);
	(void)snprintf(path, sizeof(path), "%s",
	               response->log_path != NULL ? response->log_path
	                                          : request->path);
	LOG_EVENT(LOG_LEVEL_INFO, "request",
	          LOG_T("method", text_or_null(request->method)),
	          LOG_T("path", text_or_null(path)),
	          LOG_T("route", response->log_route),
	          LOG_N("status", request->status),
	          LOG_T("condition", response->log_condition),
	          LOG_N("ms", clock_monotonic_ms() - request->received_ms),
	          LOG_N("bytes", has_body ? (int64_t)response->body.len : 0),
	          LOG_T("peer", request->client), LOG_T("request_id", id));
}

static enum MHD_Result
wipe_cookie(void *cls, enum MHD_ValueKind kind, const char *name,
            const char *value)
{
	(void)cls;
	(void)kind;
	if (strcmp(name, "Set-Cookie") == 0)
		explicit_bzero((void *)(uintptr_t)value, strlen(value));
	return MHD_YES;
}

/* It is sent or never will be: nobody reads its headers any more. */
void
http_reply_release(struct http_request *request)
{
	if (request->response == NULL)
		return;
	(void)MHD_get_response_headers(request->response, wipe_cookie, NULL);
	MHD_destroy_response(request->response);
	request->response = NULL;
}

static void
prepare(struct http_request *request, const struct http_response *response)
{
	request->status = response->status;
	request->close |= response->close ||
	                  atomic_load(&request->loop->server->draining);
	if (request->direct)
		send_directly(request, response);
	else
		request->response = make_response(request, response);
}

void
http_respond(struct http_request *request, const struct http_response *response)
{
	const struct http_response broken = { .status = 500, .close = true };
	struct http_loop *loop = request->loop;

	assert(!request->answered);
	request->answered = true;
	prepare(request, response);
	if (request->response == NULL && !request->direct) {
		response = &broken;
		prepare(request, response);
	}
	http_reply_log(request, response);
	arena_reset(&request->arena);
	/* Another thread's answer waits in the loop's inbox, even if the
	 * handler is still running. */
	if (http_loop_is_current(loop) && loop->dispatched == request)
		loop->dispatched = NULL;
	else
		http_loop_post(loop, request);
}
