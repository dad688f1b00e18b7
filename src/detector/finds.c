#include "detector/finds.h"

#include <math.h>

/* A find that comes this near (pixels of the model's input) to the side of its square is cut. */
#define CUT_MARGIN 2

/* From the numbers of one look to the frame. */
struct finds_place {
    float x, y, scale, score_least;
    int label;
};

static void keep(struct finds *finds, const struct detection *find)
{
    if (finds->count < DETECTOR_FOUND_MAX) {
        finds->list[finds->count++] = *find;
        return;
    }
    size_t weakest = 0;
    for (size_t i = 1; i < finds->count; i++) {
        if (finds->list[i].score < finds->list[weakest].score) { weakest = i; }
    }
    if (finds->list[weakest].score < find->score) { finds->list[weakest] = *find; }
}

/* Adds what one label's row of scores says. */
static void add_label(struct finds *finds, const struct engine_output *output, const float *scores,
                      const struct finds_place *place)
{
    const size_t columns = output->columns;
    for (size_t i = 0; i < columns; i++) {
        if (!(scores[i] >= place->score_least)) { continue; } /* not a number: neither */
        const float *at = output->values + i;
        const float width = at[2 * columns] * place->scale;
        const float height = at[3 * columns] * place->scale;
        const struct detection find = {
            .box = {.x = place->x + at[0] * place->scale - width / 2,
                    .y = place->y + at[columns] * place->scale - height / 2,
                    .width = width,
                    .height = height},
            .score = fminf(scores[i], 1),
            .label = place->label,
        };
        if (box_sane(find.box)) { keep(finds, &find); }
    }
}

enum err finds_add(struct finds *finds, const struct engine_output *output,
                   const struct model *model, struct box square, struct why *why)
{
    struct finds_place place = {
        .x = square.x,
        .y = square.y,
        .scale = square.width / (float)model->input.side,
        .score_least = model->score_least,
    };
    for (size_t l = 0; l < model->label_count; l++) {
        const size_t row = 4 + (size_t)model->labels[l].class;
        if (row >= output->rows) {
            return why_set(why, ERR_MALFORMED, "label %s is class %u, the model has %zu classes",
                           model->labels[l].text, model->labels[l].class,
                           output->rows > 4 ? output->rows - 4 : 0);
        }
        place.label = (int)l;
        add_label(finds, output, output->values + row * output->columns, &place);
    }
    return OK;
}

void finds_drop_cut(struct finds *finds, size_t first, struct box square, const struct frame *frame)
{
    const float left = square.x > 0 ? square.x + CUT_MARGIN : -INFINITY;
    const float top = square.y > 0 ? square.y + CUT_MARGIN : -INFINITY;
    float right = square.x + square.width;
    float bottom = square.y + square.height;
    right = right < (float)frame->width ? right - CUT_MARGIN : INFINITY;
    bottom = bottom < (float)frame->height ? bottom - CUT_MARGIN : INFINITY;
    size_t kept = first;
    for (size_t i = first; i < finds->count; i++) {
        const struct box box = finds->list[i].box;
        const bool cut =
            box.x < left || box.y < top || box.x + box.width > right || box.y + box.height > bottom;
        if (!cut) { finds->list[kept++] = finds->list[i]; }
    }
    finds->count = kept;
}

static int better_first(const void *a, const void *b)
{
    const float left = ((const struct detection *)a)->score;
    const float right = ((const struct detection *)b)->score;
    return (left < right) - (left > right);
}

void finds_thin(struct finds *finds, float overlap_most)
{
    qsort(finds->list, finds->count, sizeof finds->list[0], better_first);
    size_t kept = 0;
    for (size_t i = 0; i < finds->count; i++) {
        const struct detection find = finds->list[i];
        bool new = true;
        for (size_t k = 0; k < kept && new; k++) {
            new = finds->list[k].label != find.label ||
                  box_iou(finds->list[k].box, find.box) <= overlap_most;
        }
        if (new) { finds->list[kept++] = find; }
    }
    finds->count = kept;
}
