#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/process.h"
#include "server/commands.h"
#include "server/domain/key_retirement.h"
#include "server/domain/keyring.h"
#include "server/domain/master_key.h"
#include "server/secret_file.h"
#include "server/settings.h"
#include "server/store/store.h"

const char keys_help[] =
	"Usage: latchkeyd keys list [--home DIR]\n"
	"       latchkeyd keys add access|refresh [--algorithm NAME]\n"
	"                 [--secret-file FILE] [--after SECONDS] [--home DIR]\n"
	"       latchkeyd keys retire KID [--at-once] [--home DIR]\n"
	"\n"
	"The keys that sign tokens. Works beside a running server, which "
	"takes\n"
	"over what changed within a minute, at once on SIGHUP.\n"
	"\n"
	"`add` makes a key for access or for refresh tokens and prints its "
	"id.\n"
	"It can be verified with first, and signs when every verifier has had\n"
	"time to fetch it: after tokens.jwks_max_age_s and two minutes, or "
	"two\n"
	"minutes for a key that is not published. Then the one before it "
	"signs\n"
	"nothing new any more.\n"
	"\n"
	"`retire` says that a key need not be kept once the last token that "
	"it\n"
	"signed has expired; the server deletes it then. Another key must "
	"have\n"
	"begun to sign. To exchange a key: add, wait, retire the old one.\n"
	"\n"
	"  --home DIR          the state directory; default: $LATCHKEY_HOME\n"
	"  --algorithm NAME    ES256, RS256 or HS256; default: as the newest\n"
	"                      key of its kind. Refresh keys are HS256.\n"
	"  --secret-file FILE  for access tokens: the secret in FILE, 32 to "
	"1023\n"
	"                      bytes, shared with a service that verifies "
	"with\n"
	"                      it; implies HS256. One line end is cut.\n"
	"  --after SECONDS     sign from then on, 0 to 2592000\n"
	"  --at-once           delete the key, because somebody else knows "
	"it:\n"
	"                      every token that it signed is refused\n";

#define AFTER_MAX_S 2592000
#define US_PER_S ((int64_t)1000000)

enum {
	OPTION_HOME = 1,
	OPTION_ALGORITHM,
	OPTION_SECRET,
	OPTION_AFTER,
	OPTION_AT_ONCE
};

struct keys_options {
	const char *home;
	const char *word;      /* the purpose, or the kid */
	const char *algorithm; /* NULL: as before */
	const char *secret_file;
	int64_t after_s; /* negative: as long as verifiers need */
	bool at_once;
	unsigned given; /* of each option, one bit */
	struct secret_file secret;
};

/* The keys of the store, as one reading transaction saw them. */
struct listing {
	void *memory;
	struct stored_key *keys; /* newest first */
	size_t count;
};

static int
compare(const void *a, const void *b)
{
	const struct stored_key *x = a, *y = b;

	if (x->purpose != y->purpose)
		return x->purpose < y->purpose ? -1 : 1;
	if (x->created_at_us != y->created_at_us)
		return x->created_at_us > y->created_at_us ? -1 : 1;
	return -strcmp(x->kid, y->kid);
}

/* read_listing returns false after a sentence; the caller frees the memory. */
static bool
read_listing(struct store *store, struct listing *out)
{
	struct store_txn txn;
	struct arena arena;
	enum code code = CODE_RESOURCE_EXHAUSTED;

	*out = (struct listing){ .memory = malloc(KEYRING_LIST_SIZE) };
	if (out->memory != NULL) {
		arena_init(&arena, out->memory, KEYRING_LIST_SIZE);
		store_begin_read(store, &txn);
		store_fail(&txn, key_store_list(&txn, &arena, &out->keys,
		                                &out->count));
		code = store_end(&txn);
	}
	if (code == CODE_OK) {
		qsort(out->keys, out->count, sizeof(*out->keys), compare);
		return true;
	}
	(void)command_fail(EXIT_CODE_FAILED, PROGRAM,
	                   "the signing keys cannot be read: %s",
	                   code_name(code));
	return false;
}

static const char *
purpose_name(enum key_purpose purpose)
{
	return purpose == KEY_PURPOSE_REFRESH ? "refresh" : "access";
}

/*
 * The key that signs now, as the server chooses it: the newest whose time has
 * come, or, while there is none, the one whose time comes first.
 */
static const struct stored_key *
find_signer(const struct listing *listing, enum key_purpose purpose,
            int64_t now_us)
{
	const struct stored_key *first = NULL;

	for (size_t i = 0; i < listing->count; i++) {
		const struct stored_key *key = &listing->keys[i];

		if (key->retired_at_us != 0 || key->purpose != purpose)
			continue;
		if (key->signs_from_us <= now_us)
			return key;
		if (first == NULL || key->signs_from_us < first->signs_from_us)
			first = key;
	}
	return first;
}

