/*
 * map/layers - the layers file of `tocsin-map build --layers FILE`: its table, and what it asks
 * for.
 *
 * Everything that is pointed to lives as long as the struct, which does not move.
 */
#pragma once

#include "base/option.h"
#include "map/build.h"
#include "system/file.h"

struct layers_layer {
    char name[OPTION_TEXT_SIZE];
    char input[OPTION_TEXT_SIZE];
    char attributes[OPTION_TEXT_SIZE];
    char where[OPTION_TEXT_SIZE];
    char class[OPTION_TEXT_SIZE];
    char kinds[OPTION_TEXT_SIZE];
    int64_t zoom_min, zoom_max; /* -1: as the archive */
    int64_t simplify;           /* -1: as the archive */
    bool ids, keep_all;
    char path[FILE_PATH_SIZE]; /* `input`, as seen from where the program runs */
    struct pick pick;
};

struct layers {
    struct layers_layer layers[BUILD_SOURCES_MAX];
    size_t count;
    char name[OPTION_TEXT_SIZE];
    char description[OPTION_TEXT_SIZE];
    char attribution[OPTION_TEXT_SIZE];
    char id_attribute[OPTION_TEXT_SIZE];
    int64_t zoom_min, zoom_max, tile_size, simplify, level;
    bool keep_all, is_private;
    struct build_layer wishes[BUILD_SOURCES_MAX];
};

extern const struct option_table layers_table;

/* Reads the file at `path` into a zeroed struct. */
MUST_USE enum err layers_load(struct layers *layers, const char *path, struct why *why);

/* Sets what the [archive] section says. */
void layers_apply(const struct layers *layers, struct build_options *options);

/*
 * Adds the layers as `sources`, of which there is room for BUILD_SOURCES_MAX, once all options are
 * settled. ERR_RANGE when there are too many.
 */
MUST_USE enum err layers_sources(struct layers *layers, struct build_source *sources,
                                 struct build_options *options, struct why *why);
