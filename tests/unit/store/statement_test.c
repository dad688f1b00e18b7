/* Values in and out of statements. */
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "store/database.h"

static char path[] = "/tmp/tocsin-statement-XXXXXX";

static void values_come_back_as_they_were(struct database *database)
{
    CHECK(database_execute(database,
                           "CREATE TABLE v (id INTEGER PRIMARY KEY, a TEXT UNIQUE, b BLOB, c "
                           "INTEGER, d REAL, e TEXT)",
                           NULL) == OK);
    struct statement *insert = NULL;
    CHECK(database_prepare(&insert, database,
                           "INSERT INTO v (a, b, c, d, e) VALUES (:a, :b, :c, :d, :e)",
                           NULL) == OK);
    const uint8_t bytes[] = {0, 1, 0, 255};
    statement_bind_text(insert, ":a", "\xe0\xa4\xa8\xe0\xa4\xae");
    statement_bind_bytes(insert, ":b", span_of(bytes, sizeof bytes));
    statement_bind_integer(insert, ":c", INT64_MIN);
    statement_bind_real(insert, ":d", 0.25);
    statement_bind_text(insert, ":e", NULL);
    int64_t changed = 0;
    CHECK(statement_run(insert, &changed, NULL) == OK && changed == 1);

    struct statement *read = NULL;
    CHECK(database_prepare(&read, database, "SELECT a, b, c, d, e FROM v", NULL) == OK);
    enum step step = STEP_DONE;
    CHECK(statement_step(read, &step, NULL) == OK && step == STEP_ROW);
    CHECK_TEXT(column_text(read, 0), "\xe0\xa4\xa8\xe0\xa4\xae");
    CHECK(span_equal(column_bytes(read, 1), span_of(bytes, sizeof bytes)));
    CHECK(column_integer(read, 2) == INT64_MIN);
    CHECK(column_real(read, 3) >= 0.25 && column_real(read, 3) <= 0.25);
    CHECK(column_is_null(read, 4) && column_text(read, 4) == NULL);
    CHECK(statement_step(read, &step, NULL) == OK && step == STEP_DONE);
    statement_reset(read);
}

static void bindings_do_not_outlive_a_reset(struct database *database)
{
    struct statement *insert = NULL;
    CHECK(database_prepare(&insert, database, "INSERT INTO v (a, b) VALUES (:a, :b)", NULL) == OK);
    statement_bind_text(insert, ":a", "one");
    statement_bind_bytes(insert, ":b", span_of("", 0));
    CHECK(statement_run(insert, NULL, NULL) == OK);
    statement_bind_text(insert, ":a", "two");
    CHECK(statement_run(insert, NULL, NULL) == OK);
    struct statement *read = NULL;
    CHECK(database_prepare(&read, database, "SELECT b FROM v WHERE a = :a", NULL) == OK);
    enum step step = STEP_DONE;
    statement_bind_text(read, ":a", "one");
    CHECK(statement_step(read, &step, NULL) == OK && step == STEP_ROW);
    CHECK(!column_is_null(read, 0) && column_bytes(read, 0).size == 0);
    statement_reset(read);
    statement_bind_text(read, ":a", "two");
    CHECK(statement_step(read, &step, NULL) == OK && step == STEP_ROW && column_is_null(read, 0));
    statement_reset(read);
}

static void refusals_have_names(struct database *database)
{
    struct statement *insert = NULL;
    struct why why = {0};
    CHECK(database_prepare(&insert, database, "INSERT INTO v (a) VALUES (:a)", NULL) == OK);
    statement_bind_text(insert, ":a", "one");
    CHECK(statement_run(insert, NULL, &why) == ERR_CONFLICT);
    CHECK(strstr(why.text, "UNIQUE") != NULL);
    statement_bind_text(insert, ":a", "three");
    CHECK(statement_run(insert, NULL, &why) == OK); /* a refusal leaves it usable */
    struct statement *bad = NULL;
    CHECK(database_prepare(&bad, database, "SELECT x FROM nowhere", &why) == ERR_MALFORMED);
    CHECK(bad == NULL && strstr(why.text, "nowhere") != NULL);
    CHECK(database_prepare(&bad, database, "SELECT \"no such column\" FROM v", &why) ==
          ERR_MALFORMED);
    CHECK(database_execute(database, "CREATE TABLE p (x INTEGER REFERENCES v (id))", NULL) == OK);
    CHECK(database_execute(database, "INSERT INTO p VALUES (99)", &why) == ERR_CONFLICT);
}

int main(void)
{
    if (!mkdtemp(path)) { return 1; }
    char file[64];
    (void)snprintf(file, sizeof file, "%s/s.db", path);
    struct database *database = NULL;
    const struct database_config config = {.path = file};
    if (database_open(&database, &config, NULL) != OK) { return 1; }
    values_come_back_as_they_were(database);
    bindings_do_not_outlive_a_reset(database);
    refusals_have_names(database);
    database_close(database);
    (void)unlink(file);
    CHECK(rmdir(path) == 0);
    return CHECK_DONE();
}
