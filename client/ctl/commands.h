#ifndef CLIENT_CTL_COMMANDS_H
#define CLIENT_CTL_COMMANDS_H

#include "base/command_line.h"

/*
 * latchkeyctl's commands, one file each; the table is in
 * client/latchkeyctl.c. EXIT_CODE_FAILED: the server refused.
 */
#define PROGRAM "latchkeyctl"
#define EXIT_CODE_UNREACHABLE EXIT_CODE_THIRD
#define EXIT_CODE_LOGIN 4     /* not logged in, or not any more */
#define EXIT_CODE_NOT_FOUND 5 /* there is no such thing */

int login_command(int argc, char **argv);
extern const char login_help[];

int logout_command(int argc, char **argv);
extern const char logout_help[];

int users_command(int argc, char **argv);
extern const char users_help[];

int roles_command(int argc, char **argv);
extern const char roles_help[];

int sessions_command(int argc, char **argv);
extern const char sessions_help[];


int call_command(int argc, char **argv);
extern const char call_help[];

int methods_command(int argc, char **argv);
extern const char methods_help[];

int token_command(int argc, char **argv);
extern const char token_help[];

int pki_command(int argc, char **argv);
extern const char pki_help[];

#endif
