/*
 * ledger/merkle - the tree of hashes that makes a log append-only for whoever looks: RFC 6962
 * section 2.1 (RFC 9162 section 2.1 is the same tree), SHA-256.
 *
 * Makes and verifies proofs of inclusion and consistency. The tree itself is elsewhere: a
 * `merkle_source` answers the hash of a perfect subtree. Verifying needs no source. No I/O of its
 * own, no allocation; any thread.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

/* A proof never has more hashes than a size has bits (C2SP tlog-witness). */
enum { MERKLE_HASH_SIZE = 32, MERKLE_PROOF_MAX = 63 };
#define MERKLE_SIZE_MAX ((UINT64_C(1) << 62) - 1)

struct merkle_hash {
    uint8_t bytes[MERKLE_HASH_SIZE];
};

struct merkle_proof {
    size_t count;
    struct merkle_hash hashes[MERKLE_PROOF_MAX];
};

static inline bool merkle_hash_equal(const struct merkle_hash *a, const struct merkle_hash *b)
{
    return memcmp(a->bytes, b->bytes, MERKLE_HASH_SIZE) == 0;
}

struct merkle_hash merkle_leaf(struct span entry); /* SHA-256(0x00 || entry) */
struct merkle_hash merkle_node(const struct merkle_hash *left, const struct merkle_hash *right);
struct merkle_hash merkle_empty(void); /* the root of no entries: SHA-256 of nothing */

/* Where the hashes are: the root of leaves [index * 2^level, (index + 1) * 2^level). */
struct merkle_source {
    void *context;
    enum err (*read)(void *context, unsigned level, uint64_t index, struct merkle_hash *hash,
                     struct why *why);
};

/* The root of the first `size` leaves. */
MUST_USE enum err merkle_root(const struct merkle_source *source, uint64_t size,
                              struct merkle_hash *root, struct why *why);

/* That leaf `index` is in the tree of `size`. ERR_RANGE when it is not. */
MUST_USE enum err merkle_prove_inclusion(const struct merkle_source *source, uint64_t index,
                                         uint64_t size, struct merkle_proof *proof,
                                         struct why *why);

/* That the tree of `size` begins with the tree of `old_size`. ERR_RANGE when it is smaller. */
MUST_USE enum err merkle_prove_consistency(const struct merkle_source *source, uint64_t old_size,
                                           uint64_t size, struct merkle_proof *proof,
                                           struct why *why);

struct merkle_inclusion {
    uint64_t index, size;
    const struct merkle_hash *leaf, *root;
};
MUST_USE bool merkle_inclusion_fits(const struct merkle_inclusion *claim,
                                    const struct merkle_proof *proof);

struct merkle_consistency {
    uint64_t start, end; /* of the subtree; an older tree has start 0 and its size as end */
    uint64_t size;
    const struct merkle_hash *part, *root; /* of the subtree, of the tree */
};
/* RFC 9162 section 2.1.4.2: an older tree, of at least one entry. */
MUST_USE bool merkle_consistency_fits(const struct merkle_consistency *claim,
                                      const struct merkle_proof *proof);
/* The same for any subtree [start, end); an empty one is part of every tree, and has no proof. */
MUST_USE bool merkle_subtree_fits(const struct merkle_consistency *claim,
                                  const struct merkle_proof *proof);

/* Whether [start, end) is a subtree: it starts at a multiple of a power of two that holds it. */
MUST_USE bool merkle_subtree_valid(uint64_t start, uint64_t end);
