#include "map/mvt.h"

#include <string.h>

#include "geodata/proto.h"
#include "map/tile.h"

enum { LAYER_VERSION = 2, SLOTS_FIRST = 1024 };

/*
 * A value that the layer already has. A huge tile has as many values as features: what stands here
 * is as small as can be, and the value's place is found through `ends`.
 */
struct known {
    uint32_t hash;
    uint32_t number; /* and 1; 0: empty */
};

struct mvt_writer {
    const char *name;
    const struct schema *schema;
    struct bytes *tile; /* borrowed, between begin and end */
    size_t tile_before; /* its size without the layer */
    struct bytes keys, values, tags;
    uint32_t *ends; /* by number: where the value's field ends in `values` */
    size_t end_capacity;
    uint32_t *key_numbers; /* by number in the schema: number in the layer + 1 */
    size_t key_capacity;
    uint32_t key_count;
    struct known *table; /* a power of two of slots */
    size_t slot_count;
    uint32_t value_count;
};

struct mvt_writer *mvt_writer_new(void)
{
    return MEM_NEW(struct mvt_writer);
}

void mvt_writer_free(struct mvt_writer *writer)
{
    if (!writer) { return; }
    bytes_deinit(&writer->keys);
    bytes_deinit(&writer->values);
    bytes_deinit(&writer->tags);
    free(writer->key_numbers);
    free(writer->ends);
    free(writer->table);
    free(writer);
}

/* What stands before the features: two tags, two sizes and the name. */
static size_t head_size_max(const char *name)
{
    return 1 + VARINT_SIZE_MAX + 1 + VARINT_SIZE_MAX + strlen(name);
}

void mvt_layer_begin(struct mvt_writer *writer, const char *name, const struct schema *schema,
                     struct bytes *tile)
{
    writer->name = name;
    writer->schema = schema;
    writer->tile = tile;
    writer->tile_before = tile->size;
    (void)bytes_reserve(tile, head_size_max(name));
    tile->size += head_size_max(name); /* room for the head, whose size is known at the end */
    writer->keys.size = 0;
    writer->values.size = 0;
    writer->key_count = 0;
    writer->value_count = 0;
    if (writer->key_capacity < schema->count) {
        writer->key_capacity = schema->count;
        writer->key_numbers =
            mem_resized(writer->key_numbers, schema->count * sizeof *writer->key_numbers);
    }
    if (writer->key_numbers) {
        memset(writer->key_numbers, 0, writer->key_capacity * sizeof *writer->key_numbers);
    }
    /* A huge tile's table is not kept for the small ones that follow: clearing it would cost. */
    if (!writer->table || writer->slot_count > SLOTS_FIRST) {
        free(writer->table);
        writer->slot_count = SLOTS_FIRST;
        writer->table = MEM_ARRAY(struct known, SLOTS_FIRST);
    } else {
        memset(writer->table, 0, writer->slot_count * sizeof *writer->table);
    }
}

static uint32_t key_number(struct mvt_writer *writer, uint64_t in_schema)
{
    uint32_t *number = &writer->key_numbers[in_schema];
    if (*number == 0) {
        const struct schema_name *name = &writer->schema->names[in_schema];
        bytes_add_field(&writer->keys, 3, span_of(name->name, name->size));
        *number = ++writer->key_count;
    }
    return *number - 1;
}

static uint32_t hash_value(struct span value)
{
    uint64_t sum = value.size * UINT64_C(0x9e3779b97f4a7c15);
    size_t at = 0;
    for (; at + 8 <= value.size; at += 8) {
        uint64_t word = 0;
        memcpy(&word, value.data + at, sizeof word);
        sum = (sum ^ word) * UINT64_C(0xd6e8feb86659fd93);
        sum ^= sum >> 32;
    }
    uint64_t word = 0;
    memcpy(&word, value.data + at, value.size - at);
    sum = (sum ^ word) * UINT64_C(0xd6e8feb86659fd93);
    return (uint32_t)(sum ^ (sum >> 32));
}

/* Whether the value of this number is `value`. A field's size says that of what is in it. */
static bool is_value(const struct mvt_writer *writer, uint32_t number, struct span value)
{
    const uint32_t begin = number ? writer->ends[number - 1] : 0;
    const uint32_t end = writer->ends[number];
    return end - begin == 1 + varint_size(value.size) + value.size &&
           memcmp(writer->values.data + end - value.size, value.data, value.size) == 0;
}

static struct known *find_value(struct mvt_writer *writer, uint32_t hash, struct span value)
{
    for (size_t i = hash;; i++) {
        struct known *known = &writer->table[i & (writer->slot_count - 1)];
        if (known->number == 0) { return known; }
        if (known->hash == hash && is_value(writer, known->number - 1, value)) { return known; }
    }
}

static void grow_table(struct mvt_writer *writer)
{
    const struct known *old = writer->table;
    const size_t old_count = writer->slot_count;
    writer->slot_count *= 2;
    writer->table = MEM_ARRAY(struct known, writer->slot_count);
    for (size_t i = 0; i < old_count; i++) {
        if (old[i].number == 0) { continue; }
        size_t at = old[i].hash;
        while (writer->table[at & (writer->slot_count - 1)].number != 0) {
            at++;
        }
        writer->table[at & (writer->slot_count - 1)] = old[i];
    }
    free((void *)(uintptr_t)old);
}

