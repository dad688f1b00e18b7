#include "map/pmtiles_read.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "geodata/deflate.h"
#include "map/mvt.h"
#include "system/file.h"

enum { LEAF_LEVELS_MAX = 4 };

struct pmtiles_reader {
    int fd;
    uint64_t size;
    struct pmtiles_header header;
    struct inflater *inflater;
    struct bytes packed;
};

const struct pmtiles_header *pmtiles_reader_header(const struct pmtiles_reader *reader)
{
    return &reader->header;
}

uint64_t pmtiles_reader_size(const struct pmtiles_reader *reader)
{
    return reader->size;
}

int pmtiles_reader_descriptor(const struct pmtiles_reader *reader)
{
    return reader->fd;
}

void pmtiles_reader_free(struct pmtiles_reader *reader)
{
    if (!reader) { return; }
    file_close_p(&reader->fd);
    inflater_free(reader->inflater);
    bytes_deinit(&reader->packed);
    free(reader);
}

/* Replaces `out` with the bytes of `section`, all of which must be in the file. */
static enum err read_section(struct pmtiles_reader *reader, struct pmtiles_section section,
                             struct bytes *out, struct why *why)
{
    out->size = 0;
    if (section.offset > reader->size || section.size > reader->size - section.offset) {
        return why_set(why, ERR_MALFORMED, "bytes %llu to %llu are beyond the end of the file",
                       (unsigned long long)section.offset,
                       (unsigned long long)section.offset + section.size);
    }
    uint8_t *to = bytes_reserve(out, (size_t)section.size);
    while (out->size < section.size) {
        const ssize_t got = pread(reader->fd, to + out->size, (size_t)section.size - out->size,
                                  (off_t)(section.offset + out->size));
        if (got < 0 && errno == EINTR) { continue; }
        if (got <= 0) { return why_set(why, ERR_IO, "the archive cannot be read to its end"); }
        out->size += (size_t)got;
    }
    return OK;
}

static enum err unpack(struct pmtiles_reader *reader, enum pmtiles_compression compression,
                       size_t size_max, struct bytes *out, struct why *why)
{
    if (compression == PMTILES_COMPRESSION_NONE) {
        out->size = 0;
        bytes_add(out, reader->packed.data, reader->packed.size);
        return OK;
    }
    if (compression != PMTILES_COMPRESSION_GZIP) {
        return why_set(why, ERR_UNAVAILABLE,
                       "it is compressed with something else than gzip, which is not read here");
    }
    return inflate_gzip(reader->inflater, bytes_span(&reader->packed), size_max, out, why);
}

enum err pmtiles_reader_open(struct pmtiles_reader **out, const char *path, struct why *why)
{
    CLEANUP(pmtiles_reader_free_p) struct pmtiles_reader *reader = MEM_NEW(struct pmtiles_reader);
    reader->inflater = inflater_new();
    reader->fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    if (reader->fd < 0 || fstat(reader->fd, &info) != 0) {
        const int error = errno;
        char words[96];
        return why_set(why, error == ENOENT ? ERR_NOT_FOUND : ERR_IO, "cannot open %.140s: %s",
                       path, strerror_r(error, words, sizeof words));
    }
    if (!S_ISREG(info.st_mode)) { return why_set(why, ERR_MALFORMED, "it is no regular file"); }
    reader->size = (uint64_t)info.st_size;
    const struct pmtiles_section head = {
        0, reader->size < PMTILES_HEADER_SIZE ? reader->size : PMTILES_HEADER_SIZE};
    enum err err = read_section(reader, head, &reader->packed, why);
    if (!err) { err = pmtiles_header_read(bytes_span(&reader->packed), &reader->header, why); }
    if (!err) { *out = TAKE(reader); }
    return err;
}

