/*
 * sign/mark - what tells a tier apart without reading: colour, edge pattern, icon.
 *
 * Informational: blue, dots, an i. Advisory: cyan, dashes, a diamond. Warning: amber, stripes, a
 * triangle. Emergency: red, bars that blink once a second, an octagon. IPAWS: magenta, blinking
 * double bars, a mast. Pure functions and constants.
 */
#pragma once

#include "sign/frame.h"
#include "sign/shape.h"
#include "trust/tier.h"

struct sign_colour sign_tier_colour(enum tier tier);

/* A constant picture of at most 13 x 13 lamps. */
const struct sign_icon *sign_mark_icon(enum tier tier);

/* Draws the pattern into the two rows at the top and at the bottom. */
void sign_mark_draw(struct sign_frame *frame, enum tier tier, int64_t shown_us,
                    struct sign_colour colour);

/* How long after `shown_us` the pattern changes; INT64_MAX for one that never does. */
int64_t sign_mark_wait_us(enum tier tier, int64_t shown_us);

/*
 * What is not the real thing looks the same for every tier, and like none of them: white, a hatched
 * frame all round that never blinks, an icon of its own.
 */
struct sign_colour sign_mark_drill_colour(void);
const struct sign_icon *sign_mark_drill_icon(void);
void sign_mark_draw_drill(struct sign_frame *frame, struct sign_colour colour);
