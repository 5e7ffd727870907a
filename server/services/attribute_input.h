#ifndef SERVER_SERVICES_ATTRIBUTE_INPUT_H
#define SERVER_SERVICES_ATTRIBUTE_INPUT_H

#include <stddef.h>

#include "proto/latchkey/v1/user.pb-c.h"
#include "server/domain/attribute.h"
#include "server/rpc/rpc.h"

struct user;

/*
 * The attributes that a request wants to set. Those that are not configured,
 * and those that the writer may not write, change nothing and are no fault.
 * Values are taken as loosely as Django REST framework takes them: "5" is an
 * integer, 5 a text, "true" a flag.
 */
struct attribute_input {
	Latchkey__V1__Attribute *const *items;
	size_t count;
	enum attribute_writer writer; /* staff may write what users may */
};

/*
 * attribute_input_check notes a violation of "attributes.NAME" for each that
 * is bad, in the order of the configuration, and for the one with which the
 * texts of the input alone are over ATTRIBUTE_TEXTS_MAX.
 */
void attribute_input_check(struct rpc_call *call,
                           const struct attribute_input *input);

/*
 * attribute_input_apply replaces user->attributes by a merged list in the
 * call's arena. Of two values for one name the last counts; a bad one changes
 * nothing. Attributes that are not configured any more are kept while there is
 * room. INVALID_ARGUMENT, with a violation as above: the user's texts become
 * longer than ATTRIBUTE_TEXTS_MAX. RESOURCE_EXHAUSTED: the arena is full.
 */
NODISCARD enum code attribute_input_apply(struct rpc_call *call,
                                          const struct attribute_input *input,
                                          struct user *user);

#endif
