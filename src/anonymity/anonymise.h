/*
 * anonymity/anonymise - from a site's incidents to the cells that may leave it.
 *
 * Incidents are read once, whatever their number: what is needed of each (its cell, and numbers
 * that tell places and premises apart) is sorted in bounded memory by period, category and cell,
 * then merged (crowd). Months are of all categories together, quarters by category. A period is
 * released once it is over and the rule's delay has passed; one that was released before is taken
 * over as it is. Nothing but the cells' own four attributes reaches the file. The report counts
 * what was left out and why; it is for the site, not for the public. The time is a parameter.
 * Memory: `memory_bytes` to sort, 256 MiB at most for one largest cell and period
 * (CROWD_SIGHTINGS_MAX), 128 MiB for cells, the census's; all refused beyond, never exceeded.
 * One call on one thread.
 */
#pragma once

#include "anonymity/rule.h"

struct anonymise_options {
    const struct rule *rule;
    const char *const *paths; /* of incidents: any format of geodata/source */
    size_t path_count;
    const char *addresses; /* a file of points, or NULL */
    const char *previous;  /* the release before this one, or NULL */
    const char *out;
    const char *temporary; /* folder for temporary files */
    size_t memory_bytes;
    int64_t now_us;
};

/* How incidents fared in one way of counting: months of all, or quarters by category. */
struct anonymise_count {
    uint64_t open;              /* in periods that are not over, or not long enough */
    uint64_t before;            /* in periods that an earlier release contains */
    uint64_t shown;             /* behind the cells that are new in this release */
    uint64_t suppressed;        /* too few premises or addresses, even in the largest cell */
    uint64_t groups_suppressed; /* largest cells (by period, by category) that were not shown */
    uint64_t cells[RULE_ZOOM_MAX + 1];     /* new ones, by zoom */
    uint64_t incidents[RULE_ZOOM_MAX + 1]; /* behind these, not rounded */
};

struct anonymise_report {
    uint64_t read;
    uint64_t no_place, no_point, no_time,
        no_category;    /* dropped: it is not said where, when, what */
    uint64_t marked;    /* dropped: protected by the column */
    uint64_t sensitive; /* dropped: the name of the category tells of victims */
    uint64_t unlisted;  /* dropped: the category is not in the list */
    uint64_t taken;     /* all others */
    uint64_t addresses;
    uint64_t premises_least; /* the fewest behind any new cell; 0 without one */
    uint64_t cells, periods; /* in the file, with those of earlier releases */
    struct anonymise_count months, quarters;
};

/*
 * Writes the release to options->out, whole or not at all. ERR_MALFORMED names a file and feature
 * that cannot be read, or a column that no incident has.
 */
MUST_USE enum err anonymise_run(const struct anonymise_options *options,
                                struct anonymise_report *report, struct why *why);

/* The report as one JSON object. */
void anonymise_report_write(const struct anonymise_report *report, struct text *out);
