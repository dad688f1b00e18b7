#include "geodata/bytes.h"

#include "base/base.h"

void bytes_deinit(struct bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct bytes){0};
}

void bytes_grow(struct bytes *bytes, size_t more)
{
    size_t capacity = bytes->capacity + bytes->capacity / 2;
    if (capacity < bytes->size + more) { capacity = bytes->size + more; }
    if (capacity < 64) { capacity = 64; }
    bytes->data = mem_resized(bytes->data, capacity);
    bytes->capacity = capacity;
}
