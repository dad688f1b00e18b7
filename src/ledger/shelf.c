#include "ledger/shelf.h"

#include "system/file.h"

/* One tile of each level, and one bundle with the places of its entries. */
struct held_tile {
    bool valid;
    struct tile_place place;
    struct merkle_hash hashes[TILE_WIDTH];
};

struct shelf {
    char folder[FILE_PATH_SIZE];
    uint64_t size;
    struct held_tile tiles[TILE_LEVEL_MAX + 1];
    struct text bundle;
    bool bundle_valid;
    uint64_t bundle_number;
    struct span entries[TILE_WIDTH];
};

struct shelf *shelf_open(const char *folder, uint64_t size)
{
    struct shelf *shelf = MEM_NEW(struct shelf);
    (void)!text_copy(shelf->folder, sizeof shelf->folder, folder);
    shelf->size = size;
    shelf->bundle = text_limited(BUNDLE_SIZE_MAX);
    return shelf;
}

void shelf_close(struct shelf *shelf)
{
    if (!shelf) { return; }
    text_deinit(&shelf->bundle);
    free(shelf);
}

static enum err read_place(const struct shelf *shelf, const struct tile_place *place,
                           struct text *bytes, struct why *why)
{
    char name[TILE_PATH_SIZE];
    char path[FILE_PATH_SIZE];
    tile_path(name, place);
    const enum err err = file_join(path, shelf->folder, name, why);
    return err == OK ? file_read(bytes, path, why) : err;
}

/* How many bytes the first `count` entries of a bundle have. */
static enum err measure(const struct text *bundle, unsigned count, size_t *size, struct why *why)
{
    struct cursor cursor = cursor_over(text_span(bundle));
    enum err err = OK;
    for (unsigned i = 0; err == OK && i < count; i++) {
        struct span entry;
        err = bundle_next(&cursor, &entry, why);
    }
    *size = bundle->size - cursor.rest.size;
    return err;
}

/* Cuts a full tile's or bundle's bytes down to the first `width`. */
static enum err cut(struct text *bytes, const struct tile_place *place, struct why *why)
{
    size_t size = place->width * (size_t)MERKLE_HASH_SIZE;
    const enum err err = place->entries ? measure(bytes, place->width, &size, why) : OK;
    if (err != OK) { return err; }
    if (bytes->size < size) { return why_set(why, ERR_MALFORMED, "a tile is cut off"); }
    bytes->size = size;
    return OK;
}

enum err shelf_file(const struct shelf *shelf, const struct tile_place *place, struct text *bytes,
                    struct why *why)
{
    struct tile_place full = *place;
    struct why first = {""};
    text_clear(bytes);
    enum err err = read_place(shelf, place, bytes, &first);
    if (err == ERR_NOT_FOUND && place->width < TILE_WIDTH) {
        full.width = TILE_WIDTH; /* the partial ones go when the full one is there */
        text_clear(bytes);
        err = read_place(shelf, &full, bytes, NULL);
        if (err == OK) { return cut(bytes, place, why); }
    }
    if (err != OK) { return why_set(why, err, "%s", first.text); }
    return OK;
}

static enum err read_tile(struct shelf *shelf, const struct tile_place *place, struct why *why)
{
    struct held_tile *held = &shelf->tiles[place->level];
    if (held->valid && held->place.number == place->number && held->place.width == place->width) {
        return OK;
    }
    CLEANUP(text_deinit) struct text bytes = text_limited(TILE_BYTES_MAX + 1);
    const enum err err = shelf_file(shelf, place, &bytes, why);
    if (err != OK) { return err; }
    if (bytes.size != place->width * (size_t)MERKLE_HASH_SIZE) {
        char name[TILE_PATH_SIZE];
        tile_path(name, place);
        return why_set(why, ERR_MALFORMED, "%s has %zu bytes, expected %u", name, bytes.size,
                       place->width * MERKLE_HASH_SIZE);
    }
    memcpy(held->hashes, bytes.data, bytes.size);
    held->place = *place;
    held->valid = true;
    return OK;
}

static enum err read_node(void *context, unsigned level, uint64_t index, struct merkle_hash *hash,
                          struct why *why)
{
    struct shelf *shelf = context;
    unsigned first = 0;
    unsigned count = 0;
    const struct tile_place place = tile_of_node(shelf->size, level, index, &first, &count);
    if (first + count > place.width) {
        return why_set(why, ERR_RANGE, "the tree has no node %u/%llu", level,
                       (unsigned long long)index);
    }
    const enum err err = read_tile(shelf, &place, why);
    if (err == OK) { *hash = tile_fold(shelf->tiles[place.level].hashes + first, count); }
    return err;
}

struct merkle_source shelf_source(struct shelf *shelf)
{
    return (struct merkle_source){.context = shelf, .read = read_node};
}

enum err shelf_leaf(struct shelf *shelf, uint64_t index, struct merkle_hash *hash, struct why *why)
{
    return read_node(shelf, 0, index, hash, why);
}

uint64_t shelf_first(const struct shelf *shelf)
{
    char name[TILE_PATH_SIZE];
    char path[FILE_PATH_SIZE];
    struct tile_place place = {.entries = true};
    for (; place.number * TILE_WIDTH < shelf->size; place.number++) {
        place.width = tile_width(shelf->size, 0, place.number);
        const bool partial = place.width < TILE_WIDTH;
        tile_path(name, &place);
        if (file_join(path, shelf->folder, name, NULL) == OK && file_exists(path)) { break; }
        place.width = TILE_WIDTH; /* a full bundle does for a partial one */
        tile_path(name, &place);
        if (partial && file_join(path, shelf->folder, name, NULL) == OK && file_exists(path)) {
            break;
        }
    }
    const uint64_t first = place.number * TILE_WIDTH;
    return first < shelf->size ? first : shelf->size;
}

static enum err read_bundle(struct shelf *shelf, uint64_t number, struct why *why)
{
    const struct tile_place place = {
        .entries = true, .number = number, .width = tile_width(shelf->size, 0, number)};
    shelf->bundle_valid = false;
    enum err err = shelf_file(shelf, &place, &shelf->bundle, why);
    struct cursor cursor = cursor_over(text_span(&shelf->bundle));
    for (unsigned i = 0; err == OK && i < place.width; i++) {
        err = bundle_next(&cursor, &shelf->entries[i], why);
    }
    if (err == OK && cursor.rest.size > 0) {
        err = why_set(why, ERR_MALFORMED, "a bundle of entries has bytes too many");
    }
    if (err != OK) { return err; }
    shelf->bundle_number = number;
    shelf->bundle_valid = true;
    return OK;
}

enum err shelf_entry(struct shelf *shelf, uint64_t index, struct span *entry, struct why *why)
{
    if (index >= shelf->size) {
        return why_set(why, ERR_RANGE, "there is no entry %llu; the log has %llu",
                       (unsigned long long)index, (unsigned long long)shelf->size);
    }
    const uint64_t number = index / TILE_WIDTH;
    if (!shelf->bundle_valid || shelf->bundle_number != number) {
        const enum err err = read_bundle(shelf, number, why);
        if (err != OK) { return err; }
    }
    *entry = shelf->entries[index % TILE_WIDTH];
    return OK;
}
