/*
 * camera/tracker - which detection is whom: gives each body one number for as long as it is there.
 *
 * Two stages, as in ByteTrack: sure detections are matched first, then the unsure ones may keep a
 * track alive but never begin one. Matching is optimal (camera/assign) over overlap and look. A
 * track is told to the caller once it is confirmed by several frames, then with its earlier points;
 * one that is found again after it was hidden gets the points between. Owned by one thread; no I/O;
 * the time comes with the frame.
 */
#pragma once

#include "camera/track.h"
#include "detector/detector.h"

enum { TRACKER_TRACKS_MAX = 128, TRACKER_POINTS_MAX = 4096, TRACKER_HITS_MAX = 30 };

struct tracker;

struct tracker_options {
    double score_high;    /* a detection from here on may begin a track; 0 = as the model says */
    double score_low;     /* below it a detection is nothing at all; 0 = as the model says */
    int64_t confirm_hits; /* frames that must show a body before it is believed, 1..30 */
    int64_t lost_us;      /* for how long a track that is hidden may be found again */
};

struct tracker_options tracker_options_usual(void);

/* One frame's evidence. A track that no square covers was not looked for and is not missed. */
struct tracker_step {
    const struct frame *frame; /* borrowed; looks are taken from it */
    const struct detection *found;
    const float *moving; /* how much of each find moves, 0..1: what never moved begins no track */
    size_t found_count;
    const struct box *squares; /* where the detector looked */
    size_t square_count;
};

struct tracker *tracker_new(const struct tracker_options *options);
void tracker_free(struct tracker *tracker); /* NULL is allowed */
CLEANUP_FOR(struct tracker, tracker_free)

void tracker_step(struct tracker *tracker, const struct tracker_step *step);

/* Forgets every track; numbers are not used again. */
void tracker_forget(struct tracker *tracker);

/* Points that the last step made known, oldest first for each track. Borrowed until the next. */
const struct track_point *tracker_points(const struct tracker *tracker, size_t *count);

/* A track as it stands, predicted to the frame of the last step or of tracker_predict. */
struct track_state {
    uint64_t track; /* 0 = not confirmed yet */
    struct box box;
    int64_t seen_us;   /* captured_us of the frame that showed it last */
    int64_t looked_us; /* and of the one in which it was last looked for */
};

/* Where every living track would be at `captured_us`; changes nothing. */
size_t tracker_predict(const struct tracker *tracker, int64_t captured_us,
                       struct track_state states[static TRACKER_TRACKS_MAX]);
