/* What the commands that write accounts have in common; see commands.h. */
#include "base/process.h"
#include "server/commands.h"
#include "server/home.h"
#include "server/store/store.h"

int
command_on_store(const char *home, command_work *work, const void *options)
{
	struct server_settings settings = { 0 };
	struct store *store = NULL;
	char err[512] = "";
	enum code code;
	int status;

	process_harden();
	code = home_enter(home, NULL, &settings, err, sizeof(err));
	if (code != CODE_OK)
		return command_fail(EXIT_CODE_FAILED, PROGRAM, "%s", err);
	code = home_open_store(&settings, &store, err, sizeof(err));
	status = code == CODE_OK
	                 ? work(store, &settings, options)
	                 : command_fail(EXIT_CODE_FAILED, PROGRAM, "%s", err);
	store_close(store);
	settings_free(&server_settings_table, &settings);
	return status;
}
