#include "geodata/osm_block.h"

#include "geodata/bytes.h"
#include "geodata/proto.h"

/* Fields of osmformat.proto. */
enum { BLOCK_STRINGS = 1, BLOCK_GROUP = 2, BLOCK_GRANULARITY = 17, BLOCK_LAT = 19, BLOCK_LON = 20 };
enum { GROUP_NODE = 1, GROUP_DENSE = 2, GROUP_WAY = 3, GROUP_RELATION = 4 };
enum { OBJECT_ID = 1, OBJECT_KEYS = 2, OBJECT_VALUES = 3, NODE_LAT = 8, NODE_LON = 9 };
enum { DENSE_LAT = 8, DENSE_LON = 9, DENSE_TAGS = 10 };
enum { WAY_NODES = 8, RELATION_ROLES = 8, RELATION_IDS = 9, RELATION_KINDS = 10, FIELDS = 11 };

#define DEGREES_OF_NANO 1e-9
#define LATITUDE_MAX INT64_C(90000000000)
#define LONGITUDE_MAX INT64_C(180000000000)

struct osm_block {
    struct osm_taker taker;
    struct bytes strings; /* struct span, one after the other */
    struct bytes tags, nodes, members;
    int64_t granularity, latitude_offset, longitude_offset;
    struct why *why; /* of the call */
    enum err err;    /* the first that happened */
};

struct osm_block *osm_block_new(struct osm_taker taker)
{
    struct osm_block *block = MEM_NEW(struct osm_block);
    block->taker = taker;
    return block;
}

void osm_block_free(struct osm_block *block)
{
    if (!block) { return; }
    bytes_deinit(&block->strings);
    bytes_deinit(&block->tags);
    bytes_deinit(&block->nodes);
    bytes_deinit(&block->members);
    free(block);
}

struct span osm_object_tag(const struct osm_object *object, const char *key)
{
    for (size_t i = 0; i < object->tag_count; i++) {
        if (span_equal(object->tags[i].key, span_text(key))) { return object->tags[i].value; }
    }
    return span_of(NULL, 0);
}

static void spoil(struct osm_block *block, const char *sentence)
{
    if (!block->err) { block->err = why_set(block->why, ERR_MALFORMED, "%s", sentence); }
}

static struct span string_at(struct osm_block *block, uint64_t index)
{
    struct span string = span_of(NULL, 0);
    if (index >= block->strings.size / sizeof string) {
        spoil(block, "it names a string that is not in its table");
        return string;
    }
    memcpy(&string, block->strings.data + index * sizeof string, sizeof string);
    return string;
}

static void add_tag(struct osm_block *block, uint64_t key, uint64_t value)
{
    const struct osm_tag tag = {string_at(block, key), string_at(block, value)};
    bytes_add(&block->tags, &tag, sizeof tag);
}

/* Nodes come as steps of `granularity` billionths of a degree. */
static bool place_of(struct osm_block *block, int64_t latitude, int64_t longitude,
                     struct osm_object *object)
{
    int64_t y = 0;
    int64_t x = 0;
    if (__builtin_mul_overflow(latitude, block->granularity, &y) ||
        __builtin_add_overflow(y, block->latitude_offset, &y) ||
        __builtin_mul_overflow(longitude, block->granularity, &x) ||
        __builtin_add_overflow(x, block->longitude_offset, &x) || y < -LATITUDE_MAX ||
        y > LATITUDE_MAX || x < -LONGITUDE_MAX || x > LONGITUDE_MAX) {
        spoil(block, "a node lies beyond 90 or 180 degrees");
        return false;
    }
    object->latitude = (double)y * DEGREES_OF_NANO;
    object->longitude = (double)x * DEGREES_OF_NANO;
    return true;
}

static void give(struct osm_block *block, struct osm_object *object)
{
    object->tags = (const struct osm_tag *)(const void *)block->tags.data;
    object->tag_count = block->tags.size / sizeof *object->tags;
    if (!block->err) { block->err = block->taker.take(block->taker.context, object, block->why); }
}

/* What a message of node, way or relation holds, by the number of the field. */
struct fields {
    uint64_t numbers[FIELDS];
    struct span rows[FIELDS];
};

