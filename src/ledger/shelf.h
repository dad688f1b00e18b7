/*
 * ledger/shelf - reads a log's tiles and entries from a folder, as a tree of a given size.
 *
 * Any number of shelves may read a folder while one book (ledger/book) writes it: what is there
 * does not change. Keeps a few tiles in memory. Checks nothing but sizes: whoever reads compares
 * hashes with a signed root. One thread each. Reads files.
 */
#pragma once

#include "ledger/tile.h"

struct shelf;

struct shelf *shelf_open(const char *folder, uint64_t size);
void shelf_close(struct shelf *shelf); /* NULL is allowed */
CLEANUP_FOR(struct shelf, shelf_close)

/* The tree, valid while the shelf is. Errors: ERR_NOT_FOUND names the missing file. */
struct merkle_source shelf_source(struct shelf *shelf);

/* The leaf's hash as it stands in its tile. */
MUST_USE enum err shelf_leaf(struct shelf *shelf, uint64_t index, struct merkle_hash *hash,
                             struct why *why);

/* Entry `index`, borrowed until the next call. ERR_RANGE beyond the size. */
MUST_USE enum err shelf_entry(struct shelf *shelf, uint64_t index, struct span *entry,
                              struct why *why);

/* The first entry that is there: those before it were pruned in whole bundles, or are missing. */
uint64_t shelf_first(const struct shelf *shelf);

/* The bytes of one file of the log ("tile/0/000.p/5"); a full tile does for its partial one. */
MUST_USE enum err shelf_file(const struct shelf *shelf, const struct tile_place *place,
                             struct text *bytes, struct why *why);
