#include "geodata/csv.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "geodata/geojson_geometry.h"
#include "geodata/json.h"

struct cell {
    size_t begin, size; /* in `cells` */
};

struct table {
    struct input *input;
    struct reading *reading;
    struct feature feature;
    struct geometry_reader geometry;
    struct bytes cells; /* the row's values, unquoted, one after the other */
    struct cell row[CSV_COLUMNS_MAX];
    size_t count;
    struct bytes names;
    struct cell columns[CSV_COLUMNS_MAX];
    size_t column_count;
    size_t longitude, latitude;
    uint8_t separator;
    uint64_t line; /* of the row, from 1 */
};

/* What reading a row came to. */
enum row { ROW_READ, ROW_STARVED, ROW_BAD_QUOTE, ROW_TOO_WIDE };

static enum err fault(const struct table *table, const char *sentence, struct why *why)
{
    const char *slash = strrchr(table->input->name, '/');
    return why_set(why, ERR_MALFORMED, "%.80s: row %llu: %.140s",
                   slash ? slash + 1 : table->input->name, (unsigned long long)table->line,
                   sentence);
}

/* Takes a cell in quotes, after the first one. Returns where it ends, or NULL. */
static const uint8_t *quoted(struct table *table, const uint8_t *at, const uint8_t *end)
{
    for (; at < end; at++) {
        if (*at != '"') {
            bytes_add_u8(&table->cells, *at);
        } else if (at + 1 < end && at[1] == '"') {
            bytes_add_u8(&table->cells, *at++);
        } else {
            return at + 1;
        }
    }
    return NULL;
}

/* One cell from `at` on. NULL: the window ends within a quoted one. */
static const uint8_t *read_cell(struct table *table, const uint8_t *at, const uint8_t *end)
{
    struct cell *cell = &table->row[table->count++];
    cell->begin = table->cells.size;
    if (at < end && *at == '"') {
        at = quoted(table, at + 1, end);
    } else {
        const uint8_t *from = at;
        while (at < end && *at != table->separator && *at != '\n' && *at != '\r') {
            at++;
        }
        bytes_add(&table->cells, from, (size_t)(at - from));
    }
    cell->size = table->cells.size - cell->begin;
    return at;
}

/* Is `at` the end of the row, or does another cell follow? Steps over the separator. */
static enum row after_cell(const struct table *table, const uint8_t **at, const uint8_t *end,
                           bool *more)
{
    const bool ended = table->input->ended;
    *more = false;
    if (!*at) { return ended ? ROW_BAD_QUOTE : ROW_STARVED; }
    if (*at < end && **at == '\r') { ++*at; }
    if (*at == end) { return ended ? ROW_READ : ROW_STARVED; }
    if (**at == '\n') { return ROW_READ; }
    *more = **at == table->separator;
    ++*at;
    return *more ? ROW_READ : ROW_BAD_QUOTE;
}

/* The row's cells up to `*at`, which is left at the line's end. */
static enum row read_cells(struct table *table, const uint8_t **at, const uint8_t *end)
{
    bool more = true;
    enum row row = ROW_READ;
    while (more) {
        if (table->count == CSV_COLUMNS_MAX) { return ROW_TOO_WIDE; }
        *at = read_cell(table, *at, end);
        row = after_cell(table, at, end, &more);
    }
    return row;
}

/* Reads one row and steps behind it, unless it starves: then nothing has happened. */
static enum row read_row(struct table *table)
{
    struct input *input = table->input;
    const struct span rest = input_rest(input);
    const uint8_t *at = rest.data;
    const uint8_t *end = rest.size ? rest.data + rest.size : rest.data;
    table->count = 0;
    table->cells.size = 0;
    const enum row row = read_cells(table, &at, end);
    if (row != ROW_READ) { return row; }
    at += at < end;
    input->begin = (size_t)(at - input->window);
    table->line++;
    return ROW_READ;
}

