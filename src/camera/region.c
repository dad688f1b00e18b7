#include "camera/region.h"

#include <math.h>

/* Room around a wanted box, so that a body that the motion shows in part fits whole. */
#define MARGIN 24

/* Up to this many squares' sides a box is looked at shrunk, in one piece. */
#define SHRINK_MOST 1.4F

size_t region_want(struct box wanted[static REGION_WANTED_MAX], size_t count, struct box box,
                   const struct region_plan *plan)
{
    box = box_clip(box, plan->width, plan->height);
    if (!box_sane(box)) { return count; }
    const float most = plan->side * SHRINK_MOST - 2 * MARGIN;
    const float piece = plan->side / 2;
    const unsigned across = box.width > most ? (unsigned)ceilf(box.width / piece) : 1;
    const unsigned down = box.height > most ? (unsigned)ceilf(box.height / piece) : 1;
    const float width = box.width / (float)across;
    const float height = box.height / (float)down;
    for (unsigned i = 0; i < across * down && count < REGION_WANTED_MAX; i++) {
        const unsigned column = i % across;
        const unsigned row = i / across;
        wanted[count++] = (struct box){
            .x = box.x + (float)column * width,
            .y = box.y + (float)row * height,
            .width = width,
            .height = height,
        };
    }
    return count;
}

static bool holds(struct box square, struct box box)
{
    return box.x >= square.x && box.y >= square.y && box.x + box.width <= square.x + square.width &&
           box.y + box.height <= square.y + square.height;
}

/* With its margin, as far as the frame allows. */
static struct box roomy(struct box box, const struct region_plan *plan)
{
    return box_clip(box_grown(box, MARGIN), plan->width, plan->height);
}

/* Moves a square of `side` into the frame; one larger than the frame is centred on it. */
static struct box settle(float x, float y, float side, const struct region_plan *plan)
{
    x = side > plan->width ? (plan->width - side) / 2 : fminf(fmaxf(x, 0), plan->width - side);
    y = side > plan->height ? (plan->height - side) / 2 : fminf(fmaxf(y, 0), plan->height - side);
    /* On whole pixels: a square that is seen 1:1 then needs no blending. */
    return (struct box){floorf(x), floorf(y), side, side};
}

/* The wanted box furthest to the left among those not yet covered; `count` when none is left. */
static size_t leftmost(const struct box *wanted, const bool *covered, size_t count)
{
    size_t best = count;
    for (size_t i = 0; i < count; i++) {
        if (!covered[i] && (best == count || wanted[i].x < wanted[best].x)) { best = i; }
    }
    return best;
}

struct cover {
    struct box wanted[REGION_WANTED_MAX]; /* with their margins */
    bool covered[REGION_WANTED_MAX];
    size_t count;
};

static size_t gain(const struct cover *cover, struct box square, struct box *around)
{
    size_t held = 0;
    for (size_t i = 0; i < cover->count; i++) {
        if (cover->covered[i] || !holds(square, cover->wanted[i])) { continue; }
        *around = held ? box_around(*around, cover->wanted[i]) : cover->wanted[i];
        held++;
    }
    return held;
}

/* The square that starts at the seed's left side and, over all heights that some wanted box
 * suggests, holds the most; then centred on what it holds, where that keeps it all. */
static struct box best_square(const struct cover *cover, size_t seed,
                              const struct region_plan *plan)
{
    const struct box want = cover->wanted[seed];
    const float side = fmaxf(plan->side, fmaxf(want.width, want.height));
    struct box best = settle(want.x, want.y + want.height / 2 - side / 2, side, plan);
    struct box around = want;
    size_t most = gain(cover, best, &around);
    for (size_t i = 0; i < cover->count; i++) {
        if (cover->covered[i]) { continue; }
        const struct box square = settle(want.x, cover->wanted[i].y, side, plan);
        if (!holds(square, want)) { continue; }
        struct box held = want;
        const size_t count = gain(cover, square, &held);
        if (count > most) {
            most = count;
            best = square;
            around = held;
        }
    }
    return settle(around.x + around.width / 2 - best.width / 2,
                  around.y + around.height / 2 - best.height / 2, best.width, plan);
}

size_t region_cover(const struct box *wanted, size_t count, const struct region_plan *plan,
                    struct box *squares)
{
    struct cover cover = {.count = count < REGION_WANTED_MAX ? count : REGION_WANTED_MAX};
    for (size_t i = 0; i < cover.count; i++) {
        cover.wanted[i] = roomy(wanted[i], plan);
    }
    size_t made = 0;
    while (made < plan->squares_max) {
        const size_t seed = leftmost(cover.wanted, cover.covered, cover.count);
        if (seed == cover.count) { break; }
        const struct box square = best_square(&cover, seed, plan);
        cover.covered[seed] = true;
        for (size_t i = 0; i < cover.count; i++) {
            cover.covered[i] = cover.covered[i] || holds(square, cover.wanted[i]);
        }
        squares[made++] = square;
    }
    return made;
}
