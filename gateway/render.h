#ifndef GATEWAY_RENDER_H
#define GATEWAY_RENDER_H

#include "gateway/error_table.h"
#include "gateway/translate.h"

/*
 * The last step of every answer: body and headers from a rule or a route, and
 * the headers that every answer has. Private to the translation.
 */

/* render_empty answers with a status and nothing else. */
void render_empty(const struct translator *t, struct exchange *x,
                  unsigned status);

/* render_preflight answers a CORS preflight. */
void render_preflight(const struct translator *t, struct exchange *x);

/*
 * render_success answers with what the route says; reply may be NULL. False:
 * there is no room for the answer, and none was made.
 */
NODISCARD bool render_success(const struct translator *t, struct exchange *x,
                              const ProtobufCMessage *reply);

/* What a refusal may say; unset variables read as empty. */
struct refusal {
	unsigned condition;
	struct template_source source;
	const struct violations *violations; /* for pages; NULL: none */
};

/*
 * render_error answers with the rule for the condition: of the route, of its
 * path's other routes, or of no route.
 */
void render_error(const struct translator *t, struct exchange *x,
                  struct refusal *refusal);

#endif
