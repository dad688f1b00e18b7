#include "map/pmtiles.h"

#include <string.h>

#include "geodata/proto.h"
#include "map/tile.h"

static const uint8_t magic[7] = {'P', 'M', 'T', 'i', 'l', 'e', 's'};
enum { VERSION = 3 };

static uint8_t *put(uint8_t *at, uint64_t number, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        *at++ = (uint8_t)(number >> (8 * i));
    }
    return at;
}

void pmtiles_header_write(const struct pmtiles_header *header,
                          uint8_t bytes[static PMTILES_HEADER_SIZE])
{
    memcpy(bytes, magic, sizeof magic);
    uint8_t *at = put(bytes + 7, VERSION, 1);
    const struct pmtiles_section *sections[] = {&header->root, &header->metadata, &header->leaves,
                                                &header->tiles};
    for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
        at = put(at, sections[i]->offset, 8);
        at = put(at, sections[i]->size, 8);
    }
    at = put(at, header->addressed, 8);
    at = put(at, header->entries, 8);
    at = put(at, header->contents, 8);
    at = put(at, header->clustered, 1);
    at = put(at, header->internal, 1);
    at = put(at, header->tile, 1);
    at = put(at, header->type, 1);
    at = put(at, (uint64_t)header->zoom_min, 1);
    at = put(at, (uint64_t)header->zoom_max, 1);
    at = put(at, (uint32_t)header->west, 4);
    at = put(at, (uint32_t)header->south, 4);
    at = put(at, (uint32_t)header->east, 4);
    at = put(at, (uint32_t)header->north, 4);
    at = put(at, (uint64_t)header->zoom_center, 1);
    at = put(at, (uint32_t)header->center_longitude, 4);
    (void)put(at, (uint32_t)header->center_latitude, 4);
}

static uint64_t take(const uint8_t **at, size_t size)
{
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++) {
        number |= (uint64_t) * (*at)++ << (8 * i);
    }
    return number;
}

static enum err check_header(const struct pmtiles_header *header, struct why *why)
{
    const char *what = NULL;
    if (header->internal > PMTILES_COMPRESSION_ZSTD || header->tile > PMTILES_COMPRESSION_ZSTD) {
        what = "a compression is none of the specification";
    } else if (header->zoom_min > header->zoom_max || header->zoom_max > TILE_ZOOM_LIMIT) {
        what = "the zooms are out of order or too large";
    } else if (header->west > header->east || header->south > header->north ||
               header->west < -1800000000 || header->east > 1800000000 ||
               header->south < -900000000 || header->north > 900000000) {
        what = "the bounds are no part of the globe";
    } else if (header->root.offset < PMTILES_HEADER_SIZE || header->root.size == 0) {
        what = "there is no root directory";
    } else if (header->root.offset > PMTILES_FIRST_FETCH ||
               header->root.size > PMTILES_FIRST_FETCH - header->root.offset) {
        what = "the root directory does not lie in the first 16384 bytes";
    }
    return what ? why_set(why, ERR_MALFORMED, "the header is wrong: %s", what) : OK;
}

enum err pmtiles_header_read(struct span bytes, struct pmtiles_header *header, struct why *why)
{
    if (bytes.size < PMTILES_HEADER_SIZE || memcmp(bytes.data, magic, sizeof magic) != 0) {
        return why_set(why, ERR_MALFORMED, "it is no PMTiles archive");
    }
    if (bytes.data[7] != VERSION) {
        return why_set(why, ERR_MALFORMED, "it is a PMTiles archive of version %u; 3 is expected",
                       bytes.data[7]);
    }
    const uint8_t *at = bytes.data + 8;
    struct pmtiles_section *sections[] = {&header->root, &header->metadata, &header->leaves,
                                          &header->tiles};
    for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
        sections[i]->offset = take(&at, 8);
        sections[i]->size = take(&at, 8);
    }
    header->addressed = take(&at, 8);
    header->entries = take(&at, 8);
    header->contents = take(&at, 8);
    const uint64_t clustered = take(&at, 1);
    header->clustered = clustered == 1;
    header->internal = (enum pmtiles_compression)take(&at, 1);
    header->tile = (enum pmtiles_compression)take(&at, 1);
    header->type = (enum pmtiles_type)take(&at, 1);
    header->zoom_min = (int)take(&at, 1);
    header->zoom_max = (int)take(&at, 1);
    header->west = (int32_t)(uint32_t)take(&at, 4);
    header->south = (int32_t)(uint32_t)take(&at, 4);
    header->east = (int32_t)(uint32_t)take(&at, 4);
    header->north = (int32_t)(uint32_t)take(&at, 4);
    header->zoom_center = (int)take(&at, 1);
    header->center_longitude = (int32_t)(uint32_t)take(&at, 4);
    header->center_latitude = (int32_t)(uint32_t)take(&at, 4);
    if (clustered > 1) {
        return why_set(why, ERR_MALFORMED, "the header is wrong: clustered is neither 0 nor 1");
    }
    return check_header(header, why);
}

