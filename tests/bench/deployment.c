#include "tests/bench/deployment.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/bail.h"
#include "tests/bench/http_socket.h"
#include "tests/bench/token_jar.h"

#define START_ATTEMPTS 5 /* a port found free may be taken the next moment */
#define READY_LOOKS 1000
#define READY_LOOK_MS 10
#define VARIABLE_SIZE 192

/* Of `latchkeyd init`, below the state directory. */
enum file { FRONT_CA, SERVER_CERT, SERVER_KEY, GATEWAY_CERT, GATEWAY_KEY };
static const char *const file_names[DEPLOYMENT_FILE_COUNT] = {
	[FRONT_CA] = "pki/front-ca.crt",
	[SERVER_CERT] = "pki/front-server.crt",
	[SERVER_KEY] = "pki/front-server.key",
	[GATEWAY_CERT] = "pki/gateway.crt",
	[GATEWAY_KEY] = "pki/gateway.key",
};
static const char server_name[] = "latchkeyd";

static const char *const mode_env[][2] = {
	[MODE_KEEPING] = { "LATCHKEY_SESSIONS_ROTATE=false",
	                   "LATCHKEY_SESSIONS_GRACE_MS=10000" },
	[MODE_ROTATING] = { "LATCHKEY_SESSIONS_ROTATE=true",
	                    "LATCHKEY_SESSIONS_GRACE_MS=10000" },
	[MODE_DURABLE] = { "LATCHKEY_SESSIONS_ROTATE=true",
	                   "LATCHKEY_SESSIONS_GRACE_MS=0" },
};

static const char *const no_env[] = { NULL };

static void print_to(char *to, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void
print_to(char *to, size_t size, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(to, size, fmt, args);
	va_end(args);
	if (len < 0 || (size_t)len >= size)
		bail("the path %s... is too long", to);
}

static uint16_t
find_port(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1 ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) != 0)
		bail("no free port");
	(void)close(fd);
	return ntohs(address.sin_port);
}

const char *
hop_kind_name(enum hop_kind kind)
{
	return kind == HOP_TLS ? "tls" : "ipc";
}

void
deployment_init(struct deployment *deployment, const char *latchkeyd,
                const char *latchkey_gateway, const char *dir)
{
	struct deployment *d = deployment;
	const char *server_init[] = { latchkeyd, "init", "--home", d->home,
		                      NULL };
	const char *gateway_init[] = { latchkey_gateway, "init", "--home",
		                       d->home, NULL };
	const char *user[] = { latchkeyd,
		               "create-superuser",
		               "--home",
		               d->home,
		               "--email",
		               TOKEN_JAR_EMAIL,
		               "--first-name",
		               "Ada",
		               "--last-name",
		               "Lovelace",
		               "--role",
		               "editor",
		               "--password-fd",
		               "0",
		               NULL };

	memset(d, 0, sizeof(*d));
	d->latchkeyd = latchkeyd;
	d->latchkey_gateway = latchkey_gateway;
	d->dir = dir;
	print_to(d->home, sizeof(d->home), "%s/home", dir);
	print_to(d->data, sizeof(d->data), "%s/data", d->home);
	print_to(d->urls[HOP_IPC], sizeof(d->urls[HOP_IPC]),
	         "ipc://%s/run/latchkeyd.sock", d->home);
	for (unsigned i = 0; i < DEPLOYMENT_FILE_COUNT; i++)
		print_to(d->files[i], sizeof(d->files[i]), "%s/%s", d->home,
		         file_names[i]);
	child_run(&(struct child_options){ server_init, no_env, NULL });
	child_run(&(struct child_options){ gateway_init, no_env, NULL });
	child_run(&(struct child_options){ user, no_env, TOKEN_JAR_PASSWORD });
}

