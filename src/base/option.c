#include "base/option.h"

#include <errno.h>
#include <ini.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>

struct loading {
    void *out;
    const struct option_table *table;
    const char *path;
    FILE *stream; /* while the file is read */
    size_t size;
    int line;
    struct why *why;
    enum err err;
};

static enum err set_number(const struct option *option, void *member, const char *value,
                           struct why *why)
{
    char *end = NULL;
    errno = 0;
    const long long whole = strtoll(value, &end, 10);
    if (errno || end == value || *end || whole < option->least || whole > option->most) {
        return why_set(why, ERR_RANGE, "%s is \"%.60s\", expected a whole number from %lld to %lld",
                       option->key, value, (long long)option->least, (long long)option->most);
    }
    *(int64_t *)member = whole;
    return OK;
}

static enum err set_real(const struct option *option, void *member, const char *value,
                         struct why *why)
{
    char *end = NULL;
    const double real = strtod(value, &end);
    if (end == value || *end || !isfinite(real) || real < (double)option->least ||
        real > (double)option->most) {
        return why_set(why, ERR_RANGE, "%s is \"%.60s\", expected a number from %lld to %lld",
                       option->key, value, (long long)option->least, (long long)option->most);
    }
    *(double *)member = real;
    return OK;
}

static enum err set_boolean(const struct option *option, void *member, const char *value,
                            struct why *why)
{
    static const char *const words[][2] = {{"true", "false"}, {"yes", "no"}, {"on", "off"}};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        const bool truth = strcmp(value, words[i][0]) == 0;
        if (truth || strcmp(value, words[i][1]) == 0) {
            *(bool *)member = truth;
            return OK;
        }
    }
    return why_set(why, ERR_RANGE, "%s is \"%.60s\", expected true or false", option->key, value);
}

static enum err set_option(const struct option *option, void *base, const char *value,
                           struct why *why)
{
    void *member = (char *)base + option->offset;
    switch (option->kind) {
    case OPTION_KIND_TEXT:
        if (!text_copy(member, OPTION_TEXT_SIZE, value)) {
            return why_set(why, ERR_LIMIT, "%s is longer than %d bytes", option->key,
                           OPTION_TEXT_SIZE - 1);
        }
        return OK;
    case OPTION_KIND_INTEGER: return set_number(option, member, value, why);
    case OPTION_KIND_REAL: return set_real(option, member, value, why);
    case OPTION_KIND_BOOLEAN: return set_boolean(option, member, value, why);
    }
    abort(); /* unreachable: -Wswitch-enum keeps the list complete */
}

static enum err set_defaults(const struct option *options, size_t count, void *base,
                             struct why *why)
{
    for (size_t i = 0; i < count; i++) {
        if (!options[i].fallback) { continue; }
        const enum err err = set_option(&options[i], base, options[i].fallback, why);
        if (err) { return err; }
    }
    return OK;
}

static const struct option *find(const struct option *options, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(options[i].key, key) == 0) { return &options[i]; }
    }
    return NULL;
}

/* The element `name` of a group, made with its defaults when it is new. */
static enum err group_element(const struct option_group *group, void *out, const char *name,
                              void **element, struct why *why)
{
    size_t *count = (size_t *)(void *)((char *)out + group->count_offset);
    char *array = (char *)out + group->array_offset;
    for (size_t i = 0; i < *count; i++) {
        *element = array + i * group->element_size;
        if (strcmp((char *)*element + group->name_offset, name) == 0) { return OK; }
    }
    if (*count == group->count_max) {
        return why_set(why, ERR_LIMIT, "more than %zu sections [%s ...]", group->count_max,
                       group->section);
    }
    *element = array + *count * group->element_size;
    if (!*name || !text_copy((char *)*element + group->name_offset, OPTION_TEXT_SIZE, name)) {
        return why_set(why, ERR_MALFORMED, "section [%s ...] needs a name", group->section);
    }
    (*count)++;
    return set_defaults(group->options, group->option_count, *element, why);
}

static enum err set_by_name(struct loading *load, const char *section, const char *key,
                            const char *value)
{
    for (size_t i = 0; i < load->table->group_count; i++) {
        const struct option_group *group = &load->table->groups[i];
        const size_t length = strlen(group->section);
        if (strncmp(section, group->section, length) != 0 || section[length] != ' ') { continue; }
        const struct option *option = find(group->options, group->option_count, key);
        if (!option) { break; }
        void *element = NULL;
        const char *name = section + length + 1;
        const enum err err = group_element(group, load->out, name, &element, load->why);
        return err ? err : set_option(option, element, value, load->why);
    }
    char full[OPTION_TEXT_SIZE];
    (void)snprintf(full, sizeof full, "%.200s.%.200s", section, key);
    const struct option *option = find(load->table->options, load->table->option_count, full);
    if (!option) {
        return why_set(load->why, ERR_MALFORMED, "unknown key \"%.160s\"; %s --explain lists all",
                       full, load->table->program);
    }
    return set_option(option, load->out, value, load->why);
}

