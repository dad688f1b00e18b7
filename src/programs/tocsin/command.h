/*
 * tocsin - the operator's command line: one function per sub-command, one table in main.c.
 *
 * A command gets its own arguments, argv[0] being its name, and returns the exit status: 0 done,
 * 1 it could not or the answer is no, 2 the arguments were wrong.
 */
#pragma once

#include "base/err.h"

enum { COMMAND_DONE = 0, COMMAND_FAILED = 1, COMMAND_MISUSED = 2 };

struct command {
    const char *name;
    const char *sentence;
    const char *usage; /* what `tocsin help NAME` prints */
    int (*run)(int argc, char *argv[]);
};

int ca_command(int argc, char *argv[]);
int sign_command(int argc, char *argv[]);
int verify_command(int argc, char *argv[]);
int demo_command(int argc, char *argv[]);

/* Says on standard error what went wrong in `command`, and returns the exit status for `err`. */
int command_failed(const char *command, enum err err, const struct why *why);
