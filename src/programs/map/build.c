#include "map/build.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "system/file.h"

struct wish {
    struct build_options options;
    struct build_source sources[BUILD_SOURCES_MAX];
    char *names[BUILD_SOURCES_MAX]; /* owned: what stands before the colons */
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
    wish->names[*count] = mem_text_of(word, (size_t)(colon - word));
    wish->sources[*count] = (struct build_source){wish->names[*count], colon + 1};
    ++*count;
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
    if (strcmp(name, "--quiet") == 0) {
        wish->quiet = true;
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

static enum err read_arguments(struct wish *wish, int argc, char *argv[], struct why *why)
{
    enum err err = OK;
    for (int i = 1; i < argc && !err; i++) {
        err =
            argv[i][0] == '-' ? read_option(wish, argv, &i, why) : read_source(wish, argv[i], why);
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
static void say_layer(const struct build_layer_report *layer, const struct build_report *report)
{
    const struct feature_tally *tally = &layer->tally;
    const struct build_count *last = &layer->zooms[report->zoom_max];
    (void)fprintf(stderr, "%s: %llu features, %llu on the map at zoom %d", layer->name,
                  (unsigned long long)tally->read, (unsigned long long)last->present,
                  report->zoom_max);
    const struct {
        uint64_t count;
        const char *what;
    } notes[] = {
        {tally->no_geometry, "have no geometry"},
        {tally->empty, "have an empty geometry"},
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
    for (int zoom = report->zoom_min; zoom < report->zoom_max; zoom++) {
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
        say_layer(&report->layers[i], report);
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

int build_command(int argc, char *argv[])
{
    struct wish wish = {0};
    struct why why = {0};
    wish.options = (struct build_options){.sources = wish.sources,
                                          .zoom_max = 14,
                                          .memory_bytes = (size_t)256 << 20,
                                          .tile_size_max = BUILD_TILE_SIZE_MAX,
                                          .threads = processors(),
                                          .level = 6,
                                          .tolerance = 1.5};
    enum err err = read_arguments(&wish, argc, argv, &why);
    if (!err) { err = run(&wish, &why); }
    for (size_t i = 0; i < wish.options.source_count; i++) {
        free(wish.names[i]);
    }
    return err ? command_failed("build", err, &why) : COMMAND_DONE;
}
