#include "anonymity/anonymise.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "command.h"
#include "system/file.h"

enum { PATHS_MAX = 64, SETTINGS_MAX = 64 };

struct wish {
    struct anonymise_options options;
    const char *paths[PATHS_MAX];
    const char *settings[SETTINGS_MAX + 1];
    size_t setting_count;
    const char *rules, *report, *now, *memory;
    bool fresh, quiet;
};

static const char **text_of(struct wish *wish, const char *name)
{
    const struct {
        const char *name;
        const char **text;
    } texts[] = {
        {"-o", &wish->options.out},
        {"--rules", &wish->rules},
        {"--report", &wish->report},
        {"--now", &wish->now},
        {"--memory", &wish->memory},
        {"--addresses", &wish->options.addresses},
        {"--previous", &wish->options.previous},
        {"--temporary", &wish->options.temporary},
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (strcmp(name, texts[i].name) == 0) { return texts[i].text; }
    }
    return NULL;
}

static enum err read_option(struct wish *wish, char *argv[], int *at, struct why *why)
{
    const char *name = argv[*at];
    if (strcmp(name, "--fresh") == 0) {
        wish->fresh = true;
        return OK;
    }
    if (strcmp(name, "--quiet") == 0) {
        wish->quiet = true;
        return OK;
    }
    const char *value = argv[++*at]; /* NULL behind the last */
    const bool setting = strcmp(name, "--set") == 0;
    const char **text = text_of(wish, name);
    if (!setting && !text) {
        return why_set(why, ERR_RANGE, "%.60s is no option of anonymise", name);
    }
    if (!value) { return why_set(why, ERR_RANGE, "%s needs a value", name); }
    if (setting && wish->setting_count == SETTINGS_MAX) {
        return why_set(why, ERR_RANGE, "--set more than %d times", SETTINGS_MAX);
    }
    *(setting ? &wish->settings[wish->setting_count++] : text) = value;
    return OK;
}

static enum err read_arguments(struct wish *wish, int argc, char *argv[], struct why *why)
{
    enum err err = OK;
    for (int i = 1; i < argc && !err; i++) {
        const bool file = argv[i][0] != '-' || argv[i][1] == '\0';
        if (!file) {
            err = read_option(wish, argv, &i, why);
        } else if (wish->options.path_count == PATHS_MAX) {
            err = why_set(why, ERR_RANGE, "there are more than %d files", PATHS_MAX);
        } else {
            wish->paths[wish->options.path_count++] = argv[i];
        }
    }
    if (!err && !wish->options.out) { err = why_set(why, ERR_RANGE, "-o OUT.geojson is missing"); }
    if (!err && wish->options.path_count == 0) {
        err = why_set(why, ERR_RANGE, "a file of incidents is missing");
    }
    return err;
}

/* What is not as it stands in the arguments: time, memory, folder, the release before. */
static enum err settle(struct wish *wish, char folder[static FILE_PATH_SIZE], struct why *why)
{
    struct anonymise_options *options = &wish->options;
    long memory = 64;
    enum err err = OK;
    options->now_us = clock_wall_us();
    if (wish->now) { err = clock_parse(&options->now_us, wish->now, why); }
    if (!err && wish->memory) {
        err = command_number("--memory", wish->memory, (const long[2]){1, 1 << 20}, &memory, why);
    }
    if (err) { return err; }
    options->memory_bytes = (size_t)memory << 20;
    if (wish->fresh && options->previous) {
        return why_set(why, ERR_RANGE, "--fresh and --previous exclude each other");
    }
    if (!wish->fresh && !options->previous && file_exists(options->out)) {
        options->previous = options->out;
    }
    if (!text_copy(folder, FILE_PATH_SIZE, options->out)) {
        return why_set(why, ERR_LIMIT, "path %.100s... is too long", options->out);
    }
    char *slash = strrchr(folder, '/');
    if (slash) { slash[1] = '\0'; }
    if (!options->temporary) { options->temporary = slash ? folder : "."; }
    return OK;
}

