/* Bytes from the socket of watch, cut into reads of the size that the first byte says. */
#include "base/value.h"
#include "wire/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) { return 0; }
    const size_t step = data[0] + (size_t)1;
    CLEANUP(frame_reader_deinit) struct frame_reader reader = frame_reader_new();
    for (size_t at = 1; at < size; at += step) {
        const size_t piece = size - at < step ? size - at : step;
        if (frame_reader_add(&reader, span_of(data + at, piece), NULL)) { return 0; }
        struct span body = {0};
        do {
            if (frame_reader_next(&reader, &body, NULL)) { return 0; }
            struct value *message = NULL;
            if (body.size && value_parse(&message, body, FRAME_SIZE_MAX, NULL) == OK) {
                value_free(message);
            }
        } while (body.size);
    }
    return 0;
}
