/*
 * tests/picture - made-up frames: a grey scene with noise, light that changes, and bodies in it.
 */
#pragma once

#include "detector/frame.h"

#include <string.h>

enum { PICTURE_WIDTH = 320, PICTURE_HEIGHT = 240 };

struct picture {
    uint8_t luma[PICTURE_WIDTH * PICTURE_HEIGHT];
    uint8_t u[PICTURE_WIDTH * PICTURE_HEIGHT / 4], v[PICTURE_WIDTH * PICTURE_HEIGHT / 4];
    uint32_t dice; /* xorshift: the same pictures in every run */
    struct frame frame;
};

static inline uint32_t picture_dice(struct picture *picture)
{
    picture->dice ^= picture->dice << 13;
    picture->dice ^= picture->dice >> 17;
    picture->dice ^= picture->dice << 5;
    return picture->dice;
}

static inline void picture_init(struct picture *picture)
{
    memset(picture, 0, sizeof *picture);
    picture->dice = 2463534242U;
    memset(picture->u, 128, sizeof picture->u);
    memset(picture->v, 128, sizeof picture->v);
    picture->frame = (struct frame){
        .plane = {picture->luma, picture->u, picture->v},
        .stride_bytes = {PICTURE_WIDTH, PICTURE_WIDTH / 2, PICTURE_WIDTH / 2},
        .width = PICTURE_WIDTH,
        .height = PICTURE_HEIGHT,
    };
}

/* The next frame, a tenth of a second later: an empty scene of `light`, with noise of +-`noise`. */
static inline void picture_next(struct picture *picture, int light, int noise)
{
    for (size_t i = 0; i < sizeof picture->luma; i++) {
        const int pattern = (int)(i % PICTURE_WIDTH / 40) * 8;
        const int off =
            noise ? (int)(picture_dice(picture) % (2U * (unsigned)noise + 1)) - noise : 0;
        const int level = light + pattern + off;
        picture->luma[i] = (uint8_t)(level < 0 ? 0 : level > 255 ? 255 : level);
    }
    picture->frame.sequence++;
    picture->frame.captured_us += 100000;
    picture->frame.wall_us = picture->frame.captured_us + 1700000000000000;
}

static inline void picture_draw(struct picture *picture, int x, int y, int width, int height,
                                uint8_t level)
{
    for (int row = y; row < y + height; row++) {
        for (int column = x; column < x + width; column++) {
            const bool in =
                row >= 0 && row < PICTURE_HEIGHT && column >= 0 && column < PICTURE_WIDTH;
            if (in) { picture->luma[row * PICTURE_WIDTH + column] = level; }
        }
    }
}
