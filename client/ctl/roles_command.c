#include "client/ctl/admin.h"
#include "client/ctl/commands.h"

const char roles_help[] =
	"Usage: latchkeyctl roles list\n"
	"       latchkeyctl roles show NAME\n"
	"       latchkeyctl roles create NAME [--description TEXT]\n"
	"                     [--permission P]...\n"
	"       latchkeyctl roles update NAME [--description TEXT]\n"
	"                     [--permission P]... [--no-permissions]\n"
	"       latchkeyctl roles delete NAME\n"
	"\n"
	"Administers roles: names for sets of permissions. --permission of\n"
	"update replaces all of them. A change counts on the next call of\n"
	"every user with the role; delete takes the role from all of them.\n"
	"\n" ADMIN_HELP "\n"
	"Example: latchkeyctl roles create Fleet --permission cars.read \\\n"
	"             --permission cars.write --home .latchkey\n";

#define METHOD(name) "latchkey.v1.RoleService/" name
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define OPTIONS(list) .options = (list), .option_count = COUNT(list)
#define NAME .argument = ADMIN_TEXT, .argument_member = "name"

static const struct view_column columns[] = {
	{ "NAME", "name" },
	{ "DESCRIPTION", "description" },
	{ "PERMISSIONS", "permissions" },
};

static const struct request_option create_options[] = {
	{ "description", "description", REQUEST_TEXT },
	{ "permission", "permissions", REQUEST_LIST },
};

static const struct request_option update_options[] = {
	{ "description", "description", REQUEST_TEXT },
	{ "permission", "permissions.names", REQUEST_LIST },
	{ "no-permissions", "permissions.names", REQUEST_NONE },
};

static const struct admin_verb verbs[] = {
	{ .name = "list",
	  .method = METHOD("ListRoles"),
	  .view = { .list = "roles",
	            .columns = columns,
	            .column_count = COUNT(columns) } },
	{ .name = "show",
	  .method = METHOD("GetRole"),
	  NAME,
	  .view = { .object = "role" } },
	{ .name = "create",
	  .method = METHOD("CreateRole"),
	  NAME,
	  OPTIONS(create_options),
	  .view = { .object = "role" } },
	{ .name = "update",
	  .method = METHOD("UpdateRole"),
	  NAME,
	  OPTIONS(update_options),
	  .view = { .object = "role" } },
	{ .name = "delete",
	  .method = METHOD("DeleteRole"),
	  NAME,
	  .view = { .done = "deleted" } },
};

int
roles_command(int argc, char **argv)
{
	static const struct admin_noun noun = { "roles", verbs, COUNT(verbs) };

	return admin_run(&noun, argc, argv);
}
