/* fleet/relay: what is said again, when, and what is never said again. */
#include "check.h"
#include "fleet/relay.h"

#include <string.h>

#define T0 (INT64_C(1800000000) * CLOCK_SECOND_US)

static const char ID[] = "01920000-0000-7000-8000-000000000001";

/* Orders as lines of text, so that a test reads as a conversation. */
struct clerk {
    struct text lines;
    int refuse; /* so many orders are not carried out */
};

static bool carry_out(void *context, const struct relay_order *order)
{
    struct clerk *clerk = context;
    if (clerk->refuse > 0) {
        clerk->refuse--;
        return false;
    }
    text_format(&clerk->lines, "%s %s %.*s;", relay_deed_name(order->deed), order->topic,
                (int)order->envelope.size, (const char *)order->envelope.data);
    return true;
}

/* What is due at T0 + `at_ms`, valid until the next call. */
static const char *due(struct relay *relay, struct clerk *clerk, int64_t at_ms)
{
    clerk->lines.size_max = 64 * 1024;
    text_clear(&clerk->lines);
    const struct relay_errand errand = {
        .now_us = T0 + at_ms * 1000, .context = clerk, .carry_out = carry_out};
    relay_run(relay, &errand);
    return text_c(&clerk->lines);
}

static enum tier tier = TIER_INFORMATIONAL; /* of what add adds */

/* An alert for the zone north and the device pole-9, over a minute after T0. */
static bool add(struct relay *relay, int64_t revision, const char *envelope, int64_t at_ms)
{
    static struct target_name zones[] = {{"north"}, {"south"}};
    static struct target_name devices[] = {{"pole-9"}};
    struct alert alert = {.revision = revision,
                          .tier = tier,
                          .begin_us = T0,
                          .expire_us = T0 + CLOCK_MINUTE_US,
                          .targets = {.zones = zones,
                                      .zone_count = ARRAY_LEN(zones),
                                      .devices = devices,
                                      .device_count = ARRAY_LEN(devices)}};
    memcpy(alert.id, ID, sizeof ID);
    return relay_alert(relay, &alert, span_text(envelope), T0 + at_ms * 1000);
}

static void see(struct relay *relay, const char *topic, int64_t revision, int64_t at_ms)
{
    const struct relay_sight sight = {.topic = topic,
                                      .alert_id = ID,
                                      .revision = revision,
                                      .expire_us = T0 + CLOCK_MINUTE_US,
                                      .now_us = T0 + at_ms * 1000};
    relay_seen(relay, &sight);
}

static void answer(struct relay *relay, const char *device, int64_t revision)
{
    struct receipt receipt = {.revision = revision, .state = RECEIPT_STATE_RECEIVED};
    memcpy(receipt.alert_id, ID, sizeof ID);
    relay_receipt(relay, device, &receipt);
}

#define NORTH "alerts/zone/north/01920000-0000-7000-8000-000000000001"
#define SOUTH "alerts/zone/south/01920000-0000-7000-8000-000000000001"
#define POLE "alerts/device/pole-9/01920000-0000-7000-8000-000000000001"
#define GATE "alerts/device/gate-1/01920000-0000-7000-8000-000000000001"

static void test_restore_what_the_broker_lost(void)
{
    CLEANUP(relay_free_p) struct relay *relay = relay_new("north");
    struct clerk clerk = {0};
    CHECK(add(relay, 1, "one", 0));
    relay_begin(relay, T0);
    CHECK_TEXT(due(relay, &clerk, 1000), ""); /* retained messages may still come */
    CHECK_TEXT(due(relay, &clerk, 2000), "restore " NORTH " one;");
    CHECK_TEXT(due(relay, &clerk, 2500), "");
    relay_device(relay, "pole-9", false, T0, T0); /* known now: its topic is heard here */
    CHECK_TEXT(due(relay, &clerk, 3000), "restore " POLE " one;");
    relay_begin(relay, T0 + 4 * CLOCK_SECOND_US); /* a new connection: all is unknown again */
    see(relay, NORTH, 1, 4100);
    see(relay, POLE, 1, 4100);
    CHECK_TEXT(due(relay, &clerk, 6500), "");
    text_deinit(&clerk.lines);
}

static void test_newer_wins_over_older(void)
{
    CLEANUP(relay_free_p) struct relay *relay = relay_new("north");
    struct clerk clerk = {0};
    CHECK(add(relay, 3, "cancel", 0));
    CHECK(add(relay, 2, "older", 10)); /* known already in a higher revision */
    relay_begin(relay, T0);
    see(relay, NORTH, 3, 100);
    see(relay, SOUTH, 2, 100); /* not our zone, but it stands here, and is old */
    CHECK_TEXT(due(relay, &clerk, 2100), "restore " SOUTH " cancel;");
    see(relay, NORTH, 1, 2200);
    clerk.refuse = 1;
    CHECK_TEXT(due(relay, &clerk, 2300), "");
    CHECK_TEXT(due(relay, &clerk, 2400), "restore " NORTH " cancel;");

    tier = TIER_WARNING; /* what was known under its id was none of its revisions */
    CHECK(add(relay, 1, "warning", 2500));
    tier = TIER_INFORMATIONAL;
    see(relay, NORTH, 0, 2600);
    CHECK(strstr(due(relay, &clerk, 5000), "restore " NORTH " warning;") != NULL);
    text_deinit(&clerk.lines);
}

