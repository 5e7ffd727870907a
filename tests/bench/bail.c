#include "tests/bench/bail.h"

#include <nng/nng.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void
bail(const char *fmt, ...)
{
	va_list args;

	(void)fputs("bench: ", stderr);
	va_start(args, fmt);
	(void)vfprintf(stderr, fmt, args);
	va_end(args);
	(void)fputc('\n', stderr);
	exit(EXIT_FAILURE);
}

void
bail_nng(int rv, const char *step)
{
	if (rv != 0)
		bail("%s: %s", step, nng_strerror(rv));
}

void *
bail_alloc(size_t count, size_t size)
{
	void *data = calloc(count, size);

	if (data == NULL)
		bail("out of memory");
	return data;
}
