#include "map/slice.h"

#include "check.h"
#include "unit/map/shapes.h"

/* What the tiles got: how many, the sum of areas, and the tiles at the edges of the world. */
struct heap {
    size_t tiles, full, west, east;
    struct tile last;
    struct shape steps; /* of the last tile */
};

static enum err take(void *context, struct tile tile, const struct shape *steps, struct why *why)
{
    struct heap *heap = context;
    (void)why;
    const struct box box = shape_box(steps);
    heap->tiles++;
    heap->full += box.x0 == -TILE_BUFFER && box.x1 == TILE_EXTENT + TILE_BUFFER &&
                  box.y0 == -TILE_BUFFER && box.y1 == TILE_EXTENT + TILE_BUFFER;
    heap->west += tile.x == 0;
    heap->east += tile.x == (UINT32_C(1) << tile.zoom) - 1;
    heap->last = tile;
    shape_copy(&heap->steps, steps);
    return OK;
}

static struct heap slice(const struct shape *shape, int zoom)
{
    struct heap heap = {0};
    CLEANUP(slicer_free_p)
    struct slicer *slicer = slicer_new((struct slice_taker){take, &heap});
    size_t count = 0;
    CHECK(slice_shape(slicer, shape, zoom, &count, NULL) == OK && count == heap.tiles);
    return heap;
}

static void test_point(void)
{
    struct shape point = {.kind = SHAPE_KIND_POINT};
    const int64_t tile = WORLD_SIZE >> 4;
    SHAPES_PART(&point, false, tile * 5 + tile / 2, tile * 3 + tile / 2);
    struct heap heap = slice(&point, 4);
    CHECK(heap.tiles == 1 && heap.last.x == 5 && heap.last.y == 3);
    CHECK(SHAPES_IS(&heap.steps, 0, TILE_EXTENT / 2, TILE_EXTENT / 2));
    shape_deinit(&heap.steps);
    shape_clear(&point);
    SHAPES_PART(&point, false, tile * 5 + 1, tile * 3 + 1); /* in the corner: four buffers */
    heap = slice(&point, 4);
    CHECK(heap.tiles == 4);
    shape_deinit(&heap.steps);
    shape_deinit(&point);
}

/* A polygon over many tiles: those within are covered to the end of the buffer. */
static void test_large_polygon(void)
{
    struct shape polygon = {.kind = SHAPE_KIND_POLYGON};
    const int64_t tile = WORLD_SIZE >> 8;
    SHAPES_PART(&polygon, false, tile * 10, tile * 10, tile * 50, tile * 10, tile * 50, tile * 30,
                tile * 10, tile * 30);
    SHAPES_PART(&polygon, true, tile * 20, tile * 15, tile * 20, tile * 20, tile * 30, tile * 20,
                tile * 30, tile * 15);
    struct heap heap = slice(&polygon, 8);
    CHECK(heap.tiles == 42 * 22 - 8 * 3); /* with the buffers outside, without the hole's inside */
    CHECK(heap.full >= 38 * 18 - 12 * 7);
    shape_deinit(&heap.steps);
    shape_deinit(&polygon);
}

static void test_antimeridian(void)
{
    struct shape line = {.kind = SHAPE_KIND_LINE};
    const int64_t tile = WORLD_SIZE >> 3;
    SHAPES_PART(&line, false, WORLD_SIZE - tile / 2, tile / 2, WORLD_SIZE + tile / 2, tile / 2);
    struct heap heap = slice(&line, 3);
    CHECK(heap.tiles == 2 && heap.west == 1 && heap.east == 1);
    shape_deinit(&heap.steps);
    shape_clear(&line); /* near it: the buffer on the other side */
    SHAPES_PART(&line, false, 5, tile / 2, tile / 2, tile / 2);
    heap = slice(&line, 3);
    CHECK(heap.tiles == 2 && heap.west == 1 && heap.east == 1);
    shape_deinit(&heap.steps);
    shape_deinit(&line);
}

static void test_small(void)
{
    struct shape speck = {.kind = SHAPE_KIND_POLYGON};
    struct heap heap = {0};
    CLEANUP(slicer_free_p)
    struct slicer *slicer = slicer_new((struct slice_taker){take, &heap});
    size_t count = 9;
    SHAPES_PART(&speck, false, 1000000000, 1000000000, 1000000010, 1000000000, 1000000010,
                1000000010);
    CHECK(slice_shape(slicer, &speck, 5, &count, NULL) == OK && count == 0);
    CHECK(slice_smallest(slicer, &speck, 5, NULL) == OK && heap.tiles == 1);
    CHECK(heap.steps.count == 4);
    shape_deinit(&heap.steps);
    shape_deinit(&speck);
}

int main(void)
{
    test_point();
    test_large_polygon();
    test_antimeridian();
    test_small();
    return CHECK_DONE();
}
