#include "sign/mark.h"

#include "base/clock.h"
#include "check.h"

static void test_told_apart_without_colour(void)
{
    static struct sign_frame marks[TIER_COUNT];
    const struct sign_colour white = {255, 255, 255};
    for (int tier = 0; tier < TIER_COUNT; tier++) {
        sign_frame_clear(&marks[tier], 64, 32);
        sign_mark_draw(&marks[tier], (enum tier)tier, 0, white);
        for (int other = 0; other < tier; other++) {
            CHECK(!span_equal(sign_frame_bytes(&marks[tier]), sign_frame_bytes(&marks[other])));
            CHECK(memcmp(sign_mark_icon((enum tier)tier)->rows,
                         sign_mark_icon((enum tier)other)->rows, sizeof(uint16_t[16])) != 0);
        }
        CHECK(sign_frame_at(&marks[tier], 1, 0).red == sign_frame_at(&marks[tier], 1, 31).red);
        CHECK(sign_frame_at(&marks[tier], 1, 2).red == 0); /* the words' rows are left alone */
    }
}

static void test_icons_fit_their_rows(void)
{
    for (int tier = 0; tier < TIER_COUNT; tier++) {
        const struct sign_icon *icon = sign_mark_icon((enum tier)tier);
        CHECK(icon->width <= 13 && icon->height <= 13);
        int lit = 0;
        for (int y = 0; y < 16; y++) {
            CHECK((unsigned)icon->rows[y] >> (unsigned)icon->width == 0);
            CHECK(y < icon->height || icon->rows[y] == 0);
            lit += __builtin_popcount(icon->rows[y]);
        }
        CHECK(lit > 20);
    }
}

static void test_grave_tiers_blink_once_a_second(void)
{
    static struct sign_frame on;
    static struct sign_frame off;
    const struct sign_colour red = sign_tier_colour(TIER_EMERGENCY);
    sign_frame_clear(&on, 64, 32);
    sign_frame_clear(&off, 64, 32);
    sign_mark_draw(&on, TIER_EMERGENCY, 2 * CLOCK_SECOND_US, red);
    sign_mark_draw(&off, TIER_EMERGENCY, 2 * CLOCK_SECOND_US + 600000, red);
    CHECK(sign_frame_at(&on, 0, 0).red == 255 && sign_frame_at(&off, 0, 0).red == 0);
    CHECK(sign_mark_wait_us(TIER_EMERGENCY, 600000) == 400000);
    CHECK(sign_mark_wait_us(TIER_ADVISORY, 600000) == INT64_MAX);
}

/* White, all round, and still: no tier looks like it. */
static void test_drill_is_like_no_tier(void)
{
    struct sign_frame frame;
    const struct sign_colour white = sign_mark_drill_colour();
    for (int tier = 0; tier < TIER_COUNT; tier++) {
        const struct sign_colour colour = sign_tier_colour((enum tier)tier);
        CHECK(memcmp(&colour, &white, sizeof white) != 0);
        CHECK(memcmp(sign_mark_icon((enum tier)tier), sign_mark_drill_icon(),
                     sizeof(struct sign_icon)) != 0);
    }
    sign_frame_clear(&frame, 64, 32);
    sign_mark_draw_drill(&frame, white);
    int rim = 0;
    int inside = 0;
    for (int y = 0; y < 32; y++) {
        for (int x = 0; x < 64; x++) {
            const bool edge = x < 2 || x >= 62 || y < 2 || y >= 30;
            const bool lit = sign_frame_at(&frame, x, y).red != 0;
            rim += edge && lit;
            inside += !edge && lit;
        }
    }
    CHECK(inside == 0);
    CHECK(rim > 160 && rim < 210); /* half of the 368 lamps of the frame */
}

int main(void)
{
    test_drill_is_like_no_tier();
    test_told_apart_without_colour();
    test_icons_fit_their_rows();
    test_grave_tiers_blink_once_a_second();
    return CHECK_DONE();
}
