/*
 * fleet/area - a piece of ground as people write it down: the corners of a polygon.
 *
 * The form is that of CAP 1.2's <polygon>: "latitude,longitude" pairs in WGS 84 degrees with spaces
 * between; the first corner may be repeated at the end. Pure: no I/O, no time, any thread.
 */
#pragma once

#include "base/value.h"

enum { AREA_CORNER_MAX = 64 };

struct area_corner {
    double latitude, longitude;
};

struct area {
    struct area_corner corners[AREA_CORNER_MAX]; /* each once */
    size_t count;                                /* 3..AREA_CORNER_MAX */
};

/* ERR_MALFORMED or ERR_RANGE say which pair is wrong and why, ERR_LIMIT that there are too many. */
MUST_USE enum err area_parse(struct area *out, const char *text, struct why *why);

/* `[[longitude,latitude],...]`, closed, as a ring of GeoJSON. The caller owns it. */
struct value *area_ring(const struct area *area);
