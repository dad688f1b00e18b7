/*
 * detector/engine - what runs a model: inside of detector/detector, nobody else's business.
 *
 * An engine is a table of functions. It gets the numbers that detector/crop made and yields the
 * model's output as detector/model describes it. One thread at a time (the detector's lock).
 */
#pragma once

#include "base/err.h"
#include "detector/model.h"

#define ENGINE_MODEL_SIZE_MAX (256 * INT64_C(1024) * 1024)

/* The output [rows][columns], borrowed until the next run: 4 rows of box, then one per class. */
struct engine_output {
    const float *values;
    size_t rows, columns;
};

struct engine_request {
    const struct model *model;
    const char *file; /* path of the model itself; NULL for HOG */
    int threads;
};

struct engine_kind {
    const char *name;
    MUST_USE enum err (*open)(void **state, const struct engine_request *request, struct why *why);
    MUST_USE enum err (*run)(void *state, const float *input, struct engine_output *output,
                             struct why *why);
    void (*close)(void *state);
};

extern const struct engine_kind engine_opencv;
extern const struct engine_kind engine_hog; /* people only; wants luma as 0..255 */
#ifdef TOCSIN_OPENVINO
extern const struct engine_kind engine_openvino;
#endif

/* What HOG would say in a description of its own. */
void engine_hog_model(struct model *out);
