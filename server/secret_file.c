#include "server/secret_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/new_file.h"
#include "server/domain/signing_key.h"

enum code
secret_file_read(const char *path, struct secret_file *out, char *err,
                 size_t err_size)
{
	FILE *from = fopen(path, "re");
	enum code code;
	bool bad;

	if (from == NULL) {
		code = new_file_code(errno);
		(void)snprintf(err, err_size, "%s: %s", path, strerror(errno));
		return code;
	}
	(void)setvbuf(from, NULL, _IONBF, 0);
	out->len = fread(out->data, 1, sizeof(out->data), from);
	bad = ferror(from) || out->len == sizeof(out->data);
	(void)fclose(from);
	if (out->len > 0 && out->data[out->len - 1] == '\n')
		out->len--;
	if (!bad && out->len >= SECRET_MIN)
		return CODE_OK;
	explicit_bzero(out, sizeof(*out));
	(void)snprintf(err, err_size, "%s: an HS256 secret has %d to %d bytes",
	               path, SECRET_MIN, SECRET_FILE_MAX);
	return CODE_INVALID_ARGUMENT;
}
