#include "map/gather.h"

#include <string.h>

#include "map/simplify.h"
#include "map/sorter.h"
#include "map/tile.h"

enum { CURVE_ORDER = 24 };

struct gather {
    char *folder;
    size_t memory;
    struct sorter *sorter;
    struct bytes record;
    uint64_t vertices;
    struct box box;
};

struct gather *gather_new(const char *folder, size_t memory_bytes)
{
    struct gather *gather = MEM_NEW(struct gather);
    gather->folder = mem_text(folder);
    gather->memory = memory_bytes;
    gather->sorter = sorter_new(folder, memory_bytes / 2);
    gather->box = (struct box){INT64_MAX, INT64_MAX, INT64_MIN, INT64_MIN};
    return gather;
}

void gather_free(struct gather *gather)
{
    if (!gather) { return; }
    sorter_free(gather->sorter);
    bytes_deinit(&gather->record);
    free(gather->folder);
    free(gather);
}

struct box gather_box(const struct gather *gather)
{
    return gather->box;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

enum err gather_add(struct gather *gather, uint16_t layer, const struct feature *feature,
                    struct why *why)
{
    const struct box box = shape_box(&feature->shape);
    gather->box.x0 = least(gather->box.x0, box.x0);
    gather->box.y0 = least(gather->box.y0, box.y0);
    gather->box.x1 = most(gather->box.x1, box.x1);
    gather->box.y1 = most(gather->box.y1, box.y1);
    const uint64_t x = (uint64_t)((box.x0 + box.x1) / 2) & (WORLD_SIZE - 1);
    const uint64_t y = (uint64_t)least((box.y0 + box.y1) / 2, WORLD_SIZE - 1);
    const uint64_t place = tile_hilbert(CURVE_ORDER, (uint32_t)(x >> (32 - CURVE_ORDER)),
                                        (uint32_t)(y >> (32 - CURVE_ORDER)));
    gather->vertices += spool_encode(feature, layer, &gather->record);
    return sorter_add(gather->sorter, (uint64_t)layer << (2 * CURVE_ORDER) | place,
                      bytes_span(&gather->record), why);
}

/* 0, 2^31, 2^30, 3 * 2^30 ...: however many come first, they are spread along the curve. */
static uint32_t reversed(uint32_t number)
{
    uint32_t bits = 0;
    for (int i = 0; i < 32; i++) {
        bits = bits << 1 | ((number >> i) & 1);
    }
    return bits;
}

/* The larger, the sooner. */
static uint32_t priority_of_size(const struct shape *shape)
{
    const struct box box = shape_box(shape);
    const uint64_t size = (uint64_t)(box.x1 - box.x0 + box.y1 - box.y0) >> 2;
    return size > UINT32_MAX ? 0 : UINT32_MAX - (uint32_t)size;
}

/* Moves all records, in order, into the spool. Lines and polygons are shown to the topology. */
static enum err spool_all(struct gather *gather, struct spool *spool, struct topology *topology,
                          struct why *why)
{
    struct shape shape = {0};
    uint32_t points = 0;
    int layer = -1;
    bool more = true;
    enum err err = OK;
    while (!err && more) {
        uint64_t key = 0;
        struct span record;
        err = sorter_next(gather->sorter, &more, &key, &record, why);
        if (err || !more) { break; }
        const struct spooled spooled = spool_decode(record.data);
        if (spooled.head.layer != layer) { points = 0; }
        layer = spooled.head.layer;
        uint32_t priority = 0;
        if (spooled.head.kind == SHAPE_KIND_POINT) {
            priority = reversed(points++);
        } else {
            spool_shape(&spooled, TILE_ZOOM_MAX, &shape);
            topology_add(topology, &shape);
            priority = priority_of_size(&shape);
        }
        err = spool_append(spool, record, priority, why);
    }
    shape_deinit(&shape);
    return err;
}

static void settle_zooms(struct spool *spool, const struct topology *topology,
                         const double *tolerances)
{
    struct shape shape = {0};
    struct bytes zooms = {0};
    uint64_t offset = 0;
    for (uint32_t i = 0; i < spool_count(spool); i++) {
        const struct spooled spooled = spool_decode(spool_at(spool, offset));
        if (spooled.head.kind != SHAPE_KIND_POINT) {
            spool_shape(&spooled, TILE_ZOOM_MAX, &shape);
            zooms.size = 0;
            uint8_t *row = bytes_reserve(&zooms, shape.count + 1);
            memset(row, SIMPLIFY_NEVER, shape.count);
            topology_zooms(topology, &shape, tolerances[spooled.head.layer], row);
            spool_note_zooms(spool, offset, row);
        }
        offset += spooled.head.size;
    }
    shape_deinit(&shape);
    bytes_deinit(&zooms);
}

enum err gather_finish(struct gather *gather, const double *tolerances, struct spool **out,
                       struct why *why)
{
    if (gather->vertices > gather->memory / SIMPLIFY_VERTEX_SIZE) {
        return why_set(why, ERR_LIMIT,
                       "the shared borders of %llu vertices need about %llu MiB: give more memory",
                       (unsigned long long)gather->vertices,
                       (unsigned long long)(gather->vertices * SIMPLIFY_VERTEX_SIZE >> 20));
    }
    CLEANUP(spool_free_p) struct spool *spool = NULL;
    enum err err = sorter_finish(gather->sorter, why);
    if (!err) { err = spool_new(&spool, gather->folder, why); }
    if (err) { return err; }
    CLEANUP(topology_free_p) struct topology *topology = topology_new(gather->vertices);
    err = spool_all(gather, spool, topology, why);
    sorter_clear(gather->sorter);
    if (!err) { err = spool_finish(spool, why); }
    if (err) { return err; }
    settle_zooms(spool, topology, tolerances);
    *out = TAKE(spool);
    return OK;
}
