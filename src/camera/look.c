#include "camera/look.h"

#include <math.h>

/* 16 levels of luma, then 4 x 8 of chroma: hue matters more than how bright the day is. */
enum { LUMA_BINS = 16, SAMPLES = 16 };

struct sampler {
    const struct frame *frame;
    float x, y, step_x, step_y;
};

/* Which of `count` + 1 ranges, parted by `limits`, holds `value`. */
static size_t range_of(uint8_t value, const uint8_t *limits, size_t count)
{
    size_t range = 0;
    while (range < count && value >= limits[range]) {
        range++;
    }
    return range;
}

static void count_sample(float bins[static LOOK_BINS], const struct frame *frame, uint32_t x,
                         uint32_t y)
{
    /* Chroma of outdoor scenes stays near 128: the middle is cut finer than the ends. */
    static const uint8_t limits_u[] = {120, 128, 136};
    static const uint8_t limits_v[] = {104, 116, 124, 128, 132, 140, 152};
    const uint8_t luma = frame->plane[FRAME_PLANE_Y][y * frame->stride_bytes[FRAME_PLANE_Y] + x];
    const uint8_t u =
        frame->plane[FRAME_PLANE_U][y / 2 * frame->stride_bytes[FRAME_PLANE_U] + x / 2];
    const uint8_t v =
        frame->plane[FRAME_PLANE_V][y / 2 * frame->stride_bytes[FRAME_PLANE_V] + x / 2];
    const size_t of_u = range_of(u, limits_u, ARRAY_LEN(limits_u));
    const size_t of_v = range_of(v, limits_v, ARRAY_LEN(limits_v));
    bins[luma / (256 / LUMA_BINS)] += 0.5F;
    bins[LUMA_BINS + of_u * (ARRAY_LEN(limits_v) + 1) + of_v] += 0.5F;
}

static void take_half(float bins[static LOOK_BINS], const struct sampler *sampler)
{
    for (int i = 0; i < SAMPLES * SAMPLES; i++) {
        const float x = sampler->x + ((float)(i % SAMPLES) + 0.5F) * sampler->step_x;
        const float y = sampler->y + ((float)i / SAMPLES + 0.5F) * sampler->step_y;
        const uint32_t column = (uint32_t)x;
        const uint32_t row = (uint32_t)y;
        if (column < sampler->frame->width && row < sampler->frame->height) {
            count_sample(bins, sampler->frame, column, row);
        }
    }
    float sum = 0;
    for (int i = 0; i < LOOK_BINS; i++) {
        sum += bins[i];
    }
    for (int i = 0; i < LOOK_BINS && sum > 0; i++) {
        bins[i] /= sum;
    }
}

void look_take(struct look *look, const struct frame *frame, struct box box)
{
    *look = (struct look){0};
    /* The middle of the box: its corners show the ground. */
    const struct box body =
        box_clip((struct box){box.x + box.width * 0.2F, box.y + box.height * 0.1F, box.width * 0.6F,
                              box.height * 0.8F},
                 (float)frame->width, (float)frame->height);
    if (!box_sane(body)) { return; }
    for (int half = 0; half < LOOK_HALVES; half++) {
        const struct sampler sampler = {
            .frame = frame,
            .x = body.x,
            .y = body.y + (float)half * body.height / LOOK_HALVES,
            .step_x = body.width / SAMPLES,
            .step_y = body.height / LOOK_HALVES / SAMPLES,
        };
        take_half(look->part[half], &sampler);
    }
}

float look_likeness(const struct look *a, const struct look *b)
{
    float sum = 0;
    for (int half = 0; half < LOOK_HALVES; half++) {
        for (int i = 0; i < LOOK_BINS; i++) {
            sum += sqrtf(a->part[half][i] * b->part[half][i]);
        }
    }
    return fminf(sum / LOOK_HALVES, 1);
}

void look_blend(struct look *look, const struct look *newer, float share)
{
    for (int half = 0; half < LOOK_HALVES; half++) {
        for (int i = 0; i < LOOK_BINS; i++) {
            float *bin = &look->part[half][i];
            *bin += (newer->part[half][i] - *bin) * share;
        }
    }
}
