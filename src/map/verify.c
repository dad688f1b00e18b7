#include "map/verify.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/value.h"
#include "map/pmtiles_read.h"
#include "map/tile.h"

enum { LEAF_LEVELS_MAX = 3 };

/* A stretch of the tiles' section that some entry names, and the first tile that did. */
struct content {
    uint64_t offset, tile_id;
    uint32_t size;
};

struct verify {
    struct pmtiles_reader *reader;
    const struct pmtiles_header *header;
    struct verify_report *report;
    struct content *contents;
    size_t content_count, content_capacity;
    uint64_t first_id, next_id; /* of tiles; next_id is behind the last */
    uint64_t tiles_end;         /* end of the contents that came in order so far */
    struct why *why;
};

static enum err bad(const struct verify *verify, const char *what)
{
    return why_set(verify->why, ERR_MALFORMED, "%s", what);
}

static void remark(struct verify *verify, const char *sentence)
{
    struct verify_report *report = verify->report;
    if (report->remark_count < VERIFY_REMARKS_MAX) {
        report->remarks[report->remark_count++] = sentence;
    }
}

/* A section, and what it is called. */
struct named {
    struct pmtiles_section section;
    const char *name;
};

static bool overlap(struct pmtiles_section a, struct pmtiles_section b)
{
    return a.size > 0 && b.size > 0 && a.offset < b.offset + b.size && b.offset < a.offset + a.size;
}

/* Against the file's end, and against the `count` sections before. */
static enum err check_section(const struct verify *verify, const struct named *all, size_t count)
{
    const uint64_t size = pmtiles_reader_size(verify->reader);
    const struct named *one = &all[count];
    const struct pmtiles_section section = one->section;
    if (section.size > 0 && (section.offset > size || section.size > size - section.offset)) {
        return why_set(verify->why, ERR_MALFORMED,
                       "the section of the %s reaches beyond the end of the file", one->name);
    }
    for (size_t i = 0; i < count; i++) {
        if (!overlap(all[i].section, section)) { continue; }
        return why_set(verify->why, ERR_MALFORMED, "the sections of %s and %s overlap", all[i].name,
                       one->name);
    }
    return OK;
}

static enum err check_sections(const struct verify *verify)
{
    const struct pmtiles_header *header = verify->header;
    const struct named all[] = {
        {{0, PMTILES_HEADER_SIZE}, "header"},
        {header->root, "root directory"},
        {header->metadata, "metadata"},
        {header->leaves, "leaf directories"},
        {header->tiles, "tiles"},
    };
    enum err err = OK;
    for (size_t i = 0; i < ARRAY_LEN(all) && !err; i++) {
        err = check_section(verify, all, i);
    }
    return err;
}

static enum err check_metadata(struct verify *verify)
{
    struct bytes metadata = {0};
    struct value *value = NULL;
    struct why cause = {0};
    enum err err = pmtiles_reader_metadata(verify->reader, &metadata, verify->why);
    if (!err && metadata.size > 0 &&
        value_parse(&value, bytes_span(&metadata), PMTILES_METADATA_SIZE_MAX, &cause)) {
        err = why_set(verify->why, ERR_MALFORMED, "the metadata is no JSON: %.180s", cause.text);
    } else if (!err && metadata.size > 0 && value_kind(value) != VALUE_KIND_OBJECT) {
        err = bad(verify, "the metadata is no JSON object");
    }
    if (!err && verify->header->type == PMTILES_TYPE_MVT &&
        (!value || !value_get(value, "vector_layers"))) {
        remark(verify, "the metadata names no vector_layers, which a vector archive must");
    }
    value_free(value);
    bytes_deinit(&metadata);
    return err;
}

static enum err entry_is_bad(const struct verify *verify, const struct pmtiles_entry *entry,
                             const char *what)
{
    const struct tile tile = tile_of_id(entry->tile_id);
    return why_set(verify->why, ERR_MALFORMED, "the directory's entry for tile %d/%u/%u %s",
                   tile.zoom, tile.x, tile.y, what);
}

static void keep_content(struct verify *verify, const struct pmtiles_entry *entry)
{
    if (verify->content_count == verify->content_capacity) {
        verify->content_capacity = verify->content_capacity ? verify->content_capacity * 2 : 1024;
        verify->contents =
            mem_resized(verify->contents, verify->content_capacity * sizeof *verify->contents);
    }
    verify->contents[verify->content_count++] =
        (struct content){entry->offset, entry->tile_id, entry->size};
}

