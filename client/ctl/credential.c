#include "client/ctl/credential.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/certificate.h"
#include "base/clock.h"
#include "base/new_file.h"
#include "client/client_settings.h"

#define SERVER_NAME "latchkeyd" /* of the server's own certificates */
#define PEM_MAX 65536

/* Every path there is to do with one credential. */
struct paths {
	char ca_cert[PATH_MAX], ca_key[PATH_MAX];
	char out[PATH_MAX];
	char cert[PATH_MAX], key[PATH_MAX], ca_copy[PATH_MAX], config[PATH_MAX];
	char registry[PATH_MAX], registered[PATH_MAX];
};

static enum code
complain(enum code code, const char *path, char *err, size_t err_size)
{
	if (code != CODE_OK)
		(void)snprintf(err, err_size, "%s: %s", path, code_name(code));
	return code;
}

/* join writes "dir/file" and reports whether it fits. */
static int
join(char out[PATH_MAX], const char *dir, const char *file)
{
	int len = snprintf(out, PATH_MAX, "%s/%s", dir, file);

	return len > 0 && len < PATH_MAX;
}

static enum code
find_paths(const struct credential_order *order, struct paths *p, char *err,
           size_t err_size)
{
	char cert[CERTIFICATE_NAME_MAX + 8], key[CERTIFICATE_NAME_MAX + 8];
	char clients[PATH_MAX];
	int fits;

	(void)snprintf(cert, sizeof(cert), "%s.crt", order->name);
	(void)snprintf(key, sizeof(key), "%s.key", order->name);
	fits = join(clients, order->home, "clients") &&
	       (order->out == NULL ? join(p->out, clients, order->name)
	                           : snprintf(p->out, PATH_MAX, "%s",
	                                      order->out) < PATH_MAX) &&
	       join(p->ca_cert, order->home, "pki/service-ca.crt") &&
	       join(p->ca_key, order->home, "pki/service-ca.key") &&
	       join(p->registry, order->home, "pki/issued") &&
	       join(p->registered, p->registry, cert) &&
	       join(p->cert, p->out, cert) && join(p->key, p->out, key) &&
	       join(p->ca_copy, p->out, "service-ca.crt") &&
	       join(p->config, p->out, CREDENTIAL_CONFIG);
	if (fits && order->out == NULL && mkdir(clients, 0700) != 0 &&
	    errno != EEXIST)
		return complain(new_file_code(errno), clients, err, err_size);
	return complain(fits ? CODE_OK : CODE_INVALID_ARGUMENT, order->home,
	                err, err_size);
}

static enum code
make_dir(const char *path, char *err, size_t err_size)
{
	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return CODE_OK;
	return complain(new_file_code(errno), path, err, err_size);
}

typedef enum code file_writer(const char *path, struct bytes content,
                              mode_t mode);

static enum code
copy_file(const char *from, const char *to, file_writer *write_file, char *err,
          size_t err_size)
{
	char *text = malloc(PEM_MAX);
	FILE *file = fopen(from, "re");
	enum code code = CODE_NOT_FOUND;
	size_t len;

	if (text != NULL && file != NULL) {
		len = fread(text, 1, PEM_MAX, file);
		code = ferror(file) || len == PEM_MAX
		               ? CODE_INTERNAL
		               : write_file(to, (struct bytes){ text, len },
		                            0644);
	}
	if (file != NULL)
		(void)fclose(file);
	free(text);
	return complain(code, to, err, err_size);
}

/* assign appends "server.key=value" to the configuration's settings. */
static int
assign(struct setting_list *set, const char *key, const char *value)
{
	return asprintf(&set->items[set->count], "server.%s=%s", key, value) >=
	               0 &&
	       ++set->count > 0;
}

