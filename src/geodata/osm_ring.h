/*
 * geodata/osm_ring - joins the ways of a multipolygon to rings, and holes to what they lie in.
 *
 * Follows the usual reading of OpenStreetMap's multipolygon relations: ways that share an end
 * belong to one ring; a hole belongs to the outer ring that contains it. Used by geodata/osm only.
 * Owned by one thread.
 */
#pragma once

#include "geodata/osm_store.h"

enum { OSM_RING_WAYS_MAX = 1 << 15, OSM_RING_NODES_MAX = 1 << 24 };

struct osm_rings;

struct osm_rings *osm_rings_new(void);
void osm_rings_free(struct osm_rings *rings);
CLEANUP_FOR(struct osm_rings, osm_rings_free)

/* Forgets all ways. */
void osm_rings_clear(struct osm_rings *rings);

/* Adds a way as the ids of its nodes. ERR_LIMIT beyond the limits above. */
MUST_USE enum err osm_rings_add(struct osm_rings *rings, const int64_t *nodes, size_t count,
                                bool hole, struct why *why);

/*
 * Replaces `shape` with the polygon that the ways make. False when they do not close, a node is not
 * in the store, or a hole lies in no ring: then the polygon is not whole.
 */
bool osm_rings_polygon(struct osm_rings *rings, struct osm_store *store, struct shape *shape);
