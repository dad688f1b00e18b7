#include "base/cursor.h"

#include "check.h"

int main(void)
{
    static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17};
    struct cursor cursor = cursor_over(span_of(bytes, sizeof bytes));
    CHECK(cursor_u8(&cursor) == 1);
    CHECK(cursor_u16(&cursor) == 0x0203);
    CHECK(cursor_u32(&cursor) == 0x04050607);
    CHECK(cursor_u64(&cursor) == UINT64_C(0x08090a0b0c0d0e0f));
    CHECK(!cursor.short_read && cursor.rest.size == 2);
    CHECK(cursor_u32(&cursor) == 0 && cursor.short_read);
    CHECK(cursor_u8(&cursor) == 0); /* short for good, although two bytes are left */

    cursor = cursor_over(span_of(bytes, 3));
    const struct span all = cursor_bytes(&cursor, 3);
    CHECK(all.data == bytes && all.size == 3 && !cursor.short_read);
    CHECK(cursor_bytes(&cursor, 0).size == 0 && !cursor.short_read);
    CHECK(cursor_bytes(&cursor, SIZE_MAX).size == 0 && cursor.short_read);
    return CHECK_DONE();
}