static enum code
print_config(const struct setting_list *set, const char *path, char *err,
             size_t err_size)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);
	enum code code = CODE_RESOURCE_EXHAUSTED;

	if (to == NULL)
		return complain(code, path, err, err_size);
	code = settings_print(&client_settings_table, to, set, err, err_size);
	if (fclose(to) != 0 && code == CODE_OK)
		code = complain(CODE_RESOURCE_EXHAUSTED, path, err, err_size);
	if (code == CODE_OK)
		code = complain(
			new_file_write(path, (struct bytes){ text, len }, 0644),
			path, err, err_size);
	free(text);
	return code;
}

static enum code
write_config(const struct credential_order *order, const struct paths *p,
             char *err, size_t err_size)
{
	char *items[8] = { NULL };
	struct setting_list set = { items, 0 };
	enum code code = CODE_RESOURCE_EXHAUSTED;
	int made = 1;

	if (order->url != NULL && *order->url != '\0')
		made = assign(&set, "url", order->url);
	if (made && assign(&set, "ca", "service-ca.crt") &&
	    assign(&set, "cert", strrchr(p->cert, '/') + 1) &&
	    assign(&set, "key", strrchr(p->key, '/') + 1))
		code = print_config(&set, p->config, err, err_size);
	else
		(void)complain(code, p->config, err, err_size);
	for (size_t i = 0; i < set.count; i++)
		free(items[i]);
	return code;
}

static enum code
check(const struct credential_order *order, const struct paths *p, char *err,
      size_t err_size)
{
	if (access(p->ca_key, F_OK) != 0) {
		(void)snprintf(err, err_size,
		               "%s is not a Latchkey state directory: it has "
		               "no pki/service-ca.key",
		               order->home);
		return CODE_FAILED_PRECONDITION;
	}
	if (access(p->registered, F_OK) != 0)
		return CODE_OK;
	(void)snprintf(err, err_size,
	               "%s has a certificate already, see %s; take another "
	               "name",
	               order->name, p->registered);
	return CODE_ALREADY_EXISTS;
}

static enum code
make_files(const struct credential_order *order, const struct paths *p,
           char *err, size_t err_size)
{
	struct certificate_order certificate = {
		.name = order->name,
		.use = CERTIFICATE_CLIENT,
		.not_before =
			clock_wall_us() / 1000000 - CERTIFICATE_BACKDATED_S,
		.lifetime_s = CERTIFICATE_LIFETIME_S,
		.ca_cert_path = p->ca_cert,
		.ca_key_path = p->ca_key,
		.cert_path = p->cert,
		.key_path = p->key,
	};
	enum code code = make_dir(p->registry, err, err_size);

	if (code == CODE_OK)
		code = make_dir(p->out, err, err_size);
	if (code == CODE_OK)
		code = complain(certificate_issue(&certificate), p->cert, err,
		                err_size);
	if (code != CODE_OK)
		return code;
	code = copy_file(p->ca_cert, p->ca_copy, new_file_write, err, err_size);
	if (code == CODE_OK)
		code = write_config(order, p, err, err_size);
	/* Last: what is registered is complete. */
	if (code == CODE_OK)
		code = copy_file(p->cert, p->registered, new_file_write, err,
		                 err_size);
	if (code != CODE_OK) {
		(void)unlink(p->cert);
		(void)unlink(p->key);
	}
	return code;
}

enum code
credential_issue(const struct credential_order *order, char *err,
                 size_t err_size)
{
	struct paths *p;
	enum code code;

	if (!certificate_name_is_valid(order->name) ||
	    strcmp(order->name, SERVER_NAME) == 0) {
		(void)snprintf(err, err_size,
		               "the name must be 1 to %d letters, digits, '.', "
		               "'-' or '_', and not %s",
		               CERTIFICATE_NAME_MAX, SERVER_NAME);
		return CODE_INVALID_ARGUMENT;
	}
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return complain(CODE_RESOURCE_EXHAUSTED, order->name, err,
		                err_size);
	code = find_paths(order, p, err, err_size);
	if (code == CODE_OK)
		code = check(order, p, err, err_size);
	if (code == CODE_OK)
		code = make_files(order, p, err, err_size);
	free(p);
	return code;
}

