/* The description of a model is a file from outside. */
#include "detector/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct model model;
    struct why why = {0};
    if (model_parse(&model, span_of(data, size), &why) == OK && model.label_count == 0) { abort(); }
    return 0;
}
