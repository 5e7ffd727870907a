#include "gateway/settings.h"

#define SETTINGS_STRUCT struct gateway_settings
#include "base/setting_rows.h"

static const char *const levels[] = { "debug", "info", "warn", "error", NULL };

static const char *const confirming[] = { "script", "always", "never", NULL };

static const char *const proxy_headers[] = { "x-forwarded", "forwarded", NULL };

static const struct setting rows[] = {
	ROW_PATH(gateway, listen, "127.0.0.1:8000",
	         "Numeric address and port to listen on, such as "
	         "127.0.0.1:8000 or [::1]:8000. Port 0: any free one."),
	ROW_TEXT(gateway, listen_tls, "",
	         "Numeric address and port to speak HTTPS on as well, such as "
	         "0.0.0.0:8443. Empty: none."),
	ROW_TEXT(gateway, tls_cert, "",
	         "HTTPS: the certificate, PEM, its intermediates behind it. "
	         "This and the key are read again on SIGHUP."),
	ROW_TEXT(gateway, tls_key, "", "HTTPS: its key, PEM."),
	ROW_NUMBER(gateway, loops, "0", 0, 256,
	           "Event loops of each listener, each a thread; 0 to 256. 0: "
	           "as many as there are cores."),
	ROW_LIST(gateway, profiles, "", 64,
	         "Names of the profiles to serve, such as django-auth; 0 "
	         "to 64. Empty: all there are."),
	ROW_TEXT(gateway, profile_dir, "",
	         "Directory with more profiles, *.json. Empty: none."),
	ROW_TEXT(gateway, swagger_ui_dir, "",
	         "Directory of the npm package swagger-ui-dist, with which "
	         "/docs/ shows the API to try. Empty: /docs/ says where it "
	         "comes from."),
	ROW_BOOL(gateway, behind_tls_proxy, "false",
	         "Somebody else speaks TLS to the clients. Without it "
	         "only loopback addresses are listened on, because "
	         "passwords would travel in the clear."),
	ROW_LIST(gateway, trusted_proxies, "", 64,
	         "Addresses and networks, such as 10.0.0.7 or 10.0.0.0/8, "
	         "whose word about a client's address and scheme is believed; "
	         "0 to 64. Only of proxies that add to the header themselves."),
	ROW_CHOICE(gateway, proxy_header, "x-forwarded", proxy_headers,
	           "What these send: x-forwarded (X-Forwarded-For and "
	           "X-Forwarded-Proto) or forwarded (RFC 7239). The other is "
	           "ignored, because a client could have written it."),
	ROW_TEXT(gateway, public_base, "",
	         "What clients call this gateway, such as "
	         "https://auth.example; begins links to avatars and to the "
	         "pages of lists. Empty: http:// and gateway.listen, if that "
	         "is loopback with a port; otherwise links stay paths."),

	ROW_TEXT(pages, operator_name, "Latchkey",
	         "Who runs this service, as the HTML pages behind mailed "
	         "links say."),
	ROW_CHOICE(pages, verify_on_get, "script", confirming,
	           "Which GET of a verification link verifies at once: "
	           "script (Accept names application/json, or Sec-Fetch-Mode "
	           "is cors), always, or never. Any other shows a page with a "
	           "button, so that a mail scanner verifies nothing."),

	ROW_PATH(server, url, "tls+tcp://127.0.0.1:7701",
	         "The server's listeners.front, or its ipc:// socket."),
	ROW_PATH(server, name, "latchkeyd",
	         "TLS: the name that the server's certificate must have."),
	ROW_PATH(server, ca, "pki/front-ca.crt",
	         "TLS: authority of the server's certificate, PEM."),
	ROW_PATH(server, cert, "pki/gateway.crt",
	         "TLS: this gateway's certificate, PEM."),
	ROW_PATH(server, key, "pki/gateway.key", "TLS: its key, PEM."),
	ROW_NUMBER(server, timeout_ms, "10000", 1, 60000,
	           "How long to wait for the server's answer, in "
	           "milliseconds; 1 to 60000. Then the client gets 503."),
	ROW_NUMBER(server, calls_max, "1024", 1, 65536,
	           "Calls in flight to the server; 1 to 65536. Further "
	           "requests get 503."),
	ROW_NUMBER(server, message_max, "1048576", 1024, 16777216,
	           "Bytes of the server's answer to one call; 1024 to "
	           "16777216. The server's answers have up to 1048576: less "
	           "than that counts as that."),

	ROW_LIST(cors, origins, "", 256,
	         "Origins whose pages may read our answers, exactly as "
	         "browsers send them, such as https://app.example; 0 to "
	         "256."),
	ROW_BOOL(cors, allow_all, "false",
	         "Pages of every origin may read our answers."),
	ROW_BOOL(cors, allow_credentials, "false",
	         "Pages may send cookies along; not with cors.allow_all."),

	ROW_NUMBER(limits, body_max, "65536", 1024, 16777216,
	           "Bytes of a request's body; 1024 to 16777216. More is "
	           "413."),
	ROW_NUMBER(limits, head_max, "16384", 1024, 1048576,
	           "Bytes of a request's line and headers; 1024 to "
	           "1048576. More is 431."),
	ROW_NUMBER(limits, url_max, "4096", 64, 65536,
	           "Bytes of a request's URL; 64 to 65536. More is 414."),
	ROW_NUMBER(limits, head_timeout_ms, "10000", 1, 600000,
	           "Milliseconds for a request's line and headers, on a new "
	           "connection from its beginning; 1 to 600000."),
	ROW_NUMBER(limits, request_timeout_ms, "10000", 1, 600000,
	           "Milliseconds for a whole request, body included; 1 to "
	           "600000."),
	ROW_NUMBER(limits, idle_timeout_ms, "60000", 1, 3600000,
	           "Milliseconds a connection may idle between requests; "
	           "1 to 3600000."),
	ROW_NUMBER(limits, connections_max, "4096", 1, 1000000,
	           "Connections of a listener at the same time; 1 to 1000000."),
	ROW_NUMBER(limits, connections_per_address_max, "256", 0, 1000000,
	           "Of these from one address, for IPv6 one /64; 0 to "
	           "1000000. 0: no such limit. Through a trusted proxy: "
	           "requests in progress of one client."),
	ROW_NUMBER(limits, files_max, "8192", 64, 1048576,
	           "Open files and connections of the process; 64 to "
	           "1048576. Well above limits.connections_max."),

	ROW_CHOICE(log, level, "info", levels,
	           "Least level that is logged: debug, info, warn or "
	           "error. Read again on SIGHUP."),
};

const struct settings_table gateway_settings_table = {
	.program = "latchkey-gateway",
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
	.size = sizeof(struct gateway_settings),
};
