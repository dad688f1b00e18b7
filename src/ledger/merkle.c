#include "ledger/merkle.h"

#include <assert.h>
#include <sodium.h>

enum { LEVEL_MAX = 64 };

static struct merkle_hash finish(crypto_hash_sha256_state *state)
{
    struct merkle_hash hash;
    crypto_hash_sha256_final(state, hash.bytes);
    return hash;
}

struct merkle_hash merkle_leaf(struct span entry)
{
    static const uint8_t prefix = 0;
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, &prefix, 1);
    if (entry.size > 0) { crypto_hash_sha256_update(&state, entry.data, entry.size); }
    return finish(&state);
}

struct merkle_hash merkle_node(const struct merkle_hash *left, const struct merkle_hash *right)
{
    uint8_t both[1 + 2 * MERKLE_HASH_SIZE] = {1};
    memcpy(both + 1, left->bytes, MERKLE_HASH_SIZE);
    memcpy(both + 1 + MERKLE_HASH_SIZE, right->bytes, MERKLE_HASH_SIZE);
    struct merkle_hash hash;
    crypto_hash_sha256(hash.bytes, both, sizeof both);
    return hash;
}

struct merkle_hash merkle_empty(void)
{
    struct merkle_hash hash;
    crypto_hash_sha256(hash.bytes, NULL, 0);
    return hash;
}

/* The largest power of two below `count`, which is at least 2. */
static uint64_t split_of(uint64_t count)
{
    return UINT64_C(1) << (63 - __builtin_clzll(count - 1));
}

/* The level of the largest perfect subtree that begins at `start` and ends within `end`. */
static unsigned level_at(uint64_t start, uint64_t end)
{
    const unsigned fits = 63U - (unsigned)__builtin_clzll(end - start);
    const unsigned aligned = start ? (unsigned)__builtin_ctzll(start) : fits;
    return aligned < fits ? aligned : fits;
}

/* The root of leaves [start, end), a subtree: its perfect parts, folded from the right. */
static enum err range_root(const struct merkle_source *source, uint64_t start, uint64_t end,
                           struct merkle_hash *root, struct why *why)
{
    struct merkle_hash parts[LEVEL_MAX] = {0};
    size_t count = 0;
    assert(start < end);
    while (start < end) {
        const unsigned level = level_at(start, end);
        assert(count < LEVEL_MAX);
        const enum err err =
            source->read(source->context, level, start >> level, &parts[count++], why);
        if (err != OK) { return err; }
        start += UINT64_C(1) << level;
    }
    struct merkle_hash sum = parts[--count];
    while (count > 0) {
        sum = merkle_node(&parts[--count], &sum);
    }
    *root = sum;
    return OK;
}

enum err merkle_root(const struct merkle_source *source, uint64_t size, struct merkle_hash *root,
                     struct why *why)
{
    if (size > MERKLE_SIZE_MAX) { return why_set(why, ERR_RANGE, "the tree's size is too large"); }
    if (size > 0) { return range_root(source, 0, size, root, why); }
    *root = merkle_empty();
    return OK;
}

static enum err add_range(const struct merkle_source *source, uint64_t start, uint64_t end,
                          struct merkle_proof *proof, struct why *why)
{
    assert(proof->count < MERKLE_PROOF_MAX);
    return range_root(source, start, end, &proof->hashes[proof->count++], why);
}

/* Proofs are found from the root down and written from the leaf up. */
static void turn_round(struct merkle_proof *proof)
{
    for (size_t i = 0, j = proof->count; i + 1 < j; i++) {
        const struct merkle_hash held = proof->hashes[i];
        proof->hashes[i] = proof->hashes[--j];
        proof->hashes[j] = held;
    }
}

enum err merkle_prove_inclusion(const struct merkle_source *source, uint64_t index, uint64_t size,
                                struct merkle_proof *proof, struct why *why)
{
    if (index >= size || size > MERKLE_SIZE_MAX) {
        return why_set(why, ERR_RANGE, "entry %llu is not in a tree of %llu entries",
                       (unsigned long long)index, (unsigned long long)size);
    }
    uint64_t start = 0;
    uint64_t end = size;
    enum err err = OK;
    proof->count = 0;
    while (err == OK && end - start > 1) {
        const uint64_t middle = start + split_of(end - start);
        const bool left = index < middle;
        err = add_range(source, left ? middle : start, left ? end : middle, proof, why);
        if (left) {
            end = middle;
        } else {
            start = middle;
        }
    }
    turn_round(proof);
    return err;
}

