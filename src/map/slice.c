#include "map/slice.h"

#include "map/clip.h"
#include "map/tidy.h"

/* Two axes, halved once per zoom, and four sides of the last tile. */
enum { LEVELS_MAX = 2 * TILE_ZOOM_MAX + 4 };

struct slicer {
    struct shape levels[LEVELS_MAX + 1];
    struct shape sides[2]; /* the last tile, clipped in turns */
    struct shape moved;
    struct shape steps;
    struct slice_taker taker;
    int zoom;
    size_t count;
};

/* Tiles x0..x1, y0..y1, all included. */
struct range {
    int64_t x0, x1, y0, y1;
};

struct slicer *slicer_new(struct slice_taker taker)
{
    struct slicer *slicer = MEM_NEW(struct slicer);
    slicer->taker = taker;
    return slicer;
}

void slicer_free(struct slicer *slicer)
{
    if (!slicer) { return; }
    for (size_t i = 0; i < ARRAY_LEN(slicer->levels); i++) {
        shape_deinit(&slicer->levels[i]);
    }
    shape_deinit(&slicer->sides[0]);
    shape_deinit(&slicer->sides[1]);
    shape_deinit(&slicer->moved);
    shape_deinit(&slicer->steps);
    free(slicer);
}

static int64_t buffer_size(int zoom)
{
    return (int64_t)TILE_BUFFER << tile_step_bits(zoom);
}

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* The tiles that `box` reaches with the buffer. Empty when it is all outside of the world. */
static struct range range_of(struct box box, int zoom)
{
    const int bits = 32 - zoom;
    const int64_t buffer = buffer_size(zoom);
    const int64_t last = (INT64_C(1) << zoom) - 1;
    struct range range = {(box.x0 - buffer) >> bits, (box.x1 + buffer) >> bits,
                          (box.y0 - buffer) >> bits, (box.y1 + buffer) >> bits};
    if (range.x1 < 0 || range.x0 > last) { return (struct range){0, -1, 0, -1}; }
    range.x0 = clamp(range.x0, 0, last);
    range.x1 = clamp(range.x1, 0, last);
    range.y0 = clamp(range.y0, 0, last);
    range.y1 = clamp(range.y1, 0, last);
    return range;
}

/* Clips to the tile and its buffer where the shape goes beyond. */
static const struct shape *clip_to_tile(struct slicer *slicer, const struct shape *shape,
                                        struct tile tile)
{
    const int bits = 32 - tile.zoom;
    const int64_t buffer = buffer_size(tile.zoom);
    const struct clip_side sides[] = {
        {((int64_t)tile.x << bits) - buffer, CLIP_AXIS_X, true},
        {(((int64_t)tile.x + 1) << bits) + buffer, CLIP_AXIS_X, false},
        {((int64_t)tile.y << bits) - buffer, CLIP_AXIS_Y, true},
        {(((int64_t)tile.y + 1) << bits) + buffer, CLIP_AXIS_Y, false},
    };
    const struct box box = shape_box(shape);
    for (size_t i = 0; i < ARRAY_LEN(sides); i++) {
        if (clip_keeps_all(box, sides[i])) { continue; }
        struct shape *to = shape == &slicer->sides[0] ? &slicer->sides[1] : &slicer->sides[0];
        clip_shape(shape, sides[i], to);
        shape = to;
    }
    return shape;
}

static enum err give(struct slicer *slicer, const struct shape *shape, struct range range,
                     struct why *why)
{
    const struct tile tile = {slicer->zoom, (uint32_t)range.x0, (uint32_t)range.y0};
    shape = clip_to_tile(slicer, shape, tile);
    if (!tidy_shape(shape, tile, &slicer->steps)) { return OK; }
    slicer->count++;
    return slicer->taker.take(slicer->taker.context, tile, &slicer->steps, why);
}

/* The half of `range` before or behind its middle along the longer axis. */
static struct range half_of(struct range range, bool behind, struct clip_side *side, int zoom)
{
    const int bits = 32 - zoom;
    const bool x_axis = range.x1 - range.x0 >= range.y1 - range.y0;
    const int64_t middle = x_axis ? (range.x0 + range.x1) / 2 : (range.y0 + range.y1) / 2;
    const int64_t border = (middle + 1) << bits;
    const int64_t buffer = buffer_size(zoom);
    side->axis = x_axis ? CLIP_AXIS_X : CLIP_AXIS_Y;
    side->keep_above = behind;
    side->limit = behind ? border - buffer : border + buffer;
    if (x_axis && behind) { range.x0 = middle + 1; }
    if (x_axis && !behind) { range.x1 = middle; }
    if (!x_axis && behind) { range.y0 = middle + 1; }
    if (!x_axis && !behind) { range.y1 = middle; }
    return range;
}

/* Recursion ends when one tile is left: each level halves one axis. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static enum err divide(struct slicer *slicer, const struct shape *shape, struct range range,
                       int level, struct why *why)
{
    if (shape->count == 0) { return OK; }
    if (range.x0 == range.x1 && range.y0 == range.y1) { return give(slicer, shape, range, why); }
    const struct box box = shape_box(shape);
    for (int behind = 0; behind <= 1; behind++) {
        struct clip_side side;
        const struct range half = half_of(range, behind, &side, slicer->zoom);
        if (clip_keeps_none(box, side)) { continue; }
        const struct shape *kept = shape;
        if (!clip_keeps_all(box, side)) {
            clip_shape(shape, side, &slicer->levels[level]);
            kept = &slicer->levels[level];
        }
        const enum err err = divide(slicer, kept, half, level + 1, why);
        if (err) { return err; }
    }
    return OK;
}

/* Slices the shape as it is seen `turn` times around the globe. */
static enum err slice_turn(struct slicer *slicer, const struct shape *shape, int turn,
                           struct why *why)
{
    const int64_t shift = turn * WORLD_SIZE;
    const struct box box = shape_box(shape);
    const struct box moved = {box.x0 + shift, box.y0, box.x1 + shift, box.y1};
    const struct range range = range_of(moved, slicer->zoom);
    if (range.x0 > range.x1) { return OK; }
    if (turn == 0) { return divide(slicer, shape, range, 0, why); }
    shape_copy(&slicer->moved, shape);
    shape_shift(&slicer->moved, shift);
    return divide(slicer, &slicer->moved, range, 0, why);
}

enum err slice_shape(struct slicer *slicer, const struct shape *shape, int zoom, size_t *count,
                     struct why *why)
{
    slicer->zoom = zoom;
    slicer->count = 0;
    enum err err = OK;
    for (int turn = -1; turn <= 1 && !err && shape->count > 0; turn++) {
        err = slice_turn(slicer, shape, turn, why);
    }
    *count = slicer->count;
    return err;
}

enum err slice_smallest(struct slicer *slicer, const struct shape *shape, int zoom, struct why *why)
{
    const struct box box = shape_box(shape);
    struct point middle = {(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2};
    middle.x &= WORLD_SIZE - 1;
    middle.y = clamp(middle.y, 0, WORLD_SIZE - 1);
    const int bits = 32 - zoom;
    const struct tile tile = {zoom, (uint32_t)(middle.x >> bits), (uint32_t)(middle.y >> bits)};
    tidy_smallest(shape->kind, middle, tile, &slicer->steps);
    return slicer->taker.take(slicer->taker.context, tile, &slicer->steps, why);
}
