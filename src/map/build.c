#include "map/build.h"

#include <stdio.h>
#include <string.h>

#include "geodata/source.h"
#include "map/about.h"
#include "map/gather.h"
#include "map/mvt.h"
#include "map/sieve.h"
#include "map/slice.h"
#include "map/sorter.h"
#include "map/tiler.h"
#include "system/file.h"

/* The spool is given back to the system after so many bytes of records were read from it. */
#define SPOOL_READ_MAX ((uint64_t)64 << 20)

struct build {
    const struct build_options *options;
    const char *folder; /* for temporary files */
    struct build_report *report;
    struct map_layer layers[MAP_LAYERS_MAX];
    size_t layer_count;
    struct gather *gather;
    struct spool *spool;
    struct sorter *sorter; /* of one zoom */
    struct slicer *slicer;
    struct tiler *tiler;
    struct sieve *sieve;
    struct pmtiles_writer *writer;
    struct bytes record;
    struct spooled feature; /* the one that is sliced */
    uint64_t offset;        /* where it is in the spool */
    uint8_t *drawn;         /* by ordinal: the zoom + 1 at which it was counted last */
    uint64_t touched;       /* bytes read from the spool since it was given back */
};

static void build_deinit(struct build *build)
{
    tiler_free(build->tiler); /* first: its threads look at the rest */
    pmtiles_writer_free(build->writer);
    gather_free(build->gather);
    spool_free(build->spool);
    sorter_free(build->sorter);
    slicer_free(build->slicer);
    sieve_free(build->sieve);
    bytes_deinit(&build->record);
    free(build->drawn);
    for (size_t i = 0; i < build->layer_count; i++) {
        free(build->layers[i].name);
        schema_deinit(&build->layers[i].schema);
        bytes_deinit(&build->layers[i].note);
    }
}

static void progress(const struct build *build, const char *what, int zoom)
{
    const struct build_options *options = build->options;
    if (options->progress) { options->progress(options->context, what, zoom); }
}

static enum err check_options(const struct build_options *options, struct why *why)
{
    if (options->source_count == 0 || options->source_count > BUILD_SOURCES_MAX) {
        return why_set(why, ERR_RANGE, "give 1 to %d inputs, each as NAME:FILE", BUILD_SOURCES_MAX);
    }
    if (options->zoom_min < 0 || options->zoom_min > options->zoom_max ||
        options->zoom_max > TILE_ZOOM_MAX) {
        return why_set(why, ERR_RANGE, "zooms %d to %d are not in order, or not within 0 to %d",
                       options->zoom_min, options->zoom_max, TILE_ZOOM_MAX);
    }
    for (size_t i = 0; i < options->layer_count; i++) {
        const struct build_layer *layer = &options->layers[i];
        if (layer->zoom_min < options->zoom_min || layer->zoom_min > layer->zoom_max ||
            layer->zoom_max > options->zoom_max) {
            return why_set(why, ERR_RANGE,
                           "layer %.60s: zooms %d to %d are not in order, or not within the "
                           "archive's %d to %d",
                           layer->name, layer->zoom_min, layer->zoom_max, options->zoom_min,
                           options->zoom_max);
        }
    }
    for (size_t i = 0; i < options->source_count; i++) {
        const size_t size = strlen(options->sources[i].layer);
        if (size == 0 || size > BUILD_LAYER_NAME_MAX) {
            return why_set(why, ERR_RANGE, "the name of a layer has 1 to %d bytes",
                           BUILD_LAYER_NAME_MAX);
        }
    }
    return OK;
}

/* What is wanted of a layer: what its own entry says, else what holds for all. */
static struct build_layer wish_of(const struct build_options *options, const char *name)
{
    for (size_t i = 0; i < options->layer_count; i++) {
        if (strcmp(options->layers[i].name, name) == 0) { return options->layers[i]; }
    }
    return (struct build_layer){name, options->zoom_min, options->zoom_max, options->tolerance,
                                options->keep_all};
}

