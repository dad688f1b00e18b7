#include "anonymity/anonymise.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "anonymity/crowd.h"
#include "anonymity/period.h"
#include "anonymity/release.h"
#include "base/clock.h"
#include "geodata/source.h"
#include "map/sorter.h"
#include "system/file.h"

/* A key of the sorter: period, category, cell, from the highest bits on. */
enum { CELL_BITS = 2 * RULE_ZOOM_MAX, CATEGORY_BITS = 7, PLACE_DROPPED_BITS = 10 };

/* The last second of the year 9999. */
#define SECONDS_MAX INT64_C(253402300799)

struct work {
    const struct anonymise_options *options;
    struct anonymise_report *report;
    struct release *release; /* grows */
    struct release *previous;
    struct census *census; /* NULL without addresses */
    struct sorter *sorter;
    struct crowd crowd;
    struct sighting *sightings; /* of one largest cell, one period, one category */
    size_t count, capacity;
    uint64_t group;         /* their key without the bits within the largest cell */
    struct schema schema;   /* of the incidents */
    struct reading reading; /* of the file that is read */
    const char *path;       /* its name */
};

/* What a record of the sorter holds; the key says the rest. */
struct record {
    uint64_t place, premise;
};

/* Reading an incident. */

static uint64_t hash_of(struct span bytes)
{
    static const uint8_t key[crypto_shorthash_KEYBYTES]; /* the same every time: so is the output */
    uint8_t hash[crypto_shorthash_BYTES];
    uint64_t number = 0;
    (void)crypto_shorthash(hash, bytes.data, bytes.size, key);
    memcpy(&number, hash, sizeof number);
    return number;
}

static bool find(const struct feature *feature, const char *column, struct attribute *attribute)
{
    return *column && feature_find(feature, span_text(column), attribute);
}

/* Does the column say so? Whatever does not clearly say no says yes. */
static bool is_marked(const struct feature *feature, const char *column)
{
    static const char *const no[] = {"", "no", "false", "0", "n", "none"};
    struct attribute attribute = {0};
    struct span text = {0};
    int64_t number = 0;
    bool truth = true;
    if (!find(feature, column, &attribute)) { return false; }
    if (attribute_boolean(attribute, &truth)) { return truth; }
    if (attribute_integer(attribute, &number)) { return number != 0; }
    if (!attribute_text(attribute, &text)) { return true; }
    for (size_t i = 0; i < ARRAY_LEN(no); i++) {
        if (span_equal(text, span_text(no[i]))) { return false; }
    }
    return true;
}

static enum err time_of(struct attribute attribute, int64_t *time_us, struct why *why)
{
    struct span text = {0};
    int64_t seconds = 0;
    char copy[64];
    if (attribute_integer(attribute, &seconds) && seconds >= 0 && seconds <= SECONDS_MAX) {
        *time_us = seconds * CLOCK_SECOND_US;
        return OK;
    }
    if (!attribute_text(attribute, &text) || text.size >= sizeof copy) {
        return why_set(why, ERR_MALFORMED, "its time is neither RFC 3339 nor seconds since 1970");
    }
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    return clock_parse(time_us, copy, why);
}

static struct record record_of(const struct work *work, const struct feature *feature)
{
    const struct point point = feature->shape.points[0];
    struct record record = {.place = (uint64_t)((point.x & (WORLD_SIZE - 1)) >> PLACE_DROPPED_BITS)
                                         << 32 |
                                     (uint64_t)(point.y >> PLACE_DROPPED_BITS)};
    struct attribute premise = {0};
    record.premise = find(feature, work->options->rule->column_premise, &premise)
                         ? hash_of(premise.value)
                         : hash_of(span_of(&record.place, sizeof record.place));
    return record;
}

