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

int main(void)
{
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
