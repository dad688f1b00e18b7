/*
 * map/slice - cuts a shape into the tiles of one zoom.
 *
 * Each tile gets what lies within it and its buffer. The range of tiles is halved again and again,
 * so a vertex is looked at once per halving, not once per tile. What crosses the antimeridian, or
 * comes near it, is put on both sides. Owned by one thread.
 */
#pragma once

#include "map/tile.h"

/* Gets one tile's part: in steps, tidy. What it returns ends the slicing. */
struct slice_taker {
    enum err (*take)(void *context, struct tile tile, const struct shape *steps, struct why *why);
    void *context;
};

struct slicer;

struct slicer *slicer_new(struct slice_taker taker);
void slicer_free(struct slicer *slicer);
CLEANUP_FOR(struct slicer, slicer_free)

/* `*count` is the number of tiles that got something: none when the shape is too small to be seen.
 */
MUST_USE enum err slice_shape(struct slicer *slicer, const struct shape *shape, int zoom,
                              size_t *count, struct why *why);

/* Puts the smallest sign of `shape` into the tile of its middle. */
MUST_USE enum err slice_smallest(struct slicer *slicer, const struct shape *shape, int zoom,
                                 struct why *why);
