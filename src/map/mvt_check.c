/* The reading half of map/mvt: strict, and bounded by the size of the tile. */
#include <stdio.h>
#include <string.h>

#include "geodata/proto.h"
#include "map/mvt.h"

enum { MOVE_TO = 1, LINE_TO = 2, CLOSE_PATH = 7, LAYERS_MAX = 1024 };

struct list {
    struct span *items;
    size_t count, capacity;
};

struct layer {
    struct span bytes, name;
    uint64_t version, extent;
    bool has_version;
    struct list keys, values;
    uint64_t feature; /* number of the one that is read */
};

struct check {
    const struct mvt_viewer *viewer;
    struct mvt_summary *summary;
    struct layer layer;
    struct shape shape;
    struct list names; /* of the layers before */
    struct why *why;
};

struct raw_feature {
    struct mvt_feature feature;
    struct span tags;
    bool has_kind;
    uint64_t kind;
};

static void list_add(struct list *list, struct span item)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 64;
        list->items = mem_resized(list->items, list->capacity * sizeof *list->items);
    }
    list->items[list->count++] = item;
}

static enum err bad_layer(const struct check *check, const char *what)
{
    const struct span name = check->layer.name;
    return why_set(check->why, ERR_MALFORMED, "layer \"%.*s\": %s",
                   name.size < 60 ? (int)name.size : 60, name.size ? (const char *)name.data : "",
                   what);
}

static enum err bad_feature(const struct check *check, const char *what)
{
    char words[160];
    (void)snprintf(words, sizeof words, "feature %llu: %s",
                   (unsigned long long)check->layer.feature, what);
    return bad_layer(check, words);
}

/* A value holds exactly one of the seven kinds, in its own wire type. */
static bool value_is_good(struct span value)
{
    static const uint8_t wires[] = {0,
                                    PROTO_WIRE_BYTES,
                                    PROTO_WIRE_FIXED32,
                                    PROTO_WIRE_FIXED64,
                                    PROTO_WIRE_VARINT,
                                    PROTO_WIRE_VARINT,
                                    PROTO_WIRE_VARINT,
                                    PROTO_WIRE_VARINT};
    struct proto proto = proto_over(value);
    size_t count = 0;
    for (; proto_next(&proto); count++) {
        if (proto.field >= ARRAY_LEN(wires) || proto.wire != (enum proto_wire)wires[proto.field]) {
            return false;
        }
        proto_skip(&proto);
    }
    return !proto.bad && count == 1;
}

static enum err read_layer_fields(struct check *check)
{
    struct layer *layer = &check->layer;
    struct proto proto = proto_over(layer->bytes);
    while (proto_next(&proto)) {
        switch (proto.field) {
        case 1: layer->name = proto_bytes(&proto); break;
        case 2: (void)proto_bytes(&proto); break;
        case 3: list_add(&layer->keys, proto_bytes(&proto)); break;
        case 4: list_add(&layer->values, proto_bytes(&proto)); break;
        case 5: layer->extent = proto_number(&proto); break;
        case 15:
            layer->version = proto_number(&proto);
            layer->has_version = true;
            break;
        default: proto_skip(&proto); break;
        }
    }
    if (proto.bad) { return bad_layer(check, "it is cut off, or a field is of the wrong type"); }
    if (layer->name.size == 0) { return bad_layer(check, "it has no name"); }
    if (!layer->has_version || layer->version < 1 || layer->version > 2) {
        return bad_layer(check, "its version is neither 1 nor 2");
    }
    if (layer->extent == 0 || layer->extent > 1U << 24) {
        return bad_layer(check, "its extent is out of range");
    }
    for (size_t i = 0; i < layer->values.count; i++) {
        if (!value_is_good(layer->values.items[i])) {
            return bad_layer(check, "a value is not exactly one of the seven kinds");
        }
    }
    return OK;
}

static enum err check_tags(const struct check *check, struct span tags)
{
    struct proto row = proto_over(tags);
    while (row.at < row.end) {
        const uint64_t key = proto_varint(&row);
        if (row.at == row.end) { return bad_feature(check, "it has a tag without a value"); }
        const uint64_t value = proto_varint(&row);
        if (row.bad || key >= check->layer.keys.count || value >= check->layer.values.count) {
            return bad_feature(check, "a tag points beyond the layer's keys or values");
        }
    }
    return OK;
}

