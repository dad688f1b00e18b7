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

enum { CHECKSUM_SIZE = 16, CHECKSUM_TEXT_SIZE = 2 * CHECKSUM_SIZE + 1 };

static void checksum(char text[static CHECKSUM_TEXT_SIZE], const char *sql)
{
    uint8_t hash[CHECKSUM_SIZE];
    (void)crypto_generichash(hash, sizeof hash, (const uint8_t *)sql, strlen(sql), NULL, 0);
    (void)sodium_bin2hex(text, CHECKSUM_TEXT_SIZE, hash, sizeof hash);
}

/* One row of the table against the program's list. */
static enum err compare(const struct statement *applied, const struct migration *list, size_t count,
                        bool done[], struct why *why)
{
    const int64_t number = column_integer(applied, 0);
    for (size_t i = 0; i < count; i++) {
        if (list[i].number != number) { continue; }
        char expected[CHECKSUM_TEXT_SIZE];
        checksum(expected, list[i].sql);
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

static enum err apply(struct database *database, struct statement *record,
                      const struct migration *migration, struct why *why)
{
    enum err err = database_begin(database, why);
    if (err != OK) { return err; }
    err = database_execute(database, migration->sql, why);
    if (err == OK) {
        char sum[CHECKSUM_TEXT_SIZE];
        checksum(sum, migration->sql);
        statement_bind_integer(record, ":number", migration->number);
        statement_bind_text(record, ":title", migration->title);
        statement_bind_text(record, ":checksum", sum);
        statement_bind_integer(record, ":applied_us", clock_wall_us());
        err = statement_run(record, NULL, why);
    }
    database_end(database, &err, why);
    return err == OK ? OK : why_prefix(why, err, migration->title);
}

enum err database_migrate(struct database *database, const struct migration *list, size_t count,
                          struct why *why)
{
    struct statement *applied = NULL;
    struct statement *record = NULL;
    enum err err = database_execute(database, SQL_MIGRATIONS_TABLE, why);
    if (err == OK) { err = database_prepare(&applied, database, SQL_MIGRATIONS_APPLIED, why); }
    if (err == OK) { err = database_prepare(&record, database, SQL_MIGRATION_RECORD, why); }
    if (err != OK) { return err; }
    CLEANUP(mem_free_p) bool *done = MEM_ARRAY(bool, count + 1);
    err = read_applied(applied, list, count, done, why);
    for (size_t i = 0; err == OK && i < count; i++) {
        if (!done[i]) { err = apply(database, record, &list[i], why); }
    }
    return err;
}
