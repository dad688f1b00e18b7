#include "geodata/osm.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "geodata/deflate.h"
#include "geodata/osm_block.h"
#include "geodata/osm_ring.h"
#include "geodata/proto.h"

enum { HEADER_SIZE_MAX = 64 * 1024, LENGTH_SIZE = 4, KINDS = 3, IDS_PER_OBJECT = 10 };

/* The latitude at which the square of Web Mercator ends. */
#define LATITUDE_EDGE 85.0511287798066

struct osm {
    struct input *input;
    struct reading *reading;
    struct feature feature;
    struct osm_block *block;
    struct osm_store *store;
    struct osm_rings *rings;
    struct inflater *inflater;
    struct bytes unpacked;
    struct bytes nodes; /* of a member way */
    uint64_t place;     /* of the block in the file */
    bool headed;        /* the header block has come */
};

bool osm_is(struct span beginning)
{
    static const char type[] = "\x0a\x09OSMHeader";
    return beginning.size >= LENGTH_SIZE + sizeof type - 1 && beginning.data[0] == 0 &&
           memcmp(beginning.data + LENGTH_SIZE, type, sizeof type - 1) == 0;
}

static enum err fault(const struct osm *osm, enum err err, const char *sentence, struct why *why)
{
    const char *slash = strrchr(osm->input->name, '/');
    return why_set(why, err, "%.80s: block at byte %llu: %.140s",
                   slash ? slash + 1 : osm->input->name, (unsigned long long)osm->place, sentence);
}

/* From objects to features. */

/* Tags whose closed ways enclose something, but for the values behind them. */
static const struct {
    const char *key;
    const char *lines; /* values that do not: "|a|b|" */
} areas[] = {
    {"building", ""},
    {"building:part", ""},
    {"landuse", ""},
    {"amenity", ""},
    {"shop", ""},
    {"tourism", ""},
    {"historic", ""},
    {"office", ""},
    {"craft", ""},
    {"place", ""},
    {"military", ""},
    {"boundary", ""},
    {"water", ""},
    {"public_transport", ""},
    {"golf", ""},
    {"area:highway", ""},
    {"natural", "|coastline|cliff|ridge|arete|tree_row|valley|"},
    {"leisure", "|track|slipway|"},
    {"man_made", "|pipeline|cutline|embankment|breakwater|groyne|pier|"},
    {"aeroway", "|runway|taxiway|"},
    {"power", "|line|minor_line|cable|"},
    {"waterway", "|river|stream|canal|drain|ditch|weir|dam|tidal_channel|"},
};

static bool is_among(struct span value, const char *list)
{
    char framed[64];
    const int size = snprintf(framed, sizeof framed, "|%.*s|",
                              (int)(value.size < 60 ? value.size : 60), (const char *)value.data);
    return size > 0 && strstr(list, framed) != NULL;
}

static bool is_area(const struct osm_object *way)
{
    const struct span area = osm_object_tag(way, "area");
    if (way->node_count < 4 || way->nodes[0] != way->nodes[way->node_count - 1]) { return false; }
    if (area.size > 0) { return !span_equal(area, span_text("no")); }
    if (osm_object_tag(way, "highway").size > 0 || osm_object_tag(way, "barrier").size > 0) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(areas); i++) {
        const struct span value = osm_object_tag(way, areas[i].key);
        if (value.size > 0 && !span_equal(value, span_text("no")) &&
            !is_among(value, areas[i].lines)) {
            return true;
        }
    }
    return false;
}

static bool has_tags(const struct osm_object *object)
{
    for (size_t i = 0; i < object->tag_count; i++) {
        if (!span_equal(object->tags[i].key, span_text("created_by"))) { return true; }
    }
    return false;
}

static enum err add_tags(struct feature *feature, const struct osm_object *object, struct why *why)
{
    enum err err = OK;
    for (size_t i = 0; i < object->tag_count && !err; i++) {
        const struct osm_tag *tag = &object->tags[i];
        char *key = mem_text_of((const char *)tag->key.data, tag->key.size);
        char *value = mem_text_of((const char *)tag->value.data, tag->value.size);
        text_scrub(key);
        text_scrub(value);
        if (*key) { err = feature_add_text(feature, span_text(key), span_text(value), why); }
        free(key);
        free(value);
    }
    return err;
}

