/* The timeline: the highest sequence wins, an event has one owner, pages do not skip. */
#include "fleet/event_store.h"

#include "check.h"
#include "fleet_words.h"
#include "migrations/control.h"

static struct event_store *store;

static enum event_outcome put(const char *device, const struct event *event)
{
    struct why why = {0};
    enum event_outcome outcome = EVENT_OUTCOME_FOREIGN;
    const struct event_report report = {.device = device, .event = event, .now_us = TEST_NOW_US};
    test_must(event_store_put(store, &report, &outcome, &why), &why);
    return outcome;
}

static void sequences_rise(void)
{
    struct event event;
    struct value *got = NULL;
    CLEANUP(text_deinit) struct text text = {0};
    words_event_read(&event);
    CHECK(put("sign-1", &event) == EVENT_OUTCOME_STORED);
    CHECK(put("sign-1", &event) == EVENT_OUTCOME_KNOWN);
    CHECK(event_store_get(store, event.id, &got, NULL) == OK);
    const char *first = words_of(got, &text);
    CHECK(strstr(first, "\"lead_s\":1.5") && strstr(first, "\"zones\":[\"door\",\"drive-2\"]"));
    event.sequence = 3;
    event.state = EVENT_STATE_END;
    event.ended_us = event.updated_us;
    event.has_clip = false;
    CHECK(put("sign-1", &event) == EVENT_OUTCOME_STORED);
    event.sequence = 2;
    event.count = 99;
    CHECK(put("sign-1", &event) == EVENT_OUTCOME_KNOWN);
    event.sequence = 9;
    CHECK(put("sign-2", &event) == EVENT_OUTCOME_FOREIGN);
    CHECK(event_store_get(store, event.id, &got, NULL) == OK);
    const char *words = words_of(got, &text);
    CHECK(strstr(words, "\"state\":\"end\"") && strstr(words, "\"count\":2"));
    CHECK(strstr(words, "\"clip\":null") && strstr(words, "\"boxes\":[[0.0,0.4"));
    CHECK(event_store_get(store, "x", &got, NULL) == ERR_NOT_FOUND);
}

/* Reads all pages; the number of events, and how many pages there were. */
static int64_t walk(struct event_query query, int *pages)
{
    CLEANUP(text_deinit) struct text cursor = text_limited(1000);
    int64_t seen = 0;
    bool more = true;
    char last[CLOCK_TEXT_SIZE] = "9";
    for (*pages = 0; more && *pages < 50; (*pages)++) {
        CLEANUP(value_free_p) struct value *page = NULL;
        query.before = cursor.size ? text_c(&cursor) : NULL;
        if (event_store_list(store, &query, &page, NULL) != OK) { return -1; }
        const struct value *events = value_get(page, "events");
        for (size_t i = 0; i < value_count(events); i++, seen++) {
            const char *at = value_text_or(value_get(value_at(events, i), "started_at"), "");
            if (strcmp(at, last) > 0) { return -2; }
            (void)!text_copy(last, sizeof last, at);
        }
        const char *next = value_text_or(value_get(page, "next"), NULL);
        more = next != NULL;
        text_clear(&cursor);
        text_add(&cursor, next ? next : "");
    }
    return seen;
}

static void pages_and_filters(void)
{
    struct event event;
    int pages = 0;
    words_event_read(&event);
    for (int i = 0; i < 30; i++) {
        event.id[34] = (char)('1' + i / 10);
        event.id[35] = (char)('0' + i % 10);
        event.started_us = TEST_NOW_US - (i / 3) * CLOCK_SECOND_US; /* three at the same time */
        event.updated_us = event.started_us;
        (void)!text_copy(event.camera, sizeof event.camera, i % 2 ? "gate" : "roof");
        (void)!text_copy(event.label, sizeof event.label, i % 3 ? "person" : "car");
        CHECK(put("sign-1", &event) == EVENT_OUTCOME_STORED);
    }
    CHECK(walk((struct event_query){.limit = 4}, &pages) == 31 && pages == 8);
    CHECK(walk((struct event_query){.limit = 31}, &pages) == 31 && pages == 1);
    CHECK(walk((struct event_query){.camera = "roof", .limit = 4}, &pages) == 15);
    CHECK(walk((struct event_query){.label = "car"}, &pages) == 10);
    CHECK(walk((struct event_query){.device = "sign-2"}, &pages) == 0);
    CHECK(walk((struct event_query){.zone = "north"}, &pages) == 31);
    CHECK(walk((struct event_query){.from_us = TEST_NOW_US}, &pages) == 3);
    CHECK(walk((struct event_query){.to_us = TEST_NOW_US}, &pages) == 28);
    struct value *none = NULL;
    CHECK(event_store_list(store, &(struct event_query){.limit = 201}, &none, NULL) == ERR_RANGE);
    static const char *const strange[] = {"x", "", "MTIz", "MTpmb28", "AAAA"};
    for (size_t i = 0; i < ARRAY_LEN(strange); i++) {
        CHECK(event_store_list(store, &(struct event_query){.before = strange[i]}, &none, NULL) ==
              ERR_MALFORMED);
    }
    int64_t count = 0;
    CHECK(event_store_count(store, NULL, &count, NULL) == OK && count == 31);
}

int main(void)
{
    struct tables tables;
    tables_open(&tables, MIGRATIONS_CONTROL, ARRAY_LEN(MIGRATIONS_CONTROL));
    CHECK(event_store_open(&store, tables.database, NULL) == OK);
    sequences_rise();
    pages_and_filters();
    event_store_close(store);
    tables_close(&tables);
    return CHECK_DONE();
}
