/*
 * camera/timeline - when was this picture taken: RTP time and arrival time made into one clock.
 *
 * RTP time starts anywhere, wraps after 13 hours and is wrong by tens of ppm, so only its
 * differences count (32-bit, signed); arrival time is late by whatever the network and the queue
 * before us took. A picture was taken at its media time plus the smallest lateness seen so far,
 * and that lateness may grow by 500 ppm to follow a slow camera clock. When every picture of
 * TIMELINE_WINDOW_US came more than TIMELINE_LATE_US later than that, it was not the network: the
 * camera's clock stood still or is far off, and the smallest lateness of that window counts from
 * then on. Backward, or forward by more than TIMELINE_JUMP_US: the next run. Plain value, no I/O,
 * the caller gives the time.
 */
#pragma once

#include "base/clock.h"

#include <stdbool.h>

#define TIMELINE_JUMP_US (10 * CLOCK_SECOND_US)
#define TIMELINE_WINDOW_US (5 * CLOCK_SECOND_US)
#define TIMELINE_LATE_US INT64_C(100000)
#define TIMELINE_STEP_LEAST_US INT64_C(1000) /* pictures with the same time are drawn apart */

struct timeline {
    bool started;
    uint32_t ticks;             /* of the newest picture, in decoding order */
    int64_t media_us;           /* its time since the start of the run */
    int64_t media_error;        /* rest of the division, so that nothing drifts */
    int64_t offset_us;          /* monotonic clock = media time + offset */
    int64_t captured_us;        /* of the newest picture */
    int64_t window_us;          /* arrival of the first picture of this window */
    int64_t window_lateness_us; /* the smallest in this window */
};

enum timeline_step { TIMELINE_STEP_ON, TIMELINE_STEP_JUMP };

/* A picture as it arrived: its decoding time in ticks of `rate_hz` (1..1e9). */
struct timeline_picture {
    uint32_t ticks;
    int64_t rate_hz;
    int64_t arrived_us; /* monotonic */
};

/*
 * Takes the next picture; `media_us` and `captured_us` are then its times. After JUMP the timeline
 * has begun afresh with this picture.
 */
enum timeline_step timeline_take(struct timeline *timeline, const struct timeline_picture *picture);
