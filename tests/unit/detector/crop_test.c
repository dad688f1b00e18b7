#include "detector/crop.h"

#include "check.h"
#include "picture.h"

#include <math.h>

static struct picture picture;
static float out[3 * 64 * 64];

static bool near(float a, float b)
{
    return fabsf(a - b) < 1.5F;
}

static float cut(double level)
{
    return (float)fmin(fmax(level, 0), 255);
}

/* BT.601 as the standard has it, of one pixel of the picture. */
static void expect(float rgb[3], uint32_t x, uint32_t y, bool full)
{
    const double luma = picture.luma[y * PICTURE_WIDTH + x];
    const size_t at = (size_t)(y / 2) * PICTURE_WIDTH / 2 + x / 2;
    const double chroma = full ? 1 : 255.0 / 224;
    const double grey = full ? luma : (luma - 16) * 255 / 219;
    const double u = (picture.u[at] - 128) * chroma;
    const double v = (picture.v[at] - 128) * chroma;
    rgb[0] = cut(grey + 1.402 * v);
    rgb[1] = cut(grey - 0.344136 * u - 0.714136 * v);
    rgb[2] = cut(grey + 1.772 * u);
}

/* Every pixel and colour, wherever the square begins: fixed point costs less than a tenth level. */
static void test_pixel_for_pixel(void)
{
    picture_init(&picture);
    for (size_t i = 0; i < sizeof picture.luma; i++) {
        picture.luma[i] = (uint8_t)picture_dice(&picture);
        picture.u[i / 4] = (uint8_t)picture_dice(&picture);
        picture.v[i / 4] = (uint8_t)picture_dice(&picture);
    }
    const struct crop_format plain = {.side = 64, .mean = 0, .scale = 1};
    double worst = 0;
    for (uint32_t round = 0; round < 8; round++) {
        const uint32_t left = 100 + round % 2;
        const uint32_t top = 50 + round / 2 % 2;
        picture.frame.full_range = round >= 4;
        crop_fill(out, &plain, &picture.frame, (struct box){(float)left, (float)top, 64, 64});
        for (uint32_t i = 0; i < 3 * 64 * 64; i++) {
            const uint32_t pixel = i % (64 * 64);
            float rgb[3];
            expect(rgb, left + pixel % 64, top + pixel / 64, picture.frame.full_range);
            worst = fmax(worst, fabs((double)(out[i] - rgb[i / (64 * 64)])));
        }
    }
    CHECK(worst < 0.1);
}

int main(void)
{
    test_pixel_for_pixel();
    picture_init(&picture);
    memset(picture.luma, 126, sizeof picture.luma); /* grey 128 in studio range */
    const struct crop_format plain = {.side = 64, .mean = 0, .scale = 1};
    crop_fill(out, &plain, &picture.frame, (struct box){10, 10, 64, 64});
    CHECK(near(out[0], 128) && near(out[64 * 64], 128) && near(out[3 * 64 * 64 - 1], 128));

    /* One bright pixel stays where it is, 1:1 and at half the scale. */
    picture.luma[30 * PICTURE_WIDTH + 40] = 235;
    crop_fill(out, &plain, &picture.frame, (struct box){8, 6, 64, 64});
    CHECK(near(out[24 * 64 + 32], 255) && near(out[24 * 64 + 33], 128));
    crop_fill(out, &plain, &picture.frame, (struct box){8.5F, 6, 64, 64});
    CHECK(out[24 * 64 + 31] > 160 && out[24 * 64 + 32] > 160);
    crop_fill(out, &plain, &picture.frame, (struct box){0, 0, 128, 128});
    CHECK(out[15 * 64 + 20] > 150 && near(out[15 * 64 + 25], 128));

    /* Red: V up. BGR puts it last. */
    memset(picture.v, 200, sizeof picture.v);
    crop_fill(out, &plain, &picture.frame, (struct box){100, 100, 64, 64});
    CHECK(out[0] > 230 && out[2 * 64 * 64] < 140);
    const struct crop_format swapped = {.side = 64, .mean = 0, .scale = 1, .bgr = true};
    crop_fill(out, &swapped, &picture.frame, (struct box){100, 100, 64, 64});
    CHECK(out[0] < 140 && out[2 * 64 * 64] > 230);

    /* Outside is grey 114, normalised like the rest. */
    const struct crop_format normal = {.side = 64, .mean = 127.5F, .scale = 1 / 127.5F};
    crop_fill(out, &normal, &picture.frame, (struct box){-32, 200, 64, 64});
    CHECK(fabsf(out[0] - (114 - 127.5F) / 127.5F) < 1e-5F);
    CHECK(fabsf(out[63 * 64 + 63] - (114 - 127.5F) / 127.5F) < 1e-5F);
    CHECK(out[40] > 0.5F);
    crop_fill(out, &normal, &picture.frame, (struct box){900, 900, 64, 64});
    CHECK(fabsf(out[2000] - (114 - 127.5F) / 127.5F) < 1e-5F);

    /* Full range: 255 is white, not more. */
    picture.frame.full_range = true;
    memset(picture.luma, 255, sizeof picture.luma);
    memset(picture.v, 128, sizeof picture.v);
    crop_fill(out, &plain, &picture.frame, (struct box){0, 0, 200, 200});
    CHECK(near(out[100], 255));
    return CHECK_DONE();
}
