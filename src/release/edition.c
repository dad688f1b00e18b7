#include "release/edition.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/value.h"
#include "geodata/bytes.h"
#include "map/pmtiles_read.h"
#include "release/clearance.h"

enum { DIRECTORY_LEVELS_MAX = 4 };

struct edition {
    struct edition_facts facts;
    struct stat about;             /* when it was opened */
    struct pmtiles_reader *reader; /* owned; holds the descriptor */
    struct pmtiles_entry *entries; /* owned; of tiles, by id */
    size_t count, capacity;
    char *tilejson; /* owned */
};

void edition_free(struct edition *edition)
{
    if (!edition) { return; }
    pmtiles_reader_free(edition->reader);
    free(edition->entries);
    free(edition->tilejson);
    free(edition);
}

const struct edition_facts *edition_facts(const struct edition *edition)
{
    return &edition->facts;
}

/* ---- directories ---- */

/* Adds a tile's entry behind the last. */
static enum err add_tile(struct edition *edition, const struct pmtiles_entry *entry,
                         struct why *why)
{
    const struct pmtiles_section tiles = edition->facts.header.tiles;
    if (entry->offset > tiles.size || entry->size > tiles.size - entry->offset) {
        return why_set(why, ERR_MALFORMED, "a tile lies outside the tiles' section");
    }
    const struct pmtiles_entry *last =
        edition->count > 0 ? &edition->entries[edition->count - 1] : NULL;
    if (last && entry->tile_id < last->tile_id + last->run) {
        return why_set(why, ERR_MALFORMED, "the directories are not in the order of their tiles");
    }
    if (edition->count == EDITION_ENTRIES_MAX) {
        return why_set(why, ERR_LIMIT, "it has more entries than its header says");
    }
    if (!edition->entries || edition->count == edition->capacity) {
        edition->capacity = edition->capacity * 2 + 1024;
        edition->entries =
            mem_resized(edition->entries, edition->capacity * sizeof *edition->entries);
    }
    edition->entries[edition->count++] = *entry;
    return OK;
}

/* NOLINTNEXTLINE(misc-no-recursion): at most DIRECTORY_LEVELS_MAX deep */
static enum err add_entries(struct edition *edition, struct pmtiles_section section, int level,
                            struct why *why)
{
    if (level == DIRECTORY_LEVELS_MAX) {
        return why_set(why, ERR_LIMIT, "the archive nests its directories too deeply");
    }
    struct pmtiles_entry *entries = NULL;
    size_t count = 0;
    const uint64_t leaves = edition->facts.header.leaves.offset;
    enum err err = pmtiles_reader_directory(edition->reader, section, &entries, &count, why);
    for (size_t i = 0; !err && i < count; i++) {
        const struct pmtiles_section leaf = {leaves + entries[i].offset, entries[i].size};
        err = entries[i].run > 0 ? add_tile(edition, &entries[i], why)
                                 : add_entries(edition, leaf, level + 1, why);
    }
    free(entries);
    return err;
}

/* An archive with too many tiles for memory is still served by range. */
static enum err read_directories(struct edition *edition, struct why *why)
{
    const struct pmtiles_header *header = &edition->facts.header;
    if (header->entries > EDITION_ENTRIES_MAX) { return OK; }
    const enum err err = add_entries(edition, header->root, 0, why);
    edition->facts.searchable = !err;
    return err;
}

bool edition_find(const struct edition *edition, struct tile tile, struct pmtiles_section *section)
{
    const uint64_t id = tile_id(tile);
    size_t low = 0;
    size_t count = edition->count;
    while (count > 0) {
        const size_t half = count / 2;
        const bool before = edition->entries[low + half].tile_id <= id;
        low += before ? half + 1 : 0;
        count = before ? count - half - 1 : half;
    }
    if (low == 0) { return false; }
    const struct pmtiles_entry *entry = &edition->entries[low - 1];
    if (id - entry->tile_id >= entry->run) { return false; }
    *section =
        (struct pmtiles_section){edition->facts.header.tiles.offset + entry->offset, entry->size};
    return true;
}

/* ---- what it says about itself ---- */

static struct value *degrees(const int32_t *numbers, size_t count)
{
    struct value *list = value_array();
    for (size_t i = 0; i < count; i++) {
        value_append(list, value_real(numbers[i] / 1e7));
    }
    return list;
}