/* Adds the incident to a period and category, unless this is not the time for it. */
static enum err count_in(struct work *work, uint32_t period, size_t category,
                         const struct feature *feature, struct why *why)
{
    const struct rule *rule = work->options->rule;
    struct anonymise_count *count =
        period_is_quarter(period) ? &work->report->quarters : &work->report->months;
    const int64_t since_us = period_end_us(period) + rule->delay_hours * CLOCK_HOUR_US;
    if (work->previous && release_has_period(work->previous, period)) {
        count->before++;
        return OK;
    }
    if (work->options->now_us < since_us) {
        count->open++;
        return OK;
    }
    const struct record record = record_of(work, feature);
    const uint64_t cell = census_cell(feature->shape.points[0], (int)rule->zoom_finest);
    const uint64_t key = ((uint64_t)period << CATEGORY_BITS | category) << CELL_BITS | cell;
    const enum err err = release_add_period(work->release, period, why);
    return err ? err : sorter_add(work->sorter, key, span_of(&record, sizeof record), why);
}

/* Does it say where, when and what, and may it be counted at all? The report says why not. */
static bool may_count(struct work *work, const struct feature *feature, struct attribute *time,
                      size_t *category)
{
    const struct rule *rule = work->options->rule;
    struct anonymise_report *report = work->report;
    struct attribute attribute = {0};
    struct span name = {0};
    uint64_t *reason = NULL;
    const bool timed = find(feature, rule->column_time, time);
    const bool named = find(feature, rule->column_category, &attribute) &&
                       attribute_text(attribute, &name) && name.size > 0;
    *category = rule_category(rule, name);
    if (feature->shape.kind != SHAPE_KIND_POINT || feature->shape.count != 1) {
        reason = &report->no_point;
    } else if (is_marked(feature, rule->column_protected)) {
        reason = &report->marked;
    } else if (!named) {
        reason = &report->no_category;
    } else if (*category == 0) {
        reason = rule_is_sensitive(name) ? &report->sensitive : &report->unlisted;
    } else if (!timed) {
        reason = &report->no_time;
    }
    if (reason) { ++*reason; }
    return !reason;
}

static enum err take_incident(void *context, struct feature *feature, struct why *why)
{
    struct work *work = context;
    struct attribute time = {0};
    size_t category = 0;
    int64_t time_us = 0;
    if (!may_count(work, feature, &time, &category)) { return OK; }
    struct why cause = {0};
    enum err err = time_of(time, &time_us, &cause);
    if (err) {
        const char *slash = strrchr(work->path, '/');
        return why_set(why, err, "%.80s: feature %llu: %.140s", slash ? slash + 1 : work->path,
                       (unsigned long long)work->reading.tally.read, cause.text);
    }
    work->report->taken++;
    err = count_in(work, period_month(time_us), 0, feature, why);
    return err ? err : count_in(work, period_quarter(time_us), category, feature, why);
}

static enum err take_address(void *context, struct feature *feature, struct why *why)
{
    struct census *census = context;
    return feature->shape.kind == SHAPE_KIND_POINT
               ? census_add(census, feature->shape.points[0], why)
               : why_set(why, ERR_MALFORMED, "an address is no point");
}

static enum err read_addresses(struct work *work, struct why *why)
{
    struct schema schema = {0};
    if (!work->options->addresses) { return OK; }
    work->census = census_new((int)work->options->rule->zoom_finest);
    struct reading reading = {.schema = &schema, .taker = {take_address, work->census}};
    const enum err err = source_read(work->options->addresses, &reading, why);
    schema_deinit(&schema);
    if (err) { return err; }
    census_finish(work->census);
    work->report->addresses = census_count(work->census);
    return OK;
}

/* A misspelt column must not quietly make every premise another one, or nobody protected. */
static enum err check_columns(const struct work *work, struct why *why)
{
    const struct rule *rule = work->options->rule;
    const char *const columns[] = {rule->column_time, rule->column_category, rule->column_premise,
                                   rule->column_protected};
    for (size_t i = 0; i < ARRAY_LEN(columns) && work->report->read > 0; i++) {
        uint32_t number = 0;
        if (!*columns[i] || schema_find(&work->schema, span_text(columns[i]), &number)) {
            continue;
        }
        return why_set(why, ERR_MALFORMED,
                       "no incident has a column \"%.100s\": name the right one under [columns]",
                       columns[i]);
    }
    return OK;
}

