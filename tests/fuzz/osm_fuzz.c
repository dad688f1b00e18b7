/*
 * Any bytes as an OpenStreetMap PBF file, and as one block of it: what is taken has parts that fit
 * its points.
 */
#include <assert.h>

#include "geodata/osm.h"
#include "geodata/osm_block.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum err take(void *context, struct feature *feature, struct why *why)
{
    const struct shape *shape = &feature->shape;
    (void)context;
    (void)why;
    assert(shape->count > 0 && shape->part_count > 0);
    assert(shape->parts[shape->part_count - 1].end == shape->count);
    return OK;
}

static enum err look(void *context, const struct osm_object *object, struct why *why)
{
    (void)why;
    *(size_t *)context += object->tag_count + object->node_count + object->member_count;
    return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t head[] = "\0\0\0\x0d\x0a\x09OSMHeader\x18\0\0\0\0\x0b\x0a\x07OSMData\x18";
    struct schema schema = {0};
    struct reading reading = {.schema = &schema, .taker = {take, NULL}};
    struct why why = {0};
    struct input input = input_over(span_of(data, size), "fuzz");
    (void)!osm_read(&input, &reading, &why);
    /* The same bytes as a raw block behind a header, so that objects are reached soon. */
    struct bytes file = {0};
    struct bytes blob = {0};
    bytes_add_field(&blob, 1, span_of(data, size));
    bytes_add(&file, head, sizeof head - 1);
    bytes_add_varint(&file, blob.size);
    file.data[4 + 13 + 3] = (uint8_t)(10 + varint_size(blob.size)); /* length of the head */
    bytes_add(&file, blob.data, blob.size);
    input = input_over(bytes_span(&file), "fuzz");
    (void)!osm_read(&input, &reading, &why);
    size_t sum = 0;
    struct osm_block *block = osm_block_new((struct osm_taker){look, &sum});
    (void)!osm_block_read(block, span_of(data, size), &why);
    osm_block_free(block);
    bytes_deinit(&file);
    bytes_deinit(&blob);
    schema_deinit(&schema);
    return 0;
}
