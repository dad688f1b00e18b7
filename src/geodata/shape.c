#include "geodata/shape.h"

#include <math.h>
#include <string.h>

void shape_deinit(struct shape *shape)
{
    free(shape->points);
    free(shape->parts);
    *shape = (struct shape){0};
}

void shape_clear(struct shape *shape)
{
    shape->count = 0;
    shape->part_count = 0;
}

void shape_grow(struct shape *shape)
{
    shape->capacity = shape->capacity ? shape->capacity * 2 : 16;
    shape->points = mem_resized(shape->points, shape->capacity * sizeof *shape->points);
}

void shape_end_part(struct shape *shape, bool hole)
{
    if (shape->part_count == shape->part_capacity) {
        shape->part_capacity = shape->part_capacity ? shape->part_capacity * 2 : 4;
        shape->parts = mem_resized(shape->parts, shape->part_capacity * sizeof *shape->parts);
    }
    shape->parts[shape->part_count++] = (struct part){.end = shape->count, .hole = hole};
}

void shape_append(struct shape *to, const struct shape *from)
{
    for (size_t part = 0; part < from->part_count; part++) {
        for (size_t i = shape_part_begin(from, part); i < from->parts[part].end; i++) {
            shape_add(to, from->points[i]);
        }
        shape_end_part(to, from->parts[part].hole);
    }
}

void shape_copy(struct shape *to, const struct shape *from)
{
    shape_clear(to);
    to->kind = from->kind;
    shape_append(to, from);
}

struct box shape_box(const struct shape *shape)
{
    struct box box = {INT64_MAX, INT64_MAX, INT64_MIN, INT64_MIN};
    for (size_t i = 0; i < shape->count; i++) {
        const struct point point = shape->points[i];
        box.x0 = point.x < box.x0 ? point.x : box.x0;
        box.y0 = point.y < box.y0 ? point.y : box.y0;
        box.x1 = point.x > box.x1 ? point.x : box.x1;
        box.y1 = point.y > box.y1 ? point.y : box.y1;
    }
    return box;
}

void shape_shift(struct shape *shape, int64_t dx)
{
    for (size_t i = 0; i < shape->count; i++) {
        shape->points[i].x += dx;
    }
}

struct point shape_project(double longitude, double latitude)
{
    const double world = (double)WORLD_SIZE;
    const double sine = sin(latitude * M_PI / 180.0);
    const double x = (longitude + 180.0) / 360.0 * world;
    /* At the poles the logarithm is infinite; the comparison below brings it back. */
    double y = (0.5 - 0.25 * log((1.0 + sine) / (1.0 - sine)) / M_PI) * world;
    if (!(y > 0.0)) { y = 0.0; }
    if (y > world) { y = world; }
    return (struct point){(int64_t)floor(x + 0.5), (int64_t)floor(y + 0.5)};
}

double shape_longitude(int64_t x)
{
    return (double)x / (double)WORLD_SIZE * 360.0 - 180.0;
}

double shape_latitude(int64_t y)
{
    const double turn = M_PI * (1.0 - 2.0 * (double)y / (double)WORLD_SIZE);
    return atan(sinh(turn)) * 180.0 / M_PI;
}
