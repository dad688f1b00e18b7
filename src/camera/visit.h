/*
 * camera/visit - turns tracks into events: one visit is one event.
 *
 * People who come within VISIT_GROUP_US of each other come together: they are one visit with a
 * count. Who comes later is the next visit, also while the first are still there, so that an
 * operator sees arrivals, not one endless "people are here"
 * (docs/decisions/0008-a-visit-is-an-arrival.md). A visit ends when the last of its tracks has
 * ended, or after VISIT_LENGTH_MAX_US, when it is cut and goes on as a new visit. It says which
 * zones its feet were in; where only zones count, it begins when somebody first stands in one.
 *
 * Owned by one thread; no I/O; the time comes with each frame.
 */
#pragma once

#include "camera/picture_area.h"
#include "camera/track.h"
#include "detector/frame.h"

enum {
    VISIT_BOXES_MAX = 256, /* of one visit; beyond it every second one goes */
    VISIT_OPEN_MAX = 64,   /* at one time; the next arrivals join the newest */
    VISIT_TRACKS_MAX = 32, /* of one visit; more are counted only */
};

#define VISIT_GROUP_US (2 * INT64_C(1000000))
#define VISIT_UPDATE_US (1 * INT64_C(1000000))
#define VISIT_LENGTH_MAX_US (60 * INT64_C(1000000))

enum visit_state { VISIT_STATE_BEGIN, VISIT_STATE_UPDATE, VISIT_STATE_END };

/* Where somebody of the visit stood: seconds since its start, and parts of the frame, 0..1. */
struct visit_box {
    float at_s;
    struct box part;
};

/* What the caller of vision is told. Everything is borrowed until the callback returns. */
struct visit {
    uint64_t number; /* unique in one struct vision, from 1; the caller gives it its event id */
    enum visit_state state;
    const char *label;                   /* what the detector calls it: "person" */
    double score;                        /* the best of any of its tracks so far, 0..1 */
    unsigned count;                      /* the most seen at one time */
    int64_t started_us, started_wall_us; /* of the first frame that showed it */
    int64_t updated_us, updated_wall_us; /* of the newest frame that showed it */
    int64_t ended_us, ended_wall_us;     /* 0 while it lasts; else as updated */
    const struct visit_box *boxes;
    size_t box_count;
    uint32_t zones;       /* bit i: somebody of it has stood in zone i so far */
    bool best_look;       /* the frame fed right now is the best picture of it so far */
    struct box best_part; /* where the best look has it, parts of the frame */
};

/* The open visits of one camera. */
struct visits;

struct visits_listener {
    void (*told)(void *context, const struct visit *visit, const struct frame *frame);
    const char *(*label)(void *context, int label); /* the word for a label's number */
    void *context;
};

/* What the tracker knows after one frame. All borrowed. */
struct visits_step {
    const struct frame *frame;
    const struct track_point *points; /* new ones, of this frame and earlier */
    size_t point_count;
    const uint64_t *alive; /* numbers of the confirmed tracks that are not given up */
    size_t alive_count;
};

/* The zones of the camera. Where `only` is true, who never stands in one is no visit. */
struct visits_zones {
    const struct area_list *list; /* borrowed */
    bool only;
};

/* Both are copied; `zones` may be NULL. */
struct visits *visits_new(const struct visits_listener *listener, const struct visits_zones *zones);
void visits_free(struct visits *visits); /* says nothing; NULL is allowed */
CLEANUP_FOR(struct visits, visits_free)

void visits_step(struct visits *visits, const struct visits_step *step);

/* Ends every open visit at the time it was last seen. */
void visits_end(struct visits *visits);
