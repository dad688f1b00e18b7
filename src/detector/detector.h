/*
 * detector/detector - finds people (and what else the model knows) in one square of a picture.
 *
 * One interface, several engines behind it: OpenVINO where setup could fetch it, OpenCV of the
 * distribution, and OpenCV's HOG people detector, which needs no model file. A model is described
 * by a small INI file beside it (detector/model). A detector may be shared by threads: one lock
 * serialises them, so that its memory is needed once. Model files are bytes from outside: their
 * size is limited and what they yield is checked.
 */
#pragma once

#include "base/err.h"
#include "detector/box.h"
#include "detector/frame.h"

enum { DETECTOR_FOUND_MAX = 256, DETECTOR_SQUARES_MAX = 16 };

struct detector;

/* Where to look: squares of the frame, in pixels. */
struct detector_look {
    const struct box *squares; /* borrowed */
    size_t count;
};

struct detection {
    struct box box; /* pixels of the frame */
    float score;    /* 0..1 */
    int label;      /* for detector_label */
};

/*
 * Opens the model described by the INI file at `path`, or the HOG people detector when `path` is
 * NULL. `threads` (1..64) bounds the CPU threads of one inference. ERR_NOT_FOUND, ERR_MALFORMED,
 * ERR_LIMIT or ERR_UNAVAILABLE (no engine of this build reads it) with the sentence in `why`.
 */
MUST_USE enum err detector_open(struct detector **out, const char *path, int threads,
                                struct why *why);
void detector_close(struct detector *detector); /* NULL is allowed */
CLEANUP_FOR(struct detector, detector_close)

/* What one call found. */
struct detector_found {
    struct detection found[DETECTOR_FOUND_MAX]; /* best score first, no two for the same thing */
    size_t count;
    int64_t engine_us;     /* wall time inside the engine */
    int64_t engine_cpu_us; /* CPU time of the process meanwhile: true when nothing else runs */
};

/*
 * Looks into `count` squares of `frame` (pixels; at most DETECTOR_SQUARES_MAX; what lies outside
 * the frame is grey). A find that an inner edge of its square cuts is left out: whoever chose the
 * squares lets them overlap. ERR_UNAVAILABLE when the engine fails.
 */
MUST_USE enum err detector_find(struct detector *detector, const struct frame *frame,
                                struct detector_look look, struct detector_found *out,
                                struct why *why);

/* Stable text for events and logs, such as "yolo-fastest-1.1_body". */
const char *detector_model(const struct detector *detector);
/* "openvino", "opencv" or "hog". */
const char *detector_engine(const struct detector *detector);
/* The name of a label; labels that the model's description leaves out are never found. */
const char *detector_label(const struct detector *detector, int label);

/* Figures of the model's description that others work with. */
struct detector_traits {
    float region;     /* pixels of the frame along one side that one look covers best */
    float score_high; /* a find from here on may begin a track */
    float score_low;  /* a find below is noise */
};
struct detector_traits detector_traits(const struct detector *detector);
