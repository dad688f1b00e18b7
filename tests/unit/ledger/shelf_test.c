#include "ledger/shelf.h"

#include <stdio.h>

#include "check.h"
#include "lib/scratch.h"
#include "system/file.h"

/* What a shelf says of a folder that is not as it should be; ledger/book's test reads good ones. */
static void put(const char *folder, const char *name, struct span bytes)
{
    char path[FILE_PATH_SIZE];
    char inner[FILE_PATH_SIZE];
    if (file_join(path, folder, name, NULL) || !text_copy(inner, sizeof inner, path)) { abort(); }
    *strrchr(inner, '/') = '\0';
    if (file_make_folder(inner, 0700, NULL) || file_write(path, bytes, 0600, NULL)) { abort(); }
}

int main(void)
{
    char folder[] = "/tmp/tocsin-shelf-XXXXXX";
    if (!mkdtemp(folder)) { return 1; }
    CLEANUP(shelf_close_p) struct shelf *shelf = shelf_open(folder, 2);
    struct span entry;
    struct merkle_hash hash;
    struct why why = {""};
    CHECK(shelf_entry(shelf, 0, &entry, &why) == ERR_NOT_FOUND);
    CHECK(strstr(why.text, "tile/entries/000.p/2") != NULL);
    CHECK(shelf_leaf(shelf, 0, &hash, &why) == ERR_NOT_FOUND);
    CHECK(shelf_leaf(shelf, 2, &hash, &why) == ERR_RANGE);
    CHECK(shelf_entry(shelf, 2, &entry, &why) == ERR_RANGE);
    CHECK_TEXT(why.text, "there is no entry 2; the log has 2");

    put(folder, "tile/entries/000.p/2", span_of("\0\1a", 3));
    CHECK(shelf_entry(shelf, 0, &entry, &why) == ERR_MALFORMED);
    put(folder, "tile/entries/000.p/2", span_of("\0\1a\0\1b\0", 7));
    CHECK(shelf_entry(shelf, 0, &entry, &why) == ERR_MALFORMED);
    CHECK_TEXT(why.text, "a bundle of entries has bytes too many");
    put(folder, "tile/entries/000.p/2", span_of("\0\1a\0\1b", 6));
    CHECK(shelf_entry(shelf, 1, &entry, &why) == OK && span_equal(entry, span_text("b")));
    put(folder, "tile/0/000.p/2", span_of("short", 5));
    CHECK(shelf_leaf(shelf, 1, &hash, &why) == ERR_MALFORMED);
    CHECK_TEXT(why.text, "tile/0/000.p/2 has 5 bytes, expected 64");

    /* The full tile does for the partial one. */
    uint8_t full[TILE_BYTES_MAX];
    for (size_t i = 0; i < sizeof full; i++) {
        full[i] = (uint8_t)(i / MERKLE_HASH_SIZE);
    }
    CLEANUP(shelf_close_p) struct shelf *other = shelf_open(folder, 7);
    put(folder, "tile/0/000", span_of(full, sizeof full));
    CHECK(shelf_leaf(other, 6, &hash, &why) == OK && hash.bytes[0] == 6);
    scratch_remove(folder);
    return CHECK_DONE();
}
