#include "client/ctl/admin.h"
#include "client/ctl/commands.h"

const char users_help[] =
	"Usage: latchkeyctl users list [--search TEXT] [--role NAME]\n"
	"                     [--active yes|no] [--page N] [--page-size N]\n"
	"       latchkeyctl users show USER\n"
	"       latchkeyctl users create --email ADDRESS [--username NAME]\n"
	"                     [--first-name NAME] [--last-name NAME]\n"
	"                     [--name NAME] [--password-fd N] [--inactive]\n"
	"                     [--staff] [--superuser] [--role NAME]...\n"
	"                     [--attribute NAME=VALUE]...\n"
	"       latchkeyctl users update USER [--email ADDRESS]\n"
	"                     [--username NAME] [--first-name NAME]\n"
	"                     [--last-name NAME] [--active yes|no]\n"
	"                     [--staff yes|no] [--superuser yes|no]\n"
	"                     [--role NAME]... [--no-roles]\n"
	"                     [--attribute NAME=VALUE]...\n"
	"                     [--unset-attribute NAME]...\n"
	"       latchkeyctl users delete USER\n"
	"       latchkeyctl users activate USER\n"
	"       latchkeyctl users deactivate USER\n"
	"       latchkeyctl users set-roles USER [ROLE]...\n"
	"\n"
	"Administers accounts on behalf of the staff user who has logged in.\n"
	"USER is an id, an e-mail address or a username; digits alone are an\n"
	"id. Without --password-fd a new user is invited by mail to set a\n"
	"password. --role of update and set-roles replace all roles.\n"
	"Deactivating ends every session at once.\n"
	"\n" ADMIN_HELP "\n"
	"Example: latchkeyctl login --keep --home .latchkey --identifier \\\n"
	"             admin@example.com\n"
	"         latchkeyctl users list --home .latchkey --search ada\n";

#define METHOD(name) "latchkey.v1.UserService/" name
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define OPTIONS(list) .options = (list), .option_count = COUNT(list)
#define USER .argument = ADMIN_USER, .argument_member = "id"

static const struct view_column columns[] = {
	{ "ID", "id" },
	{ "EMAIL", "email" },
	{ "USERNAME", "username" },
	{ "NAME", "full_name" },
	{ "ACTIVE", "is_active" },
	{ "VERIFIED", "email_verified" },
	{ "STAFF", "is_staff" },
	{ "SUPERUSER", "is_superuser" },
	{ "LAST LOGIN", "last_login_at_us" },
	{ "ROLES", "roles" },
};

static const struct request_option list_options[] = {
	{ "search", "search", REQUEST_TEXT },
	{ "role", "role", REQUEST_TEXT },
	{ "active", "is_active", REQUEST_YES_NO },
	{ "page", "page", REQUEST_NUMBER },
	{ "page-size", "page_size", REQUEST_NUMBER },
};

static const struct request_option create_options[] = {
	{ "email", "email", REQUEST_TEXT },
	{ "username", "username", REQUEST_TEXT },
	{ "first-name", "first_name", REQUEST_TEXT },
	{ "last-name", "last_name", REQUEST_TEXT },
	{ "name", "name", REQUEST_TEXT },
	{ "password-fd", "password", REQUEST_SECRET },
	{ "inactive", "is_active", REQUEST_FALSE },
	{ "staff", "is_staff", REQUEST_TRUE },
	{ "superuser", "is_superuser", REQUEST_TRUE },
	{ "role", "roles", REQUEST_LIST },
	{ "attribute", "attributes", REQUEST_ATTRIBUTE },
};

static const struct request_option update_options[] = {
	{ "email", "email", REQUEST_TEXT },
	{ "username", "username", REQUEST_TEXT },
	{ "first-name", "first_name", REQUEST_TEXT },
	{ "last-name", "last_name", REQUEST_TEXT },
	{ "active", "is_active", REQUEST_YES_NO },
	{ "staff", "is_staff", REQUEST_YES_NO },
	{ "superuser", "is_superuser", REQUEST_YES_NO },
	{ "role", "roles.names", REQUEST_LIST },
	{ "no-roles", "roles.names", REQUEST_NONE },
	{ "attribute", "attributes", REQUEST_ATTRIBUTE },
	{ "unset-attribute", "attributes", REQUEST_UNSET },
};

static const struct admin_verb verbs[] = {
	{ .name = "list",
	  .method = METHOD("ListUsers"),
	  OPTIONS(list_options),
	  .view = { .list = "users",
	            .columns = columns,
	            .column_count = COUNT(columns) } },
	{ .name = "show",
	  .method = METHOD("GetUser"),
	  USER,
	  .view = { .object = "user" } },
	{ .name = "create",
	  .method = METHOD("CreateUser"),
	  OPTIONS(create_options),
	  .view = { .object = "user" } },
	{ .name = "update",
	  .method = METHOD("UpdateUser"),
	  USER,
	  OPTIONS(update_options),
	  .view = { .object = "user" } },
	{ .name = "delete",
	  .method = METHOD("DeleteUser"),
	  USER,
	  .view = { .done = "deleted" } },
	{ .name = "activate",
	  .method = METHOD("ActivateUser"),
	  USER,
	  .view = { .object = "user" } },
	{ .name = "deactivate",
	  .method = METHOD("DeactivateUser"),
	  USER,
	  .view = { .object = "user" } },
	{ .name = "set-roles",
	  .method = METHOD("SetUserRoles"),
	  USER,
	  .rest_member = "roles",
	  .view = { .object = "user" } },
};

int
users_command(int argc, char **argv)
{
	static const struct admin_noun noun = { "users", verbs, COUNT(verbs) };

	return admin_run(&noun, argc, argv);
}