static enum err check_tile_entry(struct verify *verify, const struct pmtiles_entry *entry)
{
    struct verify_report *report = verify->report;
    const struct pmtiles_section tiles = verify->header->tiles;
    if (report->entries > 0 && entry->tile_id < verify->next_id) {
        return entry_is_bad(verify, entry, "is out of order, or overlaps the one before");
    }
    if (entry->offset > tiles.size || entry->size > tiles.size - entry->offset) {
        return entry_is_bad(verify, entry, "lies outside the section of the tiles");
    }
    if (verify->header->clustered && entry->offset > verify->tiles_end) {
        return entry_is_bad(verify, entry, "leaves a gap, though the archive is marked clustered");
    }
    if (verify->header->clustered && entry->offset < verify->tiles_end &&
        entry->offset + entry->size > verify->tiles_end) {
        return entry_is_bad(verify, entry, "overlaps others' bytes in a clustered archive");
    }
    if (entry->offset == verify->tiles_end) { verify->tiles_end += entry->size; }
    if (report->entries == 0) { verify->first_id = entry->tile_id; }
    verify->next_id = entry->tile_id + entry->run;
    report->entries++;
    report->addressed += entry->run;
    keep_content(verify, entry);
    return OK;
}

static enum err walk(struct verify *verify, struct pmtiles_section section, uint64_t first_id,
                     int level);

/* NOLINTNEXTLINE(misc-no-recursion): ends at LEAF_LEVELS_MAX */
static enum err check_leaf(struct verify *verify, const struct pmtiles_entry *entry, int level)
{
    const struct pmtiles_section leaves = verify->header->leaves;
    if (level == LEAF_LEVELS_MAX) { return entry_is_bad(verify, entry, "nests leaves too deeply"); }
    if (entry->offset > leaves.size || entry->size > leaves.size - entry->offset) {
        return entry_is_bad(verify, entry, "points outside the section of the leaves");
    }
    if (level == 1) { remark(verify, "leaf directories point to leaf directories"); }
    verify->report->leaves++;
    const struct pmtiles_section section = {leaves.offset + entry->offset, entry->size};
    return walk(verify, section, entry->tile_id, level + 1);
}

/* All entries below the directory in `section`, in order. Recursion ends at LEAF_LEVELS_MAX. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static enum err walk(struct verify *verify, struct pmtiles_section section, uint64_t first_id,
                     int level)
{
    struct pmtiles_entry *entries = NULL;
    size_t count = 0;
    enum err err = pmtiles_reader_directory(verify->reader, section, &entries, &count, verify->why);
    if (err) { return err; }
    if (level > 0 && entries[0].tile_id < first_id) {
        err = entry_is_bad(verify, &entries[0], "is not of the leaf that it is in");
    }
    for (size_t i = 0; i < count && !err; i++) {
        err = entries[i].run > 0 ? check_tile_entry(verify, &entries[i])
                                 : check_leaf(verify, &entries[i], level);
    }
    free(entries);
    return err;
}

static int by_offset(const void *left, const void *right)
{
    const struct content *a = left;
    const struct content *b = right;
    if (a->offset != b->offset) { return a->offset < b->offset ? -1 : 1; }
    if (a->size != b->size) { return a->size < b->size ? -1 : 1; }
    return (a->tile_id > b->tile_id) - (a->tile_id < b->tile_id);
}

/* Leaves each content once, in the order of the file. Two may not share bytes. */
static enum err distinct_contents(struct verify *verify)
{
    size_t kept = 0;
    assert(verify->contents); /* an archive without tiles was refused before */
    qsort(verify->contents, verify->content_count, sizeof *verify->contents, by_offset);
    for (size_t i = 0; i < verify->content_count; i++) {
        const struct content content = verify->contents[i];
        const struct content *last = kept > 0 ? &verify->contents[kept - 1] : NULL;
        if (last && last->offset == content.offset && last->size == content.size) { continue; }
        if (last && content.offset < last->offset + last->size) {
            const struct tile tile = tile_of_id(content.tile_id);
            return why_set(verify->why, ERR_MALFORMED,
                           "the bytes of tile %d/%u/%u overlap another tile's", tile.zoom, tile.x,
                           tile.y);
        }
        verify->contents[kept++] = content;
    }
    verify->content_count = kept;
    verify->report->contents = kept;
    return OK;
}

static enum err check_count(const struct verify *verify, uint64_t said, uint64_t found,
                            const char *what)
{
    if (said == 0 || said == found) { return OK; } /* 0: its writer did not know */
    return why_set(verify->why, ERR_MALFORMED, "the header says %llu %s, the directories have %llu",
                   (unsigned long long)said, what, (unsigned long long)found);
}

