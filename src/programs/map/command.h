/*
 * map/command - the sub-commands of tocsin-map: one function each, one table in main.c.
 *
 * A command gets its own arguments, argv[0] being its name, and returns the exit status: 0 done, 1
 * it could not or the answer is no, 2 the arguments were wrong.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>

enum { COMMAND_DONE = 0, COMMAND_FAILED = 1, COMMAND_MISUSED = 2 };

struct command {
    const char *name;
    const char *sentence;
    const char *usage; /* what `tocsin-map help NAME` prints */
    int (*run)(int argc, char *argv[]);
};

int build_command(int argc, char *argv[]);
int verify_command(int argc, char *argv[]);
int inspect_command(int argc, char *argv[]);

/* Says on standard error what went wrong in `command`, and returns the exit status for `err`. */
int command_failed(const char *command, enum err err, const struct why *why);

/* A whole argument as a number within [least, most]. ERR_RANGE names the argument. */
MUST_USE enum err command_number(const char *argument, const char *text, const long range[2],
                                 long *number, struct why *why);
