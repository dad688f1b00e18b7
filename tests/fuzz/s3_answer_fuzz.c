/* Whatever a store answers: what is read out of it fits and ends. */
#include <assert.h>

#include "wire/s3_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char out[64];
    if (s3_answer_element(span_of(data, size), "Code", out, sizeof out)) {
        assert(strlen(out) < sizeof out && strlen(out) <= size);
    }
    return 0;
}
