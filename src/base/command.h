/*
 * base/command - a program of several commands, described by one table.
 *
 * A command gets its own arguments, argv[0] being its name, and returns the exit status: 0 done, 1
 * it could not or the answer is no, 2 the arguments were wrong. `help` and --version come with the
 * table. A program with one task has options instead (base/option).
 */
#pragma once

#include "base/base.h"

enum { COMMAND_DONE = 0, COMMAND_FAILED = 1, COMMAND_MISUSED = 2 };

struct command {
    const char *name;
    const char *sentence; /* one line of the list */
    const char *usage;    /* what `help NAME` prints besides */
    int (*run)(int argc, char *argv[]);
};

struct command_table {
    const char *program; /* "tocsin" */
    const struct command *commands;
    size_t count;
};

/* Runs the command that argv[1] names, and returns the program's exit status. */
MUST_USE int command_run(const struct command_table *table, int argc, char *argv[]);
