/*
 * release/edition - one version of an archive, open to be served: never another one's bytes.
 *
 * Its name is its SHA-256. The descriptor stays open whatever happens to the path, so a reader who
 * began with an edition ends with it. Directories are read once, at opening; finding a tile is a
 * search in memory. What is open never changes: any thread may read it.
 */
#pragma once

#include "base/err.h"
#include "map/pmtiles.h"
#include "map/tile.h"
#include "wire/digest.h"

#include <stdbool.h>
#include <sys/stat.h>

enum {
    EDITION_ENTRIES_MAX = 4 << 20, /* about 100 MB in memory; larger archives only by range */
    EDITION_TILEJSON_SIZE_MAX = 1 << 20,
};

struct edition;

struct edition_facts {
    int fd;                                  /* borrowed */
    char sha256[DIGEST_SHA256_SIZE * 2 + 1]; /* of the whole file */
    char etag[DIGEST_SHA256_SIZE * 2 + 3];   /* the same in quotes */
    uint64_t size;
    int64_t written_us; /* wall time of the file's last change */
    struct pmtiles_header header;
    bool searchable;      /* its directories are in memory */
    bool is_private;      /* its metadata say so */
    const char *tilejson; /* TileJSON 3.0 as text, without "tiles" and the closing brace */
};

/* Reads header, metadata, directories and every byte once, for the hash. */
MUST_USE enum err edition_open(struct edition **out, const char *path, struct why *why);
void edition_free(struct edition *edition);
CLEANUP_FOR(struct edition, edition_free)

const struct edition_facts *edition_facts(const struct edition *edition);

/* Whether `about` is the very file, unchanged since it was opened. */
bool edition_is(const struct edition *edition, const struct stat *about);

/* Whether somebody has written into the open file: then it must not be served any more. */
bool edition_intact(const struct edition *edition);

/* Where the stored bytes of `tile` lie in the file; false when the archive has none. */
bool edition_find(const struct edition *edition, struct tile tile, struct pmtiles_section *section);
