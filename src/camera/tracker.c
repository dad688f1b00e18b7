#include "camera/tracker.h"

#include "base/clock.h"
#include "camera/assign.h"

#include <math.h>
#include <string.h>

struct track {
    struct track_motion motion;
    struct look look;
    uint64_t number;   /* 0 until confirmed */
    int64_t at_us;     /* to which `motion` is predicted */
    int64_t seen_us;   /* of the last find */
    int64_t looked_us; /* of the last look, with or without a find */
    bool looked;       /* in the last step */
    unsigned hits, moved_hits, misses;
    float score; /* of the last find */
    int label;
    struct track_point early[TRACKER_HITS_MAX]; /* before it was confirmed */
    size_t early_count;
    struct track_point last; /* the last one told */
};

/* What a frame brings, beside the step itself. */
struct evidence {
    const struct tracker_step *step;
    struct look looks[DETECTOR_FOUND_MAX];
    bool taken[DETECTOR_FOUND_MAX];
    bool matched[TRACKER_TRACKS_MAX];
};

struct tracker {
    struct tracker_options options;
    struct track tracks[TRACKER_TRACKS_MAX];
    size_t count;
    uint64_t numbers; /* given so far */
    struct track_point points[TRACKER_POINTS_MAX];
    size_t point_count;
    struct evidence evidence; /* of the step at work: too large to be cleared for every frame */
};

/* One round of matching: which finds and which tracks take part, and what a pair must have. */
struct round {
    float score_least, score_most; /* finds */
    bool confirmed, fresh;         /* tracks */
    float near_least;              /* overlap or nearness, 0..1 */
    bool found_again;              /* tracks that were missed: by look and reachable distance */
};

#define LOOK_SHARE 0.15F   /* how fast a look follows */
#define MOVING_LEAST 0.08F /* of a find's area, for it to count as moving */
#define LIKE_LEAST 0.80F   /* to be taken for the same body after it was hidden */
#define WEIGHT_LOOK 0.4F
#define INSIDE_STAY 0.3F  /* of a body in the picture, for its track to live on */
#define INSIDE_TELL 0.85F /* and for it to be told: a half body is a poor witness */
#define REACH_SPEED 0.9F  /* body heights a second that a hidden body may walk */

/* A gap is filled with points only while the straight line between its ends is a fair guess. */
#define FILL_GAP_US (2 * CLOCK_SECOND_US)

struct tracker_options tracker_options_usual(void)
{
    return (struct tracker_options){.confirm_hits = 4, .lost_us = 4 * CLOCK_SECOND_US};
}

struct tracker *tracker_new(const struct tracker_options *options)
{
    struct tracker *tracker = MEM_NEW(struct tracker);
    tracker->options = *options;
    return tracker;
}

void tracker_free(struct tracker *tracker)
{
    free(tracker);
}

void tracker_forget(struct tracker *tracker)
{
    tracker->count = 0;
    tracker->point_count = 0;
}

const struct track_point *tracker_points(const struct tracker *tracker, size_t *count)
{
    *count = tracker->point_count;
    return tracker->points;
}

static float seconds_of(int64_t us)
{
    return (float)us / (float)CLOCK_SECOND_US;
}

size_t tracker_predict(const struct tracker *tracker, int64_t captured_us,
                       struct track_state states[static TRACKER_TRACKS_MAX])
{
    for (size_t i = 0; i < tracker->count; i++) {
        const struct track *track = &tracker->tracks[i];
        struct track_motion motion = track->motion;
        if (captured_us > track->at_us) {
            track_motion_predict(&motion, seconds_of(captured_us - track->at_us));
        }
        states[i] = (struct track_state){
            .track = track->number,
            .box = track_motion_box(&motion),
            .seen_us = track->seen_us,
            .looked_us = track->looked_us,
        };
    }
    return tracker->count;
}

static void tell(struct tracker *tracker, const struct track_point *point)
{
    if (tracker->point_count < TRACKER_POINTS_MAX) {
        tracker->points[tracker->point_count++] = *point;
    }
}

/* The points between the last one told and `now`, on a straight line. */
static void fill_gap(struct tracker *tracker, const struct track *track,
                     const struct track_point *now)
{
    const struct track_point *last = &track->last;
    const uint64_t steps = now->sequence - last->sequence;
    if (steps < 2 || now->captured_us - last->captured_us > FILL_GAP_US) { return; }
    for (uint64_t i = 1; i < steps; i++) {
        const float part = (float)i / (float)steps;
        struct track_point between = *last;
        between.sequence += i;
        between.captured_us += (int64_t)(part * (float)(now->captured_us - last->captured_us));
        between.box.x += (now->box.x - last->box.x) * part;
        between.box.y += (now->box.y - last->box.y) * part;
        between.box.width += (now->box.width - last->box.width) * part;
        between.box.height += (now->box.height - last->box.height) * part;
        tell(tracker, &between);
    }
}

