/*
 * map/clip - cuts a shape at a straight line along an axis.
 *
 * Where an edge is cut, the new point depends on the edge alone, not on the direction in which it
 * is walked: neighbours that share a border go on sharing it. Lines fall into pieces, rings stay
 * rings (Sutherland-Hodgman), a ring that is all outside goes and takes its holes with it.
 */
#pragma once

#include "geodata/shape.h"

enum clip_axis { CLIP_AXIS_X, CLIP_AXIS_Y };

struct clip_side {
    int64_t limit;
    enum clip_axis axis;
    bool keep_above; /* keep what is >= limit, otherwise what is <= limit */
};

/* Replaces `out` with the part of `in` on the kept side. */
void clip_shape(const struct shape *in, struct clip_side side, struct shape *out);

/* Is all of `box` on the kept side, or none of it? */
bool clip_keeps_all(struct box box, struct clip_side side);
bool clip_keeps_none(struct box box, struct clip_side side);
