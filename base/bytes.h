#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stddef.h>

/* Bytes that belong to somebody else. */
struct bytes {
	const void *data; /* NULL means absent */
	size_t len;
};

#endif
