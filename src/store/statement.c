#include <assert.h>
#include <string.h>

#include "base/value.h"
#include "store/connection.h"

enum err database_prepare(struct statement **out, struct database *database, const char *sql,
                          struct why *why)
{
    struct statement *statement = NULL;
    const enum err err = database->backend->prepare(&statement, database, sql, why);
    if (err != OK) { return err; }
    statement->database = database;
    statement->next = database->statements;
    database->statements = statement;
    *out = statement;
    return OK;
}

enum err database_prepare_all(struct database *database, const struct statement_text *list,
                              size_t count, struct why *why)
{
    enum err err = OK;
    for (size_t i = 0; err == OK && i < count; i++) {
        err = database_prepare(list[i].out, database, list[i].sql, why);
    }
    return err;
}

static void bind(struct statement *statement, const char *name, const struct bound *value)
{
    statement->database->backend->bind(statement, name, value);
}

void statement_bind_text(struct statement *statement, const char *name, const char *text)
{
    bind(statement, name,
         text ? &(struct bound){.kind = BOUND_KIND_TEXT, .bytes = span_text(text)}
              : &(struct bound){.kind = BOUND_KIND_NULL});
}

void statement_bind_bytes(struct statement *statement, const char *name, struct span bytes)
{
    bind(statement, name, &(struct bound){.kind = BOUND_KIND_BYTES, .bytes = bytes});
}

void statement_bind_integer(struct statement *statement, const char *name, int64_t number)
{
    bind(statement, name, &(struct bound){.kind = BOUND_KIND_INTEGER, .integer = number});
}

void statement_bind_real(struct statement *statement, const char *name, double number)
{
    bind(statement, name, &(struct bound){.kind = BOUND_KIND_REAL, .real = number});
}

void statement_bind_null(struct statement *statement, const char *name)
{
    bind(statement, name, &(struct bound){.kind = BOUND_KIND_NULL});
}

enum err statement_step(struct statement *statement, enum step *step, struct why *why)
{
    return statement->database->backend->step(statement, step, why);
}

void statement_reset(struct statement *statement)
{
    statement->database->backend->reset(statement);
}

enum err statement_run(struct statement *statement, int64_t *changed, struct why *why)
{
    const struct backend *backend = statement->database->backend;
    enum step step = STEP_DONE;
    const enum err err = backend->step(statement, &step, why);
    assert(err != OK || step == STEP_DONE); /* a statement with rows is read with step */
    if (err == OK && changed) { *changed = backend->changed(statement); }
    backend->reset(statement);
    return err;
}

enum err statement_list(struct statement *rows, struct value *(*read)(const struct statement *row),
                        struct value **out, struct why *why)
{
    CLEANUP(value_free_p) struct value *list = value_array();
    enum step step = STEP_DONE;
    enum err err = statement_step(rows, &step, why);
    while (err == OK && step == STEP_ROW) {
        value_append(list, read(rows));
        err = statement_step(rows, &step, why);
    }
    statement_reset(rows);
    if (err == OK) { *out = TAKE(list); }
    return err;
}

const char *column_text(const struct statement *statement, int index)
{
    return (const char *)column_bytes(statement, index).data;
}

struct span column_bytes(const struct statement *statement, int index)
{
    return statement->database->backend->bytes(statement, index);
}

int64_t column_integer(const struct statement *statement, int index)
{
    return statement->database->backend->integer(statement, index);
}

double column_real(const struct statement *statement, int index)
{
    return statement->database->backend->real(statement, index);
}

bool column_is_null(const struct statement *statement, int index)
{
    return statement->database->backend->is_null(statement, index);
}
