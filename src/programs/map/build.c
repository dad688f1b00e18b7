#include "map/build.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "layers.h"
#include "system/file.h"

struct wish {
    struct build_options options;
    struct build_source sources[BUILD_SOURCES_MAX];
    char *names[BUILD_SOURCES_MAX]; /* owned: what stands before the colons */
    size_t name_count;
    struct layers *layers; /* owned, or NULL */
    const char *report;
    bool quiet;
};

/* Numbers among the options, with their ranges. */
static const struct number {
    const char *name;
    long range[2];
} numbers[] = {
    {"--minzoom", {0, TILE_ZOOM_MAX}},
    {"--maxzoom", {0, TILE_ZOOM_MAX}},
    {"--tile-size", {1000, 1 << 30}},
    {"--simplify", {0, 100000}},
    {"--level", {1, 12}},
    {"--memory", {64, 1 << 20}},
    {"--threads", {1, BUILD_THREADS_MAX}},
};

static void set_number(struct wish *wish, size_t which, long number)
{
    struct build_options *options = &wish->options;
    switch (which) {
    case 0: options->zoom_min = (int)number; return;
    case 1: options->zoom_max = (int)number; return;
    case 2: options->tile_size_max = (size_t)number; return;
    case 3: options->tolerance = (double)number / 100; return;
    case 4: options->level = (int)number; return;
    case 5: options->memory_bytes = (size_t)number << 20; return;
    default: options->threads = (int)number; return;
    }
}

static const char **text_of(struct wish *wish, const char *name)
{
    if (strcmp(name, "-o") == 0) { return &wish->options.out; }
    if (strcmp(name, "--id-attribute") == 0) { return &wish->options.id_name; }
    if (strcmp(name, "--temporary") == 0) { return &wish->options.temporary; }
    return strcmp(name, "--report") == 0 ? &wish->report : NULL;
}

static enum err read_source(struct wish *wish, const char *word, struct why *why)
{
    const char *colon = strchr(word, ':');
    size_t *count = &wish->options.source_count;
    if (!colon || colon == word || !colon[1]) {
        return why_set(why, ERR_RANGE, "\"%.100s\" is no input: NAME:FILE is expected", word);
    }
    if (*count == BUILD_SOURCES_MAX) {
        return why_set(why, ERR_RANGE, "there are more than %d inputs", BUILD_SOURCES_MAX);
    }
    char *name = mem_text_of(word, (size_t)(colon - word));
    wish->names[wish->name_count++] = name;
    wish->sources[(*count)++] = (struct build_source){.layer = name, .path = colon + 1};
    return OK;
}

/* Reads the option at argv[*at], and what belongs to it. */
static enum err read_option(struct wish *wish, char *argv[], int *at, struct why *why)
{
    const char *name = argv[*at];
    if (strcmp(name, "--keep-all") == 0) {
        wish->options.keep_all = true;
        return OK;
    }
    if (strcmp(name, "--private") == 0) {
        wish->options.is_private = true;
        return OK;
    }
    if (strcmp(name, "--quiet") == 0) {
        wish->quiet = true;
        return OK;
    }
    if (strcmp(name, "--layers") == 0) {
        ++*at; /* it was read before all others */
        return OK;
    }
    const char *value = argv[++*at]; /* NULL behind the last */
    const char **text = text_of(wish, name);
    if (text) {
        *text = value;
        return value ? OK : why_set(why, ERR_RANGE, "%s needs a value", name);
    }
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        long number = 0;
        if (strcmp(name, numbers[i].name) != 0) { continue; }
        const enum err err = command_number(name, value, numbers[i].range, &number, why);
        if (!err) { set_number(wish, i, number); }
        return err;
    }
    return why_set(why, ERR_RANGE, "%.60s is no option of build", name);
}

/* The layers file comes first: what else is said on the command line goes before it. */
static enum err read_layers(struct wish *wish, int argc, char *argv[], struct why *why)
{
    const char *path = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--layers") != 0) { continue; }
        if (path || !argv[i + 1]) {
            return why_set(why, ERR_RANGE, "--layers needs one value, and is there once");
        }
        path = argv[++i];
    }
    if (!path) { return OK; }
    wish->layers = MEM_NEW(struct layers);
    const enum err err = layers_load(wish->layers, path, why);
    if (!err) { layers_apply(wish->layers, &wish->options); }
    return err;
}

static enum err read_arguments(struct wish *wish, int argc, char *argv[], struct why *why)
{
    enum err err = read_layers(wish, argc, argv, why);
    for (int i = 1; i < argc && !err; i++) {
        err =
            argv[i][0] == '-' ? read_option(wish, argv, &i, why) : read_source(wish, argv[i], why);
    }
    if (!err && wish->layers) {
        err = layers_sources(wish->layers, wish->sources, &wish->options, why);
    }
    if (!err && !wish->options.out) { err = why_set(why, ERR_RANGE, "-o OUT.pmtiles is missing"); }
    return err;
}

