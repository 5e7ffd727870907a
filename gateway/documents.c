#include "gateway/documents.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/docs/builtin.h"
#include "gateway/openapi.h"

#define FILE_MAX ((off_t)8 << 20) /* bytes */
#define TYPE_HTML "text/html; charset=utf-8"

/* Swagger UI's page: files of its own and ours, pictures within its style
 * sheet, and calls to this gateway. Nothing else. */
#define DOCS_POLICY                                                            \
	"default-src 'none'; script-src 'self'; style-src 'self'; "            \
	"img-src 'self' data:; connect-src 'self'; base-uri 'none'; "          \
	"form-action 'none'; frame-ancestors 'none'"

struct documents {
	struct document openapi;
	struct document docs;
	struct document files[DOCUMENT_FILE_COUNT]; /* type NULL: not there */
	void *memory[DOCUMENT_FILE_COUNT + 1];      /* ours to free */
	size_t memory_count;
};

/* Enough to tell one version of a document from the next (FNV-1a). */
static void
set_body(struct document *document, const char *type, struct bytes body)
{
	const unsigned char *data = body.data;
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < body.len; i++)
		hash = (hash ^ data[i]) * 0x100000001b3;
	document->type = type;
	document->body = body;
	(void)snprintf(document->etag, sizeof(document->etag),
	               "\"%016" PRIx64 "\"", hash);
}

static enum code
out_of_memory(char *err, size_t err_size)
{
	(void)snprintf(err, err_size, "openapi: not enough memory");
	return CODE_RESOURCE_EXHAUSTED;
}

static enum code
make_openapi(struct documents *d, const struct documents_options *options,
             char *err, size_t err_size)
{
	void *memory = malloc(OPENAPI_ARENA_SIZE);
	struct bytes text = { 0 };
	struct arena arena;
	void *kept = NULL;

	if (memory == NULL)
		return out_of_memory(err, err_size);
	arena_init(&arena, memory, OPENAPI_ARENA_SIZE);
	if (openapi_write(options->profiles, options->public_base, &arena,
	                  &text) == CODE_OK)
		kept = malloc(text.len);
	if (kept != NULL) {
		memcpy(kept, text.data, text.len);
		d->memory[d->memory_count++] = kept;
		set_body(&d->openapi, "application/json",
		         (struct bytes){ kept, text.len });
	}
	free(memory);
	return kept != NULL ? CODE_OK : out_of_memory(err, err_size);
}

static void *
read_all(int fd, size_t len)
{
	char *data = malloc(len + 1);
	size_t have = 0;

	while (data != NULL && have < len) {
		ssize_t got = read(fd, data + have, len - have);

		if (got > 0) {
			have += (size_t)got;
		} else if (got == 0 || errno != EINTR) {
			free(data);
			return NULL;
		}
	}
	return data;
}

static enum code
read_file(struct documents *d, const char *dir, size_t index, char *err,
          size_t err_size)
{
	int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = dir_fd < 0 ? -1
	                    : openat(dir_fd, document_files[index].name,
	                             O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st = { 0 };
	void *data = NULL;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size > 0 && st.st_size <= FILE_MAX)
		data = read_all(fd, (size_t)st.st_size);
	if (fd >= 0)
		(void)close(fd);
	if (dir_fd >= 0)
		(void)close(dir_fd);
	if (data == NULL) {
		(void)snprintf(err, err_size,
		               "gateway.swagger_ui_dir: %.200s/%s cannot be "
		               "read, or is no file of up to 8 MiB",
		               dir, document_files[index].name);
		return CODE_INVALID_ARGUMENT;
	}
	d->memory[d->memory_count++] = data;
	set_body(&d->files[index], document_files[index].type,
	         (struct bytes){ data, (size_t)st.st_size });
	return CODE_OK;
}

static void
set_builtin(struct document *document, const char *name, const char *type)
{
	for (size_t i = 0; i < builtin_docs_count; i++) {
		const char *found = strrchr(builtin_docs[i].name, '/');

		found = found == NULL ? builtin_docs[i].name : found + 1;
		if (strcmp(found, name) == 0)
			set_body(document, type,
			         (struct bytes){ builtin_docs[i].data,
			                         builtin_docs[i].len });
	}
}

static enum code
make_docs(struct documents *d, const char *dir, char *err, size_t err_size)
{
	enum code code = CODE_OK;

	d->docs.policy = DOCS_POLICY;
	set_builtin(&d->docs, dir == NULL ? "missing.html" : "index.html",
	            TYPE_HTML);
	for (size_t i = 0; i < DOCUMENT_FILE_COUNT && code == CODE_OK; i++)
		if (document_files[i].is_ours)
			set_builtin(&d->files[i], document_files[i].name,
			            document_files[i].type);
		else if (dir != NULL)
			code = read_file(d, dir, i, err, err_size);
	return code;
}

enum code
documents_open(const struct documents_options *options, struct documents **out,
               char *err, size_t err_size)
{
	struct documents *d = calloc(1, sizeof(*d));
	enum code code;

	if (d == NULL)
		return out_of_memory(err, err_size);
	code = make_openapi(d, options, err, err_size);
	if (code == CODE_OK)
		code = make_docs(d, options->swagger_ui_dir, err, err_size);
	if (code != CODE_OK) {
		documents_close(d);
		return code;
	}
	*out = d;
	return CODE_OK;
}

void
documents_close(struct documents *documents)
{
	if (documents == NULL)
		return;
	for (size_t i = 0; i < documents->memory_count; i++)
		free(documents->memory[i]);
	free(documents);
}

const struct document *
documents_find(const struct documents *documents, enum document_kind kind,
               const char *file)
{
	if (documents == NULL)
		return NULL;
	if (kind == DOCUMENT_OPENAPI)
		return &documents->openapi;
	if (kind == DOCUMENT_DOCS)
		return &documents->docs;
	for (size_t i = 0; i < DOCUMENT_FILE_COUNT && file != NULL; i++)
		if (strcmp(document_files[i].name, file) == 0 &&
		    documents->files[i].type != NULL)
			return &documents->files[i];
	return NULL;
}