static uint32_t value_number(struct mvt_writer *writer, struct span value)
{
    if ((size_t)writer->value_count * 3 >= writer->slot_count * 2) { grow_table(writer); }
    const uint32_t hash = hash_value(value);
    struct known *known = find_value(writer, hash, value);
    if (known->number == 0) {
        if (writer->value_count == writer->end_capacity) {
            writer->end_capacity = writer->end_capacity * 2 + SLOTS_FIRST;
            writer->ends = mem_resized(writer->ends, writer->end_capacity * sizeof *writer->ends);
        }
        bytes_add_field(&writer->values, 4, value);
        writer->ends[writer->value_count++] = (uint32_t)writer->values.size;
        *known = (struct known){hash, writer->value_count};
    }
    return known->number - 1;
}

static void add_tags(struct mvt_writer *writer, struct span attributes)
{
    writer->tags.size = 0;
    struct proto row = proto_over(attributes);
    while (row.at < row.end) {
        const uint64_t name = proto_varint(&row);
        const size_t size = (size_t)proto_varint(&row);
        bytes_add_varint(&writer->tags, key_number(writer, name));
        bytes_add_varint(&writer->tags, value_number(writer, span_of(row.at, size)));
        row.at += size;
    }
}

void mvt_layer_add(struct mvt_writer *writer, const struct mvt_feature *feature)
{
    add_tags(writer, feature->attributes);
    const size_t tags = writer->tags.size;
    const size_t geometry = feature->geometry.size;
    const size_t size = (feature->has_id ? 1 + varint_size(feature->id) : 0) +
                        (tags ? 1 + varint_size(tags) + tags : 0) + 2 + 1 + varint_size(geometry) +
                        geometry;
    struct bytes *out = writer->tile;
    bytes_add_u8(out, (2 << 3) | 2);
    bytes_add_varint(out, size);
    if (feature->has_id) {
        bytes_add_u8(out, 1 << 3);
        bytes_add_varint(out, feature->id);
    }
    if (tags) { bytes_add_field(out, 2, bytes_span(&writer->tags)); }
    bytes_add_u8(out, 3 << 3);
    bytes_add_u8(out, (uint8_t)feature->kind);
    bytes_add_field(out, 4, feature->geometry);
}

void mvt_layer_end(struct mvt_writer *writer)
{
    struct bytes *tile = writer->tile;
    const size_t begin = writer->tile_before + head_size_max(writer->name);
    const size_t features = tile->size - begin;
    tile->size = writer->tile_before;
    if (features == 0) { return; }
    struct bytes head = {0};
    struct bytes tail = {0};
    bytes_add_u8(&tail, 5 << 3);
    bytes_add_varint(&tail, TILE_EXTENT);
    bytes_add_u8(&tail, 15 << 3);
    bytes_add_u8(&tail, LAYER_VERSION);
    const struct span name = span_text(writer->name);
    bytes_add_u8(&head, (3 << 3) | 2);
    bytes_add_varint(&head, 1 + varint_size(name.size) + name.size + features + writer->keys.size +
                                writer->values.size + tail.size);
    bytes_add_field(&head, 1, name);
    memcpy(tile->data + tile->size, head.data, head.size);
    memmove(tile->data + tile->size + head.size, tile->data + begin, features);
    tile->size += head.size + features;
    bytes_add(tile, writer->keys.data, writer->keys.size);
    bytes_add(tile, writer->values.data, writer->values.size);
    bytes_add(tile, tail.data, tail.size);
    bytes_deinit(&head);
    bytes_deinit(&tail);
}

enum { MOVE_TO = 1, LINE_TO = 2, CLOSE_PATH = 7 };

static void command(struct bytes *out, unsigned id, size_t count)
{
    bytes_add_varint(out, (uint64_t)count << 3 | id);
}

static void go_to(struct bytes *out, struct point point, struct point *cursor)
{
    bytes_add_varint(out, zigzag(point.x - cursor->x));
    bytes_add_varint(out, zigzag(point.y - cursor->y));
    *cursor = point;
}

static void put_points(struct bytes *out, const struct shape *shape)
{
    struct point cursor = {0, 0};
    command(out, MOVE_TO, shape->count);
    for (size_t i = 0; i < shape->count; i++) {
        go_to(out, shape->points[i], &cursor);
    }
}

void mvt_geometry(struct bytes *out, const struct shape *shape)
{
    if (shape->kind == SHAPE_KIND_POINT) {
        put_points(out, shape);
        return;
    }
    struct point cursor = {0, 0};
    for (size_t part = 0; part < shape->part_count; part++) {
        const size_t begin = shape_part_begin(shape, part);
        const size_t end = shape->parts[part].end;
        command(out, MOVE_TO, 1);
        go_to(out, shape->points[begin], &cursor);
        command(out, LINE_TO, end - begin - 1);
        for (size_t i = begin + 1; i < end; i++) {
            go_to(out, shape->points[i], &cursor);
        }
        if (shape->kind == SHAPE_KIND_POLYGON) { command(out, CLOSE_PATH, 1); }
    }
}
