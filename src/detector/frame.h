/*
 * detector/frame - one decoded picture, as the decoder hands it to vision.
 *
 * Planar YUV 4:2:0, 8 bits: the luma plane is width x height, both colour planes are half of that,
 * rounded up. Everything is borrowed from the decoder for the length of the call. A plain value.
 */
#pragma once

#include "base/base.h"

#include <stdbool.h>

enum {
    FRAME_SIDE_MIN = 16,   /* anything smaller holds nobody */
    FRAME_SIDE_MAX = 8192, /* refused by the decoder before a picture is allocated */
};

enum { FRAME_PLANE_Y, FRAME_PLANE_U, FRAME_PLANE_V, FRAME_PLANES };

struct frame {
    const uint8_t *plane[FRAME_PLANES]; /* borrowed */
    size_t stride_bytes[FRAME_PLANES];  /* from one row to the next */
    uint32_t width, height;             /* pixels of the luma plane */
    bool full_range;                    /* luma uses 0..255 (JPEG), not 16..235 */
    int64_t captured_us;                /* monotonic: measures durations */
    int64_t wall_us;                    /* the same moment on the wall clock */
    uint64_t sequence;                  /* counts pictures of this source, from 1 */
};
