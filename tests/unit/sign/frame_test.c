#include "sign/frame.h"

#include "check.h"

static void test_lamps(void)
{
    static struct sign_frame frame;
    sign_frame_clear(&frame, 64, 32);
    CHECK(sign_frame_bytes(&frame).size == 6144);
    sign_frame_light(&frame, 63, 31, (struct sign_colour){1, 2, 3});
    CHECK(sign_frame_at(&frame, 63, 31).green == 2);
    CHECK(frame.rgb[6143] == 3);
    sign_frame_light(&frame, 64, 0, (struct sign_colour){9, 9, 9});
    sign_frame_light(&frame, -1, 5, (struct sign_colour){9, 9, 9});
    sign_frame_light(&frame, 0, 32, (struct sign_colour){9, 9, 9});
    CHECK(sign_frame_at(&frame, 0, 1).red == 0); /* nothing ran over into the next row */
}

static void test_png(void)
{
    static struct sign_frame frame;
    sign_frame_clear(&frame, 64, 32);
    CLEANUP(text_deinit) struct text png = text_limited(SIGN_PNG_SIZE_MAX);
    CHECK(sign_frame_png(&frame, 2, &png, NULL) == OK);
    CHECK(png.size > 33 && memcmp(png.data, "\x89PNG\r\n\x1a\n", 8) == 0);
    CHECK((uint8_t)png.data[19] == 128 && (uint8_t)png.data[23] == 64); /* IHDR width, height */
    CLEANUP(text_deinit) struct text small = text_limited(20);
    struct why why = {0};
    CHECK(sign_frame_png(&frame, 2, &small, &why) == ERR_LIMIT);
}

int main(void)
{
    test_lamps();
    test_png();
    return CHECK_DONE();
}