static enum err next_row(struct table *table, struct why *why)
{
    for (;;) {
        switch (read_row(table)) {
        case ROW_READ: return OK;
        case ROW_BAD_QUOTE:
            table->line++;
            return fault(table, "a quoted value does not end, or is followed by more", why);
        case ROW_TOO_WIDE: table->line++; return fault(table, "it has more than 1024 columns", why);
        case ROW_STARVED: break;
        }
        const enum err err = input_more(table->input, why);
        if (err) { return err; }
    }
}

static struct span cell_of(const struct bytes *bytes, struct cell cell)
{
    return span_of(bytes->size ? bytes->data + cell.begin : NULL, cell.size);
}

static size_t column_named(const struct table *table, const char *name)
{
    for (size_t i = 0; i < table->column_count; i++) {
        const struct cell cell = table->columns[i];
        if (cell.size != strlen(name)) { continue; }
        const char *text = (const char *)table->names.data + cell.begin;
        if (strncasecmp(text, name, cell.size) == 0) { return i; }
    }
    return CSV_COLUMNS_MAX;
}

static size_t find_column(const struct table *table, const char *const names[], size_t count)
{
    size_t found = CSV_COLUMNS_MAX;
    for (size_t i = 0; i < count && found == CSV_COLUMNS_MAX; i++) {
        found = column_named(table, names[i]);
    }
    return found;
}

static uint8_t guess_separator(const struct input *input)
{
    const struct span rest = input_rest(input);
    const uint8_t *end = rest.size ? memchr(rest.data, '\n', rest.size) : NULL;
    const size_t size = end ? (size_t)(end - rest.data) : rest.size;
    for (const char *letter = ",;\t"; *letter && size > 0; letter++) {
        if (memchr(rest.data, *letter, size)) { return (uint8_t)*letter; }
    }
    return ',';
}

/* The layer knows every column, also one that turns out to be empty. */
static enum err name_columns(struct table *table, struct why *why)
{
    enum err err = OK;
    for (size_t i = 0; i < table->column_count && !err; i++) {
        const struct span name = cell_of(&table->names, table->columns[i]);
        uint32_t number = 0;
        if (i == table->longitude || i == table->latitude || name.size == 0) { continue; }
        struct why cause = {0};
        err = schema_number(table->reading->schema, name, (uint32_t)i, &number, &cause);
        if (err) { err = fault(table, cause.text, why); }
    }
    return err;
}

static enum err read_header(struct table *table, struct why *why)
{
    static const char *const longitudes[] = {"longitude", "lon", "lng", "long", "x"};
    static const char *const latitudes[] = {"latitude", "lat", "y"};
    static const uint8_t mark[] = {0xef, 0xbb, 0xbf};
    struct input *input = table->input;
    enum err err = input->begin == input->end ? input_more(input, why) : OK;
    if (err) { return err; }
    if (input->begin == input->end) {
        return why_set(why, ERR_MALFORMED, "%.140s is empty: a header with lon and lat is expected",
                       input->name);
    }
    const struct span rest = input_rest(input);
    if (rest.size >= 3 && memcmp(rest.data, mark, sizeof mark) == 0) { input->begin += 3; }
    table->separator = guess_separator(input);
    err = next_row(table, why);
    if (err) { return err; }
    bytes_add(&table->names, table->cells.data, table->cells.size);
    memcpy(table->columns, table->row, sizeof table->row);
    table->column_count = table->count;
    table->longitude = find_column(table, longitudes, ARRAY_LEN(longitudes));
    table->latitude = find_column(table, latitudes, ARRAY_LEN(latitudes));
    if (table->longitude == CSV_COLUMNS_MAX || table->latitude == CSV_COLUMNS_MAX) {
        return fault(table, "the header names no columns lon and lat (or longitude, latitude)",
                     why);
    }
    return name_columns(table, why);
}