static size_t layer_of(struct build *build, const char *name)
{
    for (size_t i = 0; i < build->layer_count; i++) {
        if (strcmp(build->layers[i].name, name) == 0) { return i; }
    }
    const struct build_layer wish = wish_of(build->options, name);
    build->layers[build->layer_count] = (struct map_layer){
        .name = mem_text(name),
        .zoom_min = wish.zoom_min,
        .zoom_max = wish.zoom_max,
        .tolerance = wish.tolerance,
        .keep_all = wish.keep_all,
    };
    struct build_layer_report *report = &build->report->layers[build->layer_count];
    report->name = mem_text(name);
    report->zoom_min = wish.zoom_min;
    report->zoom_max = wish.zoom_max;
    build->report->layer_count++;
    return build->layer_count++;
}

struct intake {
    struct gather *gather;
    uint16_t layer;
};

static enum err take_feature(void *context, struct feature *feature, struct why *why)
{
    const struct intake *intake = context;
    return gather_add(intake->gather, intake->layer, feature, why);
}

static enum err read_source(struct build *build, const struct build_source *source, size_t layer,
                            struct why *why)
{
    const struct build_options *options = build->options;
    struct intake intake = {build->gather, (uint16_t)layer};
    const struct feature_taker taker = {take_feature, &intake};
    struct schema *schema = &build->layers[layer].schema;
    struct reading plain = {.schema = schema, .taker = taker};
    struct reading *reading = &plain;
    CLEANUP(picker_free_p) struct picker *picker = NULL;
    if (source->pick && !pick_is_all(source->pick)) {
        const enum err err = picker_new(&picker, source->pick, schema, taker, why);
        if (err) { return err; }
        reading = picker_reading(picker);
    }
    reading->id_name = options->id_name;
    reading->temporary = build->folder;
    reading->note = &build->layers[layer].note;
    const enum err err = source_read(source->path, reading, why);
    feature_tally_add(&build->report->layers[layer].tally, &reading->tally);
    build->layers[layer].files += reading->files;
    build->layers[layer].files_noted += reading->files_noted;
    return err;
}

/* A layer must not be called anonymised when only a part of it is. */
static enum err check_notes(const struct build *build, struct why *why)
{
    for (size_t i = 0; i < build->layer_count; i++) {
        const struct map_layer *layer = &build->layers[i];
        if (layer->files_noted > 0 && layer->files_noted < layer->files) {
            return why_set(why, ERR_CONFLICT,
                           "layer %.60s: %u of its %u files are anonymised, the others are not: "
                           "give them layers of their own",
                           layer->name, layer->files_noted, layer->files);
        }
    }
    return OK;
}

static enum err read_sources(struct build *build, struct why *why)
{
    enum err err = OK;
    for (size_t i = 0; i < build->options->source_count && !err; i++) {
        const struct build_source *source = &build->options->sources[i];
        progress(build, source->path, -1);
        err = read_source(build, source, layer_of(build, source->layer), why);
    }
    return err ? err : check_notes(build, why);
}

static enum err keep_slice(void *context, struct tile tile, const struct shape *steps,
                           struct why *why)
{
    struct build *build = context;
    const struct tile_record record = {.offset = build->offset,
                                       .ordinal = build->feature.head.ordinal,
                                       .layer = build->feature.head.layer};
    build->record.size = 0;
    tile_record_write(&record, &build->record);
    mvt_geometry(&build->record, steps);
    return sorter_add(build->sorter, tile_hilbert(tile.zoom, tile.x, tile.y),
                      bytes_span(&build->record), why);
}

static struct build_count *count_of(const struct build *build, size_t layer, int zoom)
{
    return &build->report->layers[layer].zooms[zoom];
}

