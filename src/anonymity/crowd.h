/*
 * anonymity/crowd - which cells may be shown, so that enough premises stand behind each.
 *
 * What was sighted in one largest cell is divided from above: a cell is divided into its four
 * parts when every part with anything in it can stand by itself; otherwise it is shown whole. So
 * shown cells never overlap, and nothing is left over that a difference of two cells could tell.
 * A largest cell that cannot stand is suppressed. Pure but for its scratch memory.
 */
#pragma once

#include "anonymity/census.h"

enum { CROWD_SIGHTINGS_MAX = 1 << 23 }; /* in one largest cell: about 256 MiB */

struct sighting {
    uint64_t cell;    /* of the finest zoom, in z-order */
    uint64_t place;   /* equal numbers: the same place */
    uint64_t premise; /* equal numbers: the same premises */
};

struct crowd_need {
    uint64_t premises;  /* at least so many distinct premises, and as many distinct places */
    uint64_t addresses; /* and so many addresses by the census, when there is one */
    int zoom_finest, zoom_coarsest;
    const struct census *census; /* borrowed, of zoom_finest; or NULL */
};

struct crowd_cell {
    int zoom;
    uint32_t x, y;
    uint64_t incidents;
    uint64_t premises; /* the smaller number of premises and places: for reports, never shown */
};

struct crowd_taker {
    enum err (*take)(void *context, const struct crowd_cell *cell, struct why *why);
    void *context;
};

struct crowd {
    struct crowd_need need;
    struct crowd_taker taker;
    uint64_t *scratch; /* owned */
    size_t capacity;
};

void crowd_deinit(struct crowd *crowd);

/* Sightings that follow one another in memory. */
struct sightings {
    const struct sighting *at;
    size_t count;
};

/*
 * Hands the cells of one or more sightings, which are sorted by cell and lie in one cell of
 * need.zoom_coarsest, to the taker, in z-order. `*shown` is false when they are suppressed.
 */
MUST_USE enum err crowd_divide(struct crowd *crowd, struct sightings sightings, bool *shown,
                               struct why *why);