static void copy_member(struct value *to, const struct value *from, const char *key)
{
    const struct value *member = from ? value_get(from, key) : NULL;
    if (member) { value_set(to, key, value_copy(member)); }
}

static enum err write_tilejson(struct edition *edition, const struct value *metadata,
                               struct why *why)
{
    static const char *const copied[] = {"name", "description", "attribution", "vector_layers"};
    const struct pmtiles_header *header = &edition->facts.header;
    const int32_t bounds[] = {header->west, header->south, header->east, header->north};
    const int32_t center[] = {header->center_longitude, header->center_latitude};
    CLEANUP(value_free_p) struct value *json = value_object();
    value_set_text(json, "tilejson", "3.0.0");
    value_set_text(json, "scheme", "xyz");
    value_set_integer(json, "minzoom", header->zoom_min);
    value_set_integer(json, "maxzoom", header->zoom_max);
    value_set(json, "bounds", degrees(bounds, ARRAY_LEN(bounds)));
    struct value *place = degrees(center, ARRAY_LEN(center));
    value_append(place, value_integer(header->zoom_center));
    value_set(json, "center", place);
    for (size_t i = 0; i < ARRAY_LEN(copied); i++) {
        copy_member(json, metadata, copied[i]);
    }
    CLEANUP(text_deinit) struct text text = text_limited(EDITION_TILEJSON_SIZE_MAX);
    value_write(json, &text);
    if (text.overflow) { return why_set(why, ERR_LIMIT, "its metadata is too large for TileJSON"); }
    text.data[--text.size] = '\0'; /* without the brace: "tiles" follows */
    edition->tilejson = text_take(&text);
    edition->facts.tilejson = edition->tilejson;
    return OK;
}

static enum err read_metadata(struct edition *edition, struct why *why)
{
    struct bytes plain = {0};
    CLEANUP(value_free_p) struct value *metadata = NULL;
    enum err err = pmtiles_reader_metadata(edition->reader, &plain, why);
    if (!err && plain.size > 0) {
        err = value_parse(&metadata, bytes_span(&plain), EDITION_TILEJSON_SIZE_MAX, why);
    }
    bytes_deinit(&plain);
    edition->facts.is_private = clearance_is_private(metadata);
    return err ? err : write_tilejson(edition, metadata, why);
}

/* ---- the file ---- */

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

bool edition_is(const struct edition *edition, const struct stat *about)
{
    return same_file(&edition->about, about);
}

bool edition_intact(const struct edition *edition)
{
    struct stat now;
    return fstat(edition->facts.fd, &now) == 0 && same_file(&edition->about, &now);
}

static enum err read_file(struct edition *edition, struct why *why)
{
    struct edition_facts *facts = &edition->facts;
    if (fstat(facts->fd, &edition->about) != 0) {
        return why_set(why, ERR_IO, "the file's state cannot be read");
    }
    facts->size = (uint64_t)edition->about.st_size;
    facts->written_us = (int64_t)edition->about.st_mtim.tv_sec * CLOCK_SECOND_US +
                        edition->about.st_mtim.tv_nsec / 1000;
    struct digest digest;
    enum err err = digest_file(&digest, facts->fd, 0, facts->size, why);
    if (err) { return err; }
    memcpy(facts->sha256, digest.sha256, sizeof facts->sha256);
    (void)snprintf(facts->etag, sizeof facts->etag, "\"%s\"", digest.sha256);
    err = read_directories(edition, why);
    if (!err) { err = read_metadata(edition, why); }
    if (!err && !edition_intact(edition)) {
        err = why_set(why, ERR_CONFLICT, "the file was written to while it was read");
    }
    return err;
}

enum err edition_open(struct edition **out, const char *path, struct why *why)
{
    CLEANUP(edition_free_p) struct edition *edition = MEM_NEW(struct edition);
    enum err err = pmtiles_reader_open(&edition->reader, path, why);
    if (!err) {
        edition->facts.fd = pmtiles_reader_descriptor(edition->reader);
        edition->facts.header = *pmtiles_reader_header(edition->reader);
        err = read_file(edition, why);
    }
    if (err) { return err; }
    *out = TAKE(edition);
    return OK;
}