static enum err read_incidents(struct work *work, struct why *why)
{
    enum err err = OK;
    for (size_t i = 0; i < work->options->path_count && !err; i++) {
        const struct feature_tally *tally = &work->reading.tally;
        work->reading = (struct reading){.schema = &work->schema,
                                         .temporary = work->options->temporary,
                                         .taker = {take_incident, work}};
        work->path = work->options->paths[i];
        err = source_read(work->path, &work->reading, why);
        work->report->read += tally->read;
        work->report->no_place += tally->no_geometry + tally->empty + tally->incomplete;
    }
    return err ? err : check_columns(work, why);
}

/* Merging what was sorted. */

static struct anonymise_count *count_of_group(const struct work *work, uint32_t *period,
                                              uint32_t *category)
{
    const uint64_t key = work->sightings[0].cell; /* still the whole key */
    *period = (uint32_t)(key >> (CELL_BITS + CATEGORY_BITS));
    *category = (uint32_t)(key >> CELL_BITS) & ((1U << CATEGORY_BITS) - 1);
    return period_is_quarter(*period) ? &work->report->quarters : &work->report->months;
}

/* One group while it is divided. */
struct showing {
    struct work *work;
    struct anonymise_count *count;
    uint32_t period, category;
};

static enum err show_cell(void *context, const struct crowd_cell *cell, struct why *why)
{
    const struct showing *showing = context;
    struct anonymise_report *report = showing->work->report;
    const struct release_cell shown = {
        .period = showing->period,
        .category = showing->category,
        .zoom = cell->zoom,
        .x = cell->x,
        .y = cell->y,
        .count = rule_rounded(showing->work->options->rule, (int64_t)cell->incidents),
    };
    showing->count->cells[cell->zoom]++;
    showing->count->incidents[cell->zoom] += cell->incidents;
    showing->count->shown += cell->incidents;
    if (report->premises_least == 0 || cell->premises < report->premises_least) {
        report->premises_least = cell->premises;
    }
    return release_add(showing->work->release, &shown, why);
}

/* Divides the sightings that were gathered, and forgets them. */
static enum err divide_group(struct work *work, struct why *why)
{
    struct showing showing = {.work = work};
    bool shown = false;
    if (work->count == 0) { return OK; }
    showing.count = count_of_group(work, &showing.period, &showing.category);
    for (size_t i = 0; i < work->count; i++) {
        work->sightings[i].cell &= (UINT64_C(1) << CELL_BITS) - 1;
    }
    work->crowd.taker = (struct crowd_taker){show_cell, &showing};
    const struct sightings group = {work->sightings, work->count};
    const enum err err = crowd_divide(&work->crowd, group, &shown, why);
    if (!err && !shown) {
        showing.count->groups_suppressed++;
        showing.count->suppressed += work->count;
    }
    work->count = 0;
    return err;
}

static enum err gather(struct work *work, uint64_t key, struct span bytes, struct why *why)
{
    struct record record;
    if (work->count == CROWD_SIGHTINGS_MAX) {
        return why_set(why, ERR_LIMIT,
                       "more than %d incidents of a period in one cell of zoom %lld: make "
                       "rule.coarsest larger",
                       CROWD_SIGHTINGS_MAX, (long long)work->options->rule->zoom_coarsest);
    }
    if (work->count == work->capacity) {
        work->capacity = work->capacity ? work->capacity * 2 : 4096;
        work->sightings = mem_resized(work->sightings, work->capacity * sizeof *work->sightings);
    }
    memcpy(&record, bytes.data, sizeof record);
    work->sightings[work->count++] = (struct sighting){key, record.place, record.premise};
    return OK;
}

static enum err merge(struct work *work, struct why *why)
{
    const struct rule *rule = work->options->rule;
    const int64_t levels = rule->zoom_finest - rule->zoom_coarsest;
    bool more = true;
    enum err err = sorter_finish(work->sorter, why);
    while (!err) {
        uint64_t key = 0;
        struct span record = {0};
        err = sorter_next(work->sorter, &more, &key, &record, why);
        if (err || !more) { break; }
        if (key >> (2 * levels) != work->group) { err = divide_group(work, why); }
        work->group = key >> (2 * levels);
        if (!err) { err = gather(work, key, record, why); }
    }
    return err ? err : divide_group(work, why);
}