static int on_pair(void *context, const char *section, const char *key, const char *value)
{
    struct loading *load = context;
    if (!load->err) { load->err = set_by_name(load, section, key, value); }
    return load->err == OK;
}

/*
 * fgets for inih, which cuts a line that is longer than its buffer in two, and takes an indented
 * line for more of the value above it. Both would set an option to something that nobody wrote.
 */
static char *read_line(char *line, int size, void *context)
{
    struct loading *load = context;
    if (load->err || !fgets(line, size, load->stream)) { return NULL; }
    load->line++;
    if (!strchr(line, '\n') && !feof(load->stream)) {
        load->err = why_set(load->why, ERR_LIMIT, "line is longer than %d bytes", size - 2);
        return NULL;
    }
    load->size += strlen(line);
    if (load->size > OPTION_FILE_SIZE_MAX) {
        load->err =
            why_set(load->why, ERR_LIMIT, "file is larger than %d bytes", OPTION_FILE_SIZE_MAX);
        return NULL;
    }
    const size_t indent = strspn(line, " \t");
    memmove(line, line + indent, strlen(line + indent) + 1);
    return line;
}

static enum err load_file(struct loading *load)
{
    load->stream = fopen(load->path, "re");
    if (!load->stream) {
        return why_set(load->why, ERR_IO, "cannot read configuration %s: %s", load->path,
                       strerror(errno)); /* NOLINT(concurrency-mt-unsafe): before any thread */
    }
    const int wrong = ini_parse_stream(read_line, load, on_pair, load);
    const int line = wrong > 0 ? wrong : load->line;
    const bool unread = ferror(load->stream) != 0;
    (void)fclose(load->stream);
    if (unread) { return why_set(load->why, ERR_IO, "cannot read configuration %s", load->path); }
    if (wrong == 0 && !load->err) { return OK; }
    if (!load->err) {
        return why_set(load->why, ERR_MALFORMED, "%s:%d: expected [section] or key = value",
                       load->path, line);
    }
    char place[160];
    (void)snprintf(place, sizeof place, "%.120s:%d", load->path, line);
    return why_prefix(load->why, load->err, place);
}

static enum err load_setting(struct loading *load, const char *setting)
{
    char section[OPTION_TEXT_SIZE];
    if (!text_copy(section, sizeof section, setting)) {
        return why_set(load->why, ERR_LIMIT, "--set is longer than %d bytes", OPTION_TEXT_SIZE - 1);
    }
    char *equals = strchr(section, '=');
    if (equals) { *equals = '\0'; }
    char *dot = strrchr(section, '.');
    if (!equals || !dot) {
        return why_set(load->why, ERR_MALFORMED, "--set is \"%.80s\", expected section.key=value",
                       setting);
    }
    *dot = '\0';
    return set_by_name(load, section, dot + 1, equals + 1);
}

static enum err check_required(const struct option *options, size_t count, const void *base,
                               const char *section, struct why *why)
{
    for (size_t i = 0; i < count; i++) {
        const struct option *option = &options[i];
        const char *text = (const char *)base + option->offset;
        if (!option->fallback && option->kind == OPTION_KIND_TEXT && !*text) {
            return why_set(why, ERR_MALFORMED, "%s%s must be set: %s", section, option->key,
                           option->sentence);
        }
    }
    return OK;
}

static enum err check_group(const struct option_group *group, const void *out, struct why *why)
{
    const size_t count = *(const size_t *)(const void *)((const char *)out + group->count_offset);
    for (size_t i = 0; i < count; i++) {
        const char *element = (const char *)out + group->array_offset + i * group->element_size;
        char section[OPTION_TEXT_SIZE];
        (void)snprintf(section, sizeof section, "[%.60s %.60s] ", group->section,
                       element + group->name_offset);
        const enum err err =
            check_required(group->options, group->option_count, element, section, why);
        if (err) { return err; }
    }
    return OK;
}

enum err option_load(void *out, const struct option_table *table, const char *path,
                     const char *const settings[], struct why *why)
{
    struct loading load = {.out = out, .table = table, .path = path, .why = why};
    enum err err = set_defaults(table->options, table->option_count, out, why);
    if (!err && path) { err = load_file(&load); }
    for (size_t i = 0; !err && settings && settings[i]; i++) {
        err = load_setting(&load, settings[i]);
    }
    if (!err) { err = check_required(table->options, table->option_count, out, "", why); }
    for (size_t i = 0; !err && i < table->group_count; i++) {
        err = check_group(&table->groups[i], out, why);
    }
    return !err && table->check ? table->check(out, why) : err;
}

