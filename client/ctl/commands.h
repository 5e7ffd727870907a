#ifndef CLIENT_CTL_COMMANDS_H
#define CLIENT_CTL_COMMANDS_H

#include "base/command_line.h"

/*
 * latchkeyctl's commands, one file each; the table is in
 * client/latchkeyctl.c. EXIT_CODE_FAILED: the server refused.
 */
#define PROGRAM "latchkeyctl"
#define EXIT_CODE_UNREACHABLE EXIT_CODE_THIRD

int login_command(int argc, char **argv);
extern const char login_help[];

int call_command(int argc, char **argv);
extern const char call_help[];

int methods_command(int argc, char **argv);
extern const char methods_help[];

int token_command(int argc, char **argv);
extern const char token_help[];

int pki_command(int argc, char **argv);
extern const char pki_help[];

#endif