/* Twice the area, positive when the ring is an outer one (y goes down). */
static double area2(const struct point *points, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        const struct point a = points[i];
        const struct point b = points[(i + 1) % count];
        sum += (double)a.x * (double)b.y - (double)b.x * (double)a.y;
    }
    return sum;
}

static enum err end_ring(struct check *check, size_t begin)
{
    struct shape *shape = &check->shape;
    const size_t count = shape->count - begin;
    if (count < 3) { return bad_feature(check, "a ring has less than three points"); }
    const double area = area2(shape->points + begin, count);
    if (area == 0 && check->layer.version >= 2) { return bad_feature(check, "a ring has no area"); }
    if (begin == 0 && area < 0 && check->layer.version >= 2) {
        return bad_feature(check, "the first ring winds like a hole");
    }
    shape_end_part(shape, area < 0);
    return OK;
}

/* Reads `count` pairs that follow a command, each relative to the one before. */
static enum err read_pairs(struct check *check, struct proto *row, uint64_t count, bool line,
                           struct point *cursor)
{
    /* The announced number may be anything; the bytes that are there bound it. */
    if (count > (uint64_t)(row->end - row->at) / 2) {
        return bad_feature(check, "a command announces more points than there are");
    }
    for (uint64_t i = 0; i < count; i++) {
        const int64_t dx = (int32_t)unzigzag((uint32_t)proto_varint(row));
        const int64_t dy = (int32_t)unzigzag((uint32_t)proto_varint(row));
        if (row->bad) { return bad_feature(check, "its geometry is cut off"); }
        if (line && dx == 0 && dy == 0) { return bad_feature(check, "a point repeats the last"); }
        cursor->x += dx;
        cursor->y += dy;
        shape_add(&check->shape, *cursor);
    }
    return OK;
}

static enum err read_points(struct check *check, struct proto *row)
{
    struct point cursor = {0, 0};
    const uint64_t command = proto_varint(row);
    if ((command & 7) != MOVE_TO || command >> 3 == 0) {
        return bad_feature(check, "the geometry of points is not one MoveTo");
    }
    const enum err err = read_pairs(check, row, command >> 3, false, &cursor);
    if (err) { return err; }
    shape_end_part(&check->shape, false);
    return row->at == row->end ? OK : bad_feature(check, "something follows the points");
}

/* One MoveTo and one LineTo, and for a ring one ClosePath. */
static enum err read_path(struct check *check, struct proto *row, bool ring, struct point *cursor)
{
    const size_t begin = check->shape.count;
    const uint64_t move = proto_varint(row);
    if (move != (MOVE_TO | 1 << 3)) {
        return bad_feature(check, "a line or ring does not begin with one MoveTo");
    }
    enum err err = read_pairs(check, row, 1, false, cursor);
    if (err) { return err; }
    const uint64_t line = proto_varint(row);
    if ((line & 7) != LINE_TO || line >> 3 < (ring ? 2U : 1U)) {
        return bad_feature(check, "a MoveTo is not followed by a LineTo with enough points");
    }
    err = read_pairs(check, row, line >> 3, true, cursor);
    if (err) { return err; }
    if (!ring) {
        shape_end_part(&check->shape, false);
        return OK;
    }
    if (proto_varint(row) != (CLOSE_PATH | 1 << 3)) {
        return bad_feature(check, "a ring does not end with one ClosePath");
    }
    return end_ring(check, begin);
}

static enum err read_geometry(struct check *check, const struct raw_feature *raw)
{
    struct proto row = proto_over(raw->feature.geometry);
    shape_clear(&check->shape);
    check->shape.kind = (enum shape_kind)raw->kind;
    if (raw->kind == SHAPE_KIND_POINT) { return read_points(check, &row); }
    struct point cursor = {0, 0};
    enum err err = OK;
    while (row.at < row.end && !err) {
        err = read_path(check, &row, raw->kind == SHAPE_KIND_POLYGON, &cursor);
    }
    return err;
}

static void count_feature(struct check *check, const struct raw_feature *raw)
{
    struct mvt_summary *summary = check->summary;
    summary->features++;
    summary->points += raw->kind == SHAPE_KIND_POINT;
    summary->lines += raw->kind == SHAPE_KIND_LINE;
    summary->polygons += raw->kind == SHAPE_KIND_POLYGON;
    summary->vertices += raw->kind ? check->shape.count : 0;
}

