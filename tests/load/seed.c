/*
 * seed - runs SQL from standard input on a program's own database, for load tests that need rows.
 *
 *   seed PATH [rows]
 *
 * The key is TOCSIN_DATABASE_KEY, as for the program. With `rows` the SQL is one statement; its
 * rows are printed, columns with tabs between. Never for a database that anybody needs.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "store/database.h"

enum { SQL_SIZE_MAX = 64 << 20, COLUMN_MAX = 16 };

static enum err read_input(struct text *sql, struct why *why)
{
    char piece[16 * 1024];
    ssize_t got = 0;
    while ((got = read(STDIN_FILENO, piece, sizeof piece)) > 0) {
        text_add_bytes(sql, span_of(piece, (size_t)got));
    }
    return got < 0 || sql->overflow ? why_set(why, ERR_IO, "the SQL cannot be read") : OK;
}

static enum err print_rows(struct database *database, const char *sql, struct why *why)
{
    struct statement *rows = NULL;
    enum step step = STEP_DONE;
    enum err err = database_prepare(&rows, database, sql, why);
    if (!err) { err = statement_step(rows, &step, why); }
    while (!err && step == STEP_ROW) {
        for (int i = 0; i < COLUMN_MAX && !column_is_null(rows, i); i++) {
            printf("%s%s", i ? "\t" : "", column_text(rows, i));
        }
        printf("\n");
        err = statement_step(rows, &step, why);
    }
    return err;
}

int main(int argc, char *argv[])
{
    if (argc < 2) {
        (void)fprintf(stderr, "usage: seed PATH [rows] < SQL\n");
        return 2;
    }
    struct why why = {""};
    CLEANUP(secret_free_p) struct secret *key = NULL;
    CLEANUP(database_close_p) struct database *database = NULL;
    CLEANUP(text_deinit) struct text sql = text_limited(SQL_SIZE_MAX);
    enum err err =
        secret_hex_from_environment(&key, "TOCSIN_DATABASE_KEY", DATABASE_KEY_SIZE, &why);
    const struct database_config config = {.path = argv[1], .key = key};
    if (!err) { err = database_open(&database, &config, &why); }
    if (!err) { err = read_input(&sql, &why); }
    if (!err) {
        err = argc > 2 ? print_rows(database, text_c(&sql), &why)
                       : database_execute(database, text_c(&sql), &why);
    }
    if (err) { (void)fprintf(stderr, "seed: %s\n", why.text); }
    return err ? 1 : 0;
}
