#include "argument.h"

#include <string.h>

static const struct argument *find(const struct argument_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(table->arguments[i].name, name) == 0) { return &table->arguments[i]; }
    }
    return NULL;
}

static enum err append(struct argument_list *list, const char *item, const char *what,
                       struct why *why)
{
    if (list->count == ARGUMENT_LIST_MAX) {
        return why_set(why, ERR_LIMIT, "%s more than %d times", what, ARGUMENT_LIST_MAX);
    }
    list->items[list->count++] = item;
    return OK;
}

/* Reads the argument at *at, and moves *at to its last part. */
static enum err read_one(const struct argument *argument, int argc, char *argv[], int *at,
                         struct why *why)
{
    if (argument->given) {
        *argument->given = true;
        return OK;
    }
    if (*at + 1 >= argc) { return why_set(why, ERR_MALFORMED, "%s needs a value", argument->name); }
    const char *value = argv[++*at];
    if (argument->values) { return append(argument->values, value, argument->name, why); }
    *argument->value = value;
    return OK;
}

static enum err read_word(struct argument_list *words, const char *word, struct why *why)
{
    if (strncmp(word, "--", 2) == 0) {
        return why_set(why, ERR_MALFORMED, "unknown argument %.80s", word);
    }
    return append(words, word, "words", why);
}

enum err argument_read(const struct argument_table *table, int argc, char *argv[],
                       struct argument_list *words, struct why *why)
{
    for (int at = 1; at < argc; at++) {
        const struct argument *argument = find(table, argv[at]);
        const enum err err =
            argument ? read_one(argument, argc, argv, &at, why) : read_word(words, argv[at], why);
        if (err) { return err; }
    }
    if (words->count < table->words_least || words->count > table->words_most) {
        return why_set(why, ERR_MALFORMED, "expected %s, got %zu word%s",
                       table->words_most ? table->words : "no words", words->count,
                       words->count == 1 ? "" : "s");
    }
    return OK;
}
