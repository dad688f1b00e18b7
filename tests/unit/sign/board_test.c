#include "sign/board.h"

#include <stdio.h>

#include "base/clock.h"
#include "check.h"

static struct sign_fonts *fonts;
static struct board_time now = {.wall_us = 1000 * CLOCK_SECOND_US};

/* A message of one still text: its cycle lasts 4 s. */
static void put(struct board *board, const char *alert_id, enum tier tier, int64_t lasts_us)
{
    const struct sign_screen screen = {.width = 64, .height = 32, .brightness_percent = 100};
    const struct sign_words words = {"en", "STOP"};
    struct board_entry entry = {
        .revision = 1, .tier = tier, .begin_us = now.wall_us, .expire_us = now.wall_us + lasts_us};
    CHECK(text_copy(entry.alert_id, sizeof entry.alert_id, alert_id));
    CHECK(sign_show_new(&entry.show, fonts, &screen, &(struct sign_message){tier, &words, 1},
                        NULL) == OK);
    if (board_put(board, &entry, NULL)) { sign_show_free(entry.show); }
}

static struct board_turn after(struct board *board, int64_t passed_us)
{
    now.wall_us += passed_us;
    now.monotonic_us += passed_us;
    struct board_turn turn;
    board_turn(board, now, &turn);
    return turn;
}

static void test_grave_interrupts_and_gives_back(void)
{
    CLEANUP(board_free_p) struct board *board = board_new();
    CHECK(after(board, 0).show == NULL);
    CHECK(after(board, 0).wait_us == INT64_MAX);
    put(board, "low", TIER_ADVISORY, CLOCK_HOUR_US);
    struct board_turn turn = after(board, 0);
    CHECK_TEXT(turn.alert_id, "low");
    CHECK(turn.first && turn.shown_us == 0 && turn.wait_us == 4 * CLOCK_SECOND_US);
    turn = after(board, 1500000);
    CHECK(!turn.first && turn.shown_us == 1500000);
    put(board, "high", TIER_WARNING, CLOCK_HOUR_US);
    turn = after(board, 0);
    CHECK_TEXT(turn.alert_id, "high");
    CHECK(turn.first && turn.shown_us == 0);
    (void)after(board, 60 * CLOCK_SECOND_US);
    CHECK(board_remove(board, "high") && !board_remove(board, "high"));
    turn = after(board, 0);
    CHECK_TEXT(turn.alert_id, "low");
    CHECK(!turn.first && turn.shown_us == 1500000); /* goes on where it stood */
}

static void test_equals_take_turns(void)
{
    CLEANUP(board_free_p) struct board *board = board_new();
    put(board, "a", TIER_ADVISORY, CLOCK_HOUR_US);
    CHECK_TEXT(after(board, 0).alert_id, "a");
    (void)after(board, CLOCK_SECOND_US);
    put(board, "b", TIER_ADVISORY, CLOCK_HOUR_US);
    CHECK_TEXT(after(board, 0).alert_id, "b"); /* never lit: at once */
    CHECK_TEXT(after(board, 2 * CLOCK_SECOND_US).alert_id, "b");
    struct board_turn turn = after(board, 2 * CLOCK_SECOND_US);
    CHECK_TEXT(turn.alert_id, "a");
    CHECK(turn.shown_us == CLOCK_SECOND_US && turn.wait_us == 3 * CLOCK_SECOND_US);
    CHECK_TEXT(after(board, 3 * CLOCK_SECOND_US).alert_id, "b");
    CHECK_TEXT(after(board, 4 * CLOCK_SECOND_US).alert_id, "a");
    CHECK_TEXT(after(board, 4 * CLOCK_SECOND_US).alert_id, "b");
}

static void test_begins_and_expires(void)
{
    CLEANUP(board_free_p) struct board *board = board_new();
    now.wall_us += 10 * CLOCK_SECOND_US;
    put(board, "later", TIER_WARNING, 8 * CLOCK_SECOND_US);
    now.wall_us -= 10 * CLOCK_SECOND_US; /* it begins in ten seconds */
    struct board_turn turn = after(board, 0);
    CHECK(!turn.show && turn.wait_us == 10 * CLOCK_SECOND_US);
    turn = after(board, 10 * CLOCK_SECOND_US);
    CHECK(turn.show && turn.first);
    CHECK(after(board, 5 * CLOCK_SECOND_US).wait_us == 3 * CLOCK_SECOND_US);
    CHECK(!after(board, 3 * CLOCK_SECOND_US).show);
    CHECK(board_count(board) == 0);
}

static void test_revision_starts_afresh(void)
{
    CLEANUP(board_free_p) struct board *board = board_new();
    put(board, "a", TIER_ADVISORY, CLOCK_HOUR_US);
    (void)after(board, 0);
    now.monotonic_us += 3 * CLOCK_SECOND_US;
    put(board, "a", TIER_ADVISORY, CLOCK_HOUR_US);
    const struct board_turn turn = after(board, 0);
    CHECK(turn.first && turn.shown_us == 0 && board_count(board) == 1);
}

static void test_full_board_keeps_the_grave(void)
{
    CLEANUP(board_free_p) struct board *board = board_new();
    for (int i = 0; i < BOARD_COUNT_MAX; i++) {
        char alert_id[16];
        (void)snprintf(alert_id, sizeof alert_id, "a%d", i);
        put(board, alert_id, TIER_ADVISORY, CLOCK_HOUR_US);
    }
    put(board, "equal", TIER_ADVISORY, CLOCK_HOUR_US);
    CHECK(!board_remove(board, "equal"));
    put(board, "grave", TIER_EMERGENCY, CLOCK_HOUR_US);
    CHECK_TEXT(after(board, 0).alert_id, "grave");
    CHECK(board_count(board) == BOARD_COUNT_MAX && !board_remove(board, "a255"));
}

int main(void)
{
    struct why why = {0};
    if (sign_fonts_open(&fonts, NULL, &why)) { return CHECK_SKIP_ALL(why.text); }
    test_grave_interrupts_and_gives_back();
    test_equals_take_turns();
    test_begins_and_expires();
    test_revision_starts_afresh();
    test_full_board_keeps_the_grave();
    sign_fonts_close(fonts);
    return CHECK_DONE();
}
