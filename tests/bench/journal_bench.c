/*
 * What a page of the audit log costs when the log has a million entries: the newest, by each filter
 * where what is asked for is rare and long ago, and a span of time long ago. Prints
 * `name<TAB>value<TAB>unit` for tools/bench.sh: the median of 50 pages.
 */
#include "ledger/journal.h"

#include "base/clock.h"
#include "check.h"
#include "migrations/control.h"
#include "tables.h"

enum { ENTRIES = 1000000, PAGES = 50, MIDDLE = PAGES / 2 };

static const int64_t begin_us = INT64_C(1700000000000000);

/* A million times the first entry, one a second; every thousandth by somebody else, about
 * something else, until half of the log is written. */
static const char ROWS[] =
    "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) "
    "INSERT INTO audit (number, at_us, actor, action, resource, entry) "
    "SELECT i, at_us + i * 1000000, CASE WHEN i % 1000 = 0 AND i < 500000 THEN 'bo' ELSE actor "
    "END, "
    "CASE WHEN i % 1000 = 0 AND i < 500000 THEN 'rare' ELSE action END, "
    "CASE WHEN i % 1000 = 0 AND i < 500000 THEN 'thing' ELSE resource END, entry "
    "FROM n JOIN audit ON audit.number = 1";

static int compare(const void *left, const void *right)
{
    const int64_t a = *(const int64_t *)left;
    const int64_t b = *(const int64_t *)right;
    return a < b ? -1 : a > b;
}

static bool measure(struct journal *journal, const char *name, const struct journal_query *query)
{
    int64_t times_us[PAGES];
    for (int i = 0; i < PAGES; i++) {
        CLEANUP(value_free_p) struct value *page = NULL;
        const int64_t before_us = clock_monotonic_us();
        const enum err err = journal_list(journal, query, &page, NULL);
        times_us[i] = clock_monotonic_us() - before_us;
        if (err || value_count(value_get(page, "entries")) != 50) { return false; }
    }
    qsort(times_us, PAGES, sizeof *times_us, compare);
    printf("journal_page_%s\t%.3f\tms\n", name, (double)times_us[MIDDLE] / 1e3);
    return true;
}

int main(void)
{
    struct tables tables;
    struct why why = {""};
    CLEANUP(journal_close_p) struct journal *journal = NULL;
    const struct entry_fact fact = {.at_us = begin_us,
                                    .user = "ana",
                                    .action = "usual",
                                    .resource = "all",
                                    .authorisation = "session"};
    tables_open(&tables, MIGRATIONS_CONTROL, ARRAY_LEN(MIGRATIONS_CONTROL));
    enum err err = journal_open(&journal, tables.database, &why);
    if (!err) { err = journal_enter(journal, &fact, &why); }
    if (!err) { err = database_execute(tables.database, ROWS, &why); }
    if (err) { (void)fprintf(stderr, "journal_bench: %s\n", why.text); }
    const int64_t day_us = INT64_C(86400000000);
    const struct journal_query newest = {.limit = 50};
    const struct journal_query actor = {.limit = 50, .user = "bo"};
    const struct journal_query action = {.limit = 50, .action = "rare"};
    const struct journal_query resource = {.limit = 50, .resource = "thing"};
    const struct journal_query span = {
        .limit = 50, .from_us = begin_us + day_us, .to_us = begin_us + 2 * day_us};
    const struct journal_query half = {
        .limit = 50, .from_us = begin_us, .to_us = begin_us + ENTRIES / 2 * INT64_C(1000000)};
    const bool measured =
        !err && measure(journal, "newest", &newest) && measure(journal, "rare_user", &actor) &&
        measure(journal, "rare_action", &action) && measure(journal, "rare_resource", &resource) &&
        measure(journal, "one_old_day", &span) && measure(journal, "old_half", &half);
    journal_close(TAKE(journal));
    tables_close(&tables);
    return measured ? 0 : 1;
}