static void
print_key(const struct stored_key *key, int64_t now_us, bool signs)
{
	char created[CLOCK_UTC_SIZE], then[CLOCK_UTC_SIZE];
	const char *what = "verifies", *when = "";

	if (key->retired_at_us != 0 && key->verifies_until_us == 0) {
		what = "retired";
	} else if (key->retired_at_us != 0) {
		what = "verifies until ";
		when = clock_utc_text(key->verifies_until_us, then);
	} else if (signs) {
		what = "signs";
	} else if (key->signs_from_us > now_us) {
		what = "signs from ";
		when = clock_utc_text(key->signs_from_us, then);
	}
	(void)printf("%-18s %-8s %-6s %-21s %s%s\n", key->kid,
	             purpose_name(key->purpose), key->alg,
	             clock_utc_text(key->created_at_us, created), what, when);
}

static int
print_list(struct store *store, const struct server_settings *settings,
           const void *work)
{
	int64_t now_us = clock_wall_us();
	struct listing listing;
	bool is_read = read_listing(store, &listing);

	(void)settings;
	(void)work;
	if (is_read)
		(void)printf("%-18s %-8s %-6s %-21s %s\n", "KID", "FOR", "BY",
		             "MADE", "STATE");
	for (size_t i = 0; i < listing.count && is_read; i++) {
		const struct stored_key *key = &listing.keys[i];

		print_key(key, now_us,
		          key == find_signer(&listing, key->purpose, now_us));
	}
	free(listing.memory);
	return is_read && fflush(stdout) == 0 ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

/* choose_algorithm takes the newest key's, unless one was asked for. */
static int
choose_algorithm(struct store *store, const struct keys_options *options,
                 struct key_order *order)
{
	struct listing listing;
	bool is_read;

	if (options->algorithm != NULL)
		return key_alg_from_name(options->algorithm, &order->alg)
		               ? EXIT_CODE_OK
		               : command_fail(EXIT_CODE_USAGE, PROGRAM,
		                              "--algorithm wants ES256, RS256 "
		                              "or HS256");
	is_read = read_listing(store, &listing);
	for (size_t i = 0; i < listing.count && is_read; i++)
		if (listing.keys[i].purpose == order->purpose &&
		    key_alg_from_name(listing.keys[i].alg, &order->alg))
			break;
	free(listing.memory);
	return is_read ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

static int64_t
delay_s(const struct keys_options *options, const struct key_order *order,
        const struct server_settings *settings)
{
	if (options->after_s >= 0)
		return options->after_s;
	return KEY_NOTICED_S +
	       (order->alg == KEY_HS256 ? 0 : settings->tokens.jwks_max_age_s);
}

static int
write_key(struct store *store, const struct server_settings *settings,
          const struct key_order *order)
{
	uint8_t master[MASTER_KEY_SIZE];
	char kid[KEY_ID_MAX + 1] = "", err[512] = "", then[CLOCK_UTC_SIZE];
	enum code code = master_key_load(settings->store.master_key, master,
	                                 err, sizeof(err));

	if (code != CODE_OK)
		return command_fail(EXIT_CODE_FAILED, PROGRAM, "%s", err);
	code = keyring_add(store, master, order, kid);
	explicit_bzero(master, sizeof(master));
	if (code == CODE_INVALID_ARGUMENT)
		return command_fail(EXIT_CODE_USAGE, PROGRAM,
		                    "such a key is not possible: refresh keys "
		                    "are HS256 and made here, a secret is for "
		                    "HS256");
	if (code == CODE_FAILED_PRECONDITION)
		return command_fail(EXIT_CODE_FAILED, PROGRAM,
		                    "there are %d keys, more are not kept: "
		                    "retire some",
		                    KEYRING_MAX);
	if (code != CODE_OK)
		return command_fail(EXIT_CODE_FAILED, PROGRAM,
		                    "the key cannot be written: %s",
		                    code_name(code));
	(void)printf("%s signs %s tokens from %s on\n", kid,
	             purpose_name(order->purpose),
	             clock_utc_text(order->signs_from_us, then));
	return fflush(stdout) == 0 ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

static int
add(struct store *store, const struct server_settings *settings,
    const void *work)
{
	const struct keys_options *options = work;
	struct key_order order = { .purpose =
		                           strcmp(options->word, "refresh") == 0
		                                   ? KEY_PURPOSE_REFRESH
		                                   : KEY_PURPOSE_ACCESS,
		                   .alg = KEY_HS256,
		                   .now_us = clock_wall_us() };
	int status = EXIT_CODE_OK;

	if (options->secret_file == NULL || options->algorithm != NULL)
		status = choose_algorithm(store, options, &order);
	if (status != EXIT_CODE_OK)
		return status;
	if (options->secret.len > 0)
		order.secret = (struct bytes){ options->secret.data,
			                       options->secret.len };
	order.signs_from_us =
		order.now_us + US_PER_S * delay_s(options, &order, settings);
	return write_key(store, settings, &order);
}

static int
retire(struct store *store, const struct server_settings *settings,
       const void *work)
{
	const struct keys_options *options = work;
	const struct key_retirement retirement = {
		.kid = options->word,
		.now_us = clock_wall_us(),
		.at_once = options->at_once,
	};
	char err[512] = "";
	enum code code = key_retire(store, &retirement, err, sizeof(err));

	(void)settings;
	if (code == CODE_OK)
		return EXIT_CODE_OK;
	return command_fail(code == CODE_ALREADY_EXISTS
	                            ? EXIT_CODE_ALREADY_THERE
	                            : EXIT_CODE_FAILED,
	                    PROGRAM, "%s", err);
}

static int
read_seconds(const char *text, int64_t *out)
{
	char *end;
	unsigned long long value = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || value > AFTER_MAX_S)
		return command_fail(EXIT_CODE_USAGE, PROGRAM,
		                    "--after wants 0 to %d seconds",
		                    AFTER_MAX_S);
	*out = (int64_t)value;
	return EXIT_CODE_OK;
}

static int
set_option(struct keys_options *options, int option, const char *value)
{
	if (option != '?')
		options->given |= 1U << option;
	switch (option) {
	case OPTION_HOME:
		options->home = value;
		return EXIT_CODE_OK;
	case OPTION_ALGORITHM:
		options->algorithm = value;
		return EXIT_CODE_OK;
	case OPTION_SECRET:
		options->secret_file = value;
		return EXIT_CODE_OK;
	case OPTION_AFTER:
		return read_seconds(value, &options->after_s);
	case OPTION_AT_ONCE:
		options->at_once = true;
		return EXIT_CODE_OK;
	default:
		return EXIT_CODE_USAGE;
	}
}

/* What each subcommand takes behind its name, and which options. */
static const struct subcommand {
	const char *name;
	const char *word; /* NULL: nothing */
	unsigned options;
	command_work *work;
} subcommands[] = {
	{ "list", NULL, 1U << OPTION_HOME, print_list },
	{ "add", "access or refresh",
	  1U << OPTION_HOME | 1U << OPTION_ALGORITHM | 1U << OPTION_SECRET |
	          1U << OPTION_AFTER,
	  add },
	{ "retire", "the id of a key", 1U << OPTION_HOME | 1U << OPTION_AT_ONCE,
	  retire },
};

static const struct subcommand *
find_subcommand(const char *name)
{
	for (size_t i = 0; i < sizeof(subcommands) / sizeof(subcommands[0]);
	     i++)
		if (name != NULL && strcmp(subcommands[i].name, name) == 0)
			return &subcommands[i];
	(void)command_fail(EXIT_CODE_USAGE, PROGRAM,
	                   "keys wants list, add or retire");
	return NULL;
}

/* check_words looks at what stands behind the subcommand's name. */
static int
check_words(const struct subcommand *sub, int count,
            const struct keys_options *options)
{
	if (count != (sub->word == NULL ? 0 : 1))
		return command_fail(
			EXIT_CODE_USAGE, PROGRAM, "keys %s wants %s", sub->name,
			sub->word == NULL ? "no argument" : sub->word);
	if ((options->given & ~sub->options) != 0)
		return command_fail(EXIT_CODE_USAGE, PROGRAM,
		                    "keys %s does not take one of these "
		                    "options; latchkeyd keys --help explains "
		                    "them",
		                    sub->name);
	if (sub->work == add && strcmp(options->word, "access") != 0 &&
	    strcmp(options->word, "refresh") != 0)
		return command_fail(EXIT_CODE_USAGE, PROGRAM,
		                    "keys add wants access or refresh, not "
		                    "\"%s\"",
		                    options->word);
	return EXIT_CODE_OK;
}

/* The secret comes first: its path is relative to where we are now. */
static int
run(const struct subcommand *sub, struct keys_options *options)
{
	char err[512] = "";
	int status;

	process_harden();
	if (options->secret_file != NULL &&
	    secret_file_read(options->secret_file, &options->secret, err,
	                     sizeof(err)) != CODE_OK)
		return command_fail(EXIT_CODE_FAILED, PROGRAM, "%s", err);
	status = command_on_store(options->home, sub->work, options);
	explicit_bzero(&options->secret, sizeof(options->secret));
	return status;
}

int
keys_command(int argc, char **argv)
{
	static const struct option known[] = {
		{ "home", required_argument, NULL, OPTION_HOME },
		{ "algorithm", required_argument, NULL, OPTION_ALGORITHM },
		{ "secret-file", required_argument, NULL, OPTION_SECRET },
		{ "after", required_argument, NULL, OPTION_AFTER },
		{ "at-once", no_argument, NULL, OPTION_AT_ONCE },
		{ 0 },
	};
	struct keys_options options = { .after_s = -1 };
	const struct subcommand *sub;
	int status = EXIT_CODE_OK;
	int option;

	while (status == EXIT_CODE_OK &&
	       (option = getopt_long(argc, argv, "", known, NULL)) != -1)
		status = set_option(&options, option, optarg);
	if (status != EXIT_CODE_OK)
		return status;
	sub = find_subcommand(argv[optind]);
	if (sub == NULL)
		return EXIT_CODE_USAGE;
	options.word = argv[optind + 1];
	status = check_words(sub, argc - optind - 1, &options);
	if (status != EXIT_CODE_OK)
		return status;
	options.home = command_home(PROGRAM, options.home);
	return options.home == NULL ? EXIT_CODE_USAGE : run(sub, &options);
}
