#include "gateway/http_exchange.h"

#include <assert.h>
#include <dlfcn.h>
#include <limits.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "gateway/http_reply.h"
#include "gateway/http_tls.h"

/*
 * Of libmicrohttpd's memory for a connection, one half is for reading at
 * first. Twice the longest head and somewhat more keeps our own 414 and 431
 * ahead of its own, which have no body of ours. Beyond 32 KiB it maps the
 * memory and unmaps it at the end of the connection, and between requests it
 * clears it: nothing of a request is left in the heap.
 */
#define MEMORY_MIN (36 * (size_t)1024)
#define MEMORY_EXTRA (4 * (size_t)1024)

typedef enum MHD_Result queue_function(struct MHD_Connection *mhd,
                                       unsigned status,
                                       struct MHD_Response *response);

/* More than ever come: the limits are http_limit's business. */
#define CONNECTIONS_UNLIMITED UINT_MAX

static struct http_connection *
connection_of(struct MHD_Connection *mhd)
{
	return MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
	        ->socket_context;
}

/*
 * The request line has come. libmicrohttpd would go on to parse the query into
 * memory that a long one exhausts, and to unescape it, so it gets to see none:
 * what stands behind the '?' is copied here and cut off there. (The target is
 * const only by the callback's type; it lies in its read buffer.)
 */
static void *
begin(void *cls, const char *target, struct MHD_Connection *mhd)
{
	struct http_loop *loop = cls;
	struct http_connection *connection = connection_of(mhd);
	struct http_request *request = http_request_open(connection);
	char *query = strchr(target, '?');

	if (request == NULL)
		return NULL;
	connection->request = request;
	/* If it was pipelined, no event has told that it began. */
	http_connection_readable(connection);
	request->received_ms = connection->started_ms;
	request->target_at = target;
	request->target_len = strlen(target);
	if (request->target_len <= loop->server->options.limits.url_max)
		request->target = arena_memdup(&request->arena, target,
		                               request->target_len);
	if (query != NULL)
		query[1] = '\0';
	return request;
}

/* Nothing is unescaped: %00 would cut the path, %2f would divide it anew. */
static size_t
keep_escapes(void *cls, struct MHD_Connection *mhd, char *text)
{
	(void)cls;
	(void)mhd;
	return strlen(text);
}

static enum MHD_Result
add_field(void *cls, enum MHD_ValueKind kind, const char *name,
          const char *value)
{
	struct http_head *head = cls;

	(void)kind;
	if (head->field_count == HTTP_FIELDS_MAX) {
		head->overflow = true;
		return MHD_NO;
	}
	head->fields[head->field_count++] =
		(struct http_field){ name, value != NULL ? value : "" };
	return MHD_YES;
}

static void
refuse(struct http_request *request, unsigned status)
{
	struct http_loop *loop = request->loop;
	const struct http_options *options = &loop->server->options;

	request->whole = true;
	request->close = true;
	loop->dispatched = request;
	options->refuser(options->ctx, request, status);
	assert(loop->dispatched == NULL); /* it has to answer at once */
}

void
http_exchange_refuse_now(struct http_request *request, unsigned status)
{
	struct http_connection *connection = request->connection;

	request->direct = true;
	refuse(request, status);
	(void)shutdown(connection->fd, SHUT_WR);
	if (connection->mhd != NULL)
		http_connection_wait(connection, HTTP_WAIT_CLOSING);
}

static enum MHD_Result
queue(struct http_request *request)
{
	struct http_connection *connection = request->connection;
	queue_function *queue_response =
		(queue_function *)request->loop->queue_response;

	if (request->response == NULL)
		return MHD_NO;
	if (request->close)
		connection->linger = true;
	http_connection_wait(connection, HTTP_WAIT_SENDING);
	return queue_response(connection->mhd, request->status,
	                      request->response);
}

/* What the refuser is told: RFC 9110's finer words are all 400 to us. */
static unsigned
refusal_of(unsigned status)
{
	return status == 413 || status == 414 || status == 431 ? status : 400;
}

/*
 * libmicrohttpd's own name: this stands before the library's function, which
 * is looked up at start. We call that one; the library, which gives what it
 * cannot parse an HTML page of its own and no hook, calls this one. Our answer
 * is written to the socket, on which nothing can be sent after it. Then the
 * page is queued all the same, for the library relies on it in places: sending
 * it fails, and that closes the connection.
 */
enum MHD_Result
MHD_queue_response(struct MHD_Connection *mhd, unsigned status,
                   struct MHD_Response *response)
{
	struct http_connection *connection = connection_of(mhd);
	queue_function *queue_response =
		(queue_function *)connection->loop->queue_response;

	/* Not even a request line was read. */
	if (connection->request == NULL)
		connection->request = http_request_open(connection);
	if (connection->request == NULL || connection->request->answered) {
		(void)shutdown(connection->fd, SHUT_WR);
	} else {
		connection->linger = true;
		http_exchange_refuse_now(connection->request,
		                         refusal_of(status));
	}
	return queue_response(mhd, status, response);
}

static bool
make_room(struct http_request *request, const struct http_framing *framing)
{
	request->body_size =
		framing->chunked ? request->body_max : framing->body_len;
	if (request->body_size == 0)
		return true;
	request->body = arena_alloc(&request->arena, request->body_size + 1);
	return request->body != NULL;
}

/* Its own limit, for a method and path that are well-formed at least so far. */
static size_t
body_max_of(const struct http_request *request, const struct http_head *head)
{
	const struct http_options *options = &request->loop->server->options;
	size_t max = 0;

	if (options->body_limit != NULL && head->target != NULL)
		max = options->body_limit(options->ctx, head->method,
		                          head->target);
	assert(max <= options->limits.body_most);
	return max == 0 ? options->limits.body_max : max;
}

