#include "tests/bench/token_pile.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/bench/bail.h"
#include "tests/bench/meter.h"

#define LOOK_NS 1000000

/* What the calls that fill a pile share. */
struct filling {
	struct token_pile *pile;
	const struct token_jar *jar;
	_Atomic unsigned placed;
};

static void
ask(void *ctx, unsigned index, union rpc_request *to)
{
	struct filling *filling = ctx;

	latchkey__v1__refresh_request__init(&to->refresh);
	to->refresh.refresh_token =
		token_jar_pair(filling->jar, index)->refresh;
}

/* Each answer has a place of its own; those that come too late have none. */
static bool
hear(void *ctx, unsigned index, const ProtobufCMessage *reply)
{
	const Latchkey__V1__RefreshResponse *resp = (const void *)reply;
	struct filling *filling = ctx;
	unsigned place = atomic_fetch_add(&filling->pile->next, 1);

	(void)index;
	if (place >= filling->pile->count)
		return true;
	filling->pile->tokens[place] = strdup(resp->access_token);
	atomic_fetch_add(&filling->placed, 1);
	return filling->pile->tokens[place] != NULL;
}

void
token_pile_fill(struct token_pile *pile, unsigned count, struct token_jar *jar,
                const struct hop *hop)
{
	const struct timespec moment = { 0, LOOK_NS };
	struct meter *meter = bail_alloc(1, sizeof(*meter));
	struct filling filling = { .pile = pile, .jar = jar };
	struct rpc_load_options options = {
		.hop = *hop,
		.calls = jar->count,
		.script = {
			.ctx = &filling,
			.method = "latchkey.v1.AuthService/Refresh",
			.reply_type =
				&latchkey__v1__refresh_response__descriptor,
			.ask = ask,
			.hear = hear,
		},
	};
	struct load load;

	pile->tokens = bail_alloc(count, sizeof(*pile->tokens));
	pile->count = count;
	atomic_store(&pile->next, 0);
	meter_reset(meter);
	load = rpc_load_start(&options, meter);
	while (atomic_load(&filling.placed) < count &&
	       atomic_load(&meter->errors) == 0)
		(void)nanosleep(&moment, NULL);
	load.stop(load.self);
	if (atomic_load(&meter->errors) != 0)
		bail("%s", meter->first_error);
	atomic_store(&pile->next, 0);
	free(meter);
}

char *
token_pile_next(struct token_pile *pile)
{
	return pile->tokens[atomic_fetch_add(&pile->next, 1) % pile->count];
}

void
token_pile_free(struct token_pile *pile)
{
	for (unsigned i = 0; i < pile->count; i++)
		free(pile->tokens[i]);
	free(pile->tokens);
}