enum err pmtiles_reader_metadata(struct pmtiles_reader *reader, struct bytes *out, struct why *why)
{
    const struct pmtiles_section section = reader->header.metadata;
    out->size = 0;
    if (section.size == 0) { return OK; }
    if (section.size > PMTILES_METADATA_SIZE_MAX) {
        return why_set(why, ERR_LIMIT, "the metadata is too large");
    }
    enum err err = read_section(reader, section, &reader->packed, why);
    if (!err) {
        err = unpack(reader, reader->header.internal, PMTILES_METADATA_SIZE_MAX, out, why);
    }
    return err ? why_prefix(why, err, "metadata") : OK;
}

enum err pmtiles_reader_directory(struct pmtiles_reader *reader, struct pmtiles_section section,
                                  struct pmtiles_entry **entries, size_t *count, struct why *why)
{
    if (section.size > PMTILES_DIRECTORY_SIZE_MAX) {
        return why_set(why, ERR_LIMIT, "a directory is too large");
    }
    struct bytes plain = {0};
    enum err err = read_section(reader, section, &reader->packed, why);
    if (!err) {
        err = unpack(reader, reader->header.internal, PMTILES_DIRECTORY_SIZE_MAX, &plain, why);
    }
    if (!err) { err = pmtiles_directory_read(bytes_span(&plain), entries, count, why); }
    bytes_deinit(&plain);
    return err ? why_prefix(why, err, "directory") : OK;
}

static enum err within_tiles(const struct pmtiles_reader *reader, const struct pmtiles_entry *entry,
                             struct pmtiles_section *section, struct why *why)
{
    const struct pmtiles_section tiles = reader->header.tiles;
    if (entry->offset > tiles.size || entry->size > tiles.size - entry->offset) {
        return why_set(why, ERR_MALFORMED, "the tile with id %llu lies outside the tiles' section",
                       (unsigned long long)entry->tile_id);
    }
    *section = (struct pmtiles_section){tiles.offset + entry->offset, entry->size};
    return OK;
}

enum err pmtiles_reader_stored(struct pmtiles_reader *reader, const struct pmtiles_entry *entry,
                               struct bytes *out, struct why *why)
{
    struct pmtiles_section section;
    const enum err err = within_tiles(reader, entry, &section, why);
    return err ? err : read_section(reader, section, out, why);
}

enum err pmtiles_reader_tile(struct pmtiles_reader *reader, const struct pmtiles_entry *entry,
                             struct bytes *out, struct why *why)
{
    const enum err err = pmtiles_reader_stored(reader, entry, &reader->packed, why);
    return err ? err : unpack(reader, reader->header.tile, MVT_TILE_SIZE_MAX, out, why);
}

/* The last entry whose id is not larger. */
static const struct pmtiles_entry *search(const struct pmtiles_entry *entries, size_t count,
                                          uint64_t id)
{
    size_t low = 0;
    while (count > 0) {
        const size_t half = count / 2;
        if (entries[low + half].tile_id <= id) {
            low += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return low > 0 ? &entries[low - 1] : NULL;
}

enum err pmtiles_reader_find(struct pmtiles_reader *reader, uint64_t id,
                             struct pmtiles_entry *entry, struct why *why)
{
    struct pmtiles_section section = reader->header.root;
    for (int level = 0; level < LEAF_LEVELS_MAX; level++) {
        struct pmtiles_entry *entries = NULL;
        size_t count = 0;
        const enum err err = pmtiles_reader_directory(reader, section, &entries, &count, why);
        if (err) { return err; }
        const struct pmtiles_entry *found = search(entries, count, id);
        const bool any = found && (found->run == 0 || id - found->tile_id < found->run);
        if (any) { *entry = *found; }
        free(entries);
        if (!any) { return why_set(why, ERR_NOT_FOUND, "the archive has no such tile"); }
        if (entry->run > 0) { return OK; }
        section =
            (struct pmtiles_section){reader->header.leaves.offset + entry->offset, entry->size};
    }
    return why_set(why, ERR_LIMIT, "the archive nests its directories too deeply");
}
