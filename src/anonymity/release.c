#include "anonymity/release.h"

#include <string.h>

#include "anonymity/period.h"
#include "geodata/geojson.h"
#include "system/file.h"

/* How the first line ends. */
static const char opening[] = ",\"features\":[";

struct release *release_new(void)
{
    return MEM_NEW(struct release);
}

void release_free(struct release *release)
{
    if (!release) { return; }
    free(release->cells);
    free(release);
}

enum err release_add(struct release *release, const struct release_cell *cell, struct why *why)
{
    if (release->count == RELEASE_CELLS_MAX) {
        return why_set(why, ERR_LIMIT, "a release has at most %d cells", RELEASE_CELLS_MAX);
    }
    if (release->count == release->capacity) {
        release->capacity = release->capacity ? release->capacity * 2 : 1024;
        release->cells = mem_resized(release->cells, release->capacity * sizeof *release->cells);
    }
    release->cells[release->count++] = *cell;
    return OK;
}

bool release_has_period(const struct release *release, uint32_t period)
{
    for (size_t i = 0; i < release->period_count; i++) {
        if (release->periods[i] == period) { return true; }
    }
    return false;
}

enum err release_add_period(struct release *release, uint32_t period, struct why *why)
{
    if (release_has_period(release, period)) { return OK; }
    if (release->period_count == RELEASE_PERIODS_MAX) {
        return why_set(why, ERR_LIMIT, "a release has at most %d periods", RELEASE_PERIODS_MAX);
    }
    release->periods[release->period_count++] = period;
    return OK;
}

/* Reading what we wrote. */

struct taking {
    struct release *release;
    const struct rule *rule;
};

static bool find_text(const struct feature *feature, const char *name, struct span *text)
{
    struct attribute attribute;
    return feature_find(feature, span_text(name), &attribute) && attribute_text(attribute, text);
}

static bool find_number(const struct feature *feature, const char *name, int64_t least,
                        int64_t most, int64_t *number)
{
    struct attribute attribute;
    return feature_find(feature, span_text(name), &attribute) &&
           attribute_integer(attribute, number) && *number >= least && *number <= most;
}

/* What the feature says, when it says what one of ours would. */
static bool cell_of(const struct taking *taking, const struct feature *feature,
                    struct release_cell *cell)
{
    struct span category;
    struct span period;
    char word[PERIOD_TEXT_SIZE] = "";
    int64_t zoom = 0;
    const struct rule *rule = taking->rule;
    if (feature->attribute_count != 4 || feature->has_id || feature->shape.count != 1 ||
        feature->shape.kind != SHAPE_KIND_POINT || !find_text(feature, "category", &category) ||
        !find_text(feature, "period", &period) || period.size >= sizeof word ||
        !find_number(feature, "zoom", rule->zoom_coarsest, rule->zoom_finest, &zoom) ||
        !find_number(feature, "count", 1, INT64_MAX, &cell->count)) {
        return false;
    }
    memcpy(word, period.data, period.size);
    cell->category = (uint32_t)rule_category(rule, category);
    const struct point point = feature->shape.points[0];
    if (point.x < 0 || point.x >= WORLD_SIZE || point.y < 0 || point.y >= WORLD_SIZE) {
        return false; /* no middle of a cell lies on the edge */
    }
    cell->zoom = (int)zoom;
    cell->x = (uint32_t)(point.x >> (32 - zoom));
    cell->y = (uint32_t)(point.y >> (32 - zoom));
    return period_parse(&cell->period, word, NULL) == OK &&
           release_has_period(taking->release, cell->period) &&
           (cell->category != 0) == period_is_quarter(cell->period);
}

static enum err take(void *context, struct feature *feature, struct why *why)
{
    const struct taking *taking = context;
    struct release_cell cell = {0};
    if (!cell_of(taking, feature, &cell)) {
        return why_set(why, ERR_MALFORMED, "it has cells that no release of ours would have");
    }
    return release_add(taking->release, &cell, why);
}

static enum err read_periods(struct release *release, const struct value *periods, struct why *why)
{
    enum err err = OK;
    for (size_t i = 0; i < value_count(periods) && !err; i++) {
        uint32_t period = 0;
        err = period_parse(&period, value_text_or(value_at(periods, i), ""), why);
        if (!err) { err = release_add_period(release, period, why); }
    }
    return err;
}

static bool is_rule(const struct value *value, const struct release_rule *rule)
{
    CLEANUP(value_free_p) struct value *ours = rule_value(rule->rule, rule->with_addresses);
    CLEANUP(text_deinit) struct text one = text_limited(1 << 20);
    CLEANUP(text_deinit) struct text other = text_limited(1 << 20);
    if (!value) { return false; }
    value_write(value, &one);
    value_write(ours, &other);
    return strcmp(text_c(&one), text_c(&other)) == 0;
}

/* The head of the file: its first line, made whole. */
static enum err read_head(struct value **head, struct span file, struct why *why)
{
    const uint8_t *end = file.size ? memchr(file.data, '\n', file.size) : NULL;
    const size_t size = end ? (size_t)(end - file.data) : 0;
    const size_t tail = sizeof opening - 1;
    if (size < tail || memcmp(file.data + size - tail, opening, tail) != 0) {
        return why_set(why, ERR_MALFORMED, "its first line is not that of a release");
    }
    CLEANUP(text_deinit) struct text line = text_limited(1 << 20);
    text_add_bytes(&line, span_of(file.data, size - tail));
    text_add_char(&line, '}');
    return value_parse(head, text_span(&line), 1 << 20, why);
}

