/*
 * ledger/tile - a tree and its entries as plain files: C2SP tlog-tiles.
 *
 * A tile holds up to 256 hashes of one level of levels (8 levels of the tree), a bundle up to 256
 * entries, each behind its length in two bytes. Here are their names, their sizes and their bytes;
 * ledger/book reads and writes them. No I/O of its own; any thread.
 */
#pragma once

#include "ledger/merkle.h"

#include "base/cursor.h"
#include "base/text.h"

enum {
    TILE_WIDTH = 256,
    TILE_HEIGHT = 8,
    TILE_BYTES_MAX = TILE_WIDTH * MERKLE_HASH_SIZE,
    TILE_LEVEL_MAX = 7, /* 256^8 entries are more than MERKLE_SIZE_MAX */
    TILE_PATH_SIZE = 64,
    ENTRY_SIZE_MAX = 16 * 1024, /* of ours; the format holds 65535 */
    BUNDLE_SIZE_MAX = TILE_WIDTH * (2 + 65535),
};

struct tile_place {
    bool entries;   /* a bundle of entries; `level` is 0 */
    unsigned level; /* 0: leaves */
    uint64_t number;
    unsigned width; /* 1..256; less than 256: a partial tile */
};

/* "tile/0/x001/x234/067.p/8", "tile/entries/000". */
void tile_path(char path[static TILE_PATH_SIZE], const struct tile_place *place);

/* Reads such a path. ERR_MALFORMED. */
MUST_USE enum err tile_path_parse(struct tile_place *place, const char *path, struct why *why);

/* How many hashes tile `number` of `level` has in a tree of `size`; 0: there is none. */
unsigned tile_width(uint64_t size, unsigned level, uint64_t number);

/*
 * The tile in which the hash of a perfect subtree (merkle_source) is found, and its part of it:
 * hashes [`*first`, `*first` + `*count`) folded together.
 */
struct tile_place tile_of_node(uint64_t size, unsigned level, uint64_t index, unsigned *first,
                               unsigned *count);

/* Folds `count` hashes (a power of two, at most 256) into the root over them. */
struct merkle_hash tile_fold(const struct merkle_hash *hashes, unsigned count);

/* Appends an entry behind its length. ERR_LIMIT when it is longer than 65535 bytes. */
MUST_USE enum err bundle_add(struct text *bundle, struct span entry, struct why *why);

/* The next entry of a bundle, borrowed. ERR_MALFORMED when it is cut off. */
MUST_USE enum err bundle_next(struct cursor *bundle, struct span *entry, struct why *why);