static void show_progress(void *context, const char *what, int zoom)
{
    (void)context;
    if (zoom >= 0) {
        (void)fprintf(stderr, "\r\033[Kzoom %d", zoom);
    } else {
        (void)fprintf(stderr, "\r\033[K%.100s", what);
    }
}

/* What a person must know: everything that is not on the map. */
static void say_layer(const struct build_layer_report *layer)
{
    const struct feature_tally *tally = &layer->tally;
    const struct build_count *last = &layer->zooms[layer->zoom_max];
    (void)fprintf(stderr, "%s: %llu features, %llu on the map at zoom %d", layer->name,
                  (unsigned long long)tally->read, (unsigned long long)last->present,
                  layer->zoom_max);
    const struct {
        uint64_t count;
        const char *what;
    } notes[] = {
        {tally->no_geometry, "have no geometry"},
        {tally->empty, "have an empty geometry"},
        {tally->not_picked, "are not of the layer's kind"},
        {tally->incomplete, "have a geometry that is not whole in the file"},
        {tally->beyond, "reach beyond the map's poleward edge"},
        {tally->ids_not_whole, "have ids that tiles cannot hold (see --id-attribute)"},
        {last->enlarged, "are too small to see and were enlarged to one step"},
        {last->thinned, "WERE LEFT OUT"},
    };
    for (size_t i = 0; i < ARRAY_LEN(notes); i++) {
        if (notes[i].count == 0) { continue; }
        (void)fprintf(stderr, "; %llu %s", (unsigned long long)notes[i].count, notes[i].what);
    }
    (void)fputc('\n', stderr);
    for (int zoom = layer->zoom_min; zoom < layer->zoom_max; zoom++) {
        const struct build_count *count = &layer->zooms[zoom];
        if (count->thinned + count->too_small == 0) { continue; }
        (void)fprintf(stderr, "    zoom %2d: %llu drawn, %llu too small, %llu thinned out\n", zoom,
                      (unsigned long long)count->present, (unsigned long long)count->too_small,
                      (unsigned long long)count->thinned);
    }
}

static void say(const struct build_report *report, const char *out)
{
    for (size_t i = 0; i < report->layer_count; i++) {
        say_layer(&report->layers[i]);
    }
    (void)fprintf(stderr, "%s: %llu tiles, %llu different, %llu bytes of tiles\n", out,
                  (unsigned long long)report->tiles, (unsigned long long)report->contents,
                  (unsigned long long)report->bytes);
}

static enum err write_report(const struct wish *wish, const struct build_report *report,
                             struct why *why)
{
    if (!wish->report) { return OK; }
    struct text text = text_limited((size_t)64 << 20);
    build_report_write(report, &text);
    text_add_char(&text, '\n');
    enum err err = OK;
    if (strcmp(wish->report, "-") == 0) {
        (void)fputs(text_c(&text), stdout);
        err = fflush(stdout) == 0 ? OK : why_set(why, ERR_IO, "standard output cannot be written");
    } else {
        err = file_write(wish->report, text_span(&text), 0644, why);
    }
    text_deinit(&text);
    return err;
}

static int processors(void)
{
    const long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : count > BUILD_THREADS_MAX ? BUILD_THREADS_MAX : (int)count;
}

static enum err run(struct wish *wish, struct why *why)
{
    const bool person = !wish->quiet && isatty(STDERR_FILENO);
    struct build_report report = {0};
    if (person) { wish->options.progress = show_progress; }
    enum err err = build_run(&wish->options, &report, why);
    if (person) { (void)fprintf(stderr, "\r\033[K"); }
    if (!err && !wish->quiet) { say(&report, wish->options.out); }
    if (!err) { err = write_report(wish, &report, why); }
    build_report_deinit(&report);
    return err;
}

/* The table of the layers file, for people and for the reference page. */
static int explain(bool markdown)
{
    CLEANUP(text_deinit) struct text page = text_limited(1 << 20);
    option_explain(&layers_table, markdown, &page);
    (void)fputs(text_c(&page), stdout);
    return COMMAND_DONE;
}

int build_command(int argc, char *argv[])
{
    struct wish wish = {0};
    struct why why = {0};
    if (argc == 2 && (strcmp(argv[1], "--explain") == 0 || strcmp(argv[1], "--markdown") == 0)) {
        return explain(strcmp(argv[1], "--markdown") == 0);
    }
    wish.options = (struct build_options){.sources = wish.sources,
                                          .zoom_max = 14,
                                          .memory_bytes = (size_t)256 << 20,
                                          .tile_size_max = BUILD_TILE_SIZE_MAX,
                                          .threads = processors(),
                                          .level = 6,
                                          .tolerance = 1.5};
    enum err err = read_arguments(&wish, argc, argv, &why);
    if (!err) { err = run(&wish, &why); }
    for (size_t i = 0; i < wish.name_count; i++) {
        free(wish.names[i]);
    }
    free(wish.layers);
    return err ? command_failed("build", err, &why) : COMMAND_DONE;
}
