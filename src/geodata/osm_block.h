/*
 * geodata/osm_block - the objects in one unpacked block of an OpenStreetMap PBF file.
 *
 * Follows osmformat.proto (OsmSchema-V0.6): PrimitiveBlock with nodes, dense nodes, ways and
 * relations. Counts are bounded by the block's own size, which is OSM_BLOCK_SIZE_MAX. A reader is
 * reused from block to block. Used by geodata/osm only. Owned by one thread.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>

#define OSM_BLOCK_SIZE_MAX ((size_t)32 << 20)

enum osm_kind { OSM_KIND_NODE = 0, OSM_KIND_WAY = 1, OSM_KIND_RELATION = 2 };

struct osm_tag {
    struct span key, value;
};

struct osm_member {
    int64_t id;
    enum osm_kind kind;
    struct span role;
};

/* One object; everything is borrowed until the taker returns. */
struct osm_object {
    enum osm_kind kind;
    int64_t id;
    double longitude, latitude; /* of a node, within range */
    const struct osm_tag *tags;
    size_t tag_count;
    const int64_t *nodes; /* of a way */
    size_t node_count;
    const struct osm_member *members; /* of a relation */
    size_t member_count;
};

struct osm_taker {
    enum err (*take)(void *context, const struct osm_object *object, struct why *why);
    void *context;
};

struct osm_block;

struct osm_block *osm_block_new(struct osm_taker taker);
void osm_block_free(struct osm_block *block);
CLEANUP_FOR(struct osm_block, osm_block_free)

/* Hands all objects to the taker, in the order of the block. ERR_MALFORMED for damage. */
MUST_USE enum err osm_block_read(struct osm_block *block, struct span bytes, struct why *why);

/* The value of a tag; size 0 when there is none. */
struct span osm_object_tag(const struct osm_object *object, const char *key);
