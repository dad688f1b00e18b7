/* Values in and out of statements: the contract that both databases keep. */
#include "base/value.h"
#include "check.h"
#include "place.h"

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
    CHECK(strcasestr(why.text, "unique") != NULL);
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

static int64_t number_of(struct database *database, const char *sql)
{
    struct statement *read = NULL;
    enum step step = STEP_DONE;
    if (database_prepare(&read, database, sql, NULL) != OK ||
        statement_step(read, &step, NULL) != OK || step == STEP_DONE) {
        return -1;
    }
    const int64_t number = column_integer(read, 0);
    statement_reset(read);
    return number;
}

/* Times are added to small numbers, compared with them, and asked for as truths. */
static void numbers_fit_what_they_meet(struct database *database)
{
    const int64_t late = INT64_C(1800000000000000);
    struct statement *read = NULL;
    CHECK(database_prepare(&read, database,
                           "SELECT :now + 60000000, :zero = 0, CASE WHEN :flag THEN 1 ELSE 2 END, "
                           ":now > 5, count(*) FILTER (WHERE c < :now), 'a' || :text "
                           "FROM v WHERE a = :word OR :word IS NULL",
                           NULL) == OK);
    statement_bind_integer(read, ":now", late);
    statement_bind_integer(read, ":zero", 0);
    statement_bind_integer(read, ":flag", 0);
    statement_bind_text(read, ":text", "b");
    enum step step = STEP_DONE;
    CHECK(statement_step(read, &step, NULL) == OK && step == STEP_ROW);
    CHECK(column_integer(read, 0) == late + 60000000);
    CHECK(column_integer(read, 1) == 1 && column_integer(read, 2) == 2);
    CHECK(column_integer(read, 3) == 1 && column_integer(read, 4) > 0);
    CHECK_TEXT(column_text(read, 5), "ab");
    statement_reset(read);
}

static void rows_are_counted_and_returned(struct database *database)
{
    CHECK(database_execute(database,
                           "CREATE TABLE w (number INTEGER PRIMARY KEY, word TEXT NOT NULL);"
                           "INSERT INTO w (word) VALUES ('b'), ('B'), ('a'), ('\xc3\xa4')",
                           NULL) == OK);
    CHECK(number_of(database, "SELECT max(number) FROM w") == 4); /* it numbers by itself */
    struct statement *change = NULL;
    CHECK(database_prepare(&change, database, "UPDATE w SET word = :new WHERE word = :old", NULL) ==
          OK);
    int64_t changed = -1;
    statement_bind_text(change, ":new", "c");
    statement_bind_text(change, ":old", "b");
    CHECK(statement_run(change, &changed, NULL) == OK && changed == 1);
    statement_bind_text(change, ":new", "c");
    statement_bind_text(change, ":old", "b");
    CHECK(statement_run(change, &changed, NULL) == OK && changed == 0);

    /* words sort by their bytes, whatever the server's language is */
    struct statement *sorted = NULL;
    char words[16] = "";
    enum step step = STEP_DONE;
    CHECK(database_prepare(&sorted, database, "SELECT word FROM w ORDER BY word", NULL) == OK);
    CHECK(statement_step(sorted, &step, NULL) == OK);
    while (step == STEP_ROW) {
        (void)strncat(words, column_text(sorted, 0), sizeof words - strlen(words) - 1);
        if (statement_step(sorted, &step, NULL) != OK) { break; }
    }
    statement_reset(sorted);
    CHECK_TEXT(words, "Bac\xc3\xa4");

    struct statement *take = NULL;
    CHECK(database_prepare(&take, database, "DELETE FROM w WHERE word > :least RETURNING number",
                           NULL) == OK);
    statement_bind_text(take, ":least", "b");
    int64_t sum = 0;
    CHECK(statement_step(take, &step, NULL) == OK);
    while (step == STEP_ROW) {
        sum += column_integer(take, 0);
        if (statement_step(take, &step, NULL) != OK) { break; }
    }
    statement_reset(take);
    CHECK(sum == 1 + 4 && number_of(database, "SELECT count(*) FROM w") == 2);
}

static struct value *read_number(const struct statement *row)
{
    struct value *number = value_object();
    value_set_integer(number, "number", column_integer(row, 0));
    return number;
}

static void rows_become_a_list(struct database *database)
{
    struct statement *rows = NULL;
    struct value *list = NULL;
    CHECK(database_prepare(
              &rows, database,
              "SELECT number FROM (SELECT CAST(1 AS BIGINT) AS number UNION ALL SELECT 2) AS pair "
              "WHERE number <= :most ORDER BY number",
              NULL) == OK);
    for (int most = 2; most >= 0; most--) { /* each time afresh: it was reset */
        statement_bind_integer(rows, ":most", most);
        CHECK(statement_list(rows, read_number, &list, NULL) == OK);
        CHECK(value_count(list) == (size_t)most);
        if (most == 2) { CHECK(value_integer_or(value_get(value_at(list, 1), "number"), 0) == 2); }
        value_free(list);
    }
}

int main(void)
{
    struct place place;
    place_make(&place);
    struct database *database = place_connect(&place);
    values_come_back_as_they_were(database);
    bindings_do_not_outlive_a_reset(database);
    refusals_have_names(database);
    numbers_fit_what_they_meet(database);
    rows_are_counted_and_returned(database);
    rows_become_a_list(database);
    database_close(database);
    place_remove(&place);
    return CHECK_DONE();
}
