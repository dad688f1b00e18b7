#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/value.h"
#include "command.h"
#include "geodata/proto.h"
#include "map/mvt.h"
#include "map/pmtiles_read.h"
#include "map/tile.h"

enum { LINE_MAX_BYTES = 256 << 20 };

/* A tile's features on their way to standard output. */
struct view {
    struct tile tile;
    uint32_t extent;
    char *layer;              /* owned */
    struct value *feature;    /* waits for its attributes */
    struct value *properties; /* of it */
};

static void flush(struct view *view)
{
    if (!view->feature) { return; }
    value_set(view->feature, "properties", TAKE(view->properties));
    struct text line = text_limited(LINE_MAX_BYTES);
    value_write(view->feature, &line);
    (void)puts(text_c(&line));
    text_deinit(&line);
    value_free(TAKE(view->feature));
}

static void see_layer(void *context, struct span name, uint32_t version, uint32_t extent)
{
    struct view *view = context;
    (void)version;
    flush(view);
    free(view->layer);
    view->layer = mem_text_of((const char *)name.data, name.size);
    view->extent = extent;
}

static struct value *position(const struct view *view, struct point step)
{
    const double unit = (double)WORLD_SIZE / (double)(UINT64_C(1) << view->tile.zoom);
    const double x = ((double)view->tile.x + (double)step.x / view->extent) * unit;
    const double y = ((double)view->tile.y + (double)step.y / view->extent) * unit;
    struct value *pair = value_array();
    value_append(pair, value_real(shape_longitude((int64_t)x)));
    value_append(pair, value_real(shape_latitude((int64_t)y)));
    return pair;
}

static struct value *part_value(const struct view *view, const struct shape *shape, size_t part)
{
    struct value *list = value_array();
    const size_t begin = shape_part_begin(shape, part);
    for (size_t i = begin; i < shape->parts[part].end; i++) {
        value_append(list, position(view, shape->points[i]));
    }
    if (shape->kind == SHAPE_KIND_POLYGON) {
        value_append(list, position(view, shape->points[begin]));
    }
    return list;
}

static struct value *polygons(const struct view *view, const struct shape *shape)
{
    struct value *all = value_array();
    struct value *polygon = value_array();
    for (size_t part = 0; part < shape->part_count; part++) {
        if (part > 0 && !shape->parts[part].hole) {
            value_append(all, polygon);
            polygon = value_array();
        }
        value_append(polygon, part_value(view, shape, part));
    }
    value_append(all, polygon);
    return all;
}

static struct value *coordinates(const struct view *view, const struct shape *shape)
{
    if (shape->kind == SHAPE_KIND_POINT) { return part_value(view, shape, 0); }
    if (shape->kind == SHAPE_KIND_POLYGON) { return polygons(view, shape); }
    struct value *parts = value_array();
    for (size_t part = 0; part < shape->part_count; part++) {
        value_append(parts, part_value(view, shape, part));
    }
    return parts;
}

static void see_feature(void *context, const struct mvt_feature *feature, const struct shape *shape)
{
    static const char *const types[] = {"", "MultiPoint", "MultiLineString", "MultiPolygon"};
    struct view *view = context;
    flush(view);
    view->feature = value_object();
    value_set_text(view->feature, "type", "Feature");
    value_set_text(view->feature, "layer", view->layer);
    if (feature->has_id) { value_set_integer(view->feature, "id", (int64_t)feature->id); }
    view->properties = value_object();
    if (shape->part_count == 0) {
        value_set(view->feature, "geometry", value_null());
        return;
    }
    struct value *geometry = value_object();
    value_set_text(geometry, "type", types[shape->kind]);
    value_set(geometry, "coordinates", coordinates(view, shape));
    value_set(view->feature, "geometry", geometry);
}

static struct value *read_real(struct proto *proto)
{
    double number = 0;
    if (proto->field == 2) {
        const uint32_t bits = proto_fixed32(proto);
        float single = 0;
        memcpy(&single, &bits, sizeof single);
        number = (double)single;
    } else {
        const uint64_t bits = proto_fixed64(proto);
        memcpy(&number, &bits, sizeof number);
    }
    return number - number == 0 ? value_real(number) : value_null(); /* JSON has no infinity */
}

static struct value *read_value(struct span bytes)
{
    struct proto proto = proto_over(bytes);
    if (!proto_next(&proto)) { return value_null(); }
    if (proto.field == 1) {
        const struct span text = proto_bytes(&proto);
        char *copy = mem_text_of((const char *)text.data, text.size);
        struct value *value = value_text(copy);
        free(copy);
        return value;
    }
    if (proto.field == 2 || proto.field == 3) { return read_real(&proto); }
    const uint64_t number = proto_number(&proto);
    if (proto.field == 7) { return value_boolean(number != 0); }
    return value_integer(proto.field == 6 ? unzigzag(number) : (int64_t)number);
}

