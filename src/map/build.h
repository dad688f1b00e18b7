/*
 * map/build - from files to one archive.
 *
 * All features of all layers are read into a spool (gather), each zoom is sliced and sorted (slice,
 * sorter), tiles are made on several threads (tiler) and written in order (pmtiles_write). The same
 * input and options give the same bytes. At the last zoom every feature is there, the smallest as
 * a square or line of one step; below it, a tile that would grow too large is thinned by rule. The
 * report counts every feature of every layer and zoom: drawn, too small, thinned out. Memory is
 * bounded by an option. One build is one call on one thread, which starts and joins its workers.
 */
#pragma once

#include "geodata/pick.h"
#include "map/tile.h"

#include "base/text.h"

enum {
    BUILD_SOURCES_MAX = 64, /* as many as layers */
    BUILD_THREADS_MAX = 64,
    BUILD_LAYER_NAME_MAX = 200,
    BUILD_TILE_SIZE_MAX = 500000, /* packed, unless the options say otherwise */
};

struct build_source {
    const char *layer;       /* several sources may go into one layer */
    const char *path;        /* a file, or a folder of files */
    const struct pick *pick; /* which of its features; NULL: all, with all attributes */
};

/* How a layer differs from the rest of the archive. */
struct build_layer {
    const char *name;
    int zoom_min, zoom_max; /* within the archive's */
    double tolerance;       /* of simplification, in steps of a tile */
    bool keep_all;          /* nothing of it is thinned out or too small */
};

struct build_options {
    const struct build_source *sources;
    size_t source_count;
    const struct build_layer *layers; /* those that are not as the options below say */
    size_t layer_count;
    const char *out;
    const char *name, *description, *attribution; /* for the metadata; may be NULL */
    int zoom_min, zoom_max;
    bool keep_all;        /* nothing is thinned out or too small, at any zoom */
    bool is_private;      /* the metadata say so: it is never published */
    size_t memory_bytes;  /* 64 MiB and more */
    size_t tile_size_max; /* packed; a larger one is thinned. 0: as keep_all for thinning */
    int threads;
    int level;             /* of compression */
    double tolerance;      /* of simplification, in steps of a tile */
    const char *id_name;   /* the attribute for ids that are no whole numbers, or NULL */
    const char *temporary; /* folder for temporary files; NULL: that of `out` */
    void (*progress)(void *context, const char *what, int zoom); /* may be NULL */
    void *context;
};

/* How a layer fared at a zoom. present + too_small + thinned = features of the layer. */
struct build_count {
    uint64_t present;   /* features that at least one tile holds */
    uint64_t too_small; /* less than a step: not drawn at this zoom */
    uint64_t thinned;   /* in no tile, because tiles would have been too large */
    uint64_t enlarged;  /* of `present`: drawn as the smallest sign, being less than a step */
    uint64_t instances; /* with repeats in buffers and in the tiles that a feature spans */
};

struct build_layer_report {
    char *name;
    int zoom_min, zoom_max; /* outside, it is not counted */
    struct feature_tally tally;
    struct build_count zooms[TILE_ZOOM_MAX + 1];
};

struct build_zoom_report {
    uint64_t tiles, bytes; /* as addressed, packed */
    uint64_t thinned_tiles;
    uint64_t largest; /* packed bytes of the largest tile */
};

struct build_report {
    struct build_layer_report *layers;
    size_t layer_count;
    struct build_zoom_report zooms[TILE_ZOOM_MAX + 1];
    int zoom_min, zoom_max; /* of the options */
    uint64_t tiles, contents, bytes;
};

MUST_USE enum err build_run(const struct build_options *options, struct build_report *report,
                            struct why *why);
void build_report_deinit(struct build_report *report);

/* The report as JSON, one object. */
void build_report_write(const struct build_report *report, struct text *out);
