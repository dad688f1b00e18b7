/*
 * detector/model - the description of a detector's model: a small INI file beside the model.
 *
 * Every model has one shape here: input [1, 3, side, side] float, planar; output
 * [1, 4 + classes, N] as YOLOv8 and YOLO11 have it, rows being centre x, centre y, width, height in
 * input pixels and then one score for each class. What was made otherwise (Darknet, SSD) is brought
 * to that shape at set-up (tools/darknet2onnx.py, tools/tflite2onnx.py). Reading is bounded and
 * refuses unknown keys. Plain value; any thread.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "detector/crop.h"

enum {
    MODEL_TEXT_SIZE = 128,
    MODEL_CLASSES_MAX = 256,
    MODEL_LABEL_SIZE = 32,
    MODEL_LABELS_MAX = 32,
    MODEL_FILE_SIZE_MAX = 16 * 1024,
};

enum model_engine { MODEL_ENGINE_AUTO, MODEL_ENGINE_OPENVINO, MODEL_ENGINE_OPENCV };

struct model_label {
    uint32_t class; /* row 4 + class of the output */
    char text[MODEL_LABEL_SIZE];
};

struct model {
    char name[MODEL_TEXT_SIZE];
    char file[MODEL_TEXT_SIZE]; /* beside the description; no slash */
    char licence[MODEL_TEXT_SIZE];
    char source[MODEL_TEXT_SIZE]; /* where it came from, for people */
    enum model_engine engine;
    struct crop_format input;
    float region;      /* pixels of the frame along one side that one look covers best */
    float score_least; /* below it a find is not even read */
    float score_low, score_high;
    float overlap_most; /* finds that overlap more are one */
    struct model_label labels[MODEL_LABELS_MAX];
    size_t label_count;
};

/* ERR_MALFORMED or ERR_LIMIT with the line and what was expected. */
MUST_USE enum err model_parse(struct model *out, struct span ini, struct why *why);
MUST_USE enum err model_read(struct model *out, const char *path, struct why *why);
