/*
 * anonymity/release - the cells that leave the site, and the file that holds them.
 *
 * A GeoJSON FeatureCollection, one feature a line: a point at the middle of its cell with category,
 * period, count and zoom, nothing else. Its first line says by which rule it was made and which
 * periods it contains. A period once released is never made again: cells are taken over as they
 * are, so that no difference of two releases tells of a single incident. Owned by one thread.
 */
#pragma once

#include "anonymity/rule.h"

enum { RELEASE_CELLS_MAX = 1 << 22, RELEASE_PERIODS_MAX = 4096 };

/* By which rule, and whether with addresses. */
struct release_rule {
    const struct rule *rule;
    bool with_addresses;
};

/* The largest file that is written or read. */
#define RELEASE_SIZE_MAX ((size_t)1 << 30)

struct release_cell {
    uint32_t period;
    uint32_t category; /* by rule_category; 0: all together */
    int zoom;
    uint32_t x, y;
    int64_t count; /* as published */
};

struct release {
    struct release_cell *cells; /* owned */
    size_t count, capacity;
    uint32_t periods[RELEASE_PERIODS_MAX];
    size_t period_count;
};

struct release *release_new(void);
void release_free(struct release *release);
CLEANUP_FOR(struct release, release_free)

/* ERR_LIMIT beyond RELEASE_CELLS_MAX. */
MUST_USE enum err release_add(struct release *release, const struct release_cell *cell,
                              struct why *why);

/* Notes that the release contains the period, with whatever cells. ERR_LIMIT when too many. */
MUST_USE enum err release_add_period(struct release *release, uint32_t period, struct why *why);
bool release_has_period(const struct release *release, uint32_t period);

/*
 * Adds what the bytes of such a file say; `name` is for sentences. Errors as of release_read.
 */
MUST_USE enum err release_parse(struct release *release, struct span file, const char *name,
                                const struct release_rule *rule, struct why *why);

/*
 * Adds what the file at `path` contains. ERR_CONFLICT when it was made by another rule,
 * ERR_MALFORMED when it is no release.
 */
MUST_USE enum err release_read(struct release *release, const char *path,
                               const struct release_rule *rule, struct why *why);

/* Sorts the cells, and appends the file. */
void release_write(struct release *release, const struct release_rule *by, struct text *out);
