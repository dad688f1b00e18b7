/*
 * detector/box - a rectangle of a picture, and how much two of them are one.
 *
 * In pixels of the frame unless a member says otherwise; x and y name the upper left corner.
 * Plain values, no allocation, any thread.
 */
#pragma once

#include "base/base.h"

#include <stdbool.h>

struct box {
    float x, y, width, height;
};

float box_area(struct box box);

/* Area that both share; 0 when they do not touch. */
float box_shared(struct box a, struct box b);

/* Shared area over united area, 0..1. */
float box_iou(struct box a, struct box b);

/* The smallest box around both. */
struct box box_around(struct box a, struct box b);

/* `box` cut to the picture 0,0..width,height. */
struct box box_clip(struct box box, float width, float height);

/* `box` with `by` more pixels on each of its four sides. */
struct box box_grown(struct box box, float by);

/* False for sizes that are not positive and for anything that is not a finite number. */
bool box_sane(struct box box);