/* Hands over the feature, whose shape is there. */
static enum err give(struct osm *osm, const struct osm_object *object, struct why *why)
{
    struct feature *feature = &osm->feature;
    struct feature_tally *tally = &osm->reading->tally;
    const uint64_t id = (uint64_t)object->id;
    struct why cause = {0};
    feature->attributes.size = 0;
    feature->attribute_count = 0;
    feature->has_id = object->id > 0 && id < UINT64_MAX / IDS_PER_OBJECT - 1;
    feature->id = feature->has_id ? id * IDS_PER_OBJECT + object->kind + 1 : 0;
    tally->ids_not_whole += !feature->has_id;
    if (add_tags(feature, object, &cause)) {
        static const char *const names[KINDS] = {"node", "way", "relation"};
        return why_set(why, ERR_MALFORMED, "%s %lld: %.180s", names[object->kind],
                       (long long)object->id, cause.text);
    }
    tally->taken++;
    return osm->reading->taker.take(osm->reading->taker.context, feature, why);
}

static enum err take_node(struct osm *osm, const struct osm_object *node, struct why *why)
{
    const struct point point = shape_project(node->longitude, node->latitude);
    const enum err err = osm_store_add_node(osm->store, node->id, point, why);
    if (err || !has_tags(node)) { return err; }
    struct shape *shape = &osm->feature.shape;
    shape_clear(shape);
    shape->kind = SHAPE_KIND_POINT;
    shape_add(shape, point);
    shape_end_part(shape, false);
    osm->reading->tally.read++;
    osm->reading->tally.beyond += node->latitude > LATITUDE_EDGE || node->latitude < -LATITUDE_EDGE;
    return give(osm, node, why);
}

/* The points along the nodes. False when one is not in the file. */
static bool find_points(struct osm *osm, const int64_t *nodes, size_t count, struct shape *shape)
{
    for (size_t i = 0; i < count; i++) {
        struct point point;
        if (!osm_store_node(osm->store, nodes[i], &point)) { return false; }
        shape_add(shape, point);
    }
    shape_end_part(shape, false);
    return true;
}

static enum err take_way(struct osm *osm, const struct osm_object *way, struct why *why)
{
    struct shape *shape = &osm->feature.shape;
    enum err err = osm_store_settle_nodes(osm->store, why);
    if (!err) { err = osm_store_add_way(osm->store, way->id, way->nodes, way->node_count, why); }
    if (err || !has_tags(way)) { return err; }
    const bool area = is_area(way);
    osm->reading->tally.read++;
    if (way->node_count < 2) {
        osm->reading->tally.empty++;
        return OK;
    }
    shape_clear(shape);
    shape->kind = area ? SHAPE_KIND_POLYGON : SHAPE_KIND_LINE;
    if (!find_points(osm, way->nodes, way->node_count - area, shape)) {
        osm->reading->tally.incomplete++;
        return OK;
    }
    return give(osm, way, why);
}

static bool is_polygon(const struct osm_object *relation)
{
    const struct span type = osm_object_tag(relation, "type");
    return span_equal(type, span_text("multipolygon")) || span_equal(type, span_text("boundary"));
}

/* Adds the ways of a relation. `*whole` is false when one is not in the file. */
static enum err add_members(struct osm *osm, const struct osm_object *relation, bool *whole,
                            struct why *why)
{
    enum err err = OK;
    osm_rings_clear(osm->rings);
    for (size_t i = 0; i < relation->member_count && *whole && !err; i++) {
        const struct osm_member *member = &relation->members[i];
        const bool hole = span_equal(member->role, span_text("inner"));
        const bool outer = member->role.size == 0 || span_equal(member->role, span_text("outer"));
        if (member->kind != OSM_KIND_WAY || (!hole && !outer)) { continue; } /* labels, centres */
        osm->nodes.size = 0;
        *whole = osm_store_way(osm->store, member->id, &osm->nodes);
        if (!*whole) { break; }
        err = osm_rings_add(osm->rings, (const int64_t *)(const void *)osm->nodes.data,
                            osm->nodes.size / sizeof(int64_t), hole, why);
    }
    return err;
}