static enum err read_cells(const struct taking *taking, struct span file, const char *path,
                           struct why *why)
{
    struct schema schema = {0};
    struct input input = input_over(file, path);
    struct reading reading = {.schema = &schema, .taker = {take, (void *)(uintptr_t)taking}};
    const enum err err = geojson_read(&input, &reading, why);
    schema_deinit(&schema);
    return err;
}

enum err release_parse(struct release *release, struct span file, const char *name,
                       const struct release_rule *rule, struct why *why)
{
    CLEANUP(value_free_p) struct value *head = NULL;
    enum err err = read_head(&head, file, why);
    const struct value *about = err ? NULL : value_get(head, "anonymised");
    if (!err && !about) { err = why_set(why, ERR_MALFORMED, "it does not say its rule"); }
    if (!err && !is_rule(value_get(about, "rule"), rule)) {
        err = why_set(why, ERR_CONFLICT,
                      "it was made by another rule: go on with that one, or begin anew under "
                      "another name");
    }
    if (!err) { err = read_periods(release, value_get(about, "periods"), why); }
    const struct taking taking = {release, rule->rule};
    if (!err) { err = read_cells(&taking, file, name, why); }
    return err ? why_prefix(why, err, name) : OK;
}

enum err release_read(struct release *release, const char *path, const struct release_rule *rule,
                      struct why *why)
{
    CLEANUP(text_deinit) struct text file = text_limited(RELEASE_SIZE_MAX);
    const enum err err = file_read(&file, path, why);
    return err ? err : release_parse(release, text_span(&file), path, rule, why);
}

/* Writing. */

static int compare_numbers(uint64_t one, uint64_t other)
{
    return (one > other) - (one < other);
}

static int compare_cells(const void *a, const void *b)
{
    const struct release_cell *one = a;
    const struct release_cell *other = b;
    int order = compare_numbers(one->period, other->period);
    if (order == 0) { order = compare_numbers(one->category, other->category); }
    if (order == 0) { order = compare_numbers((uint64_t)one->zoom, (uint64_t)other->zoom); }
    if (order == 0) { order = compare_numbers(one->y, other->y); }
    return order ? order : compare_numbers(one->x, other->x);
}

static int compare_periods(const void *a, const void *b)
{
    return compare_numbers(*(const uint32_t *)a, *(const uint32_t *)b);
}

static void write_head(const struct release *release, struct value *rule, struct text *out)
{
    CLEANUP(value_free_p) struct value *about = value_object();
    struct value *periods = value_array();
    char text[PERIOD_TEXT_SIZE];
    for (size_t i = 0; i < release->period_count; i++) {
        value_append(periods, value_text(period_text(text, release->periods[i])));
    }
    value_set(about, "rule", rule);
    value_set(about, "periods", periods);
    text_add(out, "{\"type\":\"FeatureCollection\",\"anonymised\":");
    value_write(about, out);
    text_add(out, opening);
}

static double middle_longitude(const struct release_cell *cell)
{
    return shape_longitude((int64_t)(2 * (uint64_t)cell->x + 1) << (31 - cell->zoom));
}

static double middle_latitude(const struct release_cell *cell)
{
    return shape_latitude((int64_t)(2 * (uint64_t)cell->y + 1) << (31 - cell->zoom));
}

static void write_cell(const struct release_cell *cell, const char *category, struct text *out)
{
    char period[PERIOD_TEXT_SIZE];
    text_format(out,
                "{\"type\":\"Feature\",\"properties\":{\"category\":%s,\"period\":\"%s\","
                "\"count\":%lld,\"zoom\":%d},\"geometry\":{\"type\":\"Point\",\"coordinates\":"
                "[%.9f,%.9f]}}",
                category, period_text(period, cell->period), (long long)cell->count, cell->zoom,
                middle_longitude(cell), middle_latitude(cell));
}

void release_write(struct release *release, const struct release_rule *by, struct text *out)
{
    const struct rule *rule = by->rule;
    struct text names[RULE_CATEGORIES_MAX + 1]; /* as JSON */
    for (size_t i = 0; i <= rule->count; i++) {
        CLEANUP(value_free_p) struct value *name = value_text(i ? rule->names[i - 1] : "all");
        names[i] = text_limited(1 << 10);
        value_write(name, &names[i]);
    }
    if (release->cells) {
        qsort(release->cells, release->count, sizeof *release->cells, compare_cells);
    }
    qsort(release->periods, release->period_count, sizeof *release->periods, compare_periods);
    write_head(release, rule_value(rule, by->with_addresses), out);
    for (size_t i = 0; i < release->count; i++) {
        const struct release_cell *cell = &release->cells[i];
        text_add(out, i ? ",\n" : "\n");
        write_cell(cell, text_c(&names[cell->category]), out);
    }
    text_add(out, "\n]}\n");
    for (size_t i = 0; i <= rule->count; i++) {
        text_deinit(&names[i]);
    }
}
