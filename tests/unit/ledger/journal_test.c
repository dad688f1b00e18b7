#include "ledger/journal.h"

#include "check.h"
#include "migrations/control.h"
#include "queries/ledger_journal.h"
#include "tables.h"

static const int64_t now_us = INT64_C(1795312229000000);

static enum err enter(struct journal *journal, const char *user, const char *action,
                      const char *resource, int64_t at_us)
{
    const struct entry_fact fact = {.at_us = at_us,
                                    .user = user,
                                    .action = action,
                                    .resource = resource,
                                    .authorisation = "session",
                                    .address = "192.0.2.7"};
    return journal_enter(journal, &fact, NULL);
}

static void count_in_order(void *context, uint64_t index, struct span bytes)
{
    uint64_t *next = context;
    if (index == *next && bytes.size > 0) { (*next)++; }
}

/* What is rolled back has no entry, and leaves no gap. */
static void test_order(struct database *database, struct journal *journal)
{
    uint64_t size = 9;
    CHECK(journal_size(journal, &size, NULL) == OK && size == 0);
    CHECK(enter(journal, "ana", "auth.sign_in", "ana", now_us) == OK);
    enum err err = database_begin(database, NULL);
    CHECK(err == OK && enter(journal, "ana", "alert.create", "a1", now_us + 1) == OK);
    err = ERR_CONFLICT;
    database_end(database, &err, NULL);
    CHECK(journal_size(journal, &size, NULL) == OK && size == 1);
    err = database_begin(database, NULL);
    CHECK(err == OK && enter(journal, "ana", "alert.create", "a2", now_us + 2) == OK);
    CHECK(enter(journal, "bo", "alert.cancel", "a2", now_us + 3) == OK);
    database_end(database, &err, NULL);
    CHECK(err == OK && journal_size(journal, &size, NULL) == OK && size == 3);
    uint64_t next = 0;
    const struct journal_reader reader = {.context = &next, .each = count_in_order};
    CHECK(journal_each(journal, 0, 10, &reader, NULL) == OK && next == 3);
    next = 1;
    CHECK(journal_each(journal, 1, 1, &reader, NULL) == OK && next == 2);
    uint64_t index = 0;
    CHECK(journal_find(journal, "alert.create", "a2", &index, NULL) == OK && index == 1);
    CHECK(journal_find(journal, "alert.create", "a1", &index, NULL) == ERR_NOT_FOUND);
}

static size_t count_of(struct journal *journal, const struct journal_query *query, int64_t *next)
{
    CLEANUP(value_free_p) struct value *page = NULL;
    if (journal_list(journal, query, &page, NULL)) { return SIZE_MAX; }
    if (next) { *next = value_integer_or(value_get(page, "next"), -1); }
    return value_count(value_get(page, "entries"));
}

static void test_list(struct journal *journal)
{
    int64_t next = 0;
    CHECK(count_of(journal, &(struct journal_query){.limit = 2}, &next) == 2 && next == 1);
    CHECK(count_of(journal, &(struct journal_query){.limit = 2, .before = 1}, &next) == 1);
    CHECK(next == -1);
    CHECK(count_of(journal, &(struct journal_query){.user = "bo"}, NULL) == 1);
    CHECK(count_of(journal, &(struct journal_query){.action = "alert.create"}, NULL) == 1);
    CHECK(count_of(journal, &(struct journal_query){.resource = "a2"}, NULL) == 2);
    CHECK(count_of(journal, &(struct journal_query){.from_us = now_us + 3}, NULL) == 1);
    CHECK(count_of(journal, &(struct journal_query){.to_us = now_us + 3}, NULL) == 2);
    CHECK(count_of(journal, &(struct journal_query){.least = 2}, NULL) == 1);
    CHECK(count_of(journal, &(struct journal_query){.user = "nobody"}, NULL) == 0);
}

/* No list reads the whole table, whatever it is asked for: SQLite says how it would go about it. */
static void test_plans(const struct tables *tables)
{
    static const struct {
        const char *sql, *index;
    } lists[] = {
        {SQL_JOURNAL_LIST, "USING INTEGER PRIMARY KEY"},
        {SQL_JOURNAL_LIST_RESOURCE, "USING INDEX audit_resource"},
        {SQL_JOURNAL_LIST_ACTOR, "USING INDEX audit_actor"},
        {SQL_JOURNAL_LIST_ACTION, "USING INDEX audit_action"},
        {SQL_JOURNAL_SPAN, "USING COVERING INDEX audit_time"},
    };
    if (place_server()) { return; } /* PostgreSQL goes by how many rows there are */
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        CLEANUP(text_deinit) struct text sql = text_limited(4096);
        text_format(&sql, "EXPLAIN QUERY PLAN %s", lists[i].sql);
        struct statement *plan = NULL;
        CHECK(database_prepare(&plan, tables->database, text_c(&sql), NULL) == OK);
        enum step step = STEP_DONE;
        CHECK(statement_step(plan, &step, NULL) == OK && step == STEP_ROW);
        const char *way = column_text(plan, 3);
        CHECK(strncmp(way, "SEARCH audit ", 13) == 0 && strstr(way, lists[i].index) != NULL);
        /* One step, in the order of the index: nothing is sorted. */
        CHECK(statement_step(plan, &step, NULL) == OK && step == STEP_DONE);
        statement_reset(plan);
    }
}