enum err merkle_prove_consistency(const struct merkle_source *source, uint64_t old_size,
                                  uint64_t size, struct merkle_proof *proof, struct why *why)
{
    if (old_size > size || size > MERKLE_SIZE_MAX) {
        return why_set(why, ERR_RANGE, "a tree of %llu entries cannot begin with %llu",
                       (unsigned long long)size, (unsigned long long)old_size);
    }
    proof->count = 0;
    if (old_size == 0 || old_size == size) { return OK; }
    uint64_t start = 0;
    uint64_t end = size;
    bool whole = true; /* the old tree itself: whoever checks has its root */
    enum err err = OK;
    while (err == OK && old_size != end) {
        const uint64_t middle = start + split_of(end - start);
        const bool left = old_size <= middle;
        err = add_range(source, left ? middle : start, left ? end : middle, proof, why);
        if (left) {
            end = middle;
        } else {
            start = middle;
            whole = false;
        }
    }
    if (err == OK && !whole) { err = add_range(source, start, end, proof, why); }
    turn_round(proof);
    return err;
}

bool merkle_inclusion_fits(const struct merkle_inclusion *claim, const struct merkle_proof *proof)
{
    if (claim->index >= claim->size) { return false; }
    uint64_t at = claim->index;
    uint64_t last = claim->size - 1;
    struct merkle_hash sum = *claim->leaf;
    for (size_t i = 0; i < proof->count; i++) {
        if (last == 0) { return false; }
        const bool right = (at & 1) || at == last;
        sum = right ? merkle_node(&proof->hashes[i], &sum) : merkle_node(&sum, &proof->hashes[i]);
        while (right && !(at & 1) && at != 0) {
            at >>= 1;
            last >>= 1;
        }
        at >>= 1;
        last >>= 1;
    }
    return last == 0 && merkle_hash_equal(&sum, claim->root);
}

bool merkle_subtree_valid(uint64_t start, uint64_t end)
{
    if (start >= end || end > MERKLE_SIZE_MAX) { return false; }
    uint64_t hold = 1;
    while (hold < end - start) {
        hold <<= 1;
    }
    return start % hold == 0;
}

/* Where a consistency proof stands: first leaf, last leaf of the part, last leaf of the tree. */
struct stand {
    uint64_t first, last, tree;
};

static void climb(struct stand *stand)
{
    stand->first >>= 1;
    stand->last >>= 1;
    stand->tree >>= 1;
}

bool merkle_consistency_fits(const struct merkle_consistency *claim,
                             const struct merkle_proof *proof)
{
    return claim->start == 0 && claim->end > 0 && merkle_subtree_fits(claim, proof);
}

/* What a consistency proof sums up to: the part's root and the tree's. */
struct sums {
    struct merkle_hash part, tree;
};

/* One hash of the proof, a level up. */
static void fold(struct stand *at, struct sums *sums, const struct merkle_hash *hash)
{
    if ((at->last & 1) || at->last == at->tree) {
        if (at->first < at->last) { sums->part = merkle_node(hash, &sums->part); }
        sums->tree = merkle_node(hash, &sums->tree);
        while (!(at->last & 1) && at->last != 0) {
            climb(at);
        }
    } else {
        sums->tree = merkle_node(&sums->tree, hash);
    }
    climb(at);
}

/* An empty part is part of every tree, and needs no proof. */
static bool empty_fits(const struct merkle_consistency *claim, const struct merkle_proof *proof)
{
    const struct merkle_hash empty = merkle_empty();
    return proof->count == 0 && claim->end <= claim->size && merkle_hash_equal(claim->part, &empty);
}

bool merkle_subtree_fits(const struct merkle_consistency *claim, const struct merkle_proof *proof)
{
    if (claim->start == claim->end) { return empty_fits(claim, proof); }
    if (!merkle_subtree_valid(claim->start, claim->end) || claim->end > claim->size) {
        return false;
    }
    struct stand at = {claim->start, claim->end - 1, claim->size - 1};
    const bool rightmost = at.last == at.tree;
    while (at.first != at.last && (rightmost || (at.last & 1))) {
        climb(&at);
    }
    size_t next = 0;
    struct sums sums = {*claim->part, *claim->part};
    if (at.first != at.last) { /* the part is not one perfect tree: its own beginning comes first */
        if (proof->count == 0) { return false; }
        sums = (struct sums){proof->hashes[0], proof->hashes[0]};
        next = 1;
    }
    for (; next < proof->count; next++) {
        if (at.tree == 0) { return false; }
        fold(&at, &sums, &proof->hashes[next]);
    }
    return at.tree == 0 && merkle_hash_equal(&sums.part, claim->part) &&
           merkle_hash_equal(&sums.tree, claim->root);
}
