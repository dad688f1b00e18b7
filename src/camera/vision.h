/*
 * camera/vision - what one camera sees: pictures in, visits out.
 *
 * Motion gate, then detection on the regions that moved or that hold a track, then the tracker,
 * then visits. Nothing moves and nobody stands there: no detection work at all. One struct vision
 * belongs to one thread; a detector may be shared by several (it has its own lock). No I/O beyond
 * the detector's; time comes with the frames. Callbacks run inside vision_feed and vision_end.
 */
#pragma once

#include "camera/motion.h"
#include "camera/tracker.h"
#include "camera/visit.h"
#include "detector/detector.h"

struct vision;

struct vision_options {
    struct detector *detector; /* borrowed; several cameras may share one */
    struct motion_options motion;
    struct tracker_options tracker;
    int64_t detect_us;   /* least time between two frames that are looked into, 0..1 s */
    int64_t recheck_us;  /* how often a track that stands still is looked at again */
    double body_least;   /* height of the smallest body that counts, part of the frame's, 0..1 */
    int64_t regions_max; /* inferences for one frame, 1..VISION_REGIONS_MAX */

    struct area_list mask; /* where nobody looks: no motion there, and who stands there is nobody */
    struct area_list zones; /* what a visit tells, see camera/visit */
    bool only_zones;        /* who never stands in a zone is no visit */

    /* A visit began, goes on (at most one update a second) or ended. `frame` is the one fed now,
     * NULL from vision_end. */
    void (*visit)(void *context, const struct visit *visit, const struct frame *frame);
    /* Where confirmed tracks stood: in the frame fed now or, as soon as it is known, in earlier
     * ones. May be NULL. */
    void (*points)(void *context, const struct track_point *points, size_t count);
    void *context;
};

enum { VISION_REGIONS_MAX = DETECTOR_SQUARES_MAX };

/* Running totals since vision_open. */
struct vision_figures {
    uint64_t frames;
    uint64_t motion_frames; /* in which something moved */
    uint64_t inferences;
    uint64_t detections;   /* above the model's threshold */
    int64_t engine_us;     /* inside the detector's engine, wall time */
    int64_t engine_cpu_us; /* CPU time of the process meanwhile */
};

/* The usual values, no mask, no zones; detector and callbacks are left for the caller. */
struct vision_options vision_options_usual(void);

/* `options` is copied. ERR_RANGE for a value outside its range. */
MUST_USE enum err vision_open(struct vision **out, const struct vision_options *options,
                              struct why *why);
void vision_close(struct vision *vision); /* open visits are dropped unsaid; NULL is allowed */
CLEANUP_FOR(struct vision, vision_close)

/*
 * Looks at one picture. A change of size begins afresh: open visits end. ERR_RANGE for a frame
 * that breaks frame.h, ERR_UNAVAILABLE when the detector fails: the frame is then skipped and the
 * next may be fed.
 */
MUST_USE enum err vision_feed(struct vision *vision, const struct frame *frame, struct why *why);

/* The stream broke off or is closed: ends every open visit and forgets what was moving. */
void vision_end(struct vision *vision);

/*
 * True when nothing has moved for VISION_IDLE_US and no track is alive. A decoder may then skip all
 * but key frames, provided they come at least once a second: a longer wait would be seen by the
 * operator as a late event.
 */
bool vision_idle(const struct vision *vision);
#define VISION_IDLE_US (10 * INT64_C(1000000))

struct vision_figures vision_figures(const struct vision *vision);