static struct fields read_fields(struct osm_block *block, struct span bytes)
{
    struct fields fields = {0};
    struct proto message = proto_over(bytes);
    while (proto_next(&message)) {
        const uint32_t field = message.field;
        if (field < FIELDS && message.wire == PROTO_WIRE_BYTES) {
            fields.rows[field] = proto_bytes(&message);
        } else if (field < FIELDS && message.wire == PROTO_WIRE_VARINT) {
            fields.numbers[field] = proto_number(&message);
        } else {
            proto_skip(&message);
        }
    }
    if (message.bad) { spoil(block, "an object is damaged"); }
    return fields;
}

/* Two rows of the same length: the numbers of keys and of values. */
static void read_tags(struct osm_block *block, const struct fields *fields)
{
    struct proto key = proto_over(fields->rows[OBJECT_KEYS]);
    struct proto value = proto_over(fields->rows[OBJECT_VALUES]);
    block->tags.size = 0;
    while (key.at < key.end && value.at < value.end && !block->err) {
        const uint64_t number = proto_varint(&key);
        add_tag(block, number, proto_varint(&value));
    }
    if (key.bad || value.bad || key.at < key.end || value.at < value.end) {
        spoil(block, "an object has not as many keys as values");
    }
}

static void read_node(struct osm_block *block, struct span bytes)
{
    const struct fields fields = read_fields(block, bytes);
    struct osm_object node = {.kind = OSM_KIND_NODE, .id = unzigzag(fields.numbers[OBJECT_ID])};
    read_tags(block, &fields);
    if (place_of(block, unzigzag(fields.numbers[NODE_LAT]), unzigzag(fields.numbers[NODE_LON]),
                 &node)) {
        give(block, &node);
    }
}

/* Differences may run anywhere in a damaged file: sums go around. */
static int64_t sum(int64_t number, uint64_t coded)
{
    return (int64_t)((uint64_t)number + (uint64_t)unzigzag(coded));
}

static void read_way(struct osm_block *block, struct span bytes)
{
    const struct fields fields = read_fields(block, bytes);
    struct osm_object way = {.kind = OSM_KIND_WAY, .id = (int64_t)fields.numbers[OBJECT_ID]};
    struct proto row = proto_over(fields.rows[WAY_NODES]);
    int64_t node = 0;
    block->nodes.size = 0;
    while (row.at < row.end) {
        node = sum(node, proto_varint(&row));
        bytes_add(&block->nodes, &node, sizeof node);
    }
    if (row.bad) { spoil(block, "a way is damaged"); }
    way.nodes = (const int64_t *)(const void *)block->nodes.data;
    way.node_count = block->nodes.size / sizeof node;
    read_tags(block, &fields);
    give(block, &way);
}

static void read_relation(struct osm_block *block, struct span bytes)
{
    const struct fields fields = read_fields(block, bytes);
    struct osm_object relation = {.kind = OSM_KIND_RELATION,
                                  .id = (int64_t)fields.numbers[OBJECT_ID]};
    struct proto roles = proto_over(fields.rows[RELATION_ROLES]);
    struct proto ids = proto_over(fields.rows[RELATION_IDS]);
    struct proto kinds = proto_over(fields.rows[RELATION_KINDS]);
    struct osm_member member = {0};
    block->members.size = 0;
    while (ids.at < ids.end && roles.at < roles.end && kinds.at < kinds.end && !block->err) {
        const uint64_t kind = proto_varint(&kinds);
        member.id = sum(member.id, proto_varint(&ids));
        member.role = string_at(block, proto_varint(&roles));
        member.kind = (enum osm_kind)kind;
        if (kind > OSM_KIND_RELATION) { spoil(block, "a member is of no known kind"); }
        bytes_add(&block->members, &member, sizeof member);
    }
    if (ids.bad || roles.bad || kinds.bad || ids.at < ids.end || roles.at < roles.end ||
        kinds.at < kinds.end) {
        spoil(block, "a relation has not as many ids as roles and kinds");
    }
    relation.members = (const struct osm_member *)(const void *)block->members.data;
    relation.member_count = block->members.size / sizeof member;
    read_tags(block, &fields);
    give(block, &relation);
}

