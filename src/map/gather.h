/*
 * map/gather - brings the features of all layers into the spool, in the order of the map.
 *
 * Within a layer, features are sorted along a Hilbert curve (in bounded memory, sorter.h), get
 * their priority for thinning, and their vertices the zoom from which on they are drawn
 * (simplify.h). The priority of points spreads them: of any neighbourhood, every second comes
 * before the others, and so on. Lines and polygons come by size. Owned by one thread.
 */
#pragma once

#include "map/spool.h"

struct gather;

/* Temporary files go to `folder`. */
struct gather *gather_new(const char *folder, size_t memory_bytes);
void gather_free(struct gather *gather);
CLEANUP_FOR(struct gather, gather_free)

/* Adds a feature to the layer number `layer`. */
MUST_USE enum err gather_add(struct gather *gather, uint16_t layer, const struct feature *feature,
                             struct why *why);

/*
 * Makes the spool; the caller frees it. `tolerances`, by layer, are those of topology_zooms.
 * ERR_LIMIT when the table of shared vertices needs more than the memory given.
 */
MUST_USE enum err gather_finish(struct gather *gather, const double *tolerances,
                                struct spool **spool, struct why *why);

/* What all features together cover. */
struct box gather_box(const struct gather *gather);
