#include "gateway/forwarded.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define NODE_MAX 64 /* an address in brackets with a port */

/* A piece of a header's value. */
struct piece {
	const char *at;
	size_t len;
};

/* The last entries of a list; those before them are counted only. */
struct pieces {
	struct piece ring[FORWARDED_HOPS_MAX];
	size_t count;
	bool malformed; /* a quote that never ends */
};

static struct piece
trim(struct piece piece)
{
	while (piece.len > 0 && (*piece.at == ' ' || *piece.at == '\t')) {
		piece.at++;
		piece.len--;
	}
	while (piece.len > 0 && (piece.at[piece.len - 1] == ' ' ||
	                         piece.at[piece.len - 1] == '\t'))
		piece.len--;
	return piece;
}

/* How far it is to the separator, or the end; quotes hide separators. */
static size_t
span(const char *text, size_t len, char separator, bool *malformed)
{
	bool quoted = false;
	size_t i;

	for (i = 0; i < len && (quoted || text[i] != separator); i++) {
		if (text[i] == '"')
			quoted = !quoted;
		else if (quoted && text[i] == '\\' && i + 1 < len)
			i++;
	}
	*malformed |= quoted;
	return i;
}

/* Only the standard header has quotes; in others they hide nothing. */
static void
split(const char *text, bool has_quotes, struct pieces *out)
{
	size_t len = text == NULL ? 0 : strlen(text);
	size_t here;

	*out = (struct pieces){ 0 };
	while (text != NULL) {
		here = has_quotes ? span(text, len, ',', &out->malformed)
		                  : strcspn(text, ",");
		out->ring[out->count++ % FORWARDED_HOPS_MAX] =
			trim((struct piece){ text, here });
		if (here == len)
			return;
		text += here + 1;
		len -= here + 1;
	}
}

/* The hop-th from the right; false if there is none, or it is not kept. */
static bool
from_right(const struct pieces *list, size_t hop, struct piece *out)
{
	if (hop >= list->count || hop >= FORWARDED_HOPS_MAX || list->malformed)
		return false;
	*out = list->ring[(list->count - 1 - hop) % FORWARDED_HOPS_MAX];
	return true;
}

static bool
is_port(const char *text)
{
	size_t len = strspn(text, "0123456789");

	return len >= 1 && len <= 5 && text[len] == '\0';
}

/* An address in its own form: IPv4 also if it came mapped into IPv6. */
static bool
print_address(const char *text, char out[INET6_ADDRSTRLEN])
{
	struct in6_addr six;
	struct in_addr four;

	if (inet_pton(AF_INET, text, &four) == 1)
		return inet_ntop(AF_INET, &four, out, INET6_ADDRSTRLEN) != NULL;
	if (inet_pton(AF_INET6, text, &six) != 1)
		return false;
	if (IN6_IS_ADDR_V4MAPPED(&six))
		return inet_ntop(AF_INET, &six.s6_addr32[3], out,
		                 INET6_ADDRSTRLEN) != NULL;
	return inet_ntop(AF_INET6, &six, out, INET6_ADDRSTRLEN) != NULL;
}

/* "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]:80". */
static bool
read_node(struct piece piece, char out[INET6_ADDRSTRLEN])
{
	char text[NODE_MAX];
	char *colon, *end;

	if (piece.len == 0 || piece.len >= sizeof(text) ||
	    memchr(piece.at, '\0', piece.len) != NULL)
		return false;
	memcpy(text, piece.at, piece.len);
	text[piece.len] = '\0';
	if (text[0] == '[') {
		end = strchr(text, ']');
		if (end == NULL || strchr(text, ':') > end ||
		    (end[1] != '\0' && (end[1] != ':' || !is_port(end + 2))))
			return false;
		*end = '\0';
		return strchr(text, ':') != NULL &&
		       print_address(text + 1, out);
	}
	colon = strchr(text, ':');
	if (colon != NULL && strchr(colon + 1, ':') == NULL) {
		if (!is_port(colon + 1))
			return false;
		*colon = '\0';
	}
	return print_address(text, out);
}

static enum forwarded_scheme
scheme_of(struct piece piece)
{
	if (piece.len == 5 && strncasecmp(piece.at, "https", 5) == 0)
		return FORWARDED_HTTPS;
	if (piece.len == 4 && strncasecmp(piece.at, "http", 4) == 0)
		return FORWARDED_HTTP;
	return FORWARDED_UNKNOWN;
}

/* A value without its quotes; what is escaped in them is no address. */
static struct piece
unquote(struct piece value)
{
	if (value.len >= 2 && value.at[0] == '"' &&
	    value.at[value.len - 1] == '"')
		return (struct piece){ value.at + 1, value.len - 2 };
	return value;
}

/* RFC 7239, section 4: the value of a parameter; false: it is not once there.
 */
static bool
find_parameter(struct piece element, const char *name, struct piece *out)
{
	bool malformed = false;
	size_t name_len = strlen(name);
	unsigned found = 0;

	for (;;) {
		size_t here = span(element.at, element.len, ';', &malformed);
		struct piece pair = trim((struct piece){ element.at, here });

		if (pair.len > name_len && pair.at[name_len] == '=' &&
		    strncasecmp(pair.at, name, name_len) == 0) {
			*out = unquote(
				(struct piece){ pair.at + name_len + 1,
			                        pair.len - name_len - 1 });
			found++;
		}
		if (here == element.len)
			return found == 1;
		element.at += here + 1;
		element.len -= here + 1;
	}
}

static bool
read_hop(const struct forwarded_lines *lines, const struct pieces *list,
         size_t hop, struct forwarded *out)
{
	struct piece element, value;

	if (!from_right(list, hop, &element))
		return false;
	if (!lines->is_standard)
		return read_node(element, out->client);
	if (!find_parameter(element, "for", &value) ||
	    !read_node(value, out->client))
		return false;
	out->scheme = find_parameter(element, "proto", &value)
	                      ? scheme_of(value)
	                      : FORWARDED_UNKNOWN;
	return true;
}

void
forwarded_read(const struct forwarded_lines *lines,
               const struct proxy_list *proxies, const char *peer,
               struct forwarded *out)
{
	struct pieces addresses, schemes;
	struct piece scheme;
	size_t hop = 0;

	*out = (struct forwarded){ 0 };
	(void)snprintf(out->client, sizeof(out->client), "%s", peer);
	split(lines->is_standard ? lines->forwarded : lines->x_for,
	      lines->is_standard, &addresses);
	while (proxy_list_has(proxies, out->client) &&
	       read_hop(lines, &addresses, hop, out))
		hop++;
	if (lines->is_standard)
		return;
	/* Not every proxy adds to this one; the first one's word is then the
	 * only one. */
	split(lines->x_proto, false, &schemes);
	hop = hop > 0 ? hop - 1 : 0;
	if (hop >= schemes.count && schemes.count > 0)
		hop = schemes.count - 1;
	if (from_right(&schemes, hop, &scheme))
		out->scheme = scheme_of(scheme);
}
