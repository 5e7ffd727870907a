#include "gateway/http_request.h"

#include <assert.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "gateway/forwarded.h"
#include "gateway/proxy_list.h"

#define SPARE_MAX 64 /* blocks a loop keeps */

static bool
take_random(struct http_loop *loop, uint8_t *out, size_t len)
{
	if (loop->random_len < len) {
		if (getrandom(loop->random, sizeof(loop->random), 0) !=
		    (ssize_t)sizeof(loop->random))
			return false;
		loop->random_len = sizeof(loop->random);
	}
	loop->random_len -= len;
	memcpy(out, loop->random + loop->random_len, len);
	return true;
}

static struct http_request *
take_block(struct http_loop *loop)
{
	struct http_request *request = loop->spare;

	if (request == NULL)
		return malloc(sizeof(*request) +
		              loop->server->options.arena_size);
	loop->spare = request->next;
	loop->spare_count--;
	return request;
}

struct http_request *
http_request_open(struct http_connection *connection)
{
	struct http_loop *loop = connection->loop;
	struct http_request *request = take_block(loop);

	if (request == NULL)
		return NULL;
	*request = (struct http_request){
		.loop = loop,
		.connection = connection,
		.received_ms = loop->now_ms,
		.method = "",
		.path = "",
		.query = "",
	};
	if (!take_random(loop, request->id, sizeof(request->id))) {
		free(request);
		return NULL;
	}
	memcpy(request->client, connection->peer, sizeof(request->client));
	request->secure = loop->server->options.secure;
	arena_init(&request->arena, request + 1,
	           loop->server->options.arena_size);
	return request;
}

void
http_request_close(struct http_request *request)
{
	struct http_loop *loop = request->loop;

	if (request->client_counted)
		http_limit_leave(loop->server->clients, request->client_key);
	arena_reset(&request->arena);
	if (loop->spare_count >= SPARE_MAX) {
		free(request);
		return;
	}
	request->next = loop->spare;
	loop->spare = request;
	loop->spare_count++;
}

void
http_request_free_spare(struct http_loop *loop)
{
	struct http_request *request;

	while ((request = loop->spare) != NULL) {
		loop->spare = request->next;
		free(request);
	}
	loop->spare_count = 0;
}

static char *
append(char *to, const char *text, size_t len)
{
	memcpy(to, text, len);
	return to + len;
}

static size_t
value_len(const struct http_field *field)
{
	size_t len = strlen(field->value);

	while (len > 0 &&
	       (field->value[len - 1] == ' ' || field->value[len - 1] == '\t'))
		len--;
	return len;
}

static bool
is_named(const struct http_field *field, const char *name)
{
	return strcasecmp(field->name, name) == 0;
}

/* Several fields of one name are one, their values joined: RFC 9110, 5.3. */
static char *
join_values(struct arena *arena, const struct http_head *head, size_t first)
{
	const char *name = head->fields[first].name;
	size_t len = 0;
	char *value, *at;

	for (size_t i = first; i < head->field_count; i++)
		if (is_named(&head->fields[i], name))
			len += value_len(&head->fields[i]) + 2;
	value = arena_alloc(arena, len);
	if (value == NULL)
		return NULL;
	at = append(value, head->fields[first].value,
	            value_len(&head->fields[first]));
	for (size_t i = first + 1; i < head->field_count; i++) {
		if (!is_named(&head->fields[i], name))
			continue;
		at = append(at, ", ", 2);
		at = append(at, head->fields[i].value,
		            value_len(&head->fields[i]));
	}
	return value;
}

static bool
read_fields(struct http_request *request, const struct http_head *head)
{
	struct http_header_line *line;

	request->headers = arena_alloc(
		&request->arena, head->field_count * sizeof(*request->headers));
	if (request->headers == NULL)
		return false;
	for (size_t i = 0; i < head->field_count; i++) {
		if (http_header(request, head->fields[i].name) != NULL)
			continue;
		line = &request->headers[request->header_count++];
		line->name =
			arena_strdup(&request->arena, head->fields[i].name);
		line->value = join_values(&request->arena, head, i);
		if (line->name == NULL || line->value == NULL) {
			request->header_count--;
			return false;
		}
	}
	return true;
}

bool
http_request_read_head(struct http_request *request,
                       const struct http_head *head)
{
	struct arena *arena = &request->arena;
	char *method = arena_strdup(arena, head->method);
	char *query = strchr(request->target, '?');

	if (method == NULL || !read_fields(request, head))
		return false;
	if (query != NULL)
		*query++ = '\0';
	request->method = method;
	request->path = request->target;
	request->query = query != NULL ? query : "";
	return true;
}

bool
http_request_find_client(struct http_request *request)
{
	const struct http_server *server = request->loop->server;
	const struct http_options *options = &server->options;
	const struct forwarded_lines lines = {
		.is_standard = options->forwarded,
		.forwarded = http_header(request, "Forwarded"),
		.x_for = http_header(request, "X-Forwarded-For"),
		.x_proto = http_header(request, "X-Forwarded-Proto"),
	};
	struct forwarded found;

	if (!request->connection->is_proxy)
		return true;
	forwarded_read(&lines, options->proxies, request->connection->peer,
	               &found);
	memcpy(request->client, found.client, sizeof(request->client));
	if (found.scheme != FORWARDED_UNKNOWN)
		request->secure = found.scheme == FORWARDED_HTTPS;
	request->client_key = http_limit_key_of(request->client);
	request->client_counted =
		http_limit_enter(server->clients, request->client_key);
	return request->client_counted;
}

struct arena *
http_arena(struct http_request *request)
{
	return &request->arena;
}

const char *
http_method(const struct http_request *request)
{
	return request->method;
}

const char *
http_path(const struct http_request *request)
{
	return request->path;
}

const char *
http_query(const struct http_request *request)
{
	return request->query;
}

const char *
http_header(const struct http_request *request, const char *name)
{
	for (size_t i = 0; i < request->header_count; i++)
		if (strcasecmp(request->headers[i].name, name) == 0)
			return request->headers[i].value;
	return NULL;
}

struct bytes
http_body(const struct http_request *request)
{
	return (struct bytes){ request->body, request->body_len };
}

const char *
http_peer(const struct http_request *request)
{
	return request->client;
}

bool
http_is_secure(const struct http_request *request)
{
	return request->secure;
}

const uint8_t *
http_request_id(const struct http_request *request)
{
	return request->id;
}

int64_t
http_received_ms(const struct http_request *request)
{
	return request->received_ms;
}