static void show_feature(const struct check *check, const struct raw_feature *raw)
{
    const struct mvt_viewer *viewer = check->viewer;
    if (!viewer) { return; }
    if (viewer->feature) { viewer->feature(viewer->context, &raw->feature, &check->shape); }
    struct proto row = proto_over(raw->tags);
    while (viewer->attribute && row.at < row.end) {
        const uint64_t key = proto_varint(&row);
        const uint64_t value = proto_varint(&row);
        viewer->attribute(viewer->context, check->layer.keys.items[key],
                          check->layer.values.items[value]);
    }
}

static enum err read_feature_fields(struct check *check, struct span bytes, struct raw_feature *raw)
{
    struct proto proto = proto_over(bytes);
    size_t geometries = 0;
    while (proto_next(&proto)) {
        switch (proto.field) {
        case 1:
            raw->feature.id = proto_number(&proto);
            raw->feature.has_id = true;
            break;
        case 2: raw->tags = proto_bytes(&proto); break;
        case 3:
            raw->kind = proto_number(&proto);
            raw->has_kind = true;
            break;
        case 4:
            geometries++;
            raw->feature.geometry = proto_bytes(&proto);
            break;
        default: proto_skip(&proto); break;
        }
    }
    if (proto.bad) { return bad_feature(check, "it is cut off, or a field is of the wrong type"); }
    if (!raw->has_kind || raw->kind > SHAPE_KIND_POLYGON) {
        return bad_feature(check, "its kind of geometry is missing or unknown");
    }
    if (geometries > 1) { return bad_feature(check, "it has two geometries"); }
    if (raw->feature.geometry.size == 0) { return bad_feature(check, "it has no geometry"); }
    return OK;
}

static enum err check_feature(struct check *check, struct span bytes)
{
    struct raw_feature raw = {0};
    check->layer.feature++;
    enum err err = read_feature_fields(check, bytes, &raw);
    if (!err) { err = check_tags(check, raw.tags); }
    /* Kind 0 is "unknown": its geometry means nothing to anybody. */
    if (!err && raw.kind != 0) { err = read_geometry(check, &raw); }
    if (err) { return err; }
    raw.feature.kind = (enum shape_kind)raw.kind;
    if (raw.kind == 0) { shape_clear(&check->shape); }
    count_feature(check, &raw);
    show_feature(check, &raw);
    return OK;
}

static enum err check_layer(struct check *check)
{
    struct layer *layer = &check->layer;
    enum err err = read_layer_fields(check);
    for (size_t i = 0; i < check->names.count && !err; i++) {
        if (span_equal(check->names.items[i], layer->name)) {
            err = bad_layer(check, "there are two layers of this name");
        }
    }
    if (err) { return err; }
    list_add(&check->names, layer->name);
    check->summary->layers++;
    if (check->viewer && check->viewer->layer) {
        check->viewer->layer(check->viewer->context, layer->name, (uint32_t)layer->version,
                             (uint32_t)layer->extent);
    }
    struct proto proto = proto_over(layer->bytes);
    while (!err && proto_next(&proto)) {
        if (proto.field == 2) {
            err = check_feature(check, proto_bytes(&proto));
        } else {
            proto_skip(&proto);
        }
    }
    return err;
}

static void layer_deinit(struct layer *layer)
{
    free(layer->keys.items);
    free(layer->values.items);
}

enum err mvt_check(struct span tile, const struct mvt_viewer *viewer, struct mvt_summary *summary,
                   struct why *why)
{
    if (tile.size > MVT_TILE_SIZE_MAX) { return why_set(why, ERR_LIMIT, "the tile is too large"); }
    struct check check = {.viewer = viewer, .summary = summary, .why = why};
    struct proto proto = proto_over(tile);
    enum err err = OK;
    while (!err && proto_next(&proto)) {
        if (proto.field != 3) {
            proto_skip(&proto);
            continue;
        }
        check.layer = (struct layer){.bytes = proto_bytes(&proto), .extent = 4096};
        if (proto.bad) { break; }
        err = check.names.count == LAYERS_MAX
                  ? why_set(why, ERR_LIMIT, "the tile has more than %d layers", LAYERS_MAX)
                  : check_layer(&check);
        layer_deinit(&check.layer);
    }
    if (!err && proto.bad) {
        err = why_set(why, ERR_MALFORMED, "the tile is cut off, or is no vector tile");
    }
    free(check.names.items);
    shape_deinit(&check.shape);
    return err;
}
