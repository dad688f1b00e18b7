/*
 * tests/ledger_tree - a tree of hashes in memory, as the definition says it (RFC 6962 section 2.1).
 */
#pragma once

#include "base/encode.h"
#include "ledger/merkle.h"

struct ledger_tree {
    const struct merkle_hash *leaves;
    uint64_t size;
};

static inline struct merkle_hash ledger_tree_root(const struct merkle_hash *leaves, uint64_t size)
{
    if (size == 0) { return merkle_empty(); }
    if (size == 1) { return leaves[0]; }
    uint64_t split = 1;
    while (split * 2 < size) {
        split *= 2;
    }
    const struct merkle_hash left = ledger_tree_root(leaves, split);
    const struct merkle_hash right = ledger_tree_root(leaves + split, size - split);
    return merkle_node(&left, &right);
}

static inline enum err ledger_tree_read(void *context, unsigned level, uint64_t index,
                                        struct merkle_hash *hash, struct why *why)
{
    const struct ledger_tree *tree = context;
    const uint64_t width = UINT64_C(1) << level;
    if ((index + 1) * width > tree->size) { return why_set(why, ERR_NOT_FOUND, "beyond the tree"); }
    *hash = ledger_tree_root(tree->leaves + index * width, width);
    return OK;
}

static inline struct merkle_hash ledger_hash(const char *hex)
{
    struct merkle_hash hash;
    size_t size = 0;
    if (decode_hex(hash.bytes, sizeof hash.bytes, &size, hex, NULL)) { abort(); }
    return hash;
}