static const char *kind_name(enum option_kind kind)
{
    switch (kind) {
    case OPTION_KIND_TEXT: return "text";
    case OPTION_KIND_INTEGER: return "whole number";
    case OPTION_KIND_REAL: return "number";
    case OPTION_KIND_BOOLEAN: return "true or false";
    }
    abort(); /* unreachable: -Wswitch-enum keeps the list complete */
}

static void explain_list(const struct option *options, size_t count, bool markdown,
                         struct text *out)
{
    for (size_t i = 0; i < count; i++) {
        const struct option *option = &options[i];
        const bool ranged = option->kind == OPTION_KIND_INTEGER || option->kind == OPTION_KIND_REAL;
        char range[64] = "";
        if (ranged) {
            (void)snprintf(range, sizeof range, ", %lld to %lld", (long long)option->least,
                           (long long)option->most);
        }
        const char *fallback = option->fallback ? option->fallback : "must be set";
        if (markdown) {
            text_format(out, "| `%s` | %s%s | %s | %s |\n", option->key, kind_name(option->kind),
                        range, fallback, option->sentence);
        } else {
            text_format(out, "%s\n    %s%s; default: %s\n    %s\n", option->key,
                        kind_name(option->kind), range, fallback, option->sentence);
        }
    }
}

void option_explain(const struct option_table *table, bool markdown, struct text *out)
{
    static const char head[] = "| key | type | default | meaning |\n| --- | --- | --- | --- |\n";
    text_format(out, "%s%s%s%s\n\n%s", markdown ? "## " : "", table->program,
                markdown ? "\n\n" : " - ", table->sentence, markdown ? head : "");
    explain_list(table->options, table->option_count, markdown, out);
    for (size_t i = 0; i < table->group_count; i++) {
        const struct option_group *group = &table->groups[i];
        text_format(out, "\n%s[%s NAME]%s, up to %zu times\n\n%s", markdown ? "`" : "",
                    group->section, markdown ? "`" : "", group->count_max, markdown ? head : "");
        explain_list(group->options, group->option_count, markdown, out);
    }
}

static void print_usage(const struct option_table *table)
{
    printf("%s - %s\n\n"
           "  --config FILE          read the configuration from FILE\n"
           "  --set SECTION.KEY=V    set one key, after the file\n"
           "  --check                read the configuration and stop\n"
           "  --explain, --markdown  list every key with its meaning\n"
           "  --version, --help\n",
           table->program, table->sentence);
}

/* Answers the switches that need no configuration; true when there was one. */
static bool answer_switch(const struct option_table *table, const char *word)
{
    if (strcmp(word, "--help") == 0) {
        print_usage(table);
    } else if (strcmp(word, "--version") == 0) {
        printf("%s %s\n", table->program, TOCSIN_VERSION);
    } else if (strcmp(word, "--explain") == 0 || strcmp(word, "--markdown") == 0) {
        CLEANUP(text_deinit) struct text page = text_limited(1 << 20);
        option_explain(table, strcmp(word, "--markdown") == 0, &page);
        (void)fputs(text_c(&page), stdout);
    } else {
        return false;
    }
    return true;
}

enum option_outcome option_command_line(void *out, const struct option_table *table, int argc,
                                        char *const argv[], struct why *why)
{
    const char *path = NULL;
    /* Never more than arguments, and NULL at the end. */
    CLEANUP(mem_free_p) const char **settings = MEM_ARRAY(const char *, (size_t)argc + 1);
    size_t setting_count = 0;
    enum option_outcome outcome = OPTION_OUTCOME_RUN;
    for (int i = 1; i < argc; i++) {
        if (answer_switch(table, argv[i])) { return OPTION_OUTCOME_DONE; }
        if (strcmp(argv[i], "--check") == 0) {
            outcome = OPTION_OUTCOME_DONE;
        } else if (strcmp(argv[i], "--config") == 0 && i + 1 < argc) {
            path = argv[++i];
        } else if (strcmp(argv[i], "--set") == 0 && i + 1 < argc) {
            settings[setting_count++] = argv[++i];
        } else {
            (void)why_set(why, ERR_MALFORMED,
                          "argument \"%.80s\" is unknown or incomplete; see %s --help", argv[i],
                          table->program);
            return OPTION_OUTCOME_REFUSED;
        }
    }
    return option_load(out, table, path, settings, why) ? OPTION_OUTCOME_REFUSED : outcome;
}
