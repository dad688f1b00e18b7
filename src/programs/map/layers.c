#include "layers.h"

#include <string.h>

#define OF_LAYER(member) offsetof(struct layers_layer, member)
#define OF_ARCHIVE(member) offsetof(struct layers, member)

static const struct option layer_options[] = {
    {"input", OPTION_KIND_TEXT, OF_LAYER(input), 0, 0, NULL,
     "A file or a folder of files, as seen from the layers file."},
    {"minzoom", OPTION_KIND_INTEGER, OF_LAYER(zoom_min), -1, TILE_ZOOM_MAX, "-1",
     "The first zoom that shows the layer; -1: the archive's."},
    {"maxzoom", OPTION_KIND_INTEGER, OF_LAYER(zoom_max), -1, TILE_ZOOM_MAX, "-1",
     "The last one, at which all its features are drawn; -1: the archive's."},
    {"attributes", OPTION_KIND_TEXT, OF_LAYER(attributes), 0, 0, "",
     "The attributes that go into tiles, separated by commas; empty: all, -: none."},
    {"where", OPTION_KIND_TEXT, OF_LAYER(where), 0, 0, "",
     "Only features for which all of this holds: NAME, !NAME, NAME=A, NAME!=A, separated by "
     "commas; A may be several, with bars between."},
    {"kind", OPTION_KIND_TEXT, OF_LAYER(kinds), 0, 0, "",
     "Only points, lines, polygons, or several of these; empty: all."},
    {"class", OPTION_KIND_TEXT, OF_LAYER(class), 0, 0, "",
     "An attribute \"class\" that every feature of the layer gets."},
    {"ids", OPTION_KIND_BOOLEAN, OF_LAYER(ids), 0, 0, "true", "Whether features keep their ids."},
    {"simplify", OPTION_KIND_INTEGER, OF_LAYER(simplify), -1, 100000, "-1",
     "Hundredths of a tile's step (1/4096) that a line may move; -1: the archive's."},
    {"keep_all", OPTION_KIND_BOOLEAN, OF_LAYER(keep_all), 0, 0, "false",
     "Draw every feature at every zoom of the layer."},
};

static const struct option archive_options[] = {
    {"archive.name", OPTION_KIND_TEXT, OF_ARCHIVE(name), 0, 0, "", "Name, for the metadata."},
    {"archive.description", OPTION_KIND_TEXT, OF_ARCHIVE(description), 0, 0, "",
     "What it shows, for the metadata."},
    {"archive.attribution", OPTION_KIND_TEXT, OF_ARCHIVE(attribution), 0, 0, "",
     "Whose data it is, for the metadata: map clients show it."},
    {"archive.minzoom", OPTION_KIND_INTEGER, OF_ARCHIVE(zoom_min), 0, TILE_ZOOM_MAX, "0",
     "The first zoom."},
    {"archive.maxzoom", OPTION_KIND_INTEGER, OF_ARCHIVE(zoom_max), 0, TILE_ZOOM_MAX, "14",
     "The last zoom."},
    {"archive.tile_size", OPTION_KIND_INTEGER, OF_ARCHIVE(tile_size), 1000, 1 << 30, "500000",
     "Bytes of a packed tile above which it is thinned."},
    {"archive.simplify", OPTION_KIND_INTEGER, OF_ARCHIVE(simplify), 0, 100000, "150",
     "Hundredths of a tile's step (1/4096) that a line may move."},
    {"archive.level", OPTION_KIND_INTEGER, OF_ARCHIVE(level), 1, 12, "6", "Of compression."},
    {"archive.keep_all", OPTION_KIND_BOOLEAN, OF_ARCHIVE(keep_all), 0, 0, "false",
     "Draw every feature of every layer at every zoom."},
    {"archive.private", OPTION_KIND_BOOLEAN, OF_ARCHIVE(is_private), 0, 0, "false",
     "It is for field units: its metadata say so, and it is neither published nor served openly."},
    {"archive.id_attribute", OPTION_KIND_TEXT, OF_ARCHIVE(id_attribute), 0, 0, "",
     "Keep ids that are no whole numbers as this attribute; empty: leave them out."},
};

static const struct option_group groups[] = {
    {"layer", OF_ARCHIVE(layers), OF_ARCHIVE(count), sizeof(struct layers_layer), OF_LAYER(name),
     BUILD_SOURCES_MAX, layer_options, ARRAY_LEN(layer_options)},
};

