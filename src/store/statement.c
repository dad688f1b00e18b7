#include <assert.h>
#include <limits.h>

#include "store/connection.h"

enum err database_prepare(struct statement **out, struct database *database, const char *sql,
                          struct why *why)
{
    sqlite3_stmt *handle = NULL;
    const int code =
        sqlite3_prepare_v3(database->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &handle, NULL);
    if (code != SQLITE_OK) { return connection_error(database, code, "prepare", why); }
    assert(handle); /* SQL without a statement is a bug */
    struct statement *statement = MEM_NEW(struct statement);
    statement->database = database;
    statement->handle = handle;
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

static int parameter(const struct statement *statement, const char *name)
{
    const int index = sqlite3_bind_parameter_index(statement->handle, name);
    assert(index > 0); /* the SQL has no parameter of this name */
    return index;
}

/* Binding fails on misuse and on lengths beyond a gigabyte: both are bugs here. */
static void check_bound(int code)
{
    assert(code == SQLITE_OK);
    (void)code;
}

void statement_bind_text(struct statement *statement, const char *name, const char *text)
{
    check_bound(
        sqlite3_bind_text(statement->handle, parameter(statement, name), text, -1, SQLITE_STATIC));
}

void statement_bind_bytes(struct statement *statement, const char *name, struct span bytes)
{
    const int index = parameter(statement, name);
    assert(bytes.size <= INT_MAX);
    check_bound(bytes.size == 0 ? sqlite3_bind_zeroblob(statement->handle, index, 0)
                                : sqlite3_bind_blob(statement->handle, index, bytes.data,
                                                    (int)bytes.size, SQLITE_STATIC));
}

void statement_bind_integer(struct statement *statement, const char *name, int64_t number)
{
    check_bound(sqlite3_bind_int64(statement->handle, parameter(statement, name), number));
}

void statement_bind_real(struct statement *statement, const char *name, double number)
{
    check_bound(sqlite3_bind_double(statement->handle, parameter(statement, name), number));
}

void statement_bind_null(struct statement *statement, const char *name)
{
    check_bound(sqlite3_bind_null(statement->handle, parameter(statement, name)));
}

enum err statement_step(struct statement *statement, enum step *step, struct why *why)
{
    const int code = sqlite3_step(statement->handle);
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        return connection_error(statement->database, code, "step", why);
    }
    *step = code == SQLITE_ROW ? STEP_ROW : STEP_DONE;
    return OK;
}

void statement_reset(struct statement *statement)
{
    (void)sqlite3_reset(statement->handle); /* repeats the code that step has told already */
    (void)sqlite3_clear_bindings(statement->handle);
}

enum err statement_run(struct statement *statement, int64_t *changed, struct why *why)
{
    enum step step = STEP_DONE;
    const enum err err = statement_step(statement, &step, why);
    assert(err != OK || step == STEP_DONE); /* a statement with rows is read with step */
    if (err == OK && changed) { *changed = sqlite3_changes64(statement->database->handle); }
    statement_reset(statement);
    return err;
}

const char *column_text(const struct statement *statement, int index)
{
    return (const char *)sqlite3_column_text(statement->handle, index);
}

struct span column_bytes(const struct statement *statement, int index)
{
    const void *data = sqlite3_column_blob(statement->handle, index);
    return span_of(data, (size_t)sqlite3_column_bytes(statement->handle, index));
}

int64_t column_integer(const struct statement *statement, int index)
{
    return sqlite3_column_int64(statement->handle, index);
}

double column_real(const struct statement *statement, int index)
{
    return sqlite3_column_double(statement->handle, index);
}

bool column_is_null(const struct statement *statement, int index)
{
    return sqlite3_column_type(statement->handle, index) == SQLITE_NULL;
}
