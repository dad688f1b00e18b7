#include "wire/frame.h"

#include "check.h"

static void test_there_and_back_byte_by_byte(void)
{
    CLEANUP(text_deinit) struct text wire = text_limited(1000);
    CHECK(frame_write(&wire, span_text("{\"a\":1}"), NULL) == OK);
    CHECK(frame_write(&wire, span_text("two"), NULL) == OK);
    CLEANUP(frame_reader_deinit) struct frame_reader reader = frame_reader_new();
    int frames = 0;
    for (size_t i = 0; i < wire.size; i++) {
        CHECK(frame_reader_add(&reader, span_of(wire.data + i, 1), NULL) == OK);
        struct span body;
        CHECK(frame_reader_next(&reader, &body, NULL) == OK);
        if (body.size == 0) { continue; }
        CHECK(span_equal(body, span_text(frames == 0 ? "{\"a\":1}" : "two")));
        frames++;
    }
    CHECK(frames == 2);
}

static void test_several_at_once(void)
{
    CLEANUP(text_deinit) struct text wire = text_limited(1000);
    for (int i = 0; i < 3; i++) {
        CHECK(frame_write(&wire, span_text("x"), NULL) == OK);
    }
    CLEANUP(frame_reader_deinit) struct frame_reader reader = frame_reader_new();
    CHECK(frame_reader_add(&reader, text_span(&wire), NULL) == OK);
    struct span body = {0};
    for (int i = 0; i < 3; i++) {
        CHECK(frame_reader_next(&reader, &body, NULL) == OK && body.size == 1);
    }
    CHECK(frame_reader_next(&reader, &body, NULL) == OK && body.size == 0);
}

static void test_limits(void)
{
    struct why why = {0};
    struct span body;
    CLEANUP(frame_reader_deinit) struct frame_reader huge = frame_reader_new();
    CHECK(frame_reader_add(&huge, span_of("\xff\xff\xff\xff", 4), &why) == OK);
    CHECK(frame_reader_next(&huge, &body, &why) == ERR_LIMIT && why.text[0]);
    CLEANUP(frame_reader_deinit) struct frame_reader empty = frame_reader_new();
    CHECK(frame_reader_add(&empty, span_of("\0\0\0\0", 4), &why) == OK);
    CHECK(frame_reader_next(&empty, &body, &why) == ERR_LIMIT);
    CLEANUP(text_deinit) struct text small = text_limited(6);
    CHECK(frame_write(&small, span_text("abc"), &why) == ERR_LIMIT && small.size == 0);
    CHECK(frame_write(&small, span_text(""), &why) == ERR_LIMIT);
    static uint8_t bytes[FRAME_SIZE_MAX];
    CLEANUP(frame_reader_deinit) struct frame_reader full = frame_reader_new();
    CHECK(frame_reader_add(&full, span_of("\0\3\xff\xff", 4), &why) == OK);
    CHECK(frame_reader_add(&full, span_of(bytes, sizeof bytes), &why) == OK);
    CHECK(frame_reader_add(&full, span_of(bytes, sizeof bytes), &why) == OK);
    CHECK(frame_reader_add(&full, span_of(bytes, 1), &why) == ERR_LIMIT);
    CHECK(frame_reader_next(&full, &body, &why) == OK && body.size == 0x3ffff);
}

int main(void)
{
    test_there_and_back_byte_by_byte();
    test_several_at_once();
    test_limits();
    return CHECK_DONE();
}
