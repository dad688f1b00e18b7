/*
 * geodata/shape - the geometry of one feature, in whole numbers.
 *
 * World coordinates: the square of Web Mercator is WORLD_SIZE wide, x to the east, y to the south
 * (EPSG:3857 scaled). A feature that crosses the antimeridian simply goes on beyond the square.
 * One shape is one kind; a part is a line, a ring or, of points, all of them. Rings do not repeat
 * their first point; one that is a hole belongs to the ring before it that is none.
 * A shape is reused from feature to feature: clearing keeps its memory.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>

#define WORLD_SIZE (INT64_C(1) << 32)

enum { SHAPE_POINTS_MAX = 1 << 26 };

enum shape_kind { SHAPE_KIND_POINT = 1, SHAPE_KIND_LINE = 2, SHAPE_KIND_POLYGON = 3 };

struct point {
    int64_t x, y;
};

struct part {
    size_t end; /* index behind its last point */
    bool hole;
};

struct shape {
    enum shape_kind kind;
    struct point *points; /* owned */
    size_t count, capacity;
    struct part *parts; /* owned */
    size_t part_count, part_capacity;
};

struct box {
    int64_t x0, y0, x1, y1; /* inclusive; x0 > x1: nothing */
};

void shape_deinit(struct shape *shape);
void shape_clear(struct shape *shape);
void shape_copy(struct shape *to, const struct shape *from);

/* Adds all parts of `from`, which is of the same kind. */
void shape_append(struct shape *to, const struct shape *from);
void shape_grow(struct shape *shape);

static inline void shape_add(struct shape *shape, struct point point)
{
    if (shape->count == shape->capacity) { shape_grow(shape); }
    shape->points[shape->count++] = point;
}

/* Closes the part that the points since the last one make. */
void shape_end_part(struct shape *shape, bool hole);

static inline size_t shape_part_begin(const struct shape *shape, size_t part)
{
    return part == 0 ? 0 : shape->parts[part - 1].end;
}

struct box shape_box(const struct shape *shape);
void shape_shift(struct shape *shape, int64_t dx);

/*
 * Degrees to world coordinates, rounded to the nearest. Latitudes beyond the square (85.0511
 * degrees) come to lie on its edge. Both are finite, `latitude` within +-90.
 */
struct point shape_project(double longitude, double latitude);
double shape_longitude(int64_t x);
double shape_latitude(int64_t y);