const struct option_table layers_table = {
    .program = "tocsin-map build",
    .sentence = "layers of an archive (--layers FILE)",
    .options = archive_options,
    .option_count = ARRAY_LEN(archive_options),
    .groups = groups,
    .group_count = ARRAY_LEN(groups),
};

/* A word of `kind`; 0 when it is none. */
static uint32_t kind_of(const char *word, size_t size)
{
    static const char *const names[] = {[SHAPE_KIND_POINT] = "points",
                                        [SHAPE_KIND_LINE] = "lines",
                                        [SHAPE_KIND_POLYGON] = "polygons"};
    for (uint32_t i = SHAPE_KIND_POINT; i < ARRAY_LEN(names); i++) {
        if (strlen(names[i]) == size && memcmp(names[i], word, size) == 0) { return i; }
    }
    return 0;
}

static enum err read_kinds(struct layers_layer *layer, struct why *why)
{
    const char *at = layer->kinds;
    while (*(at += strspn(at, ", "))) {
        const size_t size = strcspn(at, ", ");
        const uint32_t kind = kind_of(at, size);
        if (kind == 0) {
            return why_set(why, ERR_RANGE,
                           "[layer %.60s] kind is \"%.60s\", expected points, lines, polygons",
                           layer->name, layer->kinds);
        }
        layer->pick.kinds |= 1U << kind;
        at += size;
    }
    return OK;
}

/* A relative input is looked for where the layers file is. */
static enum err find_input(struct layers_layer *layer, const char *file, struct why *why)
{
    char folder[FILE_PATH_SIZE];
    if (!text_copy(folder, sizeof folder, file)) {
        return why_set(why, ERR_LIMIT, "path %.100s... is too long", file);
    }
    char *slash = strrchr(folder, '/');
    if (layer->input[0] == '/' || !slash) {
        return text_copy(layer->path, sizeof layer->path, layer->input) ? OK : ERR_LIMIT;
    }
    *slash = '\0';
    return file_join(layer->path, *folder ? folder : "/", layer->input, why);
}

enum err layers_load(struct layers *layers, const char *path, struct why *why)
{
    enum err err = option_load(layers, &layers_table, path, NULL, why);
    for (size_t i = 0; i < layers->count && !err; i++) {
        struct layers_layer *layer = &layers->layers[i];
        layer->pick = (struct pick){.attributes = *layer->attributes ? layer->attributes : NULL,
                                    .where = *layer->where ? layer->where : NULL,
                                    .class = *layer->class ? layer->class : NULL,
                                    .no_ids = !layer->ids};
        err = read_kinds(layer, why);
        if (!err) { err = find_input(layer, path, why); }
    }
    if (!err && layers->count == 0) {
        err = why_set(why, ERR_RANGE, "%.120s names no [layer ...]", path);
    }
    return err;
}

static const char *text_or_null(const char *text)
{
    return *text ? text : NULL;
}

void layers_apply(const struct layers *layers, struct build_options *options)
{
    options->name = text_or_null(layers->name);
    options->description = text_or_null(layers->description);
    options->attribution = text_or_null(layers->attribution);
    options->id_name = text_or_null(layers->id_attribute);
    options->zoom_min = (int)layers->zoom_min;
    options->zoom_max = (int)layers->zoom_max;
    options->tile_size_max = (size_t)layers->tile_size;
    options->tolerance = (double)layers->simplify / 100;
    options->level = (int)layers->level;
    options->keep_all = layers->keep_all;
    options->is_private = layers->is_private;
}

enum err layers_sources(struct layers *layers, struct build_source *sources,
                        struct build_options *options, struct why *why)
{
    if (layers->count + options->source_count > BUILD_SOURCES_MAX) {
        return why_set(why, ERR_RANGE, "there are more than %d inputs", BUILD_SOURCES_MAX);
    }
    for (size_t i = 0; i < layers->count; i++) {
        const struct layers_layer *layer = &layers->layers[i];
        layers->wishes[i] = (struct build_layer){
            .name = layer->name,
            .zoom_min = layer->zoom_min < 0 ? options->zoom_min : (int)layer->zoom_min,
            .zoom_max = layer->zoom_max < 0 ? options->zoom_max : (int)layer->zoom_max,
            .tolerance = layer->simplify < 0 ? options->tolerance : (double)layer->simplify / 100,
            .keep_all = layer->keep_all || options->keep_all,
        };
        sources[options->source_count++] =
            (struct build_source){layer->name, layer->path, &layer->pick};
    }
    options->layers = layers->wishes;
    options->layer_count = layers->count;
    return OK;
}
