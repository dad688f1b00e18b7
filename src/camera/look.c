#include "camera/look.h"

#include <math.h>

/* 16 levels of luma, then 4 x 8 of chroma: hue matters more than how bright the day is. */
enum { LUMA_BINS = 16, SAMPLES = 16 };

struct sampler {
    const struct frame *frame;
    float x, y, step_x, step_y;
};

static void count_sample(float bins[static LOOK_BINS], const struct frame *frame, uint32_t x,
                         uint32_t y)
{
    const uint8_t luma = frame->plane[FRAME_PLANE_Y][y * frame->stride_bytes[0] + x];
    const uint8_t u = frame->plane[FRAME_PLANE_U][y / 2 * frame->stride_bytes[1] + x / 2];
    const uint8_t v = frame->plane[FRAME_PLANE_V][y / 2 * frame->stride_bytes[2] + x / 2];
    /* Chroma of outdoor scenes stays near 128: the middle is cut finer than the ends. */
    const int of_u = u < 120 ? 0 : u < 128 ? 1 : u < 136 ? 2 : 3;
    const int of_v = v < 104   ? 0
                     : v < 116 ? 1
                     : v < 124 ? 2
                     : v < 128 ? 3
                     : v < 132 ? 4
                     : v < 140 ? 5
                     : v < 152 ? 6
                               : 7;
    bins[luma / (256 / LUMA_BINS)] += 0.5F;
    bins[LUMA_BINS + of_u * 8 + of_v] += 0.5F;
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
