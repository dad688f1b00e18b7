/* Old events go, a day's worth an hour, and never those that are to be kept. */
#include "fleet/event_age.h"

#include "base/clock.h"
#include "check.h"
#include "fleet_words.h"
#include "migrations/control.h"

static struct tables tables;
static struct event_store *store;

/* `count` events that started so many days before TEST_NOW_US. */
static void put(int days, int count)
{
    struct event event;
    words_event_read(&event);
    event.started_us = event.updated_us = TEST_NOW_US - days * CLOCK_DAY_US;
    int stored = 0;
    for (int i = 0; i < count; i++) {
        enum event_outcome outcome = EVENT_OUTCOME_KNOWN;
        const struct id id = id_new(event.started_us);
        memcpy(event.id, id.text, sizeof event.id);
        const struct event_report report = {
            .device = "sign-1", .event = &event, .now_us = TEST_NOW_US};
        stored += event_store_put(store, &report, &outcome, NULL) == OK &&
                  outcome == EVENT_OUTCOME_STORED;
    }
    CHECK(stored == count);
}

static int64_t forget(struct event_age *age, int64_t monotonic_us)
{
    int64_t forgotten = -1;
    const struct event_age_time now = {TEST_NOW_US, monotonic_us};
    return event_age_run(age, store, now, &forgotten, NULL) == OK ? forgotten : -1;
}

int main(void)
{
    tables_open(&tables, MIGRATIONS_CONTROL, ARRAY_LEN(MIGRATIONS_CONTROL));
    struct why why = {0};
    test_must(event_store_open(&store, tables.database, &why), &why);
    struct event_age age = {.keep_us = 30 * CLOCK_DAY_US};
    struct event_age for_ever = {0};
    CHECK(forget(&age, 1) == 0); /* nothing is there */

    CHECK(database_execute(tables.database, "BEGIN", NULL) == OK);
    put(50, EVENT_STORE_FORGET_MAX + 5);
    put(40, 7);
    put(20, 3);
    CHECK(database_execute(tables.database, "COMMIT", NULL) == OK);
    CHECK(forget(&for_ever, 1) == 0);
    CHECK(forget(&age, CLOCK_MINUTE_US) == 0); /* asked within the hour */
    int64_t now_us = 1 + CLOCK_HOUR_US;
    CHECK(forget(&age, now_us) == EVENT_STORE_FORGET_MAX);
    CHECK(forget(&age, now_us + 1) == 5);
    CHECK(forget(&age, now_us + 2) == 0); /* a day's worth: the rest waits for the next hour */
    now_us += CLOCK_HOUR_US;
    CHECK(forget(&age, now_us) == 7);
    now_us += CLOCK_HOUR_US;
    CHECK(forget(&age, now_us) == 0);
    int64_t left = 0;
    CHECK(event_store_count(store, NULL, &left, NULL) == OK && left == 3);
    event_store_close(store);
    tables_close(&tables);
    return CHECK_DONE();
}
