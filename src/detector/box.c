#include "detector/box.h"

#include <math.h>

float box_area(struct box box)
{
    return box.width * box.height;
}

float box_shared(struct box a, struct box b)
{
    float width = fminf(a.x + a.width, b.x + b.width) - fmaxf(a.x, b.x);
    float height = fminf(a.y + a.height, b.y + b.height) - fmaxf(a.y, b.y);
    return width > 0 && height > 0 ? width * height : 0;
}

float box_iou(struct box a, struct box b)
{
    float shared = box_shared(a, b);
    float united = box_area(a) + box_area(b) - shared;
    return united > 0 ? shared / united : 0;
}

struct box box_around(struct box a, struct box b)
{
    float x = fminf(a.x, b.x);
    float y = fminf(a.y, b.y);
    return (struct box){
        .x = x,
        .y = y,
        .width = fmaxf(a.x + a.width, b.x + b.width) - x,
        .height = fmaxf(a.y + a.height, b.y + b.height) - y,
    };
}

struct box box_clip(struct box box, float width, float height)
{
    float right = fminf(fmaxf(box.x + box.width, 0), width);
    float bottom = fminf(fmaxf(box.y + box.height, 0), height);
    float x = fminf(fmaxf(box.x, 0), width);
    float y = fminf(fmaxf(box.y, 0), height);
    return (struct box){.x = x, .y = y, .width = right - x, .height = bottom - y};
}

struct box box_grown(struct box box, float by)
{
    return (struct box){box.x - by, box.y - by, box.width + 2 * by, box.height + 2 * by};
}

bool box_sane(struct box box)
{
    return isfinite(box.x) && isfinite(box.y) && isfinite(box.width) && isfinite(box.height) &&
           box.width > 0 && box.height > 0;
}