static void confirm(struct tracker *tracker, struct track *track)
{
    track->number = ++tracker->numbers;
    for (size_t i = 0; i < track->early_count; i++) {
        track->early[i].track = track->number;
        if (i > 0) {
            track->last = track->early[i - 1];
            fill_gap(tracker, track, &track->early[i]);
        }
        tell(tracker, &track->early[i]);
    }
    track->last = track->early[track->early_count - 1];
}

/* Has the body left the picture? Then there is nothing to tell or to wait for. */
static bool is_outside(const struct frame *frame, struct box body, float inside_least)
{
    const struct box seen = box_clip(body, (float)frame->width, (float)frame->height);
    return seen.width <= 0 || seen.height <= 0 || box_area(seen) < inside_least * box_area(body);
}

/* A find has joined the track: tells the point, or keeps it until the track is believed. */
static void note_point(struct tracker *tracker, struct track *track, const struct frame *frame)
{
    const struct track_point point = {
        .track = track->number,
        .sequence = frame->sequence,
        .captured_us = frame->captured_us,
        .box = track_motion_box(&track->motion),
        .score = track->score,
        .label = track->label,
    };
    if (is_outside(frame, point.box, INSIDE_TELL)) { return; }
    if (track->number != 0) {
        fill_gap(tracker, track, &point);
        tell(tracker, &point);
        track->last = point;
        return;
    }
    if (track->early_count == TRACKER_HITS_MAX) {
        memmove(track->early, track->early + 1, (TRACKER_HITS_MAX - 1) * sizeof point);
        track->early_count--;
    }
    track->early[track->early_count++] = point;
    const unsigned wanted = (unsigned)tracker->options.confirm_hits;
    if (track->hits >= wanted && track->moved_hits >= wanted) { confirm(tracker, track); }
}

static void join(struct tracker *tracker, size_t of_track, struct evidence *evidence,
                 size_t of_find)
{
    const struct tracker_step *step = evidence->step;
    const struct detection *find = &step->found[of_find];
    struct track *track = &tracker->tracks[of_track];
    track_motion_correct(&track->motion, find->box, find->score);
    look_blend(&track->look, &evidence->looks[of_find], LOOK_SHARE);
    track->hits++;
    track->moved_hits += step->moving[of_find] >= MOVING_LEAST;
    track->misses = 0;
    track->score = find->score;
    track->seen_us = step->frame->captured_us;
    evidence->taken[of_find] = true;
    evidence->matched[of_track] = true;
    note_point(tracker, track, step->frame);
}

static void start(struct tracker *tracker, struct evidence *evidence, size_t of_find)
{
    if (tracker->count == TRACKER_TRACKS_MAX) { return; }
    const struct tracker_step *step = evidence->step;
    const struct detection *find = &step->found[of_find];
    struct track *track = &tracker->tracks[tracker->count];
    *track = (struct track){
        .motion = track_motion_start(find->box),
        .look = evidence->looks[of_find],
        .at_us = step->frame->captured_us,
        .seen_us = step->frame->captured_us,
        .looked_us = step->frame->captured_us,
        .hits = 1,
        .moved_hits = 1,
        .score = find->score,
        .label = find->label,
    };
    evidence->matched[tracker->count++] = true;
    evidence->taken[of_find] = true;
    note_point(tracker, track, step->frame);
}

/* How near the find is to where a hidden body can have walked: 1 = there, 0 = out of reach. */
static float reach(const struct track *track, struct box body, struct box find)
{
    const float hidden_s = fminf(seconds_of(track->at_us - track->seen_us), 3);
    const float radius = body.height * (0.35F + REACH_SPEED * hidden_s);
    const float dx = body.x + body.width / 2 - find.x - find.width / 2;
    const float dy = body.y + body.height - find.y - find.height;
    const float size = find.height / body.height;
    if (size < 0.6F || size > 1.6F) { return 0; }
    return fmaxf(0, 1 - sqrtf(dx * dx + dy * dy) / radius);
}

static float pair_cost(const struct round *round, const struct track *track,
                       const struct evidence *evidence, size_t of_find)
{
    const struct detection *find = &evidence->step->found[of_find];
    if (find->label != track->label) { return ASSIGN_FORBIDDEN; }
    const struct box body = track_motion_box(&track->motion);
    const float like = look_likeness(&track->look, &evidence->looks[of_find]);
    const float near =
        round->found_again ? reach(track, body, find->box) : box_iou(body, find->box);
    if (near < round->near_least) { return ASSIGN_FORBIDDEN; }
    if (round->found_again && like < LIKE_LEAST) { return ASSIGN_FORBIDDEN; }
    return (1 - WEIGHT_LOOK) * (1 - near) + WEIGHT_LOOK * (1 - like);
}

static bool takes_part(const struct round *round, const struct track *track)
{
    const bool kind = track->number != 0 ? round->confirmed : round->fresh;
    return kind && (!round->found_again || track->misses > 0);
}

