#include "client/ctl/admin.h"
#include "client/ctl/commands.h"

const char sessions_help[] =
	"Usage: latchkeyctl sessions list [--user USER]\n"
	"       latchkeyctl sessions end ID\n"
	"       latchkeyctl sessions end-others [--user USER]\n"
	"\n"
	"Shows and ends the places where a user is logged in: one's own, or\n"
	"as staff those of USER, an id, an e-mail address or a username.\n"
	"end-others ends all but the session of this login.\n"
	"\n" ADMIN_HELP "\n"
	"Example: latchkeyctl sessions list --user ada --home .latchkey\n";

#define METHOD(name) "latchkey.v1.SessionService/" name
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define OPTIONS(list) .options = (list), .option_count = COUNT(list)

static const struct view_column columns[] = {
	{ "ID", "id" },
	{ "CREATED", "created_at_us" },
	{ "LAST USED", "last_used_at_us" },
	{ "CURRENT", "current" },
	{ "ADDRESS", "address" },
	{ "DEVICE", "device" },
};

static const struct request_option user_options[] = {
	{ "user", "user_id", REQUEST_NUMBER },
};

static const struct admin_verb verbs[] = {
	{ .name = "list",
	  .method = METHOD("ListSessions"),
	  OPTIONS(user_options),
	  .view = { .list = "sessions",
	            .columns = columns,
	            .column_count = COUNT(columns) } },
	{ .name = "end",
	  .method = METHOD("DeleteSession"),
	  .argument = ADMIN_TEXT,
	  .argument_member = "session_id",
	  .view = { .done = "ended" } },
	{ .name = "end-others",
	  .method = METHOD("RevokeOtherSessions"),
	  OPTIONS(user_options),
	  .view = { .done = "ended" } },
};

int
sessions_command(int argc, char **argv)
{
	static const struct admin_noun noun = { "sessions", verbs,
		                                COUNT(verbs) };

	return admin_run(&noun, argc, argv);
}
