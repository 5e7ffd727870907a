#include "tests/bench/token_jar.h"

#include <stdio.h>
#include <string.h>

#include "tests/bench/bail.h"
#include "tests/bench/http_scripts.h"
#include "tests/bench/http_socket.h"

struct token_pair *
token_jar_pair(const struct token_jar *jar, unsigned index)
{
	return &jar->pairs[index % jar->count];
}

bool
token_jar_take(const char *json, size_t len, const char *member,
               char out[TOKEN_JAR_TEXT_SIZE])
{
	char name[32];
	int name_len = snprintf(name, sizeof(name), "\"%s\":\"", member);
	const char *from = memmem(json, len, name, (size_t)name_len);
	const char *to;

	if (from == NULL)
		return false;
	from += name_len;
	to = memchr(from, '"', len - (size_t)(from - json));
	if (to == NULL || to - from >= TOKEN_JAR_TEXT_SIZE)
		return false;
	memcpy(out, from, (size_t)(to - from));
	out[to - from] = '\0';
	return true;
}

void
token_jar_fill(struct token_jar *jar, unsigned count, uint16_t port)
{
	struct http_script login = http_script_login(jar);
	char body[HTTP_SOCKET_REPLY_MAX];

	jar->pairs = bail_alloc(count, sizeof(*jar->pairs));
	jar->count = count;
	for (unsigned i = 0; i < count; i++) {
		struct token_pair *pair = &jar->pairs[i];
		size_t len = http_socket_exchange(port, &login, i, body,
		                                  sizeof(body));

		if (!token_jar_take(body, len, "access", pair->access) ||
		    !token_jar_take(body, len, "refresh", pair->refresh))
			bail("a login is answered without tokens");
	}
}
