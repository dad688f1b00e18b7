/*
 * map/mvt - writes and checks vector tiles: Mapbox Vector Tile 2.1.
 *
 * Writing: a layer is begun, gets its features one by one, and is ended into the tile. Names and
 * values that repeat within the layer are stored once. Checking is strict and bounded: whatever the
 * specification says MUST is an error with its place. Owned by one thread.
 */
#pragma once

#include "geodata/bytes.h"
#include "geodata/schema.h"
#include "geodata/shape.h"

#include "base/err.h"

enum { MVT_TILE_SIZE_MAX = 1 << 30 };

/* A feature as the writer takes it. */
struct mvt_feature {
    bool has_id;
    uint64_t id;
    enum shape_kind kind;
    struct span attributes; /* as in geodata/feature */
    struct span geometry;   /* as mvt_geometry wrote it */
};

struct mvt_writer;

struct mvt_writer *mvt_writer_new(void);
void mvt_writer_free(struct mvt_writer *writer);
CLEANUP_FOR(struct mvt_writer, mvt_writer_free)

/* Features go straight behind what `tile` has; it is the writer's until the layer ends. */
void mvt_layer_begin(struct mvt_writer *writer, const char *name, const struct schema *schema,
                     struct bytes *tile);
void mvt_layer_add(struct mvt_writer *writer, const struct mvt_feature *feature);

/* Ends the layer in its tile; one without features is left out. */
void mvt_layer_end(struct mvt_writer *writer);

/*
 * Appends the commands of a geometry in a tile's own steps. No two neighbours of a part are equal,
 * lines have two points and more, rings three, outer rings a positive area, holes a negative one.
 */
void mvt_geometry(struct bytes *out, const struct shape *shape);

/* What a checked tile holds. */
struct mvt_summary {
    uint64_t layers, features, points, lines, polygons, vertices;
};

/* Who wants to see the parts of a tile as it is checked. Members may be NULL. */
struct mvt_viewer {
    void *context;
    void (*layer)(void *context, struct span name, uint32_t version, uint32_t extent);
    /* One feature: its id, or -1 as `has_id` false, its kind and its points in steps. */
    void (*feature)(void *context, const struct mvt_feature *feature, const struct shape *shape);
    /* One attribute of the feature before: its name, and the bytes of its Value message. */
    void (*attribute)(void *context, struct span name, struct span value);
};

/*
 * Checks the tile. ERR_MALFORMED names layer, feature and what is wrong. Counts into `summary`.
 * `viewer` may be NULL. Versions 1 and 2 are known; of version 1, the orientation of rings is not
 * asked for.
 */
MUST_USE enum err mvt_check(struct span tile, const struct mvt_viewer *viewer,
                            struct mvt_summary *summary, struct why *why);
