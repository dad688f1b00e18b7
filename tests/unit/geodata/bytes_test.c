#include "geodata/bytes.h"

#include "check.h"

static void test_growing(void)
{
    struct bytes bytes = {0};
    for (int i = 0; i < 1000; i++) {
        bytes_add_u8(&bytes, (uint8_t)i);
    }
    bytes_add(&bytes, "tail", 4);
    bytes_add(&bytes, NULL, 0);
    CHECK(bytes.size == 1004);
    CHECK(bytes.data[999] == (uint8_t)999);
    CHECK(memcmp(bytes.data + 1000, "tail", 4) == 0);
    bytes_deinit(&bytes);
    CHECK(bytes.data == NULL && bytes.capacity == 0);
}

static void test_varints(void)
{
    struct bytes bytes = {0};
    bytes_add_varint(&bytes, 300); /* the example of the Protocol Buffers documentation */
    CHECK(bytes.size == 2 && bytes.data[0] == 0xac && bytes.data[1] == 0x02);
    bytes.size = 0;
    bytes_add_varint(&bytes, UINT64_MAX);
    CHECK(bytes.size == VARINT_SIZE_MAX);
    CHECK(varint_size(0) == 1 && varint_size(127) == 1 && varint_size(128) == 2);
    CHECK(varint_size(UINT64_MAX) == VARINT_SIZE_MAX);
    CHECK(zigzag(0) == 0 && zigzag(-1) == 1 && zigzag(1) == 2);
    CHECK(unzigzag(zigzag(INT64_MIN)) == INT64_MIN && unzigzag(zigzag(INT64_MAX)) == INT64_MAX);
    bytes.size = 0;
    bytes_add_field(&bytes, 2, span_text("hi"));
    CHECK(bytes.size == 4 && memcmp(bytes.data, "\x12\x02hi", 4) == 0);
    bytes_deinit(&bytes);
}

int main(void)
{
    test_growing();
    test_varints();
    return CHECK_DONE();
}
