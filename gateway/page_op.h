#ifndef GATEWAY_PAGE_OP_H
#define GATEWAY_PAGE_OP_H

#include <stddef.h>

/* A step of a compiled page: shared by its compiler and its writer. */
#define PAGE_OP_MAX 128
#define PAGE_DEPTH_MAX 4 /* sections within each other */

enum page_op_kind {
	PAGE_RAW, /* text as it is */
	PAGE_OPERATOR,
	PAGE_RETRY_AFTER,
	PAGE_INPUT,   /* text: of which row */
	PAGE_IF,      /* jump if there is no message about text, a field; NULL:
	                 about any */
	PAGE_EACH,    /* to the first such message; jump if there is none */
	PAGE_ANOTHER, /* to the next, and jump */
	PAGE_MESSAGE, /* where EACH is now */
};

struct page_op {
	enum page_op_kind kind;
	const char *text;
	size_t len;
	size_t jump; /* index of a step */
};

#endif