/* Key, value, key, value, 0: the tags of the next node. An absent row: no node has any. */
static void read_dense_tags(struct osm_block *block, struct proto *row)
{
    block->tags.size = 0;
    while (row->at < row->end && !block->err) {
        const uint64_t key = proto_varint(row);
        if (key == 0) { return; }
        add_tag(block, key, proto_varint(row));
    }
}

static void read_dense(struct osm_block *block, struct span bytes)
{
    struct proto message = proto_over(bytes);
    struct proto ids = {0};
    struct proto latitudes = {0};
    struct proto longitudes = {0};
    struct proto tags = {0};
    while (proto_next(&message)) {
        switch (message.field) {
        case OBJECT_ID: ids = proto_over(proto_bytes(&message)); break;
        case DENSE_LAT: latitudes = proto_over(proto_bytes(&message)); break;
        case DENSE_LON: longitudes = proto_over(proto_bytes(&message)); break;
        case DENSE_TAGS: tags = proto_over(proto_bytes(&message)); break;
        default: proto_skip(&message);
        }
    }
    struct osm_object node = {.kind = OSM_KIND_NODE};
    int64_t latitude = 0;
    int64_t longitude = 0;
    while (ids.at < ids.end && !message.bad && !block->err) {
        node.id = sum(node.id, proto_varint(&ids));
        latitude = sum(latitude, proto_varint(&latitudes));
        longitude = sum(longitude, proto_varint(&longitudes));
        read_dense_tags(block, &tags);
        if (ids.bad || latitudes.bad || longitudes.bad || tags.bad) { break; }
        if (place_of(block, latitude, longitude, &node)) { give(block, &node); }
    }
    if (message.bad || ids.bad || latitudes.bad || longitudes.bad || tags.bad ||
        latitudes.at < latitudes.end || longitudes.at < longitudes.end) {
        spoil(block, "its dense nodes are damaged");
    }
}

static void read_group(struct osm_block *block, struct span bytes)
{
    struct proto group = proto_over(bytes);
    while (proto_next(&group) && !block->err) {
        switch (group.field) {
        case GROUP_NODE: read_node(block, proto_bytes(&group)); break;
        case GROUP_DENSE: read_dense(block, proto_bytes(&group)); break;
        case GROUP_WAY: read_way(block, proto_bytes(&group)); break;
        case GROUP_RELATION: read_relation(block, proto_bytes(&group)); break;
        default: proto_skip(&group); /* changesets */
        }
    }
    if (group.bad) { spoil(block, "a group of objects is damaged"); }
}

static void read_strings(struct osm_block *block, struct span bytes)
{
    struct proto table = proto_over(bytes);
    while (proto_next(&table)) {
        if (table.field != 1) {
            proto_skip(&table);
            continue;
        }
        const struct span string = proto_bytes(&table);
        bytes_add(&block->strings, &string, sizeof string);
    }
    if (table.bad) { spoil(block, "its table of strings is damaged"); }
}

/* What groups need stands anywhere in the block: it is read first. */
static void read_frame(struct osm_block *block, struct span bytes)
{
    struct proto message = proto_over(bytes);
    block->strings.size = 0;
    block->granularity = 100;
    block->latitude_offset = 0;
    block->longitude_offset = 0;
    while (proto_next(&message)) {
        switch (message.field) {
        case BLOCK_STRINGS: read_strings(block, proto_bytes(&message)); break;
        case BLOCK_GRANULARITY: block->granularity = (int64_t)proto_number(&message); break;
        case BLOCK_LAT: block->latitude_offset = (int64_t)proto_number(&message); break;
        case BLOCK_LON: block->longitude_offset = (int64_t)proto_number(&message); break;
        default: proto_skip(&message);
        }
    }
    if (message.bad) { spoil(block, "its frame is damaged"); }
}

enum err osm_block_read(struct osm_block *block, struct span bytes, struct why *why)
{
    struct proto message = proto_over(bytes);
    block->why = why;
    block->err = OK;
    read_frame(block, bytes);
    while (!block->err && proto_next(&message)) {
        if (message.field == BLOCK_GROUP) {
            read_group(block, proto_bytes(&message));
        } else {
            proto_skip(&message);
        }
    }
    return block->err;
}