/* say_renewal explains a failure of certificate_renew, whose code it returns.
 */
static enum code
say_renewal(enum code code, const struct certificate_renewal *renewal,
            char *err, size_t err_size)
{
	if (code == CODE_INVALID_ARGUMENT)
		(void)snprintf(err, err_size,
		               "%s: not a certificate that %s with its key has "
		               "signed",
		               renewal->cert_path, renewal->ca_cert_path);
	else if (code == CODE_FAILED_PRECONDITION)
		(void)snprintf(err, err_size,
		               "%s has expired: it takes a new authority and "
		               "new certificates for all",
		               renewal->ca_cert_path);
	else
		(void)complain(code, renewal->cert_path, err, err_size);
	return code;
}

/* renew_by renews HOME/pki/CERT by the authority HOME/pki/CA.crt and .key. */
static enum code
renew_by(const char *home, const char *ca, const char *cert, char *err,
         size_t err_size)
{
	char cert_path[PATH_MAX], ca_cert[PATH_MAX], ca_key[PATH_MAX];
	const struct certificate_renewal renewal = {
		.cert_path = cert_path,
		.ca_cert_path = ca_cert,
		.ca_key_path = ca_key,
		.now = clock_wall_us() / 1000000,
		.lifetime_s = CERTIFICATE_LIFETIME_S,
	};
	enum code code;

	if (snprintf(cert_path, PATH_MAX, "%s/pki/%s", home, cert) >=
	            PATH_MAX ||
	    snprintf(ca_cert, PATH_MAX, "%s/pki/%s.crt", home, ca) >=
	            PATH_MAX ||
	    snprintf(ca_key, PATH_MAX, "%s/pki/%s.key", home, ca) >= PATH_MAX)
		return complain(CODE_INVALID_ARGUMENT, home, err, err_size);
	if (access(ca_key, R_OK) != 0) {
		code = new_file_code(errno);
		(void)snprintf(err, err_size,
		               "%s: %s; it signs what is renewed, so it must "
		               "be there meanwhile",
		               ca_key, strerror(errno));
		return code;
	}
	return say_renewal(certificate_renew(&renewal), &renewal, err,
	                   err_size);
}

enum code
credential_renew(const char *home, const char *name, bool *delivered, char *err,
                 size_t err_size)
{
	char issued[sizeof("issued/.crt") + CERTIFICATE_NAME_MAX];
	char from[PATH_MAX], to[PATH_MAX];
	enum code code;

	if (!certificate_name_is_valid(name)) {
		(void)snprintf(err, err_size, "\"%.80s\" is no name", name);
		return CODE_INVALID_ARGUMENT;
	}
	(void)snprintf(issued, sizeof(issued), "issued/%s.crt", name);
	if (snprintf(from, PATH_MAX, "%s/pki/%s", home, issued) >= PATH_MAX ||
	    snprintf(to, PATH_MAX, "%s/clients/%s/%s.crt", home, name, name) >=
	            PATH_MAX)
		return complain(CODE_INVALID_ARGUMENT, home, err, err_size);
	code = renew_by(home, "service-ca", issued, err, err_size);
	if (code != CODE_OK)
		return code;
	*delivered = access(to, F_OK) == 0;
	return *delivered ? copy_file(from, to, new_file_replace, err, err_size)
	                  : CODE_OK;
}

enum code
credential_renew_server(const char *home, char *err, size_t err_size)
{
	static const struct {
		const char *ca, *cert;
	} leaves[] = {
		{ "front-ca", "front-server.crt" },
		{ "front-ca", "gateway.crt" },
		{ "service-ca", "service-server.crt" },
	};
	enum code code = CODE_OK;

	for (size_t i = 0;
	     i < sizeof(leaves) / sizeof(leaves[0]) && code == CODE_OK; i++)
		code = renew_by(home, leaves[i].ca, leaves[i].cert, err,
		                err_size);
	return code;
}
