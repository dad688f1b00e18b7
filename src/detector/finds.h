/*
 * detector/finds - from a model's output to boxes in the picture.
 *
 * Picks the finds with a label and a score, maps them to the frame, and keeps one of those that
 * show the same thing. The output is not trusted: what is not a sane box is dropped. Pure
 * functions; any thread.
 */
#pragma once

#include "detector/detector.h"
#include "detector/engine.h"

/* A bounded list, best score first once finds_thin ran. */
struct finds {
    struct detection list[DETECTOR_FOUND_MAX];
    size_t count;
};

/*
 * Adds what `output` holds for the look into `square`. When the list is full the weakest goes.
 * ERR_MALFORMED when the rows do not fit the model's labels.
 */
MUST_USE enum err finds_add(struct finds *finds, const struct engine_output *output,
                            const struct model *model, struct box square, struct why *why);

/* Drops those from `first` on that a side of `square` cuts, unless that side is the frame's own. */
void finds_drop_cut(struct finds *finds, size_t first, struct box square,
                    const struct frame *frame);

/* Sorts by score and drops every find that overlaps a better one of its label too much. */
void finds_thin(struct finds *finds, float overlap_most);
