#include "ledger/merkle.h"

#include "check.h"
#include "ledger_tree.h"

enum { SIZE = 70 };

static struct merkle_hash leaves[SIZE];
static struct ledger_tree tree = {.leaves = leaves, .size = SIZE};
static const struct merkle_source source = {.context = &tree, .read = ledger_tree_read};

/* Every leaf of every size has a proof, which fits nothing else. */
static void test_inclusion(void)
{
    bool all = true;
    bool only = true;
    for (uint64_t size = 1; size <= SIZE; size++) {
        const struct merkle_hash root = ledger_tree_root(leaves, size);
        for (uint64_t index = 0; index < size; index++) {
            struct merkle_proof proof;
            all = all && merkle_prove_inclusion(&source, index, size, &proof, NULL) == OK;
            struct merkle_inclusion claim = {index, size, &leaves[index], &root};
            all = all && merkle_inclusion_fits(&claim, &proof);
            claim.index = (index + 1) % size;
            only = only && (size == 1 || !merkle_inclusion_fits(&claim, &proof));
            claim.index = index;
            claim.leaf = &leaves[(index + 1) % SIZE];
            only = only && !merkle_inclusion_fits(&claim, &proof);
        }
    }
    CHECK(all);
    CHECK(only);
    struct merkle_proof proof;
    struct why why = {""};
    CHECK(merkle_prove_inclusion(&source, 5, 5, &proof, &why) == ERR_RANGE);
    CHECK_TEXT(why.text, "entry 5 is not in a tree of 5 entries");
}

static void test_consistency(void)
{
    bool all = true;
    bool only = true;
    for (uint64_t size = 1; size <= SIZE; size++) {
        const struct merkle_hash root = ledger_tree_root(leaves, size);
        for (uint64_t old = 0; old <= size; old++) {
            const struct merkle_hash part = ledger_tree_root(leaves, old);
            struct merkle_proof proof;
            all = all && merkle_prove_consistency(&source, old, size, &proof, NULL) == OK;
            struct merkle_consistency claim = {0, old, size, &part, &root};
            all = all && merkle_subtree_fits(&claim, &proof);
            only = only && merkle_consistency_fits(&claim, &proof) == (old > 0);
            if (old == 0) { continue; }
            claim.part = &leaves[SIZE - 1];
            only = only && !merkle_consistency_fits(&claim, &proof);
            claim.part = &part;
            claim.root = &leaves[SIZE - 1];
            only = only && !merkle_consistency_fits(&claim, &proof);
        }
    }
    CHECK(all);
    CHECK(only);
    struct merkle_proof proof = {.count = 1};
    const struct merkle_hash root = ledger_tree_root(leaves, 4);
    const struct merkle_hash empty = merkle_empty();
    const struct merkle_consistency from_nothing = {0, 0, 4, &empty, &root};
    CHECK(!merkle_subtree_fits(&from_nothing, &proof));
    CHECK(merkle_prove_consistency(&source, 9, 8, &proof, NULL) == ERR_RANGE);
}

/* A lie anywhere in a proof is seen: every bit of every hash, one more hash, one less. */
static void test_lies(void)
{
    struct merkle_proof proof;
    const struct merkle_hash root = ledger_tree_root(leaves, 53);
    const struct merkle_inclusion claim = {17, 53, &leaves[17], &root};
    CHECK(merkle_prove_inclusion(&source, 17, 53, &proof, NULL) == OK);
    bool seen = true;
    for (size_t bit = 0; bit < proof.count * MERKLE_HASH_SIZE * 8; bit++) {
        uint8_t *byte = &proof.hashes[bit / 256].bytes[bit / 8 % 32];
        *byte ^= (uint8_t)(1U << bit % 8);
        seen = seen && !merkle_inclusion_fits(&claim, &proof);
        *byte ^= (uint8_t)(1U << bit % 8);
    }
    CHECK(seen);
    CHECK(merkle_inclusion_fits(&claim, &proof));
    proof.count++;
    CHECK(!merkle_inclusion_fits(&claim, &proof));
    proof.count -= 2;
    CHECK(!merkle_inclusion_fits(&claim, &proof));
}

int main(void)
{
    for (int i = 0; i < SIZE; i++) {
        char entry[32];
        (void)snprintf(entry, sizeof entry, "entry %d", i);
        leaves[i] = merkle_leaf(span_text(entry));
    }
    bool roots = true;
    for (uint64_t size = 0; size <= SIZE; size++) {
        const struct merkle_hash expected = ledger_tree_root(leaves, size);
        struct merkle_hash root;
        roots = roots && merkle_root(&source, size, &root, NULL) == OK &&
                merkle_hash_equal(&root, &expected);
    }
    CHECK(roots);
    struct merkle_hash root;
    CHECK(merkle_root(&source, SIZE + 1, &root, NULL) == ERR_NOT_FOUND);
    CHECK(merkle_subtree_valid(0, 5) && merkle_subtree_valid(8, 13));
    CHECK(!merkle_subtree_valid(4, 9) && !merkle_subtree_valid(3, 3));
    test_inclusion();
    test_consistency();
    test_lies();
    return CHECK_DONE();
}