/* Cuts the feature at build->offset into the tiles of `zoom`. */
static enum err slice_feature(struct build *build, int zoom, struct shape *shape, struct why *why)
{
    const struct map_layer *layer = &build->layers[build->feature.head.layer];
    struct build_count *count = count_of(build, build->feature.head.layer, zoom);
    size_t tiles = 0;
    if (zoom < layer->zoom_min || zoom > layer->zoom_max) { return OK; }
    spool_shape(&build->feature, zoom, shape);
    enum err err = slice_shape(build->slicer, shape, zoom, &tiles, why);
    if (err || tiles > 0) { return err; }
    if (zoom < layer->zoom_max && !layer->keep_all) {
        count->too_small++;
        return OK;
    }
    count->enlarged++;
    return slice_smallest(build->slicer, shape, zoom, why);
}

static void forget_now_and_then(struct build *build, size_t more)
{
    build->touched += more;
    if (build->touched < SPOOL_READ_MAX || build->touched < build->options->memory_bytes / 8) {
        return;
    }
    build->touched = 0;
    spool_forget(build->spool);
}

static enum err slice_zoom(struct build *build, int zoom, struct why *why)
{
    struct shape shape = {0};
    enum err err = OK;
    build->offset = 0;
    for (uint32_t i = 0; i < spool_count(build->spool) && !err; i++) {
        build->feature = spool_decode(spool_at(build->spool, build->offset));
        err = slice_feature(build, zoom, &shape, why);
        build->offset += build->feature.head.size;
        forget_now_and_then(build, build->feature.head.size);
    }
    shape_deinit(&shape);
    return err ? err : sorter_finish(build->sorter, why);
}

/* Counts what is in a tile that was written; a feature once per zoom. */
static void tile_written(void *context, const struct tile_job *job)
{
    struct build *build = context;
    struct build_zoom_report *zoom = &build->report->zooms[job->tile.zoom];
    zoom->tiles++;
    zoom->bytes += job->packed.size;
    zoom->thinned_tiles += job->kept != NULL || job->sieved;
    if (job->packed.size > zoom->largest) { zoom->largest = job->packed.size; }
    struct tile_cursor cursor = {.at = job->records.data};
    for (size_t i = 0; i < job->count; i++) {
        tile_cursor_next(&cursor);
        if (job->kept && !job->kept[i]) { continue; }
        struct build_count *count = count_of(build, cursor.record.layer, job->tile.zoom);
        count->instances++;
        uint8_t *drawn = &build->drawn[cursor.record.ordinal];
        count->present += *drawn != job->tile.zoom + 1;
        *drawn = (uint8_t)(job->tile.zoom + 1);
    }
}

static struct tile_job *new_job(const struct build *build, int zoom, uint64_t key)
{
    struct tile_job *job = MEM_NEW(struct tile_job);
    job->tile = tile_of_id(tile_zoom_begin(zoom) + key);
    job->last_zoom = zoom == build->options->zoom_max;
    return job;
}

/* Hands the job over, if there is one. */
static enum err submit(struct build *build, struct tile_job **job, struct why *why)
{
    struct tile_job *given = *job;
    *job = NULL;
    return given ? tiler_submit(build->tiler, given, why) : OK;
}

/* Bundles the sorted records into tiles and hands these to the threads. */
static enum err make_tiles(struct build *build, int zoom, struct why *why)
{
    struct tile_job *job = NULL;
    uint64_t job_key = 0;
    bool more = true;
    enum err err = OK;
    while (!err) {
        uint64_t key = 0;
        struct span record = {0};
        err = sorter_next(build->sorter, &more, &key, &record, why);
        if (err || !more) { break; }
        if (key != job_key) { err = submit(build, &job, why); }
        if (err) { break; }
        if (!job) {
            job = new_job(build, zoom, key);
            sieve_begin(build->sieve);
        }
        job_key = key;
        const struct tile_record part = tile_record_read(record);
        sieve_add(build->sieve, job, &part);
    }
    if (!err) { err = submit(build, &job, why); }
    tile_job_free(job);
    sorter_clear(build->sorter);
    return err;
}

/* What was neither drawn nor too small was thinned out. */
static void count_thinned(const struct build *build)
{
    for (size_t layer = 0; layer < build->report->layer_count; layer++) {
        const struct build_layer_report *report = &build->report->layers[layer];
        for (int zoom = report->zoom_min; zoom <= report->zoom_max; zoom++) {
            struct build_count *count = count_of(build, layer, zoom);
            count->thinned = report->tally.taken - count->present - count->too_small;
        }
    }
}

