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

/* render_success answers with what the route says; reply may be NULL. */
void render_success(const struct translator *t, struct exchange *x,
                    const ProtobufCMessage *reply);

/* render_error answers with a rule; the source holds its variables. */
void render_error(const struct translator *t, struct exchange *x,
                  const struct error_rule *rule,
                  const struct template_source *source);

#endif
