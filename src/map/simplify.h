/*
 * map/simplify - from which zoom on a vertex of a line or ring is drawn.
 *
 * Douglas-Peucker, once for all zooms, arc by arc. An arc ends where lines end or borders part:
 * such vertices are found over all shapes of all layers first, and always stay. An arc is walked in
 * the same direction whoever owns it. So two neighbours keep the same vertices of their common
 * border, at every zoom. Owned by one thread; after the last topology_add, it is only read.
 */
#pragma once

#include "geodata/shape.h"

enum { SIMPLIFY_NEVER = 31 }; /* the zoom of a vertex that adds nothing */

struct topology;

/* Room for `vertex_count` vertices: at most SIMPLIFY_VERTEX_SIZE bytes each. */
enum { SIMPLIFY_VERTEX_SIZE = 48 };

struct topology *topology_new(uint64_t vertex_count);
void topology_free(struct topology *topology);
CLEANUP_FOR(struct topology, topology_free)

/* Learns the vertices of a line or polygon. No two neighbours of a part are equal. */
void topology_add(struct topology *topology, const struct shape *shape);

/*
 * Writes the zoom of each vertex of `shape`, which was added before, to `zooms`: the first at which
 * leaving it out would move the line by `tolerance` steps of a tile or more.
 */
void topology_zooms(const struct topology *topology, const struct shape *shape, double tolerance,
                    uint8_t *zooms);
