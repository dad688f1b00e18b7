/*
 * map/tidy - a shape in a tile's own steps, as the tile format wants it.
 *
 * Rounded to whole steps; no point repeats the one before; rings lose what rounding has folded onto
 * itself (spikes, points on a straight edge), go when no area is left, and wind as they must: outer
 * ones positive, holes negative, y going down. Pure functions.
 */
#pragma once

#include "map/tile.h"

/* Replaces `out`; false when nothing is left of it. */
bool tidy_shape(const struct shape *world, struct tile tile, struct shape *out);

/*
 * The smallest sign of something that is too small to be seen: a line or a square of one step at
 * `place`. Replaces `out`.
 */
void tidy_smallest(enum shape_kind kind, struct point place, struct tile tile, struct shape *out);
