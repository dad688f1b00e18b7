/*
 * The tree against published vectors: the roots of certificate-transparency's reference tree (the
 * eight leaves of google/certificate-transparency, Apache-2.0, which RFC 9162's implementations
 * share), and the 518 cases of transparency-dev/merkle (Apache-2.0) when ../shared/data is there:
 * inclusion, consistency, and both for subtrees; 482 of them must fail.
 */
#include "base/encode.h"
#include "base/value.h"
#include "check.h"
#include "ledger_tree.h"
#include "system/file.h"

enum { FILE_SIZE_MAX = 4 * 1024 * 1024 };

static const char *const roots[] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

static void test_reference_tree(void)
{
    static const struct {
        const char *bytes;
        size_t size;
    } entries[] = {
        {"", 0},
        {"\0", 1},
        {"\x10", 1},
        {"\x20\x21", 2},
        {"\x30\x31", 2},
        {"\x40\x41\x42\x43", 4},
        {"\x50\x51\x52\x53\x54\x55\x56\x57", 8},
        {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16},
    };
    struct merkle_hash leaves[ARRAY_LEN(entries)];
    for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
        leaves[i] = merkle_leaf(span_of(entries[i].bytes, entries[i].size));
    }
    struct ledger_tree tree = {.leaves = leaves, .size = ARRAY_LEN(entries)};
    const struct merkle_source source = {.context = &tree, .read = ledger_tree_read};
    for (size_t size = 0; size < ARRAY_LEN(roots); size++) {
        const struct merkle_hash expected = ledger_hash(roots[size]);
        struct merkle_hash root;
        CHECK(merkle_root(&source, size, &root, NULL) == OK);
        CHECK(merkle_hash_equal(&root, &expected));
    }
}

/* Upstream's hashes may have any length, and some say "don't care": shorter ones are filled up,
 * but none at all is none. */
static bool read_hash(const struct value *value, struct merkle_hash *hash)
{
    size_t size = 0;
    *hash = (struct merkle_hash){{0}};
    return value &&
           !decode_base64(hash->bytes, sizeof hash->bytes, &size, value_text_or(value, "-"),
                          NULL) &&
           size > 0;
}

static bool read_proof(const struct value *list, struct merkle_proof *proof)
{
    proof->count = 0;
    const size_t count = value_kind(list) == VALUE_KIND_ARRAY ? value_count(list) : 0;
    if (count > MERKLE_PROOF_MAX) { return false; }
    for (size_t i = 0; i < count; i++) {
        if (!read_hash(value_at(list, i), &proof->hashes[proof->count++])) { return false; }
    }
    return true;
}

static uint64_t number(const struct value *object, const char *key)
{
    return (uint64_t)value_integer_or(value_get(object, key), 0);
}

static bool inclusion(const struct value *one, const struct merkle_proof *proof)
{
    struct merkle_hash leaf;
    struct merkle_hash root;
    if (!read_hash(value_get(one, "leafHash"), &leaf) ||
        !read_hash(value_get(one, "root"), &root)) {
        return false;
    }
    struct merkle_inclusion claim = {number(one, "leafIdx"), number(one, "treeSize"), &leaf, &root};
    if (value_get(one, "end")) { /* within a subtree: as within a tree of its own */
        const uint64_t start = number(one, "start");
        const uint64_t end = number(one, "end");
        if (!merkle_subtree_valid(start, end) || claim.index < start) { return false; }
        claim.index -= start;
        claim.size = end - start;
    }
    return merkle_inclusion_fits(&claim, proof);
}

static bool consistency(const struct value *one, const struct merkle_proof *proof)
{
    struct merkle_hash part;
    struct merkle_hash root;
    if (!read_hash(value_get(one, "root1"), &part) || !read_hash(value_get(one, "root2"), &root)) {
        return false;
    }
    const bool subtree = value_get(one, "end") != NULL;
    const struct merkle_consistency claim = {.start = number(one, "start"),
                                             .end = number(one, subtree ? "end" : "size1"),
                                             .size = number(one, subtree ? "size" : "size2"),
                                             .part = &part,
                                             .root = &root};
    return subtree ? merkle_subtree_fits(&claim, proof) : merkle_consistency_fits(&claim, proof);
}

static size_t seen, right;

static void try_case(void *context, const char *name, const struct value *one)
{
    (void)context;
    struct merkle_proof proof;
    const bool wrong = value_boolean_or(value_get(one, "wantErr"), false);
    bool fits = read_proof(value_get(one, "proof"), &proof);
    if (fits) {
        fits = value_get(one, "root1") ? consistency(one, &proof) : inclusion(one, &proof);
    }
    seen++;
    right += fits != wrong;
    if (fits == wrong) { printf("# %s: %s\n", name, wrong ? "accepted" : "refused"); }
}

/* Two numbers are above 2^63, which our JSON reader refuses: here they become negative ones. */
static void make_signed(struct text *out, const char *json)
{
    while (*json) {
        const size_t digits = strspn(json, "0123456789");
        if (digits >= 19) {
            text_format(out, "%lld", (long long)strtoull(json, NULL, 10));
        } else {
            text_add_bytes(out, span_of(json, digits ? digits : 1));
        }
        json += digits ? digits : 1;
    }
}

static void test_cases(void)
{
    CLEANUP(text_deinit) struct text json = text_limited(FILE_SIZE_MAX);
    CLEANUP(text_deinit) struct text numbers = text_limited(FILE_SIZE_MAX);
    CLEANUP(value_free_p) struct value *file = NULL;
    if (file_read(&json, SHARED_DATA "/ops/tlog/merkle_proof_vectors.json", NULL)) {
        printf("# skipped: 518 cases of transparency-dev/merkle, not in ../shared/data\n");
        return;
    }
    make_signed(&numbers, text_c(&json));
    struct why why = {""};
    CHECK(value_parse(&file, text_span(&numbers), FILE_SIZE_MAX, &why) == OK);
    value_each(value_get(file, "cases"), try_case, NULL);
    CHECK(seen == 518);
    CHECK(right == 518);
}

int main(void)
{
    test_reference_tree();
    test_cases();
    return CHECK_DONE();
}