static void see_attribute(void *context, struct span name, struct span value)
{
    const struct view *view = context;
    char *copy = mem_text_of((const char *)name.data, name.size);
    value_set(view->properties, copy, read_value(value));
    free(copy);
}

static enum err show_tile(struct pmtiles_reader *reader, struct tile tile, struct why *why)
{
    struct pmtiles_entry entry = {0};
    struct bytes bytes = {0};
    struct mvt_summary summary = {0};
    struct view view = {.tile = tile};
    const struct mvt_viewer viewer = {&view, see_layer, see_feature, see_attribute};
    enum err err = pmtiles_reader_find(reader, tile_id(tile), &entry, why);
    if (!err && pmtiles_reader_header(reader)->type != PMTILES_TYPE_MVT) {
        err = why_set(why, ERR_UNAVAILABLE, "the archive holds no vector tiles");
    }
    if (!err) { err = pmtiles_reader_tile(reader, &entry, &bytes, why); }
    if (!err) { err = mvt_check(bytes_span(&bytes), &viewer, &summary, why); }
    flush(&view);
    free(view.layer);
    bytes_deinit(&bytes);
    return err;
}

static enum err show_archive(struct pmtiles_reader *reader, struct why *why)
{
    const struct pmtiles_header *header = pmtiles_reader_header(reader);
    struct bytes metadata = {0};
    struct value *about = NULL;
    enum err err = pmtiles_reader_metadata(reader, &metadata, why);
    if (!err && metadata.size > 0) {
        err = value_parse(&about, bytes_span(&metadata), PMTILES_METADATA_SIZE_MAX, why);
    }
    if (!err) {
        struct value *value = value_object();
        value_set_integer(value, "zoom_min", header->zoom_min);
        value_set_integer(value, "zoom_max", header->zoom_max);
        value_set_real(value, "west", header->west / 1e7);
        value_set_real(value, "south", header->south / 1e7);
        value_set_real(value, "east", header->east / 1e7);
        value_set_real(value, "north", header->north / 1e7);
        value_set_boolean(value, "clustered", header->clustered);
        value_set_integer(value, "type", header->type);
        value_set_integer(value, "tile_compression", header->tile);
        value_set_integer(value, "tiles", (int64_t)header->addressed);
        value_set_integer(value, "entries", (int64_t)header->entries);
        value_set_integer(value, "contents", (int64_t)header->contents);
        value_set(value, "metadata", about ? TAKE(about) : value_null());
        struct text text = text_limited(LINE_MAX_BYTES);
        value_write(value, &text);
        (void)puts(text_c(&text));
        text_deinit(&text);
        value_free(value);
    }
    value_free(about);
    bytes_deinit(&metadata);
    return err;
}

/* "14/11665/7731" */
static enum err read_tile(const char *text, struct tile *tile, struct why *why)
{
    unsigned long parts[3] = {0};
    const char *at = text;
    bool good = true;
    for (size_t i = 0; i < 3 && good; i++) {
        char *end = NULL;
        good = *at >= '0' && *at <= '9';
        parts[i] = strtoul(at, &end, 10);
        good = good && *end == (i < 2 ? '/' : '\0');
        at = end + 1;
    }
    if (!good || parts[0] > TILE_ZOOM_LIMIT || parts[1] >> parts[0] || parts[2] >> parts[0]) {
        return why_set(why, ERR_RANGE, "\"%.60s\" is no tile: ZOOM/X/Y is expected", text);
    }
    *tile = (struct tile){(int)parts[0], (uint32_t)parts[1], (uint32_t)parts[2]};
    return OK;
}

int inspect_command(int argc, char *argv[])
{
    struct why why = {0};
    struct tile tile = {0};
    if (argc < 2 || argc > 3) {
        (void)why_set(&why, ERR_RANGE, "FILE and maybe ZOOM/X/Y are expected");
        return command_failed("inspect", ERR_RANGE, &why);
    }
    enum err err = argc == 3 ? read_tile(argv[2], &tile, &why) : OK;
    if (err) { return command_failed("inspect", err, &why); }
    CLEANUP(pmtiles_reader_free_p) struct pmtiles_reader *reader = NULL;
    err = pmtiles_reader_open(&reader, argv[1], &why);
    if (!err) { err = argc == 3 ? show_tile(reader, tile, &why) : show_archive(reader, &why); }
    return err ? command_failed("inspect", err, &why) : COMMAND_DONE;
}