static void say_count(const char *what, const struct anonymise_count *count)
{
    (void)fprintf(stderr, "%s: %llu incidents in new cells", what,
                  (unsigned long long)count->shown);
    for (int zoom = 0; zoom <= RULE_ZOOM_MAX; zoom++) {
        if (count->cells[zoom] == 0) { continue; }
        (void)fprintf(stderr, ", %llu cells of zoom %d", (unsigned long long)count->cells[zoom],
                      zoom);
    }
    (void)fprintf(stderr,
                  "; %llu suppressed, %llu in periods not over yet, %llu in earlier releases\n",
                  (unsigned long long)count->suppressed, (unsigned long long)count->open,
                  (unsigned long long)count->before);
}

static void say(const struct wish *wish, const struct anonymise_report *report,
                const struct rule *rule)
{
    const struct {
        uint64_t count;
        const char *what;
    } notes[] = {
        {report->no_place, "without a place"},
        {report->no_point, "no single points"},
        {report->no_time, "without a time"},
        {report->no_category, "without a category"},
        {report->marked, "protected"},
        {report->sensitive, "of sensitive categories"},
        {report->unlisted, "of categories that are not listed"},
    };
    (void)fprintf(stderr, "%llu incidents read, %llu counted", (unsigned long long)report->read,
                  (unsigned long long)report->taken);
    for (size_t i = 0; i < ARRAY_LEN(notes); i++) {
        if (notes[i].count == 0) { continue; }
        (void)fprintf(stderr, "; %llu %s", (unsigned long long)notes[i].count, notes[i].what);
    }
    (void)fputc('\n', stderr);
    say_count("months", &report->months);
    say_count("quarters by category", &report->quarters);
    if (!wish->options.addresses) {
        (void)fprintf(stderr, "no addresses given: cells are judged by their premises alone\n");
    }
    if (rule->weaker) {
        (void)fprintf(stderr, "WEAKER THAN THE DEFAULT RULE, decided by %s: %s\n", rule->by,
                      rule->reason);
    }
    (void)fprintf(stderr, "%s: %llu cells of %llu periods\n", wish->options.out,
                  (unsigned long long)report->cells, (unsigned long long)report->periods);
}

static enum err write_report(const char *path, const struct anonymise_report *report,
                             struct why *why)
{
    CLEANUP(text_deinit) struct text text = text_limited(1 << 20);
    if (!path) { return OK; }
    anonymise_report_write(report, &text);
    text_add_char(&text, '\n');
    if (strcmp(path, "-") != 0) { return file_write(path, text_span(&text), 0600, why); }
    (void)fputs(text_c(&text), stdout);
    return fflush(stdout) == 0 ? OK : why_set(why, ERR_IO, "standard output cannot be written");
}

/* The table of rules, for people and for the reference page. */
static int explain(bool markdown)
{
    CLEANUP(text_deinit) struct text page = text_limited(1 << 20);
    option_explain(&rule_table, markdown, &page);
    (void)fputs(text_c(&page), stdout);
    return COMMAND_DONE;
}

int anonymise_command(int argc, char *argv[])
{
    struct wish wish = {0};
    struct rule rule;
    struct anonymise_report report = {0};
    struct why why = {0};
    char folder[FILE_PATH_SIZE];
    if (argc == 2 && (strcmp(argv[1], "--explain") == 0 || strcmp(argv[1], "--markdown") == 0)) {
        return explain(strcmp(argv[1], "--markdown") == 0);
    }
    wish.options.rule = &rule;
    wish.options.paths = wish.paths;
    enum err err = read_arguments(&wish, argc, argv, &why);
    if (!err) { err = settle(&wish, folder, &why); }
    if (!err) { err = rule_load(&rule, wish.rules, wish.settings, &why); }
    if (!err) { err = anonymise_run(&wish.options, &report, &why); }
    if (!err && !wish.quiet) { say(&wish, &report, &rule); }
    if (!err) { err = write_report(wish.report, &report, &why); }
    return err ? command_failed("anonymise", err, &why) : COMMAND_DONE;
}
