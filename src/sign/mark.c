#include "sign/mark.h"

#include "base/clock.h"

enum { MARK_ROWS = 2 };

static const int64_t blink_us = CLOCK_SECOND_US / 2; /* 1 Hz: far below what harms (3 Hz) */

/* Width, height, then the rows from the top; the leftmost lamp is the highest bit. */
static const struct sign_icon icons[TIER_COUNT] = {
    [TIER_INFORMATIONAL] =
        {11, 11, {0x0F8, 0x104, 0x222, 0x401, 0x421, 0x421, 0x421, 0x421, 0x222, 0x104, 0x0F8}},
    [TIER_ADVISORY] =
        {11, 11, {0x020, 0x050, 0x088, 0x124, 0x222, 0x421, 0x202, 0x124, 0x088, 0x050, 0x020}},
    [TIER_WARNING] = {13,
                      12,
                      {0x0040, 0x00A0, 0x00A0, 0x0110, 0x0150, 0x0248, 0x0248, 0x0444, 0x0404,
                       0x0842, 0x0802, 0x1FFF}},
    [TIER_EMERGENCY] =
        {11, 11, {0x0F8, 0x1DC, 0x3DE, 0x7DF, 0x7DF, 0x7DF, 0x7DF, 0x7FF, 0x3DE, 0x1DC, 0x0F8}},
    [TIER_IPAWS] = {11,
                    11,
                    {0x401, 0x505, 0x555, 0x575, 0x555, 0x505, 0x421, 0x050, 0x050, 0x088, 0x1FC}},
};

struct sign_colour sign_tier_colour(enum tier tier)
{
    switch (tier) {
    case TIER_INFORMATIONAL: return (struct sign_colour){80, 150, 255};
    case TIER_ADVISORY: return (struct sign_colour){0, 225, 255};
    case TIER_WARNING: return (struct sign_colour){255, 176, 0};
    case TIER_EMERGENCY: return (struct sign_colour){255, 32, 32};
    case TIER_IPAWS: return (struct sign_colour){255, 64, 255};
    }
    abort(); /* unreachable: -Wswitch-enum keeps the list complete */
}

const struct sign_icon *sign_mark_icon(enum tier tier)
{
    return &icons[tier];
}

static bool blinks(enum tier tier)
{
    return tier == TIER_EMERGENCY || tier == TIER_IPAWS;
}

/* Whether the pattern lights column `x` of edge row `row` (0 is the outermost). */
static bool lit(enum tier tier, int x, int row)
{
    switch (tier) {
    case TIER_INFORMATIONAL: return row == 0 && x % 4 == 1;
    case TIER_ADVISORY: return row == 0 && x % 8 < 5;
    case TIER_WARNING: return (x + row) % 4 < 2;
    case TIER_EMERGENCY: return true;
    case TIER_IPAWS: return row == 0 || x % 4 < 2;
    }
    abort(); /* unreachable: -Wswitch-enum keeps the list complete */
}

void sign_mark_draw(struct sign_frame *frame, enum tier tier, int64_t shown_us,
                    struct sign_colour colour)
{
    if (blinks(tier) && shown_us / blink_us % 2 == 1) { return; }
    static const struct sign_colour dark;
    for (int row = 0; row < MARK_ROWS; row++) {
        for (int x = 0; x < frame->width; x++) {
            const struct sign_colour lamp = lit(tier, x, row) ? colour : dark;
            sign_frame_light(frame, x, row, lamp);
            sign_frame_light(frame, x, frame->height - 1 - row, lamp);
        }
    }
}

int64_t sign_mark_wait_us(enum tier tier, int64_t shown_us)
{
    return blinks(tier) ? blink_us - shown_us % blink_us : INT64_MAX;
}

struct sign_colour sign_mark_drill_colour(void)
{
    return (struct sign_colour){235, 235, 235};
}

const struct sign_icon *sign_mark_drill_icon(void)
{
    /* A square with a diagonal through it. */
    static const struct sign_icon icon = {
        11, 11, {0x7FF, 0x403, 0x405, 0x409, 0x411, 0x421, 0x441, 0x481, 0x501, 0x601, 0x7FF}};
    return &icon;
}

static void draw_hatch(struct sign_frame *frame, struct sign_colour colour, int x, int y)
{
    static const struct sign_colour dark;
    const bool inside = x >= MARK_ROWS && x < frame->width - MARK_ROWS && y >= MARK_ROWS &&
                        y < frame->height - MARK_ROWS;
    if (!inside) { sign_frame_light(frame, x, y, (x + y) % 6 < 3 ? colour : dark); }
}

void sign_mark_draw_drill(struct sign_frame *frame, struct sign_colour colour)
{
    for (int y = 0; y < frame->height; y++) {
        for (int x = 0; x < frame->width; x++) {
            draw_hatch(frame, colour, x, y);
        }
    }
}
