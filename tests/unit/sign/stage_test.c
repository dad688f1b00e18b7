#include "sign/stage.h"

#include <stdio.h>

#include "base/clock.h"
#include "check.h"

static struct sign_fonts *fonts;
static struct stage_time now = {.wall_us = 1000 * CLOCK_SECOND_US};

/* A message of one still text: its cycle lasts 4 s. */
static bool drilling; /* what is put is an exercise */

static void put(struct stage *stage, const char *alert_id, enum tier tier, int64_t lasts_us)
{
    const struct sign_screen screen = {.width = 64, .height = 32, .brightness_percent = 100};
    const struct sign_words words = {"en", "STOP"};
    struct stage_entry entry = {.revision = 1,
                                .tier = tier,
                                .begin_us = now.wall_us,
                                .expire_us = now.wall_us + lasts_us,
                                .drill = drilling};
    CHECK(text_copy(entry.alert_id, sizeof entry.alert_id, alert_id));
    CHECK(sign_show_new(&entry.show, fonts, &screen,
                        &(struct sign_message){.tier = tier, .words = &words, .count = 1},
                        NULL) == OK);
    if (stage_put(stage, &entry, NULL)) { sign_show_free(entry.show); }
}

static struct stage_turn after(struct stage *stage, int64_t passed_us)
{
    now.wall_us += passed_us;
    now.monotonic_us += passed_us;
    struct stage_turn turn;
    stage_turn(stage, now, &turn);
    return turn;
}

static void test_grave_interrupts_and_gives_back(void)
{
    CLEANUP(stage_free_p) struct stage *stage = stage_new();
    CHECK(after(stage, 0).show == NULL);
    CHECK(after(stage, 0).wait_us == INT64_MAX);
    put(stage, "low", TIER_ADVISORY, CLOCK_HOUR_US);
    struct stage_turn turn = after(stage, 0);
    CHECK_TEXT(turn.alert_id, "low");
    CHECK(turn.first && turn.shown_us == 0 && turn.wait_us == 4 * CLOCK_SECOND_US);
    turn = after(stage, 1500000);
    CHECK(!turn.first && turn.shown_us == 1500000);
    put(stage, "high", TIER_WARNING, CLOCK_HOUR_US);
    turn = after(stage, 0);
    CHECK_TEXT(turn.alert_id, "high");
    CHECK(turn.first && turn.shown_us == 0);
    (void)after(stage, 60 * CLOCK_SECOND_US);
    CHECK(stage_remove(stage, "high") && !stage_remove(stage, "high"));
    turn = after(stage, 0);
    CHECK_TEXT(turn.alert_id, "low");
    CHECK(!turn.first && turn.shown_us == 1500000); /* goes on where it stood */
}

static void test_equals_take_turns(void)
{
    CLEANUP(stage_free_p) struct stage *stage = stage_new();
    put(stage, "a", TIER_ADVISORY, CLOCK_HOUR_US);
    CHECK_TEXT(after(stage, 0).alert_id, "a");
    (void)after(stage, CLOCK_SECOND_US);
    put(stage, "b", TIER_ADVISORY, CLOCK_HOUR_US);
    CHECK_TEXT(after(stage, 0).alert_id, "b"); /* never lit: at once */
    CHECK_TEXT(after(stage, 2 * CLOCK_SECOND_US).alert_id, "b");
    struct stage_turn turn = after(stage, 2 * CLOCK_SECOND_US);
    CHECK_TEXT(turn.alert_id, "a");
    CHECK(turn.shown_us == CLOCK_SECOND_US && turn.wait_us == 3 * CLOCK_SECOND_US);
    CHECK_TEXT(after(stage, 3 * CLOCK_SECOND_US).alert_id, "b");
    CHECK_TEXT(after(stage, 4 * CLOCK_SECOND_US).alert_id, "a");
    CHECK_TEXT(after(stage, 4 * CLOCK_SECOND_US).alert_id, "b");
}

static void test_begins_and_expires(void)
{
    CLEANUP(stage_free_p) struct stage *stage = stage_new();
    now.wall_us += 10 * CLOCK_SECOND_US;
    put(stage, "later", TIER_WARNING, 8 * CLOCK_SECOND_US);
    now.wall_us -= 10 * CLOCK_SECOND_US; /* it begins in ten seconds */
    struct stage_turn turn = after(stage, 0);
    CHECK(!turn.show && turn.wait_us == 10 * CLOCK_SECOND_US);
    turn = after(stage, 10 * CLOCK_SECOND_US);
    CHECK(turn.show && turn.first);
    CHECK(after(stage, 5 * CLOCK_SECOND_US).wait_us == 3 * CLOCK_SECOND_US);
    CHECK(!after(stage, 3 * CLOCK_SECOND_US).show);
    CHECK(stage_count(stage) == 0);
}

static void test_revision_starts_afresh(void)
{
    CLEANUP(stage_free_p) struct stage *stage = stage_new();
    put(stage, "a", TIER_ADVISORY, CLOCK_HOUR_US);
    (void)after(stage, 0);
    now.monotonic_us += 3 * CLOCK_SECOND_US;
    put(stage, "a", TIER_ADVISORY, CLOCK_HOUR_US);
    const struct stage_turn turn = after(stage, 0);
    CHECK(turn.first && turn.shown_us == 0 && stage_count(stage) == 1);
}

static void test_full_stage_keeps_the_grave(void)
{
    CLEANUP(stage_free_p) struct stage *stage = stage_new();
    for (int i = 0; i < STAGE_COUNT_MAX; i++) {
        char alert_id[16];
        (void)snprintf(alert_id, sizeof alert_id, "a%d", i);
        put(stage, alert_id, TIER_ADVISORY, CLOCK_HOUR_US);
    }
    put(stage, "equal", TIER_ADVISORY, CLOCK_HOUR_US);
    CHECK(!stage_remove(stage, "equal"));
    put(stage, "grave", TIER_EMERGENCY, CLOCK_HOUR_US);
    CHECK_TEXT(after(stage, 0).alert_id, "grave");
    CHECK(stage_count(stage) == STAGE_COUNT_MAX && !stage_remove(stage, "a255"));
}

/* However grave it pretends to be, it gives way to the least that is real. */
static void test_drill_stands_behind(void)
{
    CLEANUP(stage_free_p) struct stage *stage = stage_new();
    drilling = true;
    put(stage, "drill", TIER_EMERGENCY, CLOCK_HOUR_US);
    drilling = false;
    CHECK_TEXT(after(stage, 0).alert_id, "drill");
    put(stage, "real", TIER_INFORMATIONAL, CLOCK_HOUR_US);
    CHECK_TEXT(after(stage, 0).alert_id, "real");
    CHECK(stage_remove(stage, "real"));
    CHECK_TEXT(after(stage, 0).alert_id, "drill");
}

int main(void)
{
    struct why why = {0};
    if (sign_fonts_open(&fonts, NULL, &why)) { return CHECK_SKIP_ALL(why.text); }
    test_grave_interrupts_and_gives_back();
    test_equals_take_turns();
    test_begins_and_expires();
    test_revision_starts_afresh();
    test_full_stage_keeps_the_grave();
    test_drill_stands_behind();
    sign_fonts_close(fonts);
    return CHECK_DONE();
}