static void test_remind_until_answered(void)
{
    CLEANUP(relay_free_p) struct relay *relay = relay_new("north");
    struct clerk clerk = {0};
    relay_device(relay, "gate-1", true, T0, T0);
    relay_device(relay, "gate-2", true, T0, T0);
    relay_device(relay, "gate-3", false, T0, T0);
    CHECK(relay_online_count(relay) == 2);
    CHECK(add(relay, 1, "one", 0));
    see(relay, NORTH, 1, 0);
    answer(relay, "gate-2", 1);
    CHECK_TEXT(due(relay, &clerk, 2900), "");
    CHECK_TEXT(due(relay, &clerk, 3000), "remind " GATE " one;");
    CHECK_TEXT(due(relay, &clerk, 8900), "");
    CHECK_TEXT(due(relay, &clerk, 9000), "remind " GATE " one;");
    answer(relay, "gate-1", 1);
    CHECK_TEXT(due(relay, &clerk, 30000), "");
    CHECK(add(relay, 2, "two", 30000)); /* the new revision needs a new receipt */
    see(relay, NORTH, 2, 30000);
    answer(relay, "gate-1", 1);
    answer(relay, "gate-2", 2);
    CHECK_TEXT(due(relay, &clerk, 33000), "remind " GATE " two;");
    text_deinit(&clerk.lines);
}

static void test_remind_gives_up_and_begins_anew(void)
{
    CLEANUP(relay_free_p) struct relay *relay = relay_new("north");
    struct clerk clerk = {0};
    relay_device(relay, "gate-1", true, T0, T0);
    CHECK(add(relay, 1, "one", 0));
    see(relay, NORTH, 1, 0);
    int reminders = 0;
    for (int64_t at_ms = 0; at_ms < 59 * 1000; at_ms += 10) {
        reminders += due(relay, &clerk, at_ms)[0] != '\0' ? 1 : 0;
    }
    CHECK(reminders == 4); /* at 3, 9, 21, 45 s */
    relay_device(relay, "gate-1", false, T0 + 50 * CLOCK_SECOND_US, T0 + 50 * CLOCK_SECOND_US);
    relay_device(relay, "gate-1", true, T0 + 50 * CLOCK_SECOND_US, T0 + 50 * CLOCK_SECOND_US);
    relay_device(relay, "gate-1", false, T0, T0 + 51 * CLOCK_SECOND_US); /* a will, late */
    CHECK_TEXT(due(relay, &clerk, 53000), "remind " GATE " one;");
    text_deinit(&clerk.lines);
}

static void test_clear_what_ran_out(void)
{
    CLEANUP(relay_free_p) struct relay *relay = relay_new("north");
    struct clerk clerk = {0};
    CHECK(add(relay, 1, "one", 0));
    see(relay, NORTH, 1, 0);
    see(relay, SOUTH, 1, 0);
    relay_emptied(relay, SOUTH); /* control did that itself */
    CHECK_TEXT(due(relay, &clerk, 69000), "");
    CHECK_TEXT(due(relay, &clerk, 70000), "clear " NORTH " ;");
    CHECK(relay_alert_count(relay) == 0);
    CHECK(!add(relay, 2, "late", 71000));
    see(relay, NORTH, 1, 71000); /* litter: an older one that came back */
    CHECK_TEXT(due(relay, &clerk, 80000), "");
    CHECK_TEXT(due(relay, &clerk, 81000), "clear " NORTH " ;");
    see(relay, NORTH, 1, 82000);
    relay_emptied(relay, NORTH);
    CHECK_TEXT(due(relay, &clerk, 100000), "");
    text_deinit(&clerk.lines);
}

static void test_limits(void)
{
    CLEANUP(relay_free_p) struct relay *relay = relay_new("north");
    char *big = mem_zeroed(60 * 1024 + 1);
    memset(big, 'x', 60 * 1024);
    size_t taken = 0;
    for (int i = 0; i < 300; i++) {
        struct alert alert = {.revision = 1, .expire_us = T0 + CLOCK_MINUTE_US};
        (void)snprintf(alert.id, sizeof alert.id, "01920000-0000-7000-8000-%012d", i);
        taken += relay_alert(relay, &alert, span_text(i < 130 ? big : "y"), T0) ? 1 : 0;
    }
    CHECK(taken == relay_alert_count(relay));
    CHECK(taken == RELAY_ALERT_MAX);
    for (int i = 0; i < RELAY_DEVICE_MAX + 10; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "d%d", i);
        relay_device(relay, name, true, T0, T0);
    }
    CHECK(relay_online_count(relay) == RELAY_DEVICE_MAX);
    free(big);
    relay_free(NULL);
}

int main(void)
{
    test_restore_what_the_broker_lost();
    test_newer_wins_over_older();
    test_remind_until_answered();
    test_remind_gives_up_and_begins_anew();
    test_clear_what_ran_out();
    test_limits();
    return CHECK_DONE();
}