/* A clock that was set back does not hide what was entered meanwhile. */
static void test_clock(struct journal *journal)
{
    const int64_t day_us = INT64_C(86400000000);
    CHECK(enter(journal, "cy", "clock.test", "late", now_us + 10 * day_us) == OK);
    CHECK(enter(journal, "cy", "clock.test", "early", now_us - 10 * day_us) == OK);
    CHECK(enter(journal, "cy", "clock.test", "now", now_us + day_us) == OK);
    const struct journal_query early = {.to_us = now_us - day_us};
    const struct journal_query late = {.from_us = now_us + 9 * day_us, .user = "cy"};
    const struct journal_query both = {.from_us = now_us + day_us, .action = "clock.test"};
    CHECK(count_of(journal, &early, NULL) == 1);
    CHECK(count_of(journal, &late, NULL) == 1);
    CHECK(count_of(journal, &both, NULL) == 2);
    CHECK(count_of(journal, &(struct journal_query){.from_us = now_us + 11 * day_us}, NULL) == 0);
}

/* What is erased is gone; the entry and its commitment stay. */
static void test_erase(struct journal *journal)
{
    CLEANUP(value_free_p) struct value *before = NULL;
    CLEANUP(value_free_p) struct value *after = NULL;
    CHECK(journal_get(journal, 0, &before, NULL) == OK);
    CHECK_TEXT(value_text_or(value_get(before, "address"), ""), "192.0.2.7");
    CHECK_TEXT(value_text_or(value_get(before, "action"), ""), "auth.sign_in");
    CHECK(value_text_or(value_get(before, "salt"), NULL) != NULL);
    CHECK(journal_erase(journal, 0, NULL) == OK);
    CHECK(journal_erase(journal, 0, NULL) == ERR_NOT_FOUND);
    CHECK(journal_get(journal, 0, &after, NULL) == OK);
    CHECK(value_kind(value_get(after, "address")) == VALUE_KIND_NULL);
    CHECK(value_kind(value_get(after, "salt")) == VALUE_KIND_NULL);
    CHECK_TEXT(value_text_or(value_get(after, "bytes"), ""),
               value_text_or(value_get(before, "bytes"), "-"));
    struct value *none = NULL;
    CHECK(journal_get(journal, 77, &none, NULL) == ERR_NOT_FOUND);
}

static void test_adopt(struct journal *journal)
{
    CLEANUP(journal_entry_deinit) struct journal_entry entry = {.opened = false};
    CLEANUP(journal_entry_deinit) struct journal_entry again = {.opened = false};
    CHECK(journal_read(journal, 2, &entry, NULL) == OK && entry.opened);
    CHECK(journal_adopt(journal, 3, text_span(&entry.bytes), NULL) == OK);
    CHECK(journal_read(journal, 3, &again, NULL) == OK && !again.opened);
    CHECK(span_equal(text_span(&again.bytes), text_span(&entry.bytes)));
    CHECK(journal_adopt(journal, 4, span_text("no entry"), NULL) == ERR_MALFORMED);
}

/* The oldest go, and what is left keeps its places; a few hundred at a time, or more. */
static void test_forget(struct journal *journal)
{
    uint64_t index = 9;
    uint64_t size = 0;
    int64_t at_us = 0;
    CHECK(journal_first(journal, &index, NULL) == OK && index == 0);
    CHECK(journal_time(journal, 2, &at_us, NULL) == OK && at_us == now_us + 3);
    for (int i = 0; i < 1200; i++) {
        CHECK(enter(journal, "ana", "auth.sign_in", "ana", now_us + 10) == OK);
    }
    CHECK(journal_forget(journal, 1100, NULL) == OK);
    CHECK(journal_first(journal, &index, NULL) == OK && index == 1100);
    CHECK(journal_size(journal, &size, NULL) == OK && size == 1207);
    CHECK(journal_time(journal, 1099, &at_us, NULL) == ERR_NOT_FOUND);
    CHECK(journal_time(journal, 1100, &at_us, NULL) == OK);
    CHECK(journal_forget(journal, 1100, NULL) == OK); /* nothing more */
    CHECK(enter(journal, "ana", "auth.sign_in", "ana", now_us) == OK);
    CHECK(journal_size(journal, &size, NULL) == OK && size == 1208);
}

int main(void)
{
    struct tables tables;
    tables_open(&tables, MIGRATIONS_CONTROL, ARRAY_LEN(MIGRATIONS_CONTROL));
    struct database *database = tables.database;
    CLEANUP(journal_close_p) struct journal *journal = NULL;
    CHECK(journal_open(&journal, database, NULL) == OK);
    test_order(database, journal);
    test_list(journal);
    test_erase(journal);
    test_adopt(journal);
    test_plans(&tables);
    test_clock(journal);
    test_forget(journal);
    CLEANUP(text_deinit) struct text note = text_limited(4096);
    CHECK(journal_signed(journal, &note, NULL) == OK && note.size == 0);
    CHECK(journal_sign(journal, 3, "first\n", NULL) == OK);
    CHECK(journal_sign(journal, 4, "second\n", NULL) == OK);
    CHECK(journal_signed(journal, &note, NULL) == OK);
    CHECK_TEXT(text_c(&note), "second\n");
    tables_close(&tables);
    return CHECK_DONE();
}
