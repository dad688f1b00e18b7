/*
 * camera/motion - whether and where something moves, cheaply enough for every frame.
 *
 * Luma is reduced to at most MOTION_SIDE_MAX pixels a side and compared with a background that
 * follows slowly. What differs from the background *and* changed lately moves; what differs but
 * stands still is absorbed. A shift of all the light is taken out first, the noise of the sensor is
 * measured and stays below the threshold, and when most of the picture changes at once (lamp,
 * lightning, night mode) the background is learned anew. Owned by one thread; no I/O.
 */
#pragma once

#include "camera/picture_area.h"
#include "detector/box.h"
#include "detector/frame.h"

enum { MOTION_SIDE_MAX = 192, MOTION_REGIONS_MAX = 32 };

struct motion;

struct motion_options {
    int64_t threshold; /* luma levels that count as a change, 4..100 */
    int64_t cells_min; /* neighbouring cells (16 reduced pixels each) that make a region, 1..64 */
    int64_t upheaval_percent; /* of the picture changed at once: new light, not motion, 20..100 */
    const struct area_list *mask; /* borrowed: what is in there never moves; NULL = nothing */
};

struct motion_options motion_options_usual(void);

struct motion_seen {
    struct box regions[MOTION_REGIONS_MAX]; /* pixels of the frame, largest first */
    size_t region_count;
    bool upheaval; /* the light changed all over; regions are empty */
};

struct motion *motion_new(const struct motion_options *options);
void motion_free(struct motion *motion); /* NULL is allowed */
CLEANUP_FOR(struct motion, motion_free)

/* Compares `frame` with what was there before. A change of size begins afresh. */
void motion_feed(struct motion *motion, const struct frame *frame, struct motion_seen *seen);

/* How much of what is not masked of `box` (pixels of the frame) moved in the last frame fed, 0..1.
 */
float motion_share(const struct motion *motion, struct box box);
