#include "evidence/clip.h"

#include <string.h>

struct memory {
    const uint8_t *data;
};

static enum err read_memory(void *context, int64_t offset, uint8_t *buffer, size_t size)
{
    const struct memory *memory = context;
    memcpy(buffer, memory->data + offset, size);
    return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct memory memory = {.data = data};
    const struct clip_input input = {
        .read = read_memory, .context = &memory, .size = (int64_t)size};
    struct clip_facts facts;
    if (clip_walk(&facts, &input, NULL) == OK &&
        (facts.bytes < 0 || facts.bytes > (int64_t)size || facts.duration_us < 0)) {
        abort();
    }
    return 0;
}
