/* What a model file yields is as untrusted as the file. */
#include "detector/finds.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct finds finds;
    static float values[4096];
    if (size < 2) { return 0; }
    const struct model model = {
        .input = {.side = 320},
        .score_least = 0.1F,
        .labels = {{.class = data[0] % 8, .text = "a"}, {.class = 0, .text = "b"}},
        .label_count = 2,
    };
    const size_t rows = (size_t)data[1] % 12;
    size_t count = (size - 2) / sizeof values[0];
    count = count < ARRAY_LEN(values) ? count : ARRAY_LEN(values);
    memcpy(values, data + 2, count * sizeof values[0]);
    const struct engine_output output = {
        .values = values, .rows = rows, .columns = rows ? count / rows : 0};
    const struct box square = {-20, 10, 640, 640};
    const struct frame frame = {.width = 700, .height = 500};
    struct why why = {0};
    finds.count = 0;
    if (finds_add(&finds, &output, &model, square, &why) != OK) { return 0; }
    finds_drop_cut(&finds, 0, square, &frame);
    finds_thin(&finds, 0.5F);
    for (size_t i = 0; i < finds.count; i++) {
        if (!box_sane(finds.list[i].box)) { abort(); }
    }
    return 0;
}