static enum err take_relation(struct osm *osm, const struct osm_object *relation, struct why *why)
{
    bool whole = true;
    enum err err = osm_store_settle_nodes(osm->store, why);
    if (!err) { err = osm_store_settle_ways(osm->store, why); }
    if (err || !is_polygon(relation)) { return err; }
    osm->reading->tally.read++;
    err = add_members(osm, relation, &whole, why);
    if (err) { return err; }
    if (!whole || !osm_rings_polygon(osm->rings, osm->store, &osm->feature.shape)) {
        osm->reading->tally.incomplete++;
        return OK;
    }
    return give(osm, relation, why);
}

static enum err take(void *context, const struct osm_object *object, struct why *why)
{
    switch (object->kind) {
    case OSM_KIND_NODE: return take_node(context, object, why);
    case OSM_KIND_WAY: return take_way(context, object, why);
    case OSM_KIND_RELATION: return take_relation(context, object, why);
    }
    abort(); /* unreachable: osm_block hands over no other */
}

/* From the file to blocks. */

/* Shows at least `size` bytes, or what is left. */
static enum err show(struct input *input, size_t size, struct why *why)
{
    enum err err = OK;
    while (!err && !input->ended && input_rest(input).size < size) {
        err = input_more(input, why);
    }
    return err;
}

/* Unpacks a Blob message. */
static enum err unpack(struct osm *osm, struct span blob, struct span *plain, struct why *why)
{
    struct proto message = proto_over(blob);
    struct span raw = {0};
    struct span zlib = {0};
    uint64_t size = 0;
    bool other = false;
    while (proto_next(&message)) {
        switch (message.field) {
        case 1: raw = proto_bytes(&message); break;
        case 2: size = proto_number(&message); break;
        case 3: zlib = proto_bytes(&message); break;
        default: other = true; proto_skip(&message);
        }
    }
    if (message.bad) { return fault(osm, ERR_MALFORMED, "it is damaged", why); }
    if (size > OSM_BLOCK_SIZE_MAX) {
        return fault(osm, ERR_LIMIT, "it unpacks to more than 32 MiB", why);
    }
    struct why cause = {0};
    if (zlib.size > 0 &&
        inflate_zlib(osm->inflater, zlib, (size_t)size, &osm->unpacked, &cause) != OK) {
        return fault(osm, ERR_MALFORMED, cause.text, why);
    }
    if (zlib.size == 0 && raw.size == 0 && other) {
        return fault(osm, ERR_MALFORMED, "it is compressed by another method than zlib", why);
    }
    *plain = zlib.size > 0 ? bytes_span(&osm->unpacked) : raw;
    return OK;
}

/* What the file's header asks of a reader. */
static enum err check_features(const struct osm *osm, struct span block, struct why *why)
{
    static const char *const known[] = {"OsmSchema-V0.6", "DenseNodes"};
    struct proto message = proto_over(block);
    while (proto_next(&message)) {
        if (message.field != 4) {
            proto_skip(&message);
            continue;
        }
        const struct span feature = proto_bytes(&message);
        char sentence[120];
        if (span_equal(feature, span_text(known[0])) || span_equal(feature, span_text(known[1]))) {
            continue;
        }
        (void)snprintf(sentence, sizeof sentence, "it needs a reader that knows \"%.*s\"",
                       (int)(feature.size < 60 ? feature.size : 60), (const char *)feature.data);
        return fault(osm, ERR_MALFORMED, sentence, why);
    }
    return message.bad ? fault(osm, ERR_MALFORMED, "the header is damaged", why) : OK;
}

