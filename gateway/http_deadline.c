#include "gateway/http_deadline.h"

#include <stddef.h>

void
http_deadlines_add(struct http_deadlines *list, struct http_deadline *deadline)
{
	struct http_deadline *before = list->last;

	while (before != NULL && before->at_ms > deadline->at_ms)
		before = before->prev;
	deadline->prev = before;
	deadline->next = before != NULL ? before->next : list->first;
	if (before != NULL)
		before->next = deadline;
	else
		list->first = deadline;
	if (deadline->next != NULL)
		deadline->next->prev = deadline;
	else
		list->last = deadline;
}

void
http_deadlines_del(struct http_deadlines *list, struct http_deadline *deadline)
{
	if (deadline->prev != NULL)
		deadline->prev->next = deadline->next;
	else
		list->first = deadline->next;
	if (deadline->next != NULL)
		deadline->next->prev = deadline->prev;
	else
		list->last = deadline->prev;
	deadline->prev = NULL;
	deadline->next = NULL;
}
