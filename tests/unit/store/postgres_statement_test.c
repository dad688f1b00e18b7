/*
 * Types of PostgreSQL behind the statements. Skipped without TOCSIN_TEST_DATABASE
 * (tests/scenario/postgres/suite_test.py).
 */
#include "store/postgres.h"

#include "check.h"
#include "place.h"

static struct database *database;

static struct statement *prepared(const char *sql)
{
    struct why why = {0};
    struct statement *statement = NULL;
    if (database_prepare(&statement, database, sql, &why) != OK) { place_bail(why.text); }
    return statement;
}

static void every_readable_type_is_read(void)
{
    struct statement *read = prepared(
        "SELECT true, false, -3::smallint, -4::integer, -5::bigint, 0.5::double precision, "
        "'word'::varchar, 'name'::name, '\\x0102'::bytea, '17', NULL::bigint, NULL::bytea");
    enum step step = STEP_DONE;
    CHECK(statement_step(read, &step, NULL) == OK && step == STEP_ROW);
    CHECK(column_integer(read, 0) == 1 && column_integer(read, 1) == 0);
    CHECK(column_integer(read, 2) == -3 && column_integer(read, 3) == -4);
    CHECK(column_integer(read, 4) == -5 && column_integer(read, 5) == 0);
    CHECK(column_real(read, 5) > 0.4 && column_real(read, 5) < 0.6);
    CHECK(column_real(read, 4) < -4.9 && column_real(read, 10) < 0.1);
    CHECK_TEXT(column_text(read, 6), "word");
    CHECK_TEXT(column_text(read, 7), "name");
    CHECK(column_bytes(read, 8).size == 2 && column_integer(read, 9) == 17);
    CHECK(column_is_null(read, 10) && column_integer(read, 10) == 0);
    CHECK(column_bytes(read, 11).data == NULL && column_text(read, 11) == NULL);
    CHECK(statement_step(read, &step, NULL) == OK && step == STEP_DONE);
    CHECK(statement_step(read, &step, NULL) == OK && step == STEP_DONE);
    statement_reset(read);
}

static void another_type_is_refused_when_it_is_prepared(void)
{
    struct statement *statement = NULL;
    struct why why = {0};
    CHECK(database_prepare(&statement, database, "SELECT now()", &why) == ERR_MALFORMED);
    CHECK(strstr(why.text, "column 1") != NULL);
    CHECK(database_prepare(&statement, database, "SELECT sum(n) FROM v", &why) == ERR_MALFORMED);
    CHECK(database_prepare(&statement, database, "SELECT 1 WHERE :x IS NULL", &why) ==
          ERR_MALFORMED);
    CHECK(statement == NULL);
}

static void values_become_what_the_column_is(void)
{
    struct statement *insert =
        prepared("INSERT INTO v (n, r, b, t, y) VALUES (:n, :r, :b, :t, :y)");
    statement_bind_real(insert, ":n", 3.0);
    statement_bind_integer(insert, ":r", 2);
    statement_bind_integer(insert, ":b", 7);
    statement_bind_integer(insert, ":t", -12);
    statement_bind_text(insert, ":y", "bytes");
    CHECK(statement_run(insert, NULL, NULL) == OK);
    struct statement *read = prepared("SELECT n, r, b, t, y FROM v");
    enum step step = STEP_DONE;
    CHECK(statement_step(read, &step, NULL) == OK && step == STEP_ROW);
    CHECK(column_integer(read, 0) == 3 && column_real(read, 1) > 1.9);
    CHECK(column_integer(read, 2) == 1);
    CHECK_TEXT(column_text(read, 3), "-12");
    CHECK(span_equal(column_bytes(read, 4), span_text("bytes")));
    statement_reset(read);
}

static void what_does_not_fit_is_an_error_and_is_forgotten(void)
{
    struct statement *insert = prepared("INSERT INTO v (n, t) VALUES (:n, :t)");
    struct why why = {0};
    statement_bind_text(insert, ":n", "three");
    CHECK(statement_run(insert, NULL, &why) == ERR_MALFORMED && strstr(why.text, ":n") != NULL);
    statement_bind_integer(insert, ":n", 4);
    statement_bind_text(insert, ":t", "\xff\xfe"); /* not UTF-8 */
    CHECK(statement_run(insert, NULL, &why) == ERR_MALFORMED);
    statement_bind_integer(insert, ":n", 4);
    CHECK(statement_run(insert, NULL, NULL) == OK);
}

/* What one connection knows of a statement, others need not ask: they prepare it when it is run. */
static void another_connection_prepares_at_need(const struct place *place)
{
    static const char sql[] = "SELECT t FROM v WHERE n = :n";
    static const char count[] = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE "
                                "'SELECT t FROM v%'";
    (void)prepared(sql);
    struct database *first = database;
    database = place_connect(place);
    struct statement *read = prepared(sql);
    struct statement *counted = prepared(count);
    enum step step = STEP_DONE;
    CHECK(statement_step(counted, &step, NULL) == OK && column_integer(counted, 0) == 0);
    statement_reset(counted);
    statement_bind_integer(read, ":n", 3);
    CHECK(statement_step(read, &step, NULL) == OK && step == STEP_ROW);
    CHECK_TEXT(column_text(read, 0), "-12");
    statement_reset(read);
    CHECK(statement_step(counted, &step, NULL) == OK && column_integer(counted, 0) == 1);
    statement_reset(counted);
    database_close(database);
    database = first;
}

int main(void)
{
    if (!place_server()) { return CHECK_SKIP_ALL("TOCSIN_TEST_DATABASE names no server"); }
    struct place place;
    place_make(&place);
    database = place_connect(&place);
    CHECK(database_execute(database,
                           "CREATE TABLE v (n INTEGER, r REAL, b boolean, t TEXT, y BLOB)",
                           NULL) == OK);
    every_readable_type_is_read();
    another_type_is_refused_when_it_is_prepared();
    values_become_what_the_column_is();
    what_does_not_fit_is_an_error_and_is_forgotten();
    another_connection_prepares_at_need(&place);
    database_close(database);
    place_remove(&place);
    return CHECK_DONE();
}
