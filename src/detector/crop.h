/*
 * detector/crop - a square of a picture as the numbers that a model reads.
 *
 * Planar YUV to planar float RGB (or BGR) in one pass: bilinear luma, BT.601, no picture in
 * between. camera/region keeps the scale near 1:1, so that no blur is needed before shrinking, and
 * colour is taken from the nearest sample. Plain loops over rows, which the compiler turns into
 * SIMD. No state but the caller's buffers; any thread.
 */
#pragma once

#include "detector/box.h"
#include "detector/frame.h"

enum { CROP_SIDE_MAX = 1280 };

struct crop_format {
    uint32_t side;     /* of the result, at most CROP_SIDE_MAX */
    float mean, scale; /* number = (0..255 - mean) * scale */
    bool bgr;          /* blue first */
};

/* Writes 3 * side * side numbers to `out`: what `square` (pixels of the frame) shows, grey where it
 * hangs over the edge. */
void crop_fill(float *out, const struct crop_format *format, const struct frame *frame,
               struct box square);
