/*
 * Any bytes as a file of features, in pieces on several threads and by one: both take the same.
 * The first byte is the size of pieces.
 */
#include <assert.h>

#include "geodata/geojson.h"
#include "geodata/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct sum {
    uint64_t count, mix;
};

static enum err take(void *context, struct feature *feature, struct why *why)
{
    struct sum *sum = context;
    (void)why;
    sum->count++;
    sum->mix = sum->mix * 31 + feature->id + feature->shape.count + feature->attributes.size;
    for (size_t i = 0; i < feature->attributes.size; i++) {
        sum->mix = sum->mix * 31 + feature->attributes.data[i];
    }
    return OK;
}

static enum err read_file(struct span file, size_t piece_size, struct sum *sum)
{
    struct schema schema = {0};
    struct reading reading = {.schema = &schema, .id_name = "id", .taker = {take, sum}};
    struct input input = input_over(file, "fuzz");
    enum err err = piece_size ? lines_read(&input, &reading, piece_size, NULL) : OK;
    if (!err) { err = geojson_read(&input, &reading, NULL); }
    if (input.window != file.data) { free(input.window); }
    schema_deinit(&schema);
    return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sum one = {0};
    struct sum several = {0};
    if (size < 2) { return 0; }
    const struct span file = span_of(data + 1, size - 1);
    const enum err err = read_file(file, 0, &one);
    assert(read_file(file, data[0] + 1U, &several) == err);
    assert(err || (one.count == several.count && one.mix == several.mix));
    return 0;
}
