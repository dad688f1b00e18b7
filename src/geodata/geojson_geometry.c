#include "geodata/geojson_geometry.h"

#include <math.h>
#include <stdio.h>

enum { COORDINATES_DEPTH_MAX = 4, COLLECTION_DEPTH_MAX = 8 };

static const struct kind {
    const char *type;
    enum shape_kind kind;
    int levels; /* how many lists enclose a number */
} kinds[] = {
    {"Point", SHAPE_KIND_POINT, 1},
    {"MultiPoint", SHAPE_KIND_POINT, 2},
    {"LineString", SHAPE_KIND_LINE, 2},
    {"MultiLineString", SHAPE_KIND_LINE, 3},
    {"Polygon", SHAPE_KIND_POLYGON, 3},
    {"MultiPolygon", SHAPE_KIND_POLYGON, 4},
    {"GeometryCollection", SHAPE_KIND_POINT, 0},
};

static const struct kind *kind_of(struct span type)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (span_equal(type, span_text(kinds[i].type))) { return &kinds[i]; }
    }
    return NULL;
}

bool geometry_is_type(struct span type)
{
    return kind_of(type) != NULL;
}

void geometry_reader_deinit(struct geometry_reader *reader)
{
    for (size_t i = 0; i < ARRAY_LEN(reader->shapes); i++) {
        shape_deinit(&reader->shapes[i]);
    }
    shape_deinit(&reader->raw);
    bytes_deinit(&reader->scratch);
}

void geometry_reader_clear(struct geometry_reader *reader)
{
    for (size_t i = 0; i < ARRAY_LEN(reader->shapes); i++) {
        shape_clear(&reader->shapes[i]);
        reader->shapes[i].kind = (enum shape_kind)(i + 1);
    }
    reader->present = false;
    reader->beyond = false;
}

bool geometry_place(struct geometry_reader *reader, double longitude, double latitude,
                    struct point *place)
{
    if (!isfinite(longitude) || !isfinite(latitude) || fabs(longitude) > 360 ||
        fabs(latitude) > 90) {
        (void)snprintf(reader->sentence, sizeof reader->sentence,
                       "%.8g, %.8g is no longitude and latitude in degrees: "
                       "convert the file to WGS 84 (EPSG:4326)",
                       longitude, latitude);
        return false;
    }
    reader->beyond = reader->beyond || fabs(latitude) > 85.0511287798066;
    *place = shape_project(longitude, latitude);
    return true;
}

static void position(struct geometry_reader *reader, struct json *json)
{
    const double longitude = json_coordinate(json);
    json_need(json, ',', "a position has less than two numbers");
    const double latitude = json_coordinate(json);
    bool first = false;
    while (json_more(json, ']', &first)) {
        (void)json_coordinate(json); /* height, or what else was measured */
    }
    struct point place;
    if (json_stopped(json)) { return; }
    if (reader->raw.count == SHAPE_POINTS_MAX) {
        json->fault = "a geometry has too many points";
    } else if (!geometry_place(reader, longitude, latitude, &place)) {
        json->fault = reader->sentence;
    } else {
        shape_add(&reader->raw, place);
    }
}

/* Returns how many lists enclose a number, 0 when there is none. Recursion ends at `depth` 4. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static int coordinates(struct geometry_reader *reader, struct json *json, int depth)
{
    json_need(json, '[', "coordinates are not a list");
    const char next = json_peek(json);
    if (next != '[' && next != ']') {
        position(reader, json);
        return 1;
    }
    int levels = 0;
    bool first = true;
    for (size_t member = 0; json_more(json, ']', &first); member++) {
        if (depth == COORDINATES_DEPTH_MAX) {
            json->fault = "coordinates are nested too deeply";
            return 0;
        }
        const int below = coordinates(reader, json, depth + 1);
        if (below && levels && below != levels && !json_stopped(json)) {
            json->fault = "coordinates are nested unevenly";
        }
        levels = below ? below : levels;
        if (below == 2) { shape_end_part(&reader->raw, member > 0); }
    }
    return levels ? levels + 1 : 0;
}

/* A ring in GeoJSON repeats its first point; ours does not. */
static void add_ring(struct shape *to, const struct shape *raw, size_t part)
{
    const size_t begin = shape_part_begin(raw, part);
    size_t end = raw->parts[part].end;
    while (end - begin > 1 && raw->points[begin].x == raw->points[end - 1].x &&
           raw->points[begin].y == raw->points[end - 1].y) {
        end--;
    }
    for (size_t i = begin; i < end; i++) {
        shape_add(to, raw->points[i]);
    }
    shape_end_part(to, raw->parts[part].hole);
}

static void keep(struct geometry_reader *reader, const struct kind *kind)
{
    struct shape *raw = &reader->raw;
    if (raw->count == 0) { return; }
    if (raw->part_count == 0) { shape_end_part(raw, false); }
    struct shape *to = &reader->shapes[kind->kind - 1];
    raw->kind = kind->kind;
    if (kind->kind != SHAPE_KIND_POLYGON) {
        shape_append(to, raw);
        return;
    }
    for (size_t part = 0; part < raw->part_count; part++) {
        add_ring(to, raw, part);
    }
}

static void read_object(struct geometry_reader *reader, struct json *json, int depth);

/* NOLINTNEXTLINE(misc-no-recursion): ends at COLLECTION_DEPTH_MAX */
static void collection(struct geometry_reader *reader, struct json *json, int depth)
{
    json_need(json, '[', "geometries are not a list");
    bool first = true;
    while (json_more(json, ']', &first)) {
        if (depth == COLLECTION_DEPTH_MAX) {
            json->fault = "geometry collections are nested too deeply";
            return;
        }
        read_object(reader, json, depth + 1);
    }
}

/* A geometry object. Recursion ends at COLLECTION_DEPTH_MAX. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static void read_object(struct geometry_reader *reader, struct json *json, int depth)
{
    json_need(json, '{', "a geometry is neither an object nor null");
    const struct kind *kind = NULL;
    int levels = -1;
    bool members = false;
    bool first = true;
    shape_clear(&reader->raw);
    while (json_more(json, '}', &first)) {
        const struct span name = json_name(json, &reader->scratch);
        if (span_equal(name, span_text("type"))) {
            kind = kind_of(json_text(json, &reader->scratch));
        } else if (span_equal(name, span_text("coordinates")) && levels < 0) {
            levels = coordinates(reader, json, 1);
        } else if (span_equal(name, span_text("geometries"))) {
            members = true;
            collection(reader, json, depth);
        } else {
            (void)json_skip(json);
        }
    }
    if (json_stopped(json)) { return; }
    if (!kind) {
        json->fault = "a geometry is of no type of GeoJSON";
    } else if ((kind->levels == 0) != members || (kind->levels > 0 && levels < 0)) {
        json->fault = "a geometry lacks its coordinates";
    } else if (levels > 0 && kind->levels > 0 && levels != kind->levels) {
        json->fault = "the coordinates of a geometry do not suit its type";
    } else if (kind->levels > 0) {
        keep(reader, kind);
    }
}

void geometry_read(struct geometry_reader *reader, struct json *json)
{
    if (json_peek(json) == 'n') {
        json_word(json, "null");
        return;
    }
    reader->present = true;
    read_object(reader, json, 0);
}
