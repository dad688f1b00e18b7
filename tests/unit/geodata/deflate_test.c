#include "geodata/deflate.h"

#include "check.h"

static void test_there_and_back(void)
{
    CLEANUP(deflater_free_p) struct deflater *deflater = deflater_new(6);
    CLEANUP(inflater_free_p) struct inflater *inflater = inflater_new();
    struct bytes plain = {0};
    struct bytes packed = {0};
    struct bytes again = {0};
    for (int i = 0; i < 200000; i++) {
        bytes_add_u8(&plain, (uint8_t)(i / 777));
    }
    deflate_gzip(deflater, bytes_span(&plain), &packed);
    CHECK(packed.size < plain.size / 10);
    CHECK(inflate_gzip(inflater, bytes_span(&packed), plain.size, &again, NULL) == OK);
    CHECK(span_equal(bytes_span(&plain), bytes_span(&again)));
    CHECK(inflate_gzip(inflater, bytes_span(&packed), plain.size - 1, &again, NULL) == ERR_LIMIT);
    bytes_add_u8(&packed, 0);
    CHECK(inflate_gzip(inflater, bytes_span(&packed), plain.size, &again, NULL) == ERR_MALFORMED);
    packed.size /= 2;
    CHECK(inflate_gzip(inflater, bytes_span(&packed), plain.size, &again, NULL) == ERR_MALFORMED);
    deflate_gzip(deflater, span_of(NULL, 0), &packed);
    CHECK(inflate_gzip(inflater, bytes_span(&packed), 10, &again, NULL) == OK && again.size == 0);
    bytes_deinit(&plain);
    bytes_deinit(&packed);
    bytes_deinit(&again);
}

static void test_zlib(void)
{
    /* zlib.compress(b"hello") of Python */
    static const uint8_t packed[] = {0x78, 0x9c, 0xcb, 0x48, 0xcd, 0xc9, 0xc9,
                                     0x07, 0x00, 0x06, 0x2c, 0x02, 0x15};
    CLEANUP(inflater_free_p) struct inflater *inflater = inflater_new();
    struct bytes plain = {0};
    const struct span all = span_of(packed, sizeof packed);
    CHECK(inflate_zlib(inflater, all, 5, &plain, NULL) == OK);
    CHECK(span_equal(bytes_span(&plain), span_text("hello")));
    CHECK(inflate_zlib(inflater, all, 6, &plain, NULL) == ERR_MALFORMED);
    CHECK(inflate_zlib(inflater, all, 4, &plain, NULL) == ERR_LIMIT);
    bytes_deinit(&plain);
}

int main(void)
{
    test_there_and_back();
    test_zlib();
    return CHECK_DONE();
}