static void play(struct tracker *tracker, const struct round *round, struct evidence *evidence)
{
    size_t tracks[TRACKER_TRACKS_MAX];
    size_t finds[DETECTOR_FOUND_MAX];
    size_t track_count = 0;
    size_t find_count = 0;
    for (size_t i = 0; i < tracker->count; i++) {
        if (!evidence->matched[i] && takes_part(round, &tracker->tracks[i])) {
            tracks[track_count++] = i;
        }
    }
    for (size_t i = 0; i < evidence->step->found_count; i++) {
        const float score = evidence->step->found[i].score;
        if (!evidence->taken[i] && score >= round->score_least && score < round->score_most) {
            finds[find_count++] = i;
        }
    }
    if (track_count == 0 || find_count == 0) { return; }
    CLEANUP(mem_free_p) float *cost = MEM_ARRAY(float, track_count *find_count);
    int match[TRACKER_TRACKS_MAX];
    for (size_t i = 0; i < track_count * find_count; i++) {
        cost[i] = pair_cost(round, &tracker->tracks[tracks[i / find_count]], evidence,
                            finds[i % find_count]);
    }
    assign_solve(cost, track_count, find_count, match);
    for (size_t i = 0; i < track_count; i++) {
        if (match[i] != ASSIGN_NONE) {
            join(tracker, tracks[i], evidence, finds[(size_t)match[i]]);
        }
    }
}

/* A find that mostly covers a body already followed is that body seen twice, not a new one. */
static bool is_new_body(const struct tracker *tracker, const struct detection *find)
{
    for (size_t i = 0; i < tracker->count; i++) {
        const struct track *track = &tracker->tracks[i];
        const struct box body = track_motion_box(&track->motion);
        const float smaller = fminf(box_area(body), box_area(find->box));
        if (track->misses == 0 && box_shared(body, find->box) > 0.7F * smaller) { return false; }
    }
    return true;
}

static void count_misses(struct tracker *tracker, const struct evidence *evidence)
{
    const struct frame *frame = evidence->step->frame;
    size_t kept = 0;
    for (size_t i = 0; i < tracker->count; i++) {
        struct track *track = &tracker->tracks[i];
        const struct box body = track_motion_box(&track->motion);
        if (!evidence->matched[i] && track->looked) { track->misses++; }
        const bool fresh = track->number == 0;
        const bool lost = track->misses > 0 &&
                          (fresh ? track->misses > 2
                                 : track->looked_us - track->seen_us > tracker->options.lost_us);
        if (!lost && !is_outside(frame, body, INSIDE_STAY)) { tracker->tracks[kept++] = *track; }
    }
    tracker->count = kept;
}

static bool was_looked_at(const struct tracker_step *step, struct box body)
{
    const struct box seen = box_clip(body, (float)step->frame->width, (float)step->frame->height);
    for (size_t i = 0; i < step->square_count; i++) {
        if (box_shared(step->squares[i], seen) > 0.9F * box_area(seen)) { return true; }
    }
    return false;
}

/* Brings every track to the time of the frame. One that was not looked at did not move. */
static void advance(struct tracker *tracker, const struct tracker_step *step)
{
    for (size_t i = 0; i < tracker->count; i++) {
        struct track *track = &tracker->tracks[i];
        struct track_motion ahead = track->motion;
        const float seconds = seconds_of(step->frame->captured_us - track->at_us);
        if (seconds > 0) { track_motion_predict(&ahead, seconds); }
        if (was_looked_at(step, track_motion_box(&ahead))) {
            track->motion = ahead;
            track->looked_us = step->frame->captured_us;
            track->looked = true;
        } else {
            track_motion_rest(&track->motion);
            track->looked = false;
        }
        track->at_us = step->frame->captured_us;
    }
}

void tracker_step(struct tracker *tracker, const struct tracker_step *step)
{
    struct evidence *evidence = &tracker->evidence;
    evidence->step = step;
    memset(evidence->taken, 0, sizeof evidence->taken);
    memset(evidence->matched, 0, sizeof evidence->matched);
    tracker->point_count = 0;
    for (size_t i = 0; i < step->found_count; i++) {
        look_take(&evidence->looks[i], step->frame, step->found[i].box);
    }
    advance(tracker, step);
    const float high = (float)tracker->options.score_high;
    const float low = (float)tracker->options.score_low;
    const struct round rounds[] = {
        {.score_least = high, .score_most = 2, .confirmed = true, .near_least = 0.25F},
        {.score_least = low, .score_most = 2, .confirmed = true, .near_least = 0.40F},
        {.score_least = low, .score_most = 2, .fresh = true, .near_least = 0.25F},
        {.score_least = high,
         .score_most = 2,
         .confirmed = true,
         .near_least = 0.01F,
         .found_again = true},
    };
    for (size_t i = 0; i < ARRAY_LEN(rounds); i++) {
        play(tracker, &rounds[i], evidence);
    }
    for (size_t i = 0; i < step->found_count; i++) {
        const bool begins = !evidence->taken[i] && step->found[i].score >= high &&
                            step->moving[i] >= MOVING_LEAST &&
                            is_new_body(tracker, &step->found[i]);
        if (begins) { start(tracker, evidence, i); }
    }
    count_misses(tracker, evidence);
}