static enum err make_zooms(struct build *build, struct why *why)
{
    const struct build_options *options = build->options;
    enum err err = OK;
    for (int zoom = options->zoom_min; zoom <= options->zoom_max && !err; zoom++) {
        progress(build, "zoom", zoom);
        err = slice_zoom(build, zoom, why);
        if (!err) { err = make_tiles(build, zoom, why); }
    }
    return err ? err : tiler_drain(build->tiler, why);
}

static enum err finish(struct build *build, struct why *why)
{
    struct text metadata = text_limited(64 << 20);
    about_metadata(build->options, build->layers, build->report, &metadata);
    const struct pmtiles_header header = about_header(gather_box(build->gather), build->report);
    const enum err err =
        metadata.overflow
            ? why_set(why, ERR_LIMIT, "the names of all attributes are more than 64 MiB")
            : pmtiles_writer_finish(build->writer, &header, text_span(&metadata), why);
    text_deinit(&metadata);
    const struct pmtiles_written written = pmtiles_writer_count(build->writer);
    build->report->tiles = written.addressed;
    build->report->contents = written.contents;
    build->report->bytes = written.bytes;
    return err;
}

static enum err run(struct build *build, struct why *why)
{
    const struct build_options *options = build->options;
    const char *folder = build->folder;
    build->gather = gather_new(folder, options->memory_bytes / 2);
    enum err err = read_sources(build, why);
    if (err) { return err; }
    progress(build, "borders", -1);
    double tolerances[MAP_LAYERS_MAX];
    for (size_t i = 0; i < build->layer_count; i++) {
        tolerances[i] = build->layers[i].tolerance;
    }
    err = gather_finish(build->gather, tolerances, &build->spool, why);
    if (err) { return err; }
    build->drawn = MEM_ARRAY(uint8_t, spool_count(build->spool));
    build->sorter = sorter_new(folder, options->memory_bytes / 4);
    build->slicer = slicer_new((struct slice_taker){keep_slice, build});
    const struct assembly assembly = {
        .spool = build->spool,
        .layers = build->layers,
        .tile_size_max = options->keep_all ? 0 : options->tile_size_max,
        .level = options->level,
    };
    build->sieve = sieve_new(&assembly, SIEVE_RECORDS_MAX);
    err = pmtiles_writer_open(&build->writer, options->out, why);
    if (!err) {
        err = tiler_new(&build->tiler, &assembly, options->threads, options->memory_bytes / 8, why);
    }
    if (err) { return err; }
    tiler_write_to(build->tiler, build->writer, (struct tiler_listener){tile_written, build});
    err = make_zooms(build, why);
    tiler_free(TAKE(build->tiler)); /* `assembly` ends here */
    if (!err) { count_thinned(build); }
    return err ? err : finish(build, why);
}

enum err build_run(const struct build_options *options, struct build_report *report,
                   struct why *why)
{
    char folder[FILE_PATH_SIZE];
    if (!text_copy(folder, sizeof folder, options->out)) {
        return why_set(why, ERR_LIMIT, "path %.100s... is too long", options->out);
    }
    enum err err = check_options(options, why);
    if (err) { return err; }
    char *slash = strrchr(folder, '/');
    if (slash) { slash[1] = '\0'; }
    *report = (struct build_report){.zoom_min = options->zoom_min, .zoom_max = options->zoom_max};
    report->layers = MEM_ARRAY(struct build_layer_report, MAP_LAYERS_MAX);
    struct build *build = MEM_NEW(struct build);
    build->options = options;
    build->report = report;
    build->folder = options->temporary ? options->temporary : slash ? folder : ".";
    err = run(build, why);
    build_deinit(build);
    free(build);
    return err;
}

void build_report_deinit(struct build_report *report)
{
    for (size_t i = 0; i < report->layer_count; i++) {
        free(report->layers[i].name);
    }
    free(report->layers);
    *report = (struct build_report){0};
}