static enum MHD_Result
take_head(struct http_request *request, const char *method, const char *version)
{
	struct http_limits limits = request->loop->server->options.limits;
	struct MHD_Connection *mhd = request->connection->mhd;
	struct http_framing framing;
	struct http_head head;
	unsigned status;

	head.method = method;
	head.version = version;
	head.target = request->target;
	head.target_at = request->target_at;
	head.target_len = request->target_len;
	head.size = MHD_get_connection_info(
			    mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)
	                    ->header_size;
	head.field_count = 0;
	head.overflow = false;
	(void)MHD_get_connection_values(mhd, MHD_HEADER_KIND, add_field, &head);
	request->head_read = true;
	request->body_max = body_max_of(request, &head);
	limits.body_max = request->body_max;
	status = http_framing_check(&head, &limits, &framing);
	/* A head is good though its body is too large: the refuser may see it.
	 */
	if ((status == 0 || status == 413) &&
	    !http_request_read_head(request, &head))
		status = 431;
	if (status == 0 && !make_room(request, &framing))
		status = 431;
	if (request->header_count > 0 && !http_request_find_client(request))
		status = 503;
	if (status != 0) {
		refuse(request, status);
		return queue(request);
	}
	request->close = framing.close;
	http_connection_wait(request->connection, HTTP_WAIT_BODY);
	return MHD_YES;
}

/* Takes all there is, and wipes it where it came from. */
static void
take_body(struct http_request *request, const char *data, size_t len)
{
	if (!request->whole && len > request->body_size - request->body_len)
		http_exchange_refuse_now(request, 413);
	if (!request->whole) {
		memcpy(request->body + request->body_len, data, len);
		request->body_len += len;
	}
	explicit_bzero((void *)(uintptr_t)data, len);
}

static enum MHD_Result
dispatch(struct http_request *request)
{
	struct http_loop *loop = request->loop;
	const struct http_options *options = &loop->server->options;

	request->whole = true;
	http_connection_wait(request->connection, HTTP_WAIT_NONE);
	loop->dispatched = request;
	options->handler(options->ctx, request);
	/* From here on it may be anybody's, unless it was answered at once. */
	if (loop->dispatched == NULL)
		return queue(request);
	loop->dispatched = NULL;
	loop->awaited++;
	MHD_suspend_connection(request->connection->mhd);
	return MHD_YES;
}

/* Called with the head, with each piece of the body, at the end, and again
 * when the answer is there. */
static enum MHD_Result
// NOLINTNEXTLINE(readability-function-size): libmicrohttpd's type
answer(void *cls, struct MHD_Connection *mhd, const char *url,
       const char *method, const char *version, const char *data, size_t *len,
       void **context)
{
	struct http_request *request = *context;

	(void)cls;
	(void)mhd;
	(void)url;
	if (request == NULL)
		return MHD_NO;
	if (!request->head_read)
		return take_head(request, method, version);
	if (*len > 0) {
		take_body(request, data, *len);
		*len = 0;
		return MHD_YES;
	}
	if (!request->whole)
		return dispatch(request);
	return request->direct ? MHD_NO : queue(request);
}

void
http_exchange_resume(struct http_request *request)
{
	request->loop->awaited--;
	MHD_resume_connection(request->connection->mhd);
}

/* The answer is sent, or the connection has ended before. */
static void
finish(void *cls, struct MHD_Connection *mhd, void **context,
       enum MHD_RequestTerminationCode why)
{
	struct http_request *request = *context;
	struct http_connection *connection;

	(void)cls;
	(void)mhd;
	(void)why;
	*context = NULL;
	if (request == NULL)
		return;
	connection = request->connection;
	connection->request = NULL;
	http_reply_release(request);
	http_request_close(request);
	http_connection_wait(connection, HTTP_WAIT_IDLE);
}

static void
notify(void *cls, struct MHD_Connection *mhd, void **context,
       enum MHD_ConnectionNotificationCode what)
{
	struct http_loop *loop = cls;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		loop->adding->mhd = mhd;
		*context = loop->adding;
	} else {
		http_connection_closed(*context);
	}
}

struct MHD_Daemon *
http_exchange_daemon(struct http_loop *loop)
{
	const struct MHD_OptionItem plain[] = { { MHD_OPTION_END, 0, NULL } };
	const struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_PRIORITIES, 0,
		  (void *)(uintptr_t)http_tls_priorities() },
		{ MHD_OPTION_HTTPS_CERT_CALLBACK2, 0,
		  (void *)(uintptr_t)http_tls_retriever() },
		{ MHD_OPTION_END, 0, NULL },
	};
	bool is_tls = loop->server->options.tls != NULL;
	size_t memory = 2 * loop->server->options.limits.head_max;

	loop->queue_response =
		(void (*)(void))dlsym(RTLD_NEXT, "MHD_queue_response");
	if (loop->queue_response == NULL)
		return NULL;
	memory = memory + MEMORY_EXTRA > MEMORY_MIN ? memory + MEMORY_EXTRA
	                                            : MEMORY_MIN;
	return MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET |
			MHD_ALLOW_SUSPEND_RESUME | (is_tls ? MHD_USE_TLS : 0),
		0, NULL, NULL, answer, loop, MHD_OPTION_CONNECTION_LIMIT,
		CONNECTIONS_UNLIMITED, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		memory, MHD_OPTION_URI_LOG_CALLBACK, begin, loop,
		MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
		MHD_OPTION_NOTIFY_CONNECTION, notify, loop,
		MHD_OPTION_NOTIFY_COMPLETED, finish, NULL, MHD_OPTION_ARRAY,
		is_tls ? tls : plain, MHD_OPTION_END);
}
