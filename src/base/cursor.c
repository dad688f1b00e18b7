#include "base/cursor.h"

struct span cursor_bytes(struct cursor *cursor, size_t size)
{
    if (cursor->short_read || size > cursor->rest.size) {
        cursor->short_read = true;
        return span_of(NULL, 0);
    }
    const struct span taken = span_of(cursor->rest.data, size);
    cursor->rest = span_of(cursor->rest.data + size, cursor->rest.size - size);
    return taken;
}

static uint64_t big_endian(struct cursor *cursor, size_t size)
{
    const struct span bytes = cursor_bytes(cursor, size);
    uint64_t number = 0;
    for (size_t at = 0; at < bytes.size; at++) {
        number = (number << 8) | bytes.data[at];
    }
    return number;
}

uint8_t cursor_u8(struct cursor *cursor)
{
    return (uint8_t)big_endian(cursor, 1);
}

uint16_t cursor_u16(struct cursor *cursor)
{
    return (uint16_t)big_endian(cursor, 2);
}

uint32_t cursor_u32(struct cursor *cursor)
{
    return (uint32_t)big_endian(cursor, 4);
}

uint64_t cursor_u64(struct cursor *cursor)
{
    return big_endian(cursor, 8);
}
