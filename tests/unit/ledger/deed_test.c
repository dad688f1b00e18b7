#include "ledger/deed.h"

#include "base/clock.h"
#include "check.h"
#include "migrations/control.h"
#include "tables.h"

static const int64_t now_us = INT64_C(1795312229000000);

struct bench {
    struct database *database;
    struct journal *journal;
    struct deed_taker *taker;
};

static struct value *deed_value(int64_t number, const char *action, struct value *details)
{
    struct value *deed = value_object();
    value_set_integer(deed, "number", number);
    value_set_integer(deed, "previous", number - 1);
    value_set_time(deed, "at", now_us);
    value_set_text(deed, "action", action);
    value_set_text(deed, "resource", "edge/sign-1");
    value_set(deed, "details", details);
    value_set_text(deed, "address", "192.0.2.7");
    value_set_text(deed, "agent", NULL);
    return deed;
}

static struct value *answer_with(struct value *list, int64_t newest)
{
    struct value *answer = value_object();
    value_set_integer(answer, "newest", newest);
    value_set(answer, "deeds", list);
    return answer;
}

/* An answer with the deeds `first`..`last`, whose `previous` is one less each. */
static struct value *answer_of(int64_t first, int64_t last, int64_t newest)
{
    struct value *list = value_array();
    for (int64_t number = first; number <= last; number++) {
        value_append(list, deed_value(number, "member_invited", value_object()));
    }
    return answer_with(list, newest);
}

static struct deed_call take(const struct bench *bench, struct value *answer, enum err expected)
{
    struct why why = {""};
    struct deed_call call = {.source = "enrol/enrol", .answer = answer, .now_us = now_us};
    const enum err err = deed_taker_take(bench->taker, &call, &why);
    CHECK(err == expected);
    if (err != expected) { printf("# %s\n", why.text); }
    value_free(answer);
    return call;
}

static uint64_t size_of(const struct bench *bench)
{
    uint64_t size = 0;
    CHECK(journal_size(bench->journal, &size, NULL) == OK);
    return size;
}

static int64_t mark_of(const struct bench *bench)
{
    int64_t mark = -1;
    CHECK(deed_taker_mark(bench->taker, "enrol/enrol", &mark, NULL) == OK);
    return mark;
}

static void test_order(const struct bench *bench)
{
    CHECK(mark_of(bench) == 0);
    struct deed_call call = take(bench, answer_of(1, 3, 5), OK);
    CHECK(call.entered == 3 && call.more && size_of(bench) == 3 && mark_of(bench) == 3);
    call = take(bench, answer_of(4, 5, 5), OK);
    CHECK(call.entered == 2 && !call.more && size_of(bench) == 5);
    call = take(bench, answer_of(6, 5, 5), OK); /* nothing new */
    CHECK(call.entered == 0 && !call.more);
    CLEANUP(value_free_p) struct value *entry = NULL;
    CHECK(journal_get(bench->journal, 0, &entry, NULL) == OK);
    CHECK_TEXT(value_text_or(value_get(entry, "user"), ""), "enrol/enrol");
    CHECK_TEXT(value_text_or(value_get(entry, "resource"), ""), "edge/sign-1");
    CHECK_TEXT(value_text_or(value_get(entry, "address"), ""), "192.0.2.7");
}

/* Told once more, out of order, or of the far future: nothing of that answer counts. */
static void test_refused(const struct bench *bench)
{
    (void)take(bench, answer_of(5, 6, 6), ERR_MALFORMED);
    const int64_t far = now_us + (DEED_AHEAD_MAX_DAYS + 1) * CLOCK_DAY_US;
    (void)take(bench, answer_of(far, far, far), ERR_MALFORMED);
    struct value *list = value_array();
    value_append(list, deed_value(6, "member_invited", value_object()));
    value_append(list, deed_value(7, "alert_sent", value_object()));
    (void)take(bench, answer_with(list, 7), ERR_MALFORMED);
    (void)take(bench, value_object(), ERR_MALFORMED);
    CHECK(size_of(bench) == 5 && mark_of(bench) == 5);
}

static void check_gap(const struct bench *bench, uint64_t index, int64_t known, int64_t found)
{
    CLEANUP(value_free_p) struct value *entry = NULL;
    CHECK(journal_get(bench->journal, index, &entry, NULL) == OK);
    CHECK_TEXT(value_text_or(value_get(entry, "action"), ""), "deeds_gap");
    const struct value *details = value_get(entry, "details");
    CHECK(value_integer_or(value_get(details, "known"), -1) == known);
    CHECK(value_integer_or(value_get(details, "found"), -1) == found);
}

static void test_gap(const struct bench *bench)
{
    struct deed_call call = take(bench, answer_of(9, 9, 9), OK);
    CHECK(call.entered == 2 && size_of(bench) == 7 && mark_of(bench) == 9);
    check_gap(bench, 5, 5, 8);
    call = take(bench, answer_of(10, 9, 4), OK); /* a register that has forgotten */
    CHECK(call.entered == 1 && mark_of(bench) == 4);
    check_gap(bench, 7, 9, 4);
}

/* An entry that is too large is entered without its details. */
static void test_large(const struct bench *bench)
{
    CLEANUP(text_deinit) struct text words = text_limited(16384);
    while (words.size < 12000) {
        text_add(&words, "0123456789");
    }
    struct value *details = value_object();
    struct value *list = value_array();
    value_set_text(details, "words", text_c(&words));
    value_append(list, deed_value(5, "enrol_started", details));
    const struct deed_call call = take(bench, answer_with(list, 5), OK);
    CHECK(call.entered == 1 && mark_of(bench) == 5);
    CLEANUP(value_free_p) struct value *entry = NULL;
    CHECK(journal_get(bench->journal, size_of(bench) - 1, &entry, NULL) == OK);
    CHECK(value_kind(value_get(entry, "details")) == VALUE_KIND_NULL);
}

int main(void)
{
    struct tables tables;
    tables_open(&tables, MIGRATIONS_CONTROL, ARRAY_LEN(MIGRATIONS_CONTROL));
    struct bench bench = {.database = tables.database};
    CHECK(journal_open(&bench.journal, bench.database, NULL) == OK);
    CHECK(deed_taker_open(&bench.taker, bench.database, bench.journal, NULL) == OK);
    test_order(&bench);
    test_refused(&bench);
    test_gap(&bench);
    test_large(&bench);
    deed_taker_close(bench.taker);
    journal_close(bench.journal);
    tables_close(&tables);
    return CHECK_DONE();
}
