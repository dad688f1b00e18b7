#include "map/tidy.h"

static struct point step_of(struct point world, struct tile tile)
{
    const int bits = tile_step_bits(tile.zoom);
    const int64_t half = bits > 0 ? INT64_C(1) << (bits - 1) : 0;
    /* A shift to the right rounds down for negative numbers too, on every machine we build for. */
    return (struct point){
        ((world.x + half) >> bits) - ((int64_t)tile.x << TILE_EXTENT_BITS),
        ((world.y + half) >> bits) - ((int64_t)tile.y << TILE_EXTENT_BITS),
    };
}

static bool same(struct point a, struct point b)
{
    return a.x == b.x && a.y == b.y;
}

/* Is `b` on the straight line through its neighbours: between them, or the tip of a spike? */
static bool adds_nothing(struct point a, struct point b, struct point c)
{
    return (b.x - a.x) * (c.y - a.y) == (b.y - a.y) * (c.x - a.x);
}

/* Takes points away at the end of the ring that began at `begin` until its end is tidy. */
static void tidy_end(struct shape *ring, size_t begin)
{
    while (ring->count - begin >= 2) {
        const struct point *points = ring->points + ring->count;
        if (same(points[-1], points[-2])) {
            ring->count--;
        } else if (ring->count - begin >= 3 && adds_nothing(points[-3], points[-2], points[-1])) {
            ring->points[ring->count - 2] = points[-1];
            ring->count--;
        } else {
            return;
        }
    }
}

/* The same where the ring closes. */
static void tidy_seam(struct shape *ring, size_t begin)
{
    size_t first = begin;
    for (;;) {
        const size_t count = ring->count - first;
        if (count < 3) { break; }
        const struct point *points = ring->points + first;
        const struct point last = points[count - 1];
        if (same(points[0], last) || adds_nothing(points[count - 2], last, points[0])) {
            ring->count--;
        } else if (adds_nothing(last, points[0], points[1])) {
            first++;
        } else {
            break;
        }
    }
    if (first == begin) { return; }
    const size_t count = ring->count - first;
    for (size_t i = 0; i < count; i++) {
        ring->points[begin + i] = ring->points[first + i];
    }
    ring->count = begin + count;
}

static int64_t area2(const struct point *points, size_t count)
{
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        const struct point a = points[i];
        const struct point b = points[i + 1 < count ? i + 1 : 0];
        sum += a.x * b.y - b.x * a.y;
    }
    return sum;
}

static void reverse(struct point *points, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        const struct point held = points[i];
        points[i] = points[count - 1 - i];
        points[count - 1 - i] = held;
    }
}

/* Adds the ring unless nothing is left of it; returns twice its area, without a sign. */
static int64_t add_ring(const struct shape *world, size_t part, struct tile tile, struct shape *out)
{
    const size_t begin = out->count;
    for (size_t i = shape_part_begin(world, part); i < world->parts[part].end; i++) {
        shape_add(out, step_of(world->points[i], tile));
        tidy_end(out, begin);
    }
    tidy_seam(out, begin);
    const size_t count = out->count - begin;
    const int64_t area = count < 3 ? 0 : area2(out->points + begin, count);
    if (area == 0) {
        out->count = begin;
        return 0;
    }
    if ((area < 0) != world->parts[part].hole) { reverse(out->points + begin, count); }
    shape_end_part(out, world->parts[part].hole);
    return area < 0 ? -area : area;
}

/* Adds an outer ring and its holes. Inside of a hole, both are the whole tile: nothing is left. */
static void add_polygon(const struct shape *world, size_t part, struct tile tile, struct shape *out)
{
    const size_t count = out->count;
    const size_t part_count = out->part_count;
    int64_t area = add_ring(world, part, tile, out);
    if (area == 0) { return; }
    for (part++; part < world->part_count && world->parts[part].hole; part++) {
        area -= add_ring(world, part, tile, out);
    }
    if (area <= 0) {
        out->count = count;
        out->part_count = part_count;
    }
}

static void add_line(const struct shape *world, size_t part, struct tile tile, struct shape *out)
{
    const size_t begin = out->count;
    for (size_t i = shape_part_begin(world, part); i < world->parts[part].end; i++) {
        const struct point point = step_of(world->points[i], tile);
        if (out->count == begin || !same(out->points[out->count - 1], point)) {
            shape_add(out, point);
        }
    }
    if (out->count - begin < 2) {
        out->count = begin;
    } else {
        shape_end_part(out, false);
    }
}

bool tidy_shape(const struct shape *world, struct tile tile, struct shape *out)
{
    shape_clear(out);
    out->kind = world->kind;
    for (size_t part = 0; part < world->part_count; part++) {
        if (world->kind == SHAPE_KIND_LINE) {
            add_line(world, part, tile, out);
        } else if (world->kind == SHAPE_KIND_POLYGON && !world->parts[part].hole) {
            add_polygon(world, part, tile, out);
        }
    }
    if (world->kind == SHAPE_KIND_POINT && world->count > 0) {
        for (size_t i = 0; i < world->count; i++) {
            shape_add(out, step_of(world->points[i], tile));
        }
        shape_end_part(out, false);
    }
    return out->part_count > 0;
}

void tidy_smallest(enum shape_kind kind, struct point place, struct tile tile, struct shape *out)
{
    shape_clear(out);
    out->kind = kind;
    const struct point at = step_of(place, tile);
    shape_add(out, at);
    if (kind != SHAPE_KIND_POINT) { shape_add(out, (struct point){at.x + 1, at.y}); }
    if (kind == SHAPE_KIND_POLYGON) {
        shape_add(out, (struct point){at.x + 1, at.y + 1});
        shape_add(out, (struct point){at.x, at.y + 1});
    }
    shape_end_part(out, false);
}