static enum err read_blob(struct osm *osm, struct span type, struct span blob, struct why *why)
{
    struct span plain = {0};
    const bool header = span_equal(type, span_text("OSMHeader"));
    if (!header && !span_equal(type, span_text("OSMData"))) { return OK; } /* others are allowed */
    if (header == osm->headed) {
        return fault(osm, ERR_MALFORMED, "a header is expected first, and once", why);
    }
    enum err err = unpack(osm, blob, &plain, why);
    if (err) { return err; }
    if (header) {
        osm->headed = true;
        return check_features(osm, plain, why);
    }
    struct why cause = {0};
    err = osm_block_read(osm->block, plain, &cause);
    return err ? fault(osm, err, cause.text, why) : OK;
}

/* A BlobHeader message: the type of the block and the size of the Blob behind it. */
static bool read_head(struct span bytes, struct span *type, uint64_t *size)
{
    struct proto message = proto_over(bytes);
    *size = 0;
    while (proto_next(&message)) {
        switch (message.field) {
        case 1: *type = proto_bytes(&message); break;
        case 3: *size = proto_number(&message); break;
        default: proto_skip(&message);
        }
    }
    return !message.bad && type->size > 0;
}

/* Reads length, head and blob, and steps behind them. */
static enum err read_block(struct osm *osm, struct why *why)
{
    struct input *input = osm->input;
    struct span type = {0};
    uint64_t size = 0;
    osm->place = input_place(input);
    enum err err = show(input, LENGTH_SIZE, why);
    struct span rest = input_rest(input);
    if (err) { return err; }
    if (rest.size < LENGTH_SIZE) { return fault(osm, ERR_MALFORMED, "the file ends in it", why); }
    const uint8_t *at = rest.data;
    const size_t head =
        (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | (size_t)at[3];
    if (head > HEADER_SIZE_MAX) {
        return fault(osm, ERR_MALFORMED, "its head is longer than 64 KiB", why);
    }
    err = show(input, LENGTH_SIZE + head, why);
    rest = input_rest(input);
    if (err) { return err; }
    if (rest.size < LENGTH_SIZE + head ||
        !read_head(span_of(rest.data + LENGTH_SIZE, head), &type, &size) ||
        size > OSM_BLOCK_SIZE_MAX) {
        return fault(osm, ERR_MALFORMED, "its head is damaged, or the file ends in it", why);
    }
    const size_t type_at = (size_t)(type.data - rest.data); /* the window may move */
    err = show(input, LENGTH_SIZE + head + (size_t)size, why);
    rest = input_rest(input);
    if (err) { return err; }
    if (!rest.data || rest.size < LENGTH_SIZE + head + size) {
        return fault(osm, ERR_MALFORMED, "the file ends in it", why);
    }
    err = read_blob(osm, span_of(rest.data + type_at, type.size),
                    span_of(rest.data + LENGTH_SIZE + head, (size_t)size), why);
    input->begin += LENGTH_SIZE + head + (size_t)size;
    return err;
}

static enum err read_all(struct osm *osm, struct why *why)
{
    const char *folder = osm->reading->temporary ? osm->reading->temporary : "/tmp";
    enum err err = osm_store_new(&osm->store, folder, why);
    while (!err) {
        err = show(osm->input, 1, why);
        if (err || input_rest(osm->input).size == 0) { break; }
        err = read_block(osm, why);
    }
    if (!err && !osm->headed) { err = fault(osm, ERR_MALFORMED, "there is no header", why); }
    return err;
}

enum err osm_read(struct input *input, struct reading *reading, struct why *why)
{
    struct osm osm = {.input = input, .reading = reading, .feature = {.schema = reading->schema}};
    osm.block = osm_block_new((struct osm_taker){take, &osm});
    osm.rings = osm_rings_new();
    osm.inflater = inflater_new();
    const enum err err = read_all(&osm, why);
    osm_block_free(osm.block);
    osm_store_free(osm.store);
    osm_rings_free(osm.rings);
    inflater_free(osm.inflater);
    feature_deinit(&osm.feature);
    bytes_deinit(&osm.unpacked);
    bytes_deinit(&osm.nodes);
    return err;
}
