/*
 * base/option - a program's configuration, described by one table.
 *
 * The table says for each key its type, range, default and meaning. It reads and checks the INI
 * file and `--set section.key=value`, prints `--explain`, and makes docs/reference/options.md. An
 * unknown key, a value out of range or a required key left out is a refusal to start. Secrets are
 * not options: they come from the environment (base/secret).
 */
#pragma once

#include "base/err.h"
#include "base/text.h"

enum { OPTION_TEXT_SIZE = 512, OPTION_FILE_SIZE_MAX = 256 * 1024 };

enum option_kind {
    OPTION_KIND_TEXT,    /* char[OPTION_TEXT_SIZE] */
    OPTION_KIND_INTEGER, /* int64_t, within [least, most] */
    OPTION_KIND_REAL,    /* double, within [least, most] */
    OPTION_KIND_BOOLEAN, /* bool: true, false, yes, no, on, off */
};

struct option {
    const char *key; /* "section.key"; in a group only "key" */
    enum option_kind kind;
    size_t offset;        /* of the member in the program's options struct */
    int64_t least, most;  /* numbers only */
    const char *fallback; /* as it would stand in the file; NULL = must be given */
    const char *sentence; /* what it is, in one sentence, with its unit */
};

/* A section that may come several times, as `[camera gate]`. Its elements stand in an array. */
struct option_group {
    const char *section; /* "camera" */
    size_t array_offset; /* of `struct element array[count_max]` in the options struct */
    size_t count_offset; /* of `size_t count` */
    size_t element_size;
    size_t name_offset; /* of `char name[OPTION_TEXT_SIZE]` in the element */
    size_t count_max;
    const struct option *options;
    size_t option_count;
};

struct option_table {
    const char *program;  /* "tocsin-edge" */
    const char *sentence; /* what the program does */
    const struct option *options;
    size_t option_count;
    const struct option_group *groups; /* may be NULL */
    size_t group_count;
    /* What rows cannot say of the options struct; comes last. NULL = nothing. */
    enum err (*check)(const void *options, struct why *why);
};

enum option_outcome {
    OPTION_OUTCOME_RUN,     /* start with the options that were read */
    OPTION_OUTCOME_DONE,    /* --explain, --check, --version or --help was answered on stdout */
    OPTION_OUTCOME_REFUSED, /* an argument or an option is wrong: `why` says which */
};

/*
 * Reads `path` (NULL: defaults only) and then `settings` ("section.key=value", NULL after the last;
 * NULL for none) into `out`, a zeroed options struct. The sentence in `why` names file, line, key
 * and what was expected.
 */
MUST_USE enum err option_load(void *out, const struct option_table *table, const char *path,
                              const char *const settings[], struct why *why);

/*
 * A whole program's command line: --config FILE, --set KEY=VALUE (any number), --check, --explain,
 * --markdown, --version, --help; anything else is refused.
 */
MUST_USE enum option_outcome option_command_line(void *out, const struct option_table *table,
                                                 int argc, char *const argv[], struct why *why);

/* The table for people: plain text, or Markdown for docs/reference/options.md. */
void option_explain(const struct option_table *table, bool markdown, struct text *out);