/* A whole cell that is a number as JSON writes it. */
static bool number_of(struct span text, struct json_number *number)
{
    char copy[64];
    if (!text.data || text.size == 0 || text.size >= sizeof copy - 1) { return false; }
    memcpy(copy, text.data, text.size);
    copy[text.size] = ','; /* a scanner must see where a number ends */
    struct json json = json_over(span_of(copy, text.size + 1));
    if (*copy == ' ' || *copy == '\t') { return false; }
    *number = json_number(&json);
    return !json_stopped(&json) && json.at == copy + text.size;
}

static struct span trimmed(struct span text)
{
    while (text.data && text.size > 0 &&
           (*text.data == ' ' || *text.data == '\t' || *text.data == '+')) {
        text = span_of(text.data + 1, text.size - 1);
    }
    while (text.data && text.size > 0 &&
           (text.data[text.size - 1] == ' ' || text.data[text.size - 1] == '\t')) {
        text.size--;
    }
    return text;
}

static enum err add_cell(struct table *table, size_t column, struct why *why)
{
    const struct span text = cell_of(&table->cells, table->row[column]);
    const struct span name = cell_of(&table->names, table->columns[column]);
    if (text.size == 0 || name.size == 0) { return OK; }
    struct json_number number;
    if (number_of(text, &number)) {
        return number.whole ? feature_add_integer(&table->feature, name, number.negative,
                                                  number.magnitude, why)
                            : feature_add_real(&table->feature, name, number.real, why);
    }
    /* Other programs' text may be in any encoding: what is not UTF-8 becomes '?'. */
    char *copy = mem_text_of((const char *)text.data, text.size);
    text_scrub(copy);
    const enum err err = feature_add_text(&table->feature, name, span_of(copy, strlen(copy)), why);
    free(copy);
    return err;
}

static enum err take_row(struct table *table, struct why *why)
{
    struct feature *feature = &table->feature;
    struct feature_tally *tally = &table->reading->tally;
    if (table->count != table->column_count) {
        return fault(table, "it has not as many columns as the header", why);
    }
    tally->read++;
    const struct span x = trimmed(cell_of(&table->cells, table->row[table->longitude]));
    const struct span y = trimmed(cell_of(&table->cells, table->row[table->latitude]));
    if (x.size == 0 && y.size == 0) {
        tally->no_geometry++;
        return OK;
    }
    struct json_number longitude;
    struct json_number latitude;
    struct point place;
    if (!number_of(x, &longitude) || !number_of(y, &latitude)) {
        return fault(table, "its coordinates are no numbers", why);
    }
    table->geometry.beyond = false;
    if (!geometry_place(&table->geometry, longitude.real, latitude.real, &place)) {
        return fault(table, table->geometry.sentence, why);
    }
    feature_clear(feature);
    feature->shape.kind = SHAPE_KIND_POINT;
    shape_add(&feature->shape, place);
    shape_end_part(&feature->shape, false);
    for (size_t i = 0; i < table->count; i++) {
        if (i == table->longitude || i == table->latitude) { continue; }
        struct why cause = {0};
        if (add_cell(table, i, &cause)) { return fault(table, cause.text, why); }
    }
    tally->taken++;
    tally->beyond += table->geometry.beyond;
    return table->reading->taker.take(table->reading->taker.context, feature, why);
}

static bool is_blank(const struct table *table)
{
    return table->count == 1 && table->cells.size == 0;
}

enum err csv_read(struct input *input, struct reading *reading, struct why *why)
{
    struct table *table = MEM_NEW(struct table);
    table->input = input;
    table->reading = reading;
    table->feature.schema = reading->schema;
    enum err err = read_header(table, why);
    while (!err) {
        if (input->begin == input->end && !input->ended) { err = input_more(input, why); }
        if (err || (input->begin == input->end && input->ended)) { break; }
        if (input->begin == input->end) { continue; }
        err = next_row(table, why);
        if (!err && !is_blank(table)) { err = take_row(table, why); }
    }
    feature_deinit(&table->feature);
    geometry_reader_deinit(&table->geometry);
    bytes_deinit(&table->cells);
    bytes_deinit(&table->names);
    free(table);
    return err;
}
