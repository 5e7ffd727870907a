#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include <stddef.h>
#include <stdint.h>

#include "base/code.h"
#include "gateway/cors.h"
#include "gateway/http_server.h"
#include "gateway/translate.h"

/*
 * From an http_request to an RPC and back, by the routes of the profiles
 * (docs/profiles.md). Immutable once open: its functions may be called from
 * any number of event loops at once.
 */
struct channel;
struct gateway;

/* Text is copied; the channel is lent and outlives the gateway. */
struct gateway_options {
	const char *const *profiles; /* names of those to serve */
	size_t profile_count;        /* 0: every one there is */
	const char *profile_dir;     /* more profiles, *.json; NULL: none */
	struct cors_options cors;
	uint32_t rpc_timeout_ms;        /* 1 to 60000; 0 means 10000 */
	const char *public_base;        /* "https://auth.example", for links to
	                                   avatars; NULL: links stay paths */
	const char *operator_name;      /* on pages; NULL: none */
	const char *swagger_ui_dir;     /* for /docs/; NULL: none */
	enum translate_confirm confirm; /* which GETs change nothing */
	struct channel *channel;        /* NULL: every call is "unavailable" */
};

/*
 * gateway_open loads and checks the profiles. INVALID_ARGUMENT, NOT_FOUND or
 * RESOURCE_EXHAUSTED with one sentence in err, which for a profile names the
 * file and the JSON pointer of what is wrong.
 */
NODISCARD enum code gateway_open(const struct gateway_options *options,
                                 struct gateway **out, char *err,
                                 size_t err_size);

/* gateway_close accepts NULL. No request may be in progress. */
void gateway_close(struct gateway *gateway);

/* gateway_body_most returns the largest body any route takes in bytes; 0: none
 * differs from the others. */
size_t gateway_body_most(const struct gateway *gateway);

/* For http_options, with the gateway as their ctx. */
http_handler gateway_handle;
http_refuser gateway_refuse;
http_body_limit gateway_body_limit;

#endif
