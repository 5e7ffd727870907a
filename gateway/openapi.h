#ifndef GATEWAY_OPENAPI_H
#define GATEWAY_OPENAPI_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/code.h"
#include "gateway/profile.h"

/*
 * The description of every served route in OpenAPI 3.1, derived from the
 * compiled profiles and the protobuf descriptors, and from nothing else: what
 * a profile says is what the description says.
 */
#define OPENAPI_ARENA_SIZE ((size_t)16 << 20) /* bytes; enough for any */

/*
 * openapi_write writes the document, the same for the same profiles, into the
 * arena. public_base begins every URL; NULL: whatever the document was read
 * from. RESOURCE_EXHAUSTED.
 */
NODISCARD enum code openapi_write(const struct profile_set *set,
                                  const char *public_base, struct arena *arena,
                                  struct bytes *out);

#endif
