/*
 * map/pmtiles_read - reads an archive of anyone: header, metadata, directories, tiles.
 *
 * Reads with pread what is asked for, each within named limits. Gzip is unpacked; brotli and zstd
 * are refused as unknown to us. Owned by one thread.
 */
#pragma once

#include "base/text.h"
#include "map/pmtiles.h"

struct pmtiles_reader;

MUST_USE enum err pmtiles_reader_open(struct pmtiles_reader **out, const char *path,
                                      struct why *why);
void pmtiles_reader_free(struct pmtiles_reader *reader);
CLEANUP_FOR(struct pmtiles_reader, pmtiles_reader_free)

const struct pmtiles_header *pmtiles_reader_header(const struct pmtiles_reader *reader);
uint64_t pmtiles_reader_size(const struct pmtiles_reader *reader);  /* of the file */
int pmtiles_reader_descriptor(const struct pmtiles_reader *reader); /* borrowed */

/* Replaces `out` with the unpacked metadata. */
MUST_USE enum err pmtiles_reader_metadata(struct pmtiles_reader *reader, struct bytes *out,
                                          struct why *why);

/* Reads the directory in `section` of the file; the caller frees `*entries`. */
MUST_USE enum err pmtiles_reader_directory(struct pmtiles_reader *reader,
                                           struct pmtiles_section section,
                                           struct pmtiles_entry **entries, size_t *count,
                                           struct why *why);

/* Replaces `out` with an entry's tile, as stored or unpacked. */
MUST_USE enum err pmtiles_reader_stored(struct pmtiles_reader *reader,
                                        const struct pmtiles_entry *entry, struct bytes *out,
                                        struct why *why);
MUST_USE enum err pmtiles_reader_tile(struct pmtiles_reader *reader,
                                      const struct pmtiles_entry *entry, struct bytes *out,
                                      struct why *why);

/* Finds the entry of the tile `id`. ERR_NOT_FOUND when the archive has none. */
MUST_USE enum err pmtiles_reader_find(struct pmtiles_reader *reader, uint64_t id,
                                      struct pmtiles_entry *entry, struct why *why);
