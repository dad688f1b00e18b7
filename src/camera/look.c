#include "camera/look.h"

#include <math.h>

/* 16 levels of luma, then 4 x 8 of chroma: hue matters more than how bright the day is. */
enum { LUMA_BINS = 16, V_BINS = 8, SAMPLES = 16 };

struct sampler {
    const struct frame *frame;
    float x, y, step_x, step_y;
};

/* Samples of one row of a half, side by side: their bins are found in SIMD. */
struct samples {
    uint8_t luma[SAMPLES], u[SAMPLES], v[SAMPLES];
    uint8_t luma_bin[SAMPLES], colour_bin[SAMPLES];
    size_t count;
};

static void read_samples(struct samples *samples, const struct sampler *sampler, uint32_t row)
{
    const struct frame *frame = sampler->frame;
    const uint8_t *luma =
        frame->plane[FRAME_PLANE_Y] + (size_t)row * frame->stride_bytes[FRAME_PLANE_Y];
    const uint8_t *u =
        frame->plane[FRAME_PLANE_U] + (size_t)row / 2 * frame->stride_bytes[FRAME_PLANE_U];
    const uint8_t *v =
        frame->plane[FRAME_PLANE_V] + (size_t)row / 2 * frame->stride_bytes[FRAME_PLANE_V];
    samples->count = 0;
    for (int i = 0; i < SAMPLES; i++) {
        const uint32_t column = (uint32_t)(sampler->x + ((float)i + 0.5F) * sampler->step_x);
        if (column >= frame->width) { break; }
        samples->luma[i] = luma[column];
        samples->u[i] = u[column / 2];
        samples->v[i] = v[column / 2];
        samples->count++;
    }
}

/* Chroma of outdoor scenes stays near 128: the middle is cut finer than the ends. */
static void find_bins(struct samples *samples)
{
    for (int i = 0; i < SAMPLES; i++) {
        const uint8_t u = samples->u[i];
        const uint8_t v = samples->v[i];
        const int of_u = (u >= 120) + (u >= 128) + (u >= 136);
        const int of_v = (v >= 104) + (v >= 116) + (v >= 124) + (v >= 128) + (v >= 132) +
                         (v >= 140) + (v >= 152);
        samples->luma_bin[i] = samples->luma[i] / (256 / LUMA_BINS);
        samples->colour_bin[i] = (uint8_t)(LUMA_BINS + of_u * V_BINS + of_v);
    }
}

static void take_half(float bins[static LOOK_BINS], const struct sampler *sampler)
{
    uint16_t counts[LOOK_BINS] = {0};
    struct samples samples = {.count = 0};
    unsigned total = 0;
    for (int i = 0; i < SAMPLES; i++) {
        const uint32_t row = (uint32_t)(sampler->y + ((float)i + 0.5F) * sampler->step_y);
        if (row >= sampler->frame->height) { break; }
        read_samples(&samples, sampler, row);
        find_bins(&samples);
        for (size_t k = 0; k < samples.count; k++) {
            counts[samples.luma_bin[k]]++;
            counts[samples.colour_bin[k]]++;
        }
        total += 2 * (unsigned)samples.count;
    }
    for (int i = 0; i < LOOK_BINS && total > 0; i++) {
        bins[i] = (float)counts[i] / (float)total;
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
