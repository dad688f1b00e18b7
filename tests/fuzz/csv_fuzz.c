/*
 * Any bytes as a file of features: what is taken has parts that fit its points.
 */
#include <assert.h>

#include "geodata/csv.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct schema schema = {0};
    struct reading reading = {.schema = &schema, .id_name = "id", .taker = {take, NULL}};
    struct input input = input_over(span_of(data, size), "fuzz");
    struct why why = {0};
    (void)!csv_read(&input, &reading, &why);
    schema_deinit(&schema);
    return 0;
}