static enum err check_header_against_contents(struct verify *verify)
{
    const struct pmtiles_header *header = verify->header;
    const int zoom_min = tile_of_id(verify->first_id).zoom;
    const int zoom_max = tile_of_id(verify->next_id - 1).zoom;
    if (header->zoom_min != zoom_min) {
        return why_set(verify->why, ERR_MALFORMED,
                       "the header's min zoom is %d, the first tile is at zoom %d",
                       header->zoom_min, zoom_min);
    }
    if (header->zoom_max != zoom_max) {
        return why_set(verify->why, ERR_MALFORMED,
                       "the header's max zoom is %d, the last tile is at zoom %d", header->zoom_max,
                       zoom_max);
    }
    if (header->zoom_center < zoom_min || header->zoom_center > zoom_max) {
        remark(verify, "the zoom of the center is outside the archive's zooms");
    }
    if (header->west == header->east || header->south == header->north) {
        remark(verify, "the bounds have no area, which some readers refuse");
    }
    const struct verify_report *report = verify->report;
    enum err err = check_count(verify, header->addressed, report->addressed, "addressed tiles");
    if (!err) { err = check_count(verify, header->entries, report->entries, "tile entries"); }
    if (!err) { err = check_count(verify, header->contents, report->contents, "tile contents"); }
    return err;
}

static bool begins(struct span bytes, const char *magic, size_t at, size_t size)
{
    return bytes.size >= at + size && memcmp(bytes.data + at, magic, size) == 0;
}

/* A picture shows by its first bytes what it is. */
static bool is_of_type(struct span tile, enum pmtiles_type type)
{
    switch (type) {
    case PMTILES_TYPE_PNG: return begins(tile, "\x89PNG\r\n\x1a\n", 0, 8);
    case PMTILES_TYPE_JPEG: return begins(tile, "\xff\xd8\xff", 0, 3);
    case PMTILES_TYPE_WEBP: return begins(tile, "RIFF", 0, 4) && begins(tile, "WEBP", 8, 4);
    case PMTILES_TYPE_AVIF: return begins(tile, "ftypavi", 4, 7);
    case PMTILES_TYPE_UNKNOWN:
    case PMTILES_TYPE_MVT:
    case PMTILES_TYPE_MLT: break;
    }
    return true;
}

static enum err check_tile(struct verify *verify, const struct content *content,
                           struct bytes *buffer)
{
    const struct pmtiles_entry entry = {
        .tile_id = content->tile_id, .offset = content->offset, .size = content->size, .run = 1};
    struct verify_report *report = verify->report;
    if (content->size > report->largest) { report->largest = content->size; }
    enum err err = pmtiles_reader_tile(verify->reader, &entry, buffer, verify->why);
    if (!err && verify->header->type == PMTILES_TYPE_MVT) {
        err = mvt_check(bytes_span(buffer), NULL, &report->tiles, verify->why);
    } else if (!err && !is_of_type(bytes_span(buffer), verify->header->type)) {
        err = bad(verify, "it is not of the type that the header names");
    }
    if (!err) { return OK; }
    char name[64];
    const struct tile tile = tile_of_id(content->tile_id);
    (void)snprintf(name, sizeof name, "tile %d/%u/%u", tile.zoom, tile.x, tile.y);
    return why_prefix(verify->why, err, name);
}

static enum err check_tiles(struct verify *verify)
{
    struct bytes buffer = {0};
    enum err err = OK;
    if (verify->header->type == PMTILES_TYPE_UNKNOWN || verify->header->type >= PMTILES_TYPE_MLT) {
        remark(verify, "the tiles are of a type that is not decoded here");
    }
    for (size_t i = 0; i < verify->content_count && !err; i++) {
        err = check_tile(verify, &verify->contents[i], &buffer);
    }
    bytes_deinit(&buffer);
    return err;
}

enum err verify_archive(const char *path, struct verify_report *report, struct why *why)
{
    struct why spare = {0};
    struct verify verify = {.report = report, .why = why ? why : &spare};
    *report = (struct verify_report){0};
    CLEANUP(pmtiles_reader_free_p) struct pmtiles_reader *reader = NULL;
    enum err err = pmtiles_reader_open(&reader, path, verify.why);
    if (err) { return err; }
    verify.reader = reader;
    verify.header = pmtiles_reader_header(reader);
    report->header = *verify.header;
    err = check_sections(&verify);
    if (!err) { err = check_metadata(&verify); }
    if (!err) { err = walk(&verify, verify.header->root, 0, 0); }
    if (!err && report->entries == 0) { err = bad(&verify, "the archive names no tile"); }
    if (!err) { err = distinct_contents(&verify); }
    if (!err) { err = check_header_against_contents(&verify); }
    if (!err) { err = check_tiles(&verify); }
    free(verify.contents);
    return err;
}
