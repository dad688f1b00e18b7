/*
 * tests/tables - a migrated database of its own (tests/place.h), and JSON in a line, for unit
 * tests.
 */
#pragma once

#include "base/value.h"
#include "place.h"

struct tables {
    struct place place;
    struct database *database;
};

static inline struct database *tables_connect(const struct tables *tables)
{
    return place_connect(&tables->place);
}

/* `list` is one of MIGRATIONS_*. */
static inline void tables_open(struct tables *tables, const struct migration *list, size_t count)
{
    struct why why = {0};
    place_make(&tables->place);
    tables->database = tables_connect(tables);
    if (database_migrate(tables->database, list, count, &why) != OK) { place_bail(why.text); }
}

static inline void tables_close(struct tables *tables)
{
    database_close(tables->database);
    place_remove(&tables->place);
}

/* As after a restart of the program. */
static inline void tables_reopen(struct tables *tables)
{
    database_close(tables->database);
    tables->database = tables_connect(tables);
}

/* The first column of the first row, or -1. */
static inline int64_t tables_number(const struct tables *tables, const char *sql)
{
    CLEANUP(database_close_p) struct database *database = tables_connect(tables);
    struct statement *statement = NULL;
    enum step step = STEP_DONE;
    if (database_prepare(&statement, database, sql, NULL) != OK ||
        statement_step(statement, &step, NULL) != OK || step == STEP_DONE) {
        return -1;
    }
    return column_integer(statement, 0);
}

/* JSON with ' for ", so that C strings stay readable; the caller frees it. */
static inline struct value *json(const char *text)
{
    char *copy = mem_text(text);
    for (char *at = copy; *at; at++) {
        if (*at == '\'') { *at = '"'; }
    }
    struct why why = {0};
    struct value *value = NULL;
    if (value_parse(&value, span_text(copy), 1 << 20, &why) != OK) {
        printf("Bail out! %s\n", why.text);
        exit(1);
    }
    free(copy);
    return value;
}
