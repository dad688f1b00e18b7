/*
 * map/spool - all features of a build, in order, in a nameless file that is seen as memory.
 *
 * Written once from front to back; then the zoom of each vertex is noted in place; then only read,
 * by any thread. What was read may be given back to the system at any time (spool_forget), so that
 * the memory in use stays small however large the file is.
 */
#pragma once

#include "geodata/feature.h"

struct spool;

struct spool_head {
    uint32_t size;     /* of the whole record */
    uint32_t ordinal;  /* number of the feature in the spool */
    uint32_t priority; /* in its layer: smaller goes later when a tile is thinned */
    uint16_t layer;
    uint8_t kind; /* enum shape_kind */
    bool has_id;
    uint64_t id;
};

struct spooled {
    struct spool_head head;
    struct span attributes;
    struct span geometry;
};

/*
 * Replaces `out` with the feature's record. Points of a line or ring that repeat the one before are
 * left out. Returns the number of vertices that simplification will see.
 */
size_t spool_encode(const struct feature *feature, uint16_t layer, struct bytes *out);

struct spooled spool_decode(const uint8_t *record);

/* Replaces `shape` with the vertices that are drawn at `zoom`. */
void spool_shape(const struct spooled *spooled, int zoom, struct shape *shape);

MUST_USE enum err spool_new(struct spool **out, const char *folder, struct why *why);
void spool_free(struct spool *spool);
CLEANUP_FOR(struct spool, spool_free)

/* Appends a record, with the ordinal and priority given. ERR_IO when the disk is full. */
MUST_USE enum err spool_append(struct spool *spool, struct span record, uint32_t priority,
                               struct why *why);

/* Ends writing: from now on records are memory. */
MUST_USE enum err spool_finish(struct spool *spool, struct why *why);

uint32_t spool_count(const struct spool *spool);
uint64_t spool_size(const struct spool *spool);
const uint8_t *spool_at(const struct spool *spool, uint64_t offset);

/* Notes from which zoom on each vertex of the record is drawn; in the order of spool_shape. */
void spool_note_zooms(struct spool *spool, uint64_t offset, const uint8_t *zooms);

/* Gives the memory back; the next look at it reads it again. */
void spool_forget(const struct spool *spool);
