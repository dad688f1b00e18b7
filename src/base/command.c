#include "base/command.h"

#include <stdio.h>
#include <string.h>

static const struct command *find(const struct command_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(table->commands[i].name, name) == 0) { return &table->commands[i]; }
    }
    return NULL;
}

static void list(const struct command_table *table, FILE *out)
{
    (void)fprintf(out, "usage: %s COMMAND [ARGUMENTS]\n\n", table->program);
    for (size_t i = 0; i < table->count; i++) {
        (void)fprintf(out, "  %-10s %s\n", table->commands[i].name, table->commands[i].sentence);
    }
    (void)fprintf(out, "  %-10s say what a command does\n\n`%s help COMMAND` says more.\n", "help",
                  table->program);
}

static int unknown(const struct command_table *table, const char *name)
{
    (void)fprintf(stderr, "%s: there is no command \"%s\"\n\n", table->program, name);
    list(table, stderr);
    return COMMAND_MISUSED;
}

/* `name` may be NULL: all commands. */
static int help(const struct command_table *table, const char *name)
{
    if (!name || strcmp(name, "help") == 0) {
        list(table, stdout);
        return COMMAND_DONE;
    }
    const struct command *command = find(table, name);
    if (!command) { return unknown(table, name); }
    (void)printf("%s - %s\n\n%s", command->name, command->sentence, command->usage);
    return COMMAND_DONE;
}

int command_run(const struct command_table *table, int argc, char *argv[])
{
    if (argc < 2) {
        list(table, stderr);
        return COMMAND_MISUSED;
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)printf("%s %s\n", table->program, TOCSIN_VERSION);
        return COMMAND_DONE;
    }
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0) {
        return help(table, argc > 2 ? argv[2] : NULL);
    }
    const struct command *command = find(table, argv[1]);
    return command ? command->run(argc - 1, argv + 1) : unknown(table, argv[1]);
}
