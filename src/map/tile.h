/*
 * map/tile - names of tiles, and where a tile lies in the world.
 *
 * Follows the tile ids of PMTiles v3: zooms one after the other, within a zoom along a Hilbert
 * curve. Pure arithmetic.
 */
#pragma once

#include "base/err.h"
#include "geodata/shape.h"

enum {
    TILE_ZOOM_MAX = 20,   /* of what we build; 2^12 steps a tile of 2^32 */
    TILE_ZOOM_LIMIT = 31, /* of what we read: ids stay below 2^63 */
    TILE_EXTENT = 4096,   /* steps along a tile's side */
    TILE_EXTENT_BITS = 12,
    TILE_BUFFER = 80, /* steps around a tile that it also holds: 5/256 of its side */
};

struct tile {
    int zoom;
    uint32_t x, y;
};

/* Position of (x, y) on the Hilbert curve that fills 2^order times 2^order cells. */
uint64_t tile_hilbert(int order, uint32_t x, uint32_t y);

/* Zoom at most TILE_ZOOM_LIMIT; x, y below 2^zoom. */
uint64_t tile_id(struct tile tile);
struct tile tile_of_id(uint64_t id);

/* The first id of `zoom`. */
uint64_t tile_zoom_begin(int zoom);

/* How many bits of a world coordinate one step of a tile at `zoom` is worth: 2^bits units. */
static inline int tile_step_bits(int zoom)
{
    return 32 - TILE_EXTENT_BITS - zoom;
}
