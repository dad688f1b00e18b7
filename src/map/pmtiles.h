/*
 * map/pmtiles - one file that holds a whole map: PMTiles version 3.
 *
 * Here: the header and the directories as plain values, for the writer (pmtiles_write) and the
 * reader (pmtiles_read). Everything that is read is bounded and checked against the specification's
 * MUSTs. Pure functions.
 */
#pragma once

#include "geodata/bytes.h"

#include "base/err.h"

enum {
    PMTILES_HEADER_SIZE = 127,
    PMTILES_FIRST_FETCH = 16384, /* header and root directory lie within */
    PMTILES_ROOT_SIZE_MAX = PMTILES_FIRST_FETCH - PMTILES_HEADER_SIZE,
    PMTILES_DIRECTORY_ENTRIES_MAX = 1 << 24,
};

#define PMTILES_DIRECTORY_SIZE_MAX ((size_t)256 << 20) /* unpacked */
#define PMTILES_METADATA_SIZE_MAX ((size_t)64 << 20)   /* unpacked */

enum pmtiles_compression { /* as in the header */
                           PMTILES_COMPRESSION_UNKNOWN = 0,
                           PMTILES_COMPRESSION_NONE = 1,
                           PMTILES_COMPRESSION_GZIP = 2,
                           PMTILES_COMPRESSION_BROTLI = 3,
                           PMTILES_COMPRESSION_ZSTD = 4,
};

enum pmtiles_type { /* as in the header */
                    PMTILES_TYPE_UNKNOWN = 0,
                    PMTILES_TYPE_MVT = 1,
                    PMTILES_TYPE_PNG = 2,
                    PMTILES_TYPE_JPEG = 3,
                    PMTILES_TYPE_WEBP = 4,
                    PMTILES_TYPE_AVIF = 5,
                    PMTILES_TYPE_MLT = 6,
};

struct pmtiles_section {
    uint64_t offset, size;
};

struct pmtiles_header {
    struct pmtiles_section root, metadata, leaves, tiles;
    uint64_t addressed, entries, contents; /* numbers of tiles; 0: unknown */
    bool clustered;
    enum pmtiles_compression internal, tile;
    enum pmtiles_type type;
    int zoom_min, zoom_max;
    int32_t west, south, east, north; /* degrees times 1e7 */
    int zoom_center;
    int32_t center_longitude, center_latitude;
};

struct pmtiles_entry {
    uint64_t tile_id;
    uint64_t offset; /* in the section of the tiles, or of the leaves */
    uint32_t size;
    uint32_t run; /* tiles that this entry stands for; 0: it is a leaf directory */
};

void pmtiles_header_write(const struct pmtiles_header *header,
                          uint8_t bytes[static PMTILES_HEADER_SIZE]);

/* Reads `bytes`, the beginning of an archive of any length. */
MUST_USE enum err pmtiles_header_read(struct span bytes, struct pmtiles_header *header,
                                      struct why *why);

/* Appends the directory, not compressed. */
void pmtiles_directory_write(const struct pmtiles_entry *entries, size_t count, struct bytes *out);

/*
 * Reads an unpacked directory; the caller frees `*entries`. ERR_MALFORMED for one that is empty,
 * cut off, not in order, with overlapping runs, or with an entry of no bytes.
 */
MUST_USE enum err pmtiles_directory_read(struct span bytes, struct pmtiles_entry **entries,
                                         size_t *count, struct why *why);
