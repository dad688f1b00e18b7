/*
 * camera/region - where the detector should look: few squares that cover what is wanted.
 *
 * A model sees best near the scale at which it was trained, so a square is as large as the model's
 * region wherever that does, larger only for a body that does not fit. A wide stretch of motion is
 * cut into pieces. Every wanted box lies whole in one square with a margin, and squares stay inside
 * the frame where they can. Pure functions; any thread.
 */
#pragma once

#include "detector/box.h"

enum { REGION_WANTED_MAX = 256 };

struct region_plan {
    float width, height; /* of the frame */
    float side;          /* of a square, pixels of the frame */
    size_t squares_max;
};

/* Adds `box` to the `count` wanted ones, in pieces when it is far larger than a square; returns the
 * new count. What does not fit REGION_WANTED_MAX is left out. */
size_t region_want(struct box wanted[static REGION_WANTED_MAX], size_t count, struct box box,
                   const struct region_plan *plan);

/* Writes squares that cover `wanted` to `squares` (room for squares_max) and returns how many. */
size_t region_cover(const struct box *wanted, size_t count, const struct region_plan *plan,
                    struct box *squares);
