/*
 * tests/unit/map/shapes - shapes from rows of numbers, for the tests of geometry.
 */
#pragma once

#include "geodata/shape.h"

/* Adds a part: x, y, x, y ... */
static inline void shapes_part(struct shape *shape, bool hole, const int64_t *numbers, size_t count)
{
    for (size_t i = 0; i + 1 < count; i += 2) {
        shape_add(shape, (struct point){numbers[i], numbers[i + 1]});
    }
    shape_end_part(shape, hole);
}

#define SHAPES_PART(shape, hole, ...)                                                              \
    shapes_part((shape), (hole), (const int64_t[]){__VA_ARGS__},                                   \
                sizeof(const int64_t[]){__VA_ARGS__} / sizeof(int64_t))

/* Is the part exactly these points? */
static inline bool shapes_is(const struct shape *shape, size_t part, const int64_t *numbers,
                             size_t count)
{
    if (part >= shape->part_count) { return false; }
    const size_t begin = shape_part_begin(shape, part);
    if (shape->parts[part].end - begin != count / 2) { return false; }
    for (size_t i = 0; i < count / 2; i++) {
        const struct point point = shape->points[begin + i];
        if (point.x != numbers[2 * i] || point.y != numbers[2 * i + 1]) { return false; }
    }
    return true;
}

#define SHAPES_IS(shape, part, ...)                                                                \
    shapes_is((shape), (part), (const int64_t[]){__VA_ARGS__},                                     \
              sizeof(const int64_t[]){__VA_ARGS__} / sizeof(int64_t))
