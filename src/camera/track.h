/*
 * camera/track - one body on its way through the picture: where it is, where it will be.
 *
 * A Kalman filter of constant velocity over centre, width and height (each axis by itself, so a
 * 2x2 problem four times), and the look of the body as a colour histogram. The tracker decides
 * which detection belongs to which track. Plain values; no I/O; any one thread.
 */
#pragma once

#include "camera/look.h"
#include "detector/box.h"

/* Position and speed along one axis, with their covariance. */
struct track_axis {
    float value, speed;
    float p00, p01, p11;
};

enum { TRACK_AXES = 4 }; /* centre x, foot y, width, height */

struct track_motion {
    struct track_axis axis[TRACK_AXES];
};

/* A body first seen at `box`, standing still until proven otherwise. */
struct track_motion track_motion_start(struct box box);

/* Lets `seconds` pass. */
void track_motion_predict(struct track_motion *motion, float seconds);

/* Nothing moves where it is: it stands. */
void track_motion_rest(struct track_motion *motion);

/* A detector saw it at `box` with `score`: less sure means less weight. */
void track_motion_correct(struct track_motion *motion, struct box box, float score);

/* Where it is believed to be now. */
struct box track_motion_box(const struct track_motion *motion);

/* Where a track stood in one frame, as told to the callers of the tracker. */
struct track_point {
    uint64_t track;      /* from 1, never used again by the same tracker */
    uint64_t sequence;   /* of the frame */
    int64_t captured_us; /* of the frame */
    struct box box;      /* pixels */
    float score;         /* of the detection, or of the last one before it */
    int label;
};
