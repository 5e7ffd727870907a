#ifndef SERVER_COMMANDS_H
#define SERVER_COMMANDS_H

#include "base/command_line.h"

/*
 * latchkeyd's commands, one file each. Their options and exit codes stand in
 * their help, which the table in main.c shows.
 */
#define PROGRAM "latchkeyd"

/* EXIT_CODE_THIRD of this program. */
#define EXIT_CODE_ALREADY_THERE EXIT_CODE_THIRD

int init_command(int argc, char **argv);
extern const char init_help[];

int serve_command(int argc, char **argv);
extern const char serve_help[];

int superuser_command(int argc, char **argv);
extern const char superuser_help[];

int password_command(int argc, char **argv);
extern const char password_help[];

int backup_command(int argc, char **argv);
extern const char backup_help[];

int restore_command(int argc, char **argv);
extern const char restore_help[];

int keys_command(int argc, char **argv);
extern const char keys_help[];

int doctor_command(int argc, char **argv);
extern const char doctor_help[];

/*
 * command_on_store enters the state directory, opens its store, beside a
 * running server or without one, and passes it with the directory's settings
 * and `options` to `work`. Returns the exit code of `work`, or
 * EXIT_CODE_FAILED after a sentence.
 */
struct server_settings;
struct store;
typedef int command_work(struct store *store,
                         const struct server_settings *settings,
                         const void *options);
int command_on_store(const char *home, command_work *work, const void *options);

#endif
