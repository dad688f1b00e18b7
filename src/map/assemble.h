/*
 * map/assemble - makes one tile out of its records, and thins it if it grows too large.
 *
 * Thinning is solved inside the tile: the room is shared out so that layers that need little keep
 * all they have, and of the others features stay by priority, until the packed tile fits. What was
 * left out is said. One assembler belongs to one thread; the spool and the layers are only read.
 */
#pragma once

#include "map/spool.h"
#include "map/tile.h"

enum { MAP_LAYERS_MAX = 64 };

/* A layer as every thread sees it. */
struct map_layer {
    char *name; /* owned by the build */
    struct schema schema;
    int zoom_min, zoom_max;
    double tolerance;  /* of simplification */
    bool keep_all;     /* nothing of it is left out */
    struct bytes note; /* JSON: how it was anonymised; size 0: it was not, or did not say */
    uint32_t files, files_noted; /* that were read; those of them that gave a note */
};

struct assembly {
    const struct spool *spool;
    const struct map_layer *layers;
    size_t tile_size_max; /* packed; 0: nothing is ever left out */
    int level;            /* of compression */
};

/* What a tile has of one feature. */
struct tile_record {
    uint64_t offset; /* of the feature in the spool */
    uint32_t ordinal;
    uint16_t layer;
    struct span geometry; /* as mvt_geometry writes it */
};

/* A tile to be made, and then what became of it. */
struct tile_job {
    struct tile tile;
    struct bytes records;    /* in the order of the spool: each as it differs from the one before */
    struct tile_record last; /* of them */
    size_t count;
    bool last_zoom;      /* then nothing is left out */
    struct bytes packed; /* result: gzip */
    uint8_t *kept;       /* result: one byte per record; NULL: all are in the tile */
    bool sieved;         /* some records went before it was made (map/sieve) */
    bool finished;
};

void tile_job_free(struct tile_job *job);

/* Adds a copy of `record`, which is not before the last in the spool. */
void tile_job_add(struct tile_job *job, const struct tile_record *record);

/* The records, one after the other. Begin with {job->records.data}; go on `job->count` times. */
struct tile_cursor {
    const uint8_t *at;
    struct tile_record record;
};
void tile_cursor_next(struct tile_cursor *cursor);

/* The bytes that the record is for a sorter, and back; `tile_record_read` borrows them. */
void tile_record_write(const struct tile_record *record, struct bytes *out);
struct tile_record tile_record_read(struct span bytes);

struct assembler;

struct assembler *assembler_new(const struct assembly *assembly);
void assembler_free(struct assembler *assembler);
CLEANUP_FOR(struct assembler, assembler_free)

void assemble_tile(struct assembler *assembler, struct tile_job *job);
