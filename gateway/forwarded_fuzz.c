/*
 * Any bytes before what a trusted proxy adds: the client is whom the proxy
 * names, or the proxy itself, never anybody that the bytes name. The same bytes
 * as a Cookie header: what is found can be written, if at all, as one cookie.
 */
#include "gateway/forwarded.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/cookie.h"
#include "tests/fuzz/fuzz.h"

#define PROXY "10.0.0.1"
#define CLIENT "192.0.2.1"

static void
check_forwarded(struct arena *arena, const struct proxy_list *proxies,
                const char *text)
{
	const char *list = arena_printf(arena, "%s, " CLIENT, text);
	const char *standard = arena_printf(arena, "%s, for=" CLIENT, text);
	struct forwarded found;
	const struct forwarded_lines plain = { .x_for = list, .x_proto = text };
	const struct forwarded_lines quoted = { .is_standard = true,
		                                .forwarded = standard };

	if (list == NULL || standard == NULL)
		return;
	forwarded_read(&plain, proxies, PROXY, &found);
	if (strcmp(found.client, CLIENT) != 0)
		abort();
	forwarded_read(&quoted, proxies, PROXY, &found);
	if (strcmp(found.client, CLIENT) != 0 &&
	    strcmp(found.client, PROXY) != 0)
		abort();
}

static void
check_cookie(struct arena *arena, const char *text)
{
	const char *name = "__Secure-latchkey-refresh";
	bool ambiguous;
	const char *value = cookie_find(arena, text, name, &ambiguous);
	const struct cookie cookie = { name, value, "/", 0 };
	const char *line;

	if (value == NULL)
		return;
	line = cookie_write(arena, &cookie);
	if (line == NULL)
		return;
	value = cookie_find(arena, line, name, &ambiguous);
	if (value == NULL || ambiguous || strcmp(value, cookie.value) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const networks[] = { "10.0.0.0/8" };
	static uint8_t memory[1 << 17];
	struct proxy_list *proxies = NULL;
	struct arena arena;
	char err[128];
	const char *text;

	arena_init(&arena, memory, sizeof(memory));
	text = arena_memdup(&arena, data, size);
	if (text == NULL)
		return 0;
	if (proxy_list_open(networks, 1, &proxies, err, sizeof(err)) != CODE_OK)
		abort();
	check_forwarded(&arena, proxies, text);
	check_cookie(&arena, text);
	proxy_list_close(proxies);
	return 0;
}
