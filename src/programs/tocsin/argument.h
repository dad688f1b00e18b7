/*
 * tocsin/argument - reads a sub-command's arguments by a table: `--name VALUE`, `--name`, words.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>

enum { ARGUMENT_LIST_MAX = 16 };

struct argument_list {
    const char *items[ARGUMENT_LIST_MAX]; /* borrowed from argv */
    size_t count;
};

/* One of the three says where it goes: a value, a value that may come several times, a switch. */
struct argument {
    const char *name; /* "--dir" */
    const char **value;
    struct argument_list *values;
    bool *given;
};

struct argument_table {
    const struct argument *arguments;
    size_t count;
    size_t words_least, words_most; /* how many words without "--" are expected */
    const char *words;              /* what they are, for the error: "ROLE NAME" */
};

/* Reads argv[1..]; words go to `words`. ERR_MALFORMED names the argument and what was expected. */
MUST_USE enum err argument_read(const struct argument_table *table, int argc, char *argv[],
                                struct argument_list *words, struct why *why);
