#ifndef GATEWAY_COMMANDS_H
#define GATEWAY_COMMANDS_H

#include "base/command_line.h"
#include "base/settings.h"

/* latchkey-gateway's commands, one file each; the table is in main.c. */
#define PROGRAM "latchkey-gateway"
#define GATEWAY_CONFIG "gateway.conf" /* in the directory --home names */

int serve_command(int argc, char **argv);
extern const char serve_help[];

int init_command(int argc, char **argv);
extern const char init_help[];

int doctor_command(int argc, char **argv);
extern const char doctor_help[];

int routes_command(int argc, char **argv);
extern const char routes_help[];

int openapi_command(int argc, char **argv);
extern const char openapi_help[];

#endif
