/* What becomes due by itself. */
#include "alert/schedule.h"

#include "check.h"
#include "control_desk.h"

#define S(seconds) (TEST_NOW_US + (seconds)*CLOCK_SECOND_US)

static struct schedule_result run(struct desk *desk, int64_t now_us)
{
    struct schedule_result result = {0};
    test_must(schedule_run(desk->schedule, now_us, &result, &desk->why), &desk->why);
    return result;
}

static void silent_devices_get_it_again(struct desk *desk)
{
    CLEANUP(text_deinit) struct text words = text_limited(4000);
    struct id id = {""};
    CHECK(desk_create(desk, DESK_NORTH, &id) == OK);
    desk_publish(desk, &words, S(0));
    struct schedule_result result = run(desk, S(1));
    CHECK(result.resent == 0 && result.next_us == S(2));
    struct receipt receipt = desk_words(&id, 1, RECEIPT_STATE_LIT);
    CHECK(desk_receipt(desk, "sign-1", &receipt) == RECEIPT_OUTCOME_CHANGED);
    result = run(desk, S(2));
    CHECK(result.resent == 1 && result.next_us == S(6));
    desk_publish(desk, &words, S(2));
    CHECK_TEXT(text_c(&words), "alerts/device/sign-2:1:full ");
    result = run(desk, S(6));
    CHECK(result.resent == 1 && result.next_us == S(14));
    /* nobody takes it out of the outbox: it is not piled up */
    (void)run(desk, S(14));
    (void)run(desk, S(30));
    CHECK(tables_number(&desk->tables, "SELECT count(*) FROM outbox") == 1);
    CHECK(tables_number(&desk->tables, "SELECT attempts FROM deliveries WHERE device = 'sign-2'") ==
          5);
    /* back after a while: at once */
    CHECK(schedule_hasten(desk->schedule, "sign-2", S(31), NULL) == OK);
    CHECK(run(desk, S(31)).resent == 1);
    receipt.state = RECEIPT_STATE_REFUSED;
    (void)!text_copy(receipt.reason, sizeof receipt.reason, "over_tier");
    CHECK(desk_receipt(desk, "sign-2", &receipt) == RECEIPT_OUTCOME_CHANGED);
    CHECK(run(desk, S(600)).resent == 0);
    desk_publish(desk, &words, S(600));
}

static void a_missed_lit_is_asked_for(struct desk *desk)
{
    CLEANUP(text_deinit) struct text words = text_limited(4000);
    struct id id = {""};
    CHECK(desk_create(desk, "{'tier':'advisory'," DESK_TEXTS ",'targets':{'devices':['sign-3']}}",
                      &id) == OK);
    desk_publish(desk, &words, S(0));
    struct receipt receipt = desk_words(&id, 1, RECEIPT_STATE_RECEIVED);
    receipt.at_us = S(1);
    CHECK(desk_receipt(desk, "sign-3", &receipt) == RECEIPT_OUTCOME_CHANGED);
    int asked = 0;
    for (int second = 2; second < 1200; second++) {
        asked += run(desk, S(second)).resent != 0;
        desk_publish(desk, &words, S(second));
    }
    CHECK(asked == 4); /* a device without a sign is not asked for ever */
}

static void alerts_begin_and_end(struct desk *desk)
{
    CLEANUP(text_deinit) struct text words = text_limited(4000);
    struct id id = {""};
    CHECK(desk_create(desk,
                      "{'tier':'advisory'," DESK_TEXTS ",'targets':{'zones':['north']},"
                      "'begin':'2026-11-22T12:00:00Z','duration_s':60}",
                      &id) == OK);
    desk_publish(desk, &words, S(0));
    struct receipt receipt = desk_words(&id, 1, RECEIPT_STATE_LIT);
    CHECK(desk_receipt(desk, "sign-1", &receipt) == RECEIPT_OUTCOME_CHANGED);
    const int64_t begin_us = S(9000);
    desk_board(desk, &id, &words, S(0));
    CHECK_TEXT(text_c(&words), "pending sign-1:lit sign-2:sent");
    struct schedule_result result = run(desk, begin_us);
    bool named = false;
    for (size_t i = 0; i < result.changed; i++) {
        named = named || strcmp(schedule_changed(desk->schedule, i), id.text) == 0;
    }
    CHECK(named);
    desk_board(desk, &id, &words, begin_us);
    CHECK_TEXT(text_c(&words), "active sign-1:lit sign-2:sent");
    desk_publish(desk, &words, begin_us);

    (void)run(desk, begin_us + 60 * CLOCK_SECOND_US);
    desk_board(desk, &id, &words, begin_us);
    CHECK_TEXT(text_c(&words), "expired sign-1:lit sign-2:sent");
    desk_publish(desk, &words, begin_us);
    CHECK_TEXT(text_c(&words), "alerts/zone/north:2: "); /* the retained message is cleared */
    /* sign-1 is asked whether it is off; sign-2 never had it, and is left alone */
    (void)run(desk, begin_us + 76 * CLOCK_SECOND_US);
    desk_publish(desk, &words, begin_us);
    CHECK_TEXT(text_c(&words), "alerts/device/sign-1:1:full ");
    receipt.state = RECEIPT_STATE_CLEARED;
    CHECK(desk_receipt(desk, "sign-1", &receipt) == RECEIPT_OUTCOME_CHANGED);
    result = run(desk, begin_us + CLOCK_HOUR_US);
    CHECK(result.resent == 0 && result.next_us == INT64_MAX);
    CHECK(tables_number(&desk->tables, "SELECT count(*) FROM alert_history WHERE actor = 'clock' "
                                       "AND alert_id = (SELECT max(alert_id) FROM alerts)") >= 1);
}

static void a_tombstone_is_cleared_at_the_end(struct desk *desk)
{
    CLEANUP(text_deinit) struct text words = text_limited(4000);
    struct id id = {""};
    CHECK(desk_create(desk, DESK_NORTH, &id) == OK);
    CHECK(desk_cancel(desk, &id, S(5)) == OK);
    desk_publish(desk, &words, S(5));
    CHECK_TEXT(text_c(&words), "alerts/zone/north:0:full ");
    (void)run(desk, S(3599));
    desk_publish(desk, &words, S(3599));
    CHECK(strstr(text_c(&words), ":2:") == NULL);
    (void)run(desk, S(3600));
    desk_publish(desk, &words, S(3600));
    CHECK(strstr(text_c(&words), "alerts/zone/north:2: ") != NULL);
    desk_board(desk, &id, &words, S(3600));
    CHECK_TEXT(text_c(&words), "cancelled sign-1:sent sign-2:sent");
}

int main(void)
{
    static void (*const stories[])(struct desk *) = {
        silent_devices_get_it_again, a_missed_lit_is_asked_for, alerts_begin_and_end,
        a_tombstone_is_cleared_at_the_end};
    for (size_t i = 0; i < ARRAY_LEN(stories); i++) {
        struct desk desk;
        desk_open(&desk);
        stories[i](&desk);
        desk_close(&desk);
    }
    return CHECK_DONE();
}
