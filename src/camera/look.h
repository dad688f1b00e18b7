/*
 * camera/look - what a body looks like, cheaply: colour histograms of its upper and lower half.
 *
 * Enough to tell a red jacket from a blue one after an occlusion, far from enough to name anybody:
 * it lives in memory for as long as its track and is never stored or sent.
 */
#pragma once

#include "detector/box.h"
#include "detector/frame.h"

enum { LOOK_HALVES = 2, LOOK_BINS = 48 };

struct look {
    float part[LOOK_HALVES][LOOK_BINS]; /* each half sums to 1, or is all 0 when nothing was seen */
};

/* The look of what stands at `box` (pixels, cut to the frame). */
void look_take(struct look *look, const struct frame *frame, struct box box);

/* 0 = nothing alike, 1 = the same (Bhattacharyya coefficient, mean of the halves). */
float look_likeness(const struct look *a, const struct look *b);

/* Moves `look` a little (`share`, 0..1) toward `newer`. */
void look_blend(struct look *look, const struct look *newer, float share);
