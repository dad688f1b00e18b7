/*
 * store/salvage - opens a database that must never keep its program from starting.
 *
 * For what a program can do without and others will bring again: an edge's and a gateway's memory.
 * A sign that does not start because its card has a bad block is worse than one that has forgotten.
 * So a file that is damaged, or that the key does not open, is set aside under the name
 * `<path>.damaged`, `<path>.damaged-2` to `-9` (the last is written over) and an empty one takes
 * its place. Never for control's database: that one is the site's record, restored from a backup.
 *
 * Opening reads the whole file once (PRAGMA quick_check). Thread and I/O rules: store/database.h.
 */
#pragma once

#include <stdbool.h>

#include "store/database.h"

struct salvage_config {
    struct database_config database;
    const struct migration *migrations; /* borrowed during the call */
    size_t migration_count;
};

/*
 * Opens, checks and migrates. `*renewed` says whether an older file was set aside, and then `why`
 * says where it is and what was wrong. Errors are those that a new file would not mend: the folder,
 * the disk, a database newer than the program.
 */
MUST_USE enum err salvage_open(struct database **out, const struct salvage_config *config,
                               bool *renewed, struct why *why);
