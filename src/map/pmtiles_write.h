/*
 * map/pmtiles_write - writes an archive as a stream: tiles as they come, directories at the end.
 *
 * Layout: header and root directory in the first 16384 bytes (which a small archive does not fill),
 * then the tiles, the metadata and the leaf directories. Tiles come in the order of their ids,
 * gzipped; equal contents are stored once, runs of them are one entry. All goes to "NAME.part",
 * which becomes NAME when it is whole and on disk: under the final name there is the old archive or
 * the new, never a half. A lock on it keeps two writers apart. The same calls give the same bytes.
 * Owned by one thread.
 */
#pragma once

#include "map/pmtiles.h"

struct pmtiles_writer;

MUST_USE enum err pmtiles_writer_open(struct pmtiles_writer **out, const char *path,
                                      struct why *why);

/* Gives up what was not finished: the final name keeps what it had. NULL is allowed. */
void pmtiles_writer_free(struct pmtiles_writer *writer);
CLEANUP_FOR(struct pmtiles_writer, pmtiles_writer_free)

/* `id` is larger than any before; `packed` has 1 .. UINT32_MAX bytes. */
MUST_USE enum err pmtiles_writer_add(struct pmtiles_writer *writer, uint64_t id, struct span packed,
                                     struct why *why);

/*
 * Writes what is missing and renames. Of `about`, the writer fills in sections, counts, order,
 * zooms (from the tiles that are there) and compression; bounds without any area are widened a
 * little. `metadata` is JSON. ERR_CONFLICT when no tile was added.
 */
MUST_USE enum err pmtiles_writer_finish(struct pmtiles_writer *writer,
                                        const struct pmtiles_header *about, struct span metadata,
                                        struct why *why);

/* Counts so far: tiles named, contents stored, bytes of tiles. */
struct pmtiles_written {
    uint64_t addressed, contents, bytes;
};
struct pmtiles_written pmtiles_writer_count(const struct pmtiles_writer *writer);
