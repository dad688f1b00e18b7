#include "ledger/tile.h"

#include "check.h"
#include "ledger_tree.h"

static void test_paths(void)
{
    static const struct {
        struct tile_place place;
        const char *path;
    } cases[] = {
        {{false, 0, 1234067, 256}, "tile/0/x001/x234/067"},
        {{false, 1, 5, 17}, "tile/1/005.p/17"},
        {{true, 0, 0, 1}, "tile/entries/000.p/1"},
        {{true, 0, 1000, 256}, "tile/entries/x001/000"},
        {{false, 7, 999, 255}, "tile/7/999.p/255"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char path[TILE_PATH_SIZE];
        struct tile_place place;
        tile_path(path, &cases[i].place);
        CHECK_TEXT(path, cases[i].path);
        CHECK(tile_path_parse(&place, path, NULL) == OK);
        CHECK(place.number == cases[i].place.number && place.width == cases[i].place.width &&
              place.level == cases[i].place.level && place.entries == cases[i].place.entries);
    }
    static const char *const bad[] = {"",
                                      "tile",
                                      "tile/0/",
                                      "tile/0/00",
                                      "tile/0/0000",
                                      "tile/00/000",
                                      "tile/8/000",
                                      "tile/0/x000/001",
                                      "tile/0/001/x002",
                                      "tile/0/000.p/0",
                                      "tile/0/000.p/256",
                                      "tile/0/000.p/01",
                                      "tile/entries/0/000",
                                      "tile/0/../000",
                                      "tile/0/x001/x001/x001/x001/x001/x001/000",
                                      "tile/0/000 ",
                                      "/tile/0/000"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct tile_place place;
        struct why why = {""};
        CHECK(tile_path_parse(&place, bad[i], &why) == ERR_MALFORMED && *why.text);
    }
}

/* The widths of C2SP's own example: 70,000 entries. */
static void test_widths(void)
{
    CHECK(tile_width(70000, 0, 272) == 256 && tile_width(70000, 0, 273) == 112);
    CHECK(tile_width(70000, 0, 274) == 0);
    CHECK(tile_width(70000, 1, 0) == 256 && tile_width(70000, 1, 1) == 17);
    CHECK(tile_width(70000, 2, 0) == 1 && tile_width(70000, 3, 0) == 0);
    CHECK(tile_width(256, 0, 0) == 256 && tile_width(256, 1, 0) == 1);
    CHECK(tile_width(0, 0, 0) == 0 && tile_width(1, 0, UINT64_MAX) == 0);
    unsigned first = 0;
    unsigned count = 0;
    const struct tile_place place = tile_of_node(70000, 10, 3, &first, &count);
    CHECK(place.level == 1 && place.number == 0 && first == 12 && count == 4);
}

static void test_bundle(void)
{
    CLEANUP(text_deinit) struct text bundle = text_limited(BUNDLE_SIZE_MAX);
    CHECK(bundle_add(&bundle, span_text("one"), NULL) == OK);
    CHECK(bundle_add(&bundle, span_text(""), NULL) == OK);
    CHECK(bundle_add(&bundle, span_text("three"), NULL) == OK);
    struct cursor cursor = cursor_over(text_span(&bundle));
    struct span entry;
    CHECK(bundle_next(&cursor, &entry, NULL) == OK && span_equal(entry, span_text("one")));
    CHECK(bundle_next(&cursor, &entry, NULL) == OK && entry.size == 0);
    CHECK(bundle_next(&cursor, &entry, NULL) == OK && span_equal(entry, span_text("three")));
    CHECK(bundle_next(&cursor, &entry, NULL) == ERR_MALFORMED);
    cursor = cursor_over(span_of("\0\4abc", 5));
    CHECK(bundle_next(&cursor, &entry, NULL) == ERR_MALFORMED);
    CLEANUP(mem_free_p) char *large = mem_zeroed(65537);
    CHECK(bundle_add(&bundle, span_of(large, 65536), NULL) == ERR_LIMIT);
    CLEANUP(text_deinit) struct text small = text_limited(4);
    CHECK(bundle_add(&small, span_text("three"), NULL) == ERR_LIMIT);
}

int main(void)
{
    struct merkle_hash leaves[TILE_WIDTH];
    for (int i = 0; i < TILE_WIDTH; i++) {
        const uint8_t number = (uint8_t)i;
        leaves[i] = merkle_leaf(span_of(&number, 1));
    }
    for (unsigned count = 1; count <= TILE_WIDTH; count *= 2) {
        const struct merkle_hash folded = tile_fold(leaves, count);
        const struct merkle_hash expected = ledger_tree_root(leaves, count);
        CHECK(merkle_hash_equal(&folded, &expected));
    }
    test_paths();
    test_widths();
    test_bundle();
    return CHECK_DONE();
}