static enum err write_out(struct work *work, struct why *why)
{
    CLEANUP(text_deinit) struct text text = text_limited(RELEASE_SIZE_MAX);
    const struct release_rule rule = {work->options->rule, work->census != NULL};
    release_write(work->release, &rule, &text);
    if (text.overflow) {
        return why_set(why, ERR_LIMIT, "the release would be larger than %zu MiB",
                       RELEASE_SIZE_MAX >> 20);
    }
    work->report->cells = work->release->count;
    work->report->periods = work->release->period_count;
    return file_write(work->options->out, text_span(&text), 0644, why);
}

static enum err read_previous(struct work *work, struct why *why)
{
    const struct anonymise_options *options = work->options;
    if (!options->previous) { return OK; }
    work->previous = release_new();
    const struct release_rule rule = {options->rule, work->census != NULL};
    enum err err = release_read(work->previous, options->previous, &rule, why);
    for (size_t i = 0; i < work->previous->count && !err; i++) {
        err = release_add(work->release, &work->previous->cells[i], why);
    }
    for (size_t i = 0; i < work->previous->period_count && !err; i++) {
        err = release_add_period(work->release, work->previous->periods[i], why);
    }
    return err;
}

static enum err run(struct work *work, struct why *why)
{
    const struct rule *rule = work->options->rule;
    enum err err = read_addresses(work, why);
    if (!err) { err = read_previous(work, why); }
    if (!err) { err = read_incidents(work, why); }
    work->crowd.need = (struct crowd_need){
        .premises = (uint64_t)rule->premises,
        .addresses = (uint64_t)rule->addresses,
        .zoom_finest = (int)rule->zoom_finest,
        .zoom_coarsest = (int)rule->zoom_coarsest,
        .census = work->census,
    };
    if (!err) { err = merge(work, why); }
    return err ? err : write_out(work, why);
}

enum err anonymise_run(const struct anonymise_options *options, struct anonymise_report *report,
                       struct why *why)
{
    *report = (struct anonymise_report){0};
    struct work work = {.options = options, .report = report, .release = release_new()};
    work.sorter = sorter_new(options->temporary, options->memory_bytes);
    const enum err err = run(&work, why);
    release_free(work.release);
    release_free(work.previous);
    census_free(work.census);
    sorter_free(work.sorter);
    crowd_deinit(&work.crowd);
    free(work.sightings);
    schema_deinit(&work.schema);
    return err;
}

static struct value *count_value(const struct anonymise_count *count)
{
    struct value *value = value_object();
    struct value *zooms = value_array();
    value_set_integer(value, "open", (int64_t)count->open);
    value_set_integer(value, "in_earlier_releases", (int64_t)count->before);
    value_set_integer(value, "shown", (int64_t)count->shown);
    value_set_integer(value, "suppressed", (int64_t)count->suppressed);
    value_set_integer(value, "groups_suppressed", (int64_t)count->groups_suppressed);
    for (int zoom = 0; zoom <= RULE_ZOOM_MAX; zoom++) {
        if (count->cells[zoom] == 0) { continue; }
        struct value *one = value_object();
        value_set_integer(one, "zoom", zoom);
        value_set_integer(one, "cells", (int64_t)count->cells[zoom]);
        value_set_integer(one, "incidents", (int64_t)count->incidents[zoom]);
        value_append(zooms, one);
    }
    value_set(value, "zooms", zooms);
    return value;
}

void anonymise_report_write(const struct anonymise_report *report, struct text *out)
{
    const struct {
        const char *name;
        uint64_t count;
    } counts[] = {
        {"read", report->read},
        {"no_place", report->no_place},
        {"no_point", report->no_point},
        {"no_time", report->no_time},
        {"no_category", report->no_category},
        {"protected", report->marked},
        {"sensitive_category", report->sensitive},
        {"unlisted_category", report->unlisted},
        {"taken", report->taken},
        {"addresses", report->addresses},
        {"premises_least", report->premises_least},
        {"cells", report->cells},
        {"periods", report->periods},
    };
    CLEANUP(value_free_p) struct value *value = value_object();
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        value_set_integer(value, counts[i].name, (int64_t)counts[i].count);
    }
    value_set(value, "months", count_value(&report->months));
    value_set(value, "quarters", count_value(&report->quarters));
    value_write(value, out);
}
