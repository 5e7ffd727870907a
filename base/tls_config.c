#include "base/tls_config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nng/nng.h>

#include "base/tls_engine.h"

struct pem {
	char text[TLS_CONFIG_FILE_MAX + 1];
};

/* Where a sentence about a failure goes. */
struct complaint {
	char *text;
	size_t size;
};

static enum code
code_from_errno(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return CODE_NOT_FOUND;
	case EACCES:
	case EPERM:
		return CODE_PERMISSION_DENIED;
	default:
		return CODE_INVALID_ARGUMENT;
	}
}

static enum code
complain(struct complaint *to, enum code code, const char *path,
         const char *what)
{
	(void)snprintf(to->text, to->size, "%s: %s", path, what);
	return code;
}

static enum code
read_open(int fd, struct pem *out, bool secret)
{
	size_t len = 0;
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return CODE_INVALID_ARGUMENT;
	if (secret && (st.st_mode & S_IRWXO) != 0)
		return CODE_FAILED_PRECONDITION;
	while (len < TLS_CONFIG_FILE_MAX) {
		ssize_t n =
			read(fd, out->text + len, TLS_CONFIG_FILE_MAX - len);

		if (n < 0)
			return CODE_INVALID_ARGUMENT;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	out->text[len] = '\0';
	if (len == TLS_CONFIG_FILE_MAX || strlen(out->text) != len)
		return CODE_INVALID_ARGUMENT;
	return CODE_OK;
}

static enum code
read_pem(const char *path, bool secret, struct pem *out, struct complaint *to)
{
	enum code code;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return complain(to, code_from_errno(errno), path,
		                errno == ENOENT ? "no such file"
		                                : "cannot be read");
	code = read_open(fd, out, secret);
	(void)close(fd);
	if (code == CODE_FAILED_PRECONDITION)
		return complain(to, CODE_PERMISSION_DENIED, path,
		                "a key that every user may touch; chmod o= it");
	if (code != CODE_OK)
		return complain(to, code, path, "not a readable PEM file");
	return CODE_OK;
}

static enum code
add_authority(nng_tls_config *config, const struct tls_config_files *files,
              struct complaint *to)
{
	struct pem ca;
	enum code code = read_pem(files->ca_path, false, &ca, to);

	if (code != CODE_OK)
		return code;
	if (nng_tls_config_ca_chain(config, ca.text, NULL) != 0)
		return complain(to, CODE_INVALID_ARGUMENT, files->ca_path,
		                "not a PEM certificate of an authority");
	return CODE_OK;
}

static enum code
add_own(nng_tls_config *config, const struct tls_config_files *files,
        struct complaint *to)
{
	struct pem cert, key;
	int rv;
	enum code code = read_pem(files->cert_path, false, &cert, to);

	if (code != CODE_OK)
		return code;
	code = read_pem(files->key_path, true, &key, to);
	if (code != CODE_OK)
		return code;
	rv = nng_tls_config_own_cert(config, cert.text, key.text, NULL);
	if (rv == NNG_EPERM)
		code = complain(to, CODE_INVALID_ARGUMENT, files->cert_path,
		                files->server_name == NULL
		                        ? "not a server's certificate"
		                        : "not a client's certificate");
	else if (rv != 0)
		code = complain(to, CODE_INVALID_ARGUMENT, files->cert_path,
		                "not a PEM certificate of the key beside it");
	explicit_bzero(&key, sizeof(key));
	return code;
}

static enum code
fill(nng_tls_config *config, const struct tls_config_files *files,
     struct complaint *to)
{
	enum code code = add_authority(config, files, to);

	if (code == CODE_OK)
		code = add_own(config, files, to);
	if (code == CODE_OK && files->server_name != NULL &&
	    nng_tls_config_server_name(config, files->server_name) != 0)
		code = complain(to, CODE_INTERNAL, files->server_name,
		                "cannot be set as the server's name");
	return code;
}

enum code
tls_config_load(const struct tls_config_files *files, nng_tls_config **out,
                char *err, size_t err_size)
{
	struct complaint to = { err, err_size };
	nng_tls_config *config;
	enum code code;

	if (files->ca_path == NULL || files->cert_path == NULL ||
	    files->key_path == NULL)
		return complain(&to, CODE_INVALID_ARGUMENT, "TLS",
		                "needs a certificate, its key and an "
		                "authority");
	code = tls_engine_register();
	if (code != CODE_OK)
		return complain(&to, code, "TLS", "cannot be initialised");
	if (nng_tls_config_alloc(&config, files->server_name != NULL
	                                          ? NNG_TLS_MODE_CLIENT
	                                          : NNG_TLS_MODE_SERVER) != 0)
		return complain(&to, CODE_INTERNAL, "TLS", "out of memory");
	code = fill(config, files, &to);
	if (code != CODE_OK) {
		nng_tls_config_free(config);
		return code;
	}
	*out = config;
	return CODE_OK;
}