static bool
start_server(struct deployment *d)
{
	const char *argv[] = { d->latchkeyd, "serve", "--home", d->home, NULL };
	char front[VARIABLE_SIZE], local[VARIABLE_SIZE];
	const char *env[] = { front, local, "LATCHKEY_LISTENERS_SERVICE=",
		              /* Counted as ever, but all logins are one
		                 user's and run at the same time. */
		              "LATCHKEY_THROTTLES_LOGIN_ADDRESS=128/1",
		              "LATCHKEY_THROTTLES_LOGIN_ACCOUNT=128/1",
		              "LATCHKEY_THROTTLES_LOGIN_DEVICE=128/1",
		              mode_env[d->mode][0], mode_env[d->mode][1],
		              NULL };
	char rest[8];

	print_to(d->urls[HOP_TLS], sizeof(d->urls[HOP_TLS]),
	         "tls+tcp://127.0.0.1:%u", find_port());
	print_to(front, sizeof(front), "LATCHKEY_LISTENERS_FRONT=%s",
	         d->urls[HOP_TLS]);
	print_to(local, sizeof(local), "LATCHKEY_LISTENERS_LOCAL=%s",
	         d->urls[HOP_IPC]);
	child_start(&d->server, &(struct child_options){ argv, env, NULL });
	return child_expect(&d->server, "event=ready", rest, sizeof(rest));
}

/* The gateway is ready when its server is, too. */
static bool
await_gateway(const struct deployment *d)
{
	for (unsigned i = 0; i < READY_LOOKS; i++) {
		if (!child_is_alive(&d->gateway, 0))
			return false;
		if (http_socket_status(d->gateway_port, "/readyz") == 200)
			return true;
		if (!child_is_alive(&d->gateway, READY_LOOK_MS))
			return false;
	}
	bail("%s does not become ready", d->latchkey_gateway);
}

static bool
start_gateway(struct deployment *d)
{
	const char *argv[] = { d->latchkey_gateway, "serve", "--home", d->home,
		               NULL };
	char listen_at[VARIABLE_SIZE], server[VARIABLE_SIZE];
	const char *env[] = { listen_at, server, NULL };

	d->gateway_port = find_port();
	print_to(listen_at, sizeof(listen_at),
	         "LATCHKEY_GATEWAY_LISTEN=127.0.0.1:%u", d->gateway_port);
	print_to(server, sizeof(server), "LATCHKEY_SERVER_URL=%s",
	         d->urls[d->hop]);
	child_start(&d->gateway, &(struct child_options){ argv, env, NULL });
	return await_gateway(d);
}

/* Starts one of the two, each time on another port, until it stays. */
static void
start(struct deployment *d, struct child *child,
      bool (*attempt)(struct deployment *d))
{
	char log[1024] = "";

	for (unsigned i = 0; i < START_ATTEMPTS; i++) {
		if (attempt(d))
			return;
		(void)!pread(child->log_fd, log, sizeof(log) - 1, 0);
		child_discard(child);
	}
	bail("%s does not start: %s", child->name, log);
}

void
deployment_use(struct deployment *deployment, enum deployment_mode mode,
               enum hop_kind kind)
{
	struct deployment *d = deployment;
	bool same_mode = d->mode == mode;

	if (d->server.pid != 0 && same_mode && d->hop == kind)
		return;
	child_stop(&d->gateway);
	if (d->server.pid == 0 || !same_mode) {
		child_stop(&d->server);
		d->mode = mode;
		start(d, &d->server, start_server);
	}
	d->hop = kind;
	start(d, &d->gateway, start_gateway);
}

struct hop
deployment_dial(const struct deployment *deployment)
{
	return (struct hop){
		.url = deployment->urls[deployment->hop],
		.ca_path = deployment->files[FRONT_CA],
		.cert_path = deployment->files[GATEWAY_CERT],
		.key_path = deployment->files[GATEWAY_KEY],
		.server_name = server_name,
	};
}

struct hop
deployment_listen(const struct deployment *deployment, const char *url)
{
	return (struct hop){
		.url = url,
		.ca_path = deployment->files[FRONT_CA],
		.cert_path = deployment->files[SERVER_CERT],
		.key_path = deployment->files[SERVER_KEY],
	};
}

void
deployment_forget_logs(const struct deployment *deployment)
{
	child_forget_log(&deployment->server);
	child_forget_log(&deployment->gateway);
}

void
deployment_stop(struct deployment *deployment)
{
	child_stop(&deployment->gateway);
	child_stop(&deployment->server);
}