void pmtiles_directory_write(const struct pmtiles_entry *entries, size_t count, struct bytes *out)
{
    bytes_add_varint(out, count);
    uint64_t last = 0;
    for (size_t i = 0; i < count; i++) {
        bytes_add_varint(out, entries[i].tile_id - last);
        last = entries[i].tile_id;
    }
    for (size_t i = 0; i < count; i++) {
        bytes_add_varint(out, entries[i].run);
    }
    for (size_t i = 0; i < count; i++) {
        bytes_add_varint(out, entries[i].size);
    }
    for (size_t i = 0; i < count; i++) {
        const bool follows =
            i > 0 && entries[i].offset == entries[i - 1].offset + entries[i - 1].size;
        bytes_add_varint(out, follows ? 0 : entries[i].offset + 1);
    }
}

static enum err check_entries(const struct pmtiles_entry *entries, size_t count, struct why *why)
{
    const uint64_t beyond = tile_zoom_begin(TILE_ZOOM_LIMIT) * 4 + 1; /* behind the last zoom */
    for (size_t i = 0; i < count; i++) {
        const struct pmtiles_entry *entry = &entries[i];
        const struct pmtiles_entry *last = i > 0 ? &entries[i - 1] : NULL;
        const char *what = NULL;
        if (entry->size == 0) {
            what = "has no bytes";
        } else if (entry->tile_id >= beyond || entry->run > beyond - entry->tile_id) {
            what = "lies beyond the last zoom";
        } else if (last && entry->tile_id <= last->tile_id) {
            what = "is not in order";
        } else if (last && entry->tile_id - last->tile_id < last->run) {
            what = "overlaps the run before it";
        }
        if (what) {
            return why_set(why, ERR_MALFORMED, "the directory's entry for tile id %llu %s",
                           (unsigned long long)entry->tile_id, what);
        }
    }
    return OK;
}

static bool read_columns(struct proto *row, struct pmtiles_entry *entries, size_t count)
{
    uint64_t id = 0;
    for (size_t i = 0; i < count; i++) {
        id += proto_varint(row);
        entries[i].tile_id = id;
    }
    for (size_t i = 0; i < count; i++) {
        const uint64_t run = proto_varint(row);
        entries[i].run = (uint32_t)run;
        if (run > UINT32_MAX) { return false; }
    }
    for (size_t i = 0; i < count; i++) {
        const uint64_t size = proto_varint(row);
        entries[i].size = (uint32_t)size;
        if (size > UINT32_MAX) { return false; }
    }
    for (size_t i = 0; i < count; i++) {
        const uint64_t offset = proto_varint(row);
        if (offset == 0 && i == 0) { return false; }
        entries[i].offset = offset ? offset - 1 : entries[i - 1].offset + entries[i - 1].size;
    }
    return !row->bad && row->at == row->end;
}

enum err pmtiles_directory_read(struct span bytes, struct pmtiles_entry **entries, size_t *count,
                                struct why *why)
{
    struct proto row = proto_over(bytes);
    const uint64_t number = proto_varint(&row);
    if (row.bad || number == 0) {
        return why_set(why, ERR_MALFORMED, "a directory has no entries");
    }
    /* Each entry takes four bytes or more. */
    if (number > bytes.size / 4 || number > PMTILES_DIRECTORY_ENTRIES_MAX) {
        return why_set(why, ERR_MALFORMED, "a directory announces more entries than it has");
    }
    struct pmtiles_entry *read = MEM_ARRAY(struct pmtiles_entry, (size_t)number);
    enum err err = read_columns(&row, read, (size_t)number)
                       ? check_entries(read, (size_t)number, why)
                       : why_set(why, ERR_MALFORMED, "a directory is damaged");
    if (err) {
        free(read);
        return err;
    }
    *entries = read;
    *count = (size_t)number;
    return OK;
}
