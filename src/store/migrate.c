/*
 * Each migration leaves its number, title and the BLAKE2b checksum of its text, so that a text
 * edited after it was applied is noticed: two installations would otherwise differ in silence.
 */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "queries/store_migrate.h"
#include "store/connection.h"
#include "store/guard.h"

enum { CHECKSUM_SIZE = 16, CHECKSUM_TEXT_SIZE = 2 * CHECKSUM_SIZE + 1 };

struct migration_statements {
    struct statement *applied, *find, *record;
};

static void checksum(char text[static CHECKSUM_TEXT_SIZE], const char *sql)
{
    uint8_t hash[CHECKSUM_SIZE];
    (void)crypto_generichash(hash, sizeof hash, (const uint8_t *)sql, strlen(sql), NULL, 0);
    (void)sodium_bin2hex(text, CHECKSUM_TEXT_SIZE, hash, sizeof hash);
}

/* What this database runs for it. */
static const char *text_of(const struct database *database, const struct migration *migration)
{
    const bool postgres = database->backend == &POSTGRES_BACKEND;
    return postgres && migration->postgres ? migration->postgres : migration->sql;
}

/* One row of the table against the program's list. */
static enum err compare(const struct statement *applied, const struct migration *list, size_t count,
                        bool done[], struct why *why)
{
    const int64_t number = column_integer(applied, 0);
    for (size_t i = 0; i < count; i++) {
        if (list[i].number != number) { continue; }
        char expected[CHECKSUM_TEXT_SIZE];
        checksum(expected, text_of(applied->database, &list[i]));
        if (strcmp(expected, column_text(applied, 2)) != 0) {
            return why_set(why, ERR_CONFLICT,
                           "migration %04lld-%s was changed after this database applied it; "
                           "restore its text and add a new migration",
                           (long long)number, list[i].title);
        }
        done[i] = true;
        return OK;
    }
    return why_set(why, ERR_CONFLICT,
                   "the database has migration %04lld-%s, which this program does not know: it is "
                   "newer than the program; run the newer program or restore a backup",
                   (long long)number, column_text(applied, 1));
}

static enum err read_applied(struct statement *applied, const struct migration *list, size_t count,
                             bool done[], struct why *why)
{
    enum step step = STEP_DONE;
    enum err err = statement_step(applied, &step, why);
    while (err == OK && step == STEP_ROW) {
        err = compare(applied, list, count, done, why);
        if (err == OK) { err = statement_step(applied, &step, why); }
    }
    statement_reset(applied);
    return err;
}

/* Under the write lock: another program may have applied it while this one was starting. */
static enum err apply_once(struct database *database, struct statement *record,
                           const struct migration *migration, struct why *why)
{
    enum err err = database_execute(database, text_of(database, migration), why);
    if (err != OK) { return err; }
    char sum[CHECKSUM_TEXT_SIZE];
    checksum(sum, text_of(database, migration));
    statement_bind_integer(record, ":number", migration->number);
    statement_bind_text(record, ":title", migration->title);
    statement_bind_text(record, ":checksum", sum);
    statement_bind_integer(record, ":applied_us", clock_wall_us());
    return statement_run(record, NULL, why);
}

static enum err apply(struct database *database, const struct migration_statements *statements,
                      const struct migration *migration, struct why *why)
{
    bool done = false;
    enum err err = database_begin(database, why);
    if (err != OK) { return err; }
    statement_bind_integer(statements->find, ":number", migration->number);
    err = read_applied(statements->find, migration, 1, &done, why);
    if (err == OK && !done) { err = apply_once(database, statements->record, migration, why); }
    database_end(database, &err, why);
    return err == OK ? OK : why_prefix(why, err, migration->title);
}

/* A role that may not make tables can still find that there is nothing to make. */
static enum err prepare_table(struct database *database, struct statement **applied,
                              struct why *why)
{
    enum err err = database_prepare(applied, database, SQL_MIGRATIONS_APPLIED, NULL);
    if (err == OK) { return OK; }
    err = database_begin(database, why);
    if (err != OK) { return err; }
    err = database_execute(database, SQL_MIGRATIONS_TABLE, why);
    database_end(database, &err, why);
    return err == OK ? database_prepare(applied, database, SQL_MIGRATIONS_APPLIED, why) : err;
}

enum err database_migrate(struct database *database, const struct migration *list, size_t count,
                          struct why *why)
{
    struct migration_statements statements = {.applied = NULL};
    guard_scope(database, ""); /* policies bind the owner too: it would change no row, in silence */
    enum err err = prepare_table(database, &statements.applied, why);
    if (err != OK) { return err; }
    const struct statement_text texts[] = {{&statements.find, SQL_MIGRATION_FIND},
                                           {&statements.record, SQL_MIGRATION_RECORD}};
    err = database_prepare_all(database, texts, ARRAY_LEN(texts), why);
    if (err != OK) { return err; }
    CLEANUP(mem_free_p) bool *done = MEM_ARRAY(bool, count + 1);
    err = read_applied(statements.applied, list, count, done, why);
    for (size_t i = 0; err == OK && i < count; i++) {
        if (!done[i]) { err = apply(database, &statements, &list[i], why); }
    }
    return err;
}
