#include "client/ctl/user_argument.h"

#include <string.h>
#include <strings.h>

#include "client/ctl/commands.h"
#include "proto/latchkey/v1/user_service.pb-c.h"

#define PAGE_SIZE 50

/* Letters that are no ASCII must be typed as they are stored. */
static bool
is_called(const Latchkey__V1__User *user, const char *text)
{
	if (strcasecmp(user->email, text) == 0)
		return true;
	return user->username_presence_case ==
	               LATCHKEY__V1__USER__USERNAME_PRESENCE_USERNAME &&
	       strcasecmp(user->username, text) == 0;
}

/* find_on looks at one page; *last is set on the last one. */
static int
find_on(struct connection *connection, const char *text, uint32_t page,
        uint64_t *id, bool *last)
{
	Latchkey__V1__ListUsersRequest request =
		LATCHKEY__V1__LIST_USERS_REQUEST__INIT;
	const Latchkey__V1__ListUsersResponse *response;
	ProtobufCMessage *reply = NULL;
	int status;

	request.search = (char *)text;
	request.page = page;
	request.page_size = PAGE_SIZE;
	status = connection_invoke(connection,
	                           "latchkey.v1.UserService/ListUsers",
	                           &request.base, &reply);
	if (status != EXIT_CODE_OK)
		return status;
	response = (const Latchkey__V1__ListUsersResponse *)reply;
	*last = (uint64_t)page * PAGE_SIZE >= response->total_count;
	for (size_t i = 0; i < response->n_users && *id == 0; i++)
		if (is_called(response->users[i], text))
			*id = response->users[i]->id;
	return EXIT_CODE_OK;
}

int
user_argument_find(struct connection *connection, struct arena *arena,
                   const char *text, char **id)
{
	bool last = *text == '\0';
	int status = EXIT_CODE_OK;
	size_t mark = arena->used;
	uint64_t found = 0;

	if (*text != '\0' && strspn(text, "0123456789") == strlen(text)) {
		*id = arena_strdup(arena, text);
	} else {
		for (uint32_t page = 1;
		     status == EXIT_CODE_OK && found == 0 && !last; page++) {
			status = find_on(connection, text, page, &found, &last);
			arena_rewind(arena, mark);
		}
		if (status != EXIT_CODE_OK)
			return status;
		if (found == 0) {
			(void)command_fail(EXIT_CODE_FAILED, PROGRAM,
			                   "nobody is called \"%s\"", text);
			return EXIT_CODE_NOT_FOUND;
		}
		*id = arena_printf(arena, "%llu", (unsigned long long)found);
	}
	if (*id != NULL)
		return EXIT_CODE_OK;
	return command_fail(EXIT_CODE_USAGE, PROGRAM, "out of memory");
}
