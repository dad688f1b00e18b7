/*
 * Runs SQL on a program's encrypted database, for tests that look into it or put a fault there:
 * sql FILE STATEMENT [query]. With "query" it prints the first column of each row. The key is
 * TOCSIN_DATABASE_KEY.
 */
#include <stdio.h>

#include "store/database.h"

static enum err print_rows(struct database *database, const char *text, struct why *why)
{
    struct statement *rows = NULL;
    enum step step = STEP_DONE;
    enum err err = database_prepare(&rows, database, text, why);
    if (err == OK) { err = statement_step(rows, &step, why); }
    while (err == OK && step == STEP_ROW) {
        const char *word = column_text(rows, 0);
        (void)printf("%s\n", word ? word : "");
        err = statement_step(rows, &step, why);
    }
    return err;
}

int main(int argc, char *argv[])
{
    CLEANUP(secret_free_p) struct secret *key = NULL;
    CLEANUP(database_close_p) struct database *database = NULL;
    struct why why = {""};
    if (argc < 3) { return 2; }
    enum err err =
        secret_hex_from_environment(&key, "TOCSIN_DATABASE_KEY", DATABASE_KEY_SIZE, &why);
    const struct database_config config = {.path = argv[1], .key = key};
    if (err == OK) { err = database_open(&database, &config, &why); }
    if (err == OK) {
        err = argc > 3 ? print_rows(database, argv[2], &why)
                       : database_execute(database, argv[2], &why);
    }
    if (err != OK) { (void)fprintf(stderr, "sql: %s\n", why.text); }
    return err == OK ? 0 : 1;
}
