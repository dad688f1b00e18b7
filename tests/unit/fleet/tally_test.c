/* The tallies follow every event, device and camera, and agree with what counting would say. */
#include "fleet/tally.h"

#include "base/clock.h"
#include "check.h"
#include "fleet/device.h"
#include "fleet/event_store.h"
#include "fleet_words.h"
#include "migrations/control.h"

static struct tables tables;
static struct tally_store *tallies;

struct wanted {
    const char *zone;
    struct tally found;
};

static void keep(void *context, const struct tally *tally)
{
    struct wanted *wanted = context;
    if (strcmp(tally->zone, wanted->zone) == 0) { wanted->found = *tally; }
}

static struct tally of(const char *zone)
{
    struct wanted wanted = {.zone = zone};
    CHECK(tally_each(tallies, keep, &wanted, NULL) == OK);
    return wanted.found;
}

static bool put(struct event_store *store, struct event *event, const char *device)
{
    enum event_outcome outcome = EVENT_OUTCOME_FOREIGN;
    const struct event_report report = {.device = device, .event = event, .now_us = TEST_NOW_US};
    return event_store_put(store, &report, &outcome, NULL) == OK && outcome == EVENT_OUTCOME_STORED;
}

static void check_events(void)
{
    struct why why = {0};
    struct event_store *store = NULL;
    test_must(event_store_open(&store, tables.database, &why), &why);
    struct event event;
    words_event_read(&event);
    (void)snprintf(event.zone, sizeof event.zone, "north");
    CHECK(put(store, &event, "sign-1") && of("north").events == 1);
    event.sequence++;
    CHECK(put(store, &event, "sign-1") && of("north").events == 1); /* the same once more */
    CHECK(!put(store, &event, "sign-1") && of("north").events == 1);
    event.sequence++;
    CHECK(!put(store, &event, "thief") && of("north").events == 1);
    (void)snprintf(event.zone, sizeof event.zone, "south");
    CHECK(put(store, &event, "sign-1")); /* it has moved */
    CHECK(of("north").events == 0 && of("south").events == 1);
    int64_t forgotten = 0;
    CHECK(event_store_forget(store, event.started_us, &forgotten, NULL) == OK && forgotten == 0);
    CHECK(event_store_forget(store, INT64_MAX, &forgotten, NULL) == OK && forgotten == 1);
    CHECK(of("south").events == 0);
    event_store_close(store);
}

static void tell(struct device_store *store, struct status *status, int64_t now_us)
{
    enum device_change change = DEVICE_CHANGE_NONE;
    status->at_us = now_us;
    const struct device_report report = {
        .name = "edge-1", .identity = "x", .status = status, .now_us = now_us};
    CHECK(device_store_status(store, &report, &change, NULL) == OK);
    CHECK(change != DEVICE_CHANGE_STALE);
}

static void check_devices(void)
{
    struct why why = {0};
    struct device_store *store = NULL;
    test_must(device_store_open(&store, tables.database, &why), &why);
    struct status status = {.online = true, .camera_count = 2, .started_us = TEST_NOW_US};
    (void)snprintf(status.zone, sizeof status.zone, "north");
    (void)snprintf(status.cameras[0].name, sizeof status.cameras[0].name, "gate");
    (void)snprintf(status.cameras[1].name, sizeof status.cameras[1].name, "yard");
    tell(store, &status, TEST_NOW_US);
    CHECK(of("north").devices == 1 && of("north").cameras == 2);
    status.camera_count = 1; /* one was taken down */
    tell(store, &status, TEST_NOW_US + 1);
    CHECK(of("north").devices == 1 && of("north").cameras == 1);
    (void)snprintf(status.zone, sizeof status.zone, "south");
    tell(store, &status, TEST_NOW_US + 2);
    CHECK(of("north").devices == 0 && of("north").cameras == 0);
    CHECK(of("south").devices == 1 && of("south").cameras == 1);
    device_store_close(store);
}

int main(void)
{
    tables_open(&tables, MIGRATIONS_CONTROL, ARRAY_LEN(MIGRATIONS_CONTROL));
    struct why why = {0};
    test_must(tally_store_open(&tallies, tables.database, &why), &why);
    CHECK(tally_events(tallies, "north", 3, NULL) == OK && of("north").events == 3);
    CHECK(tally_events(tallies, "north", -3, NULL) == OK && of("north").events == 0);
    CHECK(of("nowhere").events == 0);
    check_events();
    check_devices();
    tally_store_close(tallies);
    tables_close(&tables);
    return CHECK_DONE();
}
