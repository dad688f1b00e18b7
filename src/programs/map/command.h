/*
 * map/command - the sub-commands of tocsin-map: one function each, one table in main.c.
 */
#pragma once

#include "base/command.h"
#include "base/err.h"

#include <stdbool.h>

int build_command(int argc, char *argv[]);
int events_command(int argc, char *argv[]);
int anonymise_command(int argc, char *argv[]);
int verify_command(int argc, char *argv[]);
int inspect_command(int argc, char *argv[]);
int serve_command(int argc, char *argv[]);
int publish_command(int argc, char *argv[]);
int rollback_command(int argc, char *argv[]);
int watch_command(int argc, char *argv[]);

/* The exit status of what was done, though not all that belongs to it. */
enum { COMMAND_HALF_DONE = 3 };

/* Says on standard error what went wrong in `command`, and returns the exit status for `err`. */
int command_failed(const char *command, enum err err, const struct why *why);

/* A whole argument as a number within [least, most]. ERR_RANGE names the argument. */
MUST_USE enum err command_number(const char *argument, const char *text, const long range[2],
                                 long *number, struct why *why);
