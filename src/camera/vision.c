#include "camera/vision.h"

#include "base/clock.h"
#include "camera/region.h"

#include <string.h>

struct vision {
    struct vision_options options;
    struct motion *motion;   /* owned */
    struct tracker *tracker; /* owned */
    struct visits *visits;   /* owned */
    struct vision_figures figures;
    uint32_t width, height; /* of the frames so far */
    int64_t now_us, detected_us;
    int64_t busy_us; /* of the last frame with motion or a track */
};

/* Large enough to stay off the stack. */
struct scene {
    struct motion_seen seen;
    struct track_state states[TRACKER_TRACKS_MAX];
    size_t state_count;
    struct box wanted[REGION_WANTED_MAX];
    size_t wanted_count;
    struct box squares[DETECTOR_SQUARES_MAX];
    size_t square_count;
    struct detector_found found;
    float moving[DETECTOR_FOUND_MAX];
    uint64_t alive[TRACKER_TRACKS_MAX];
};

/* A track of which less than this moves stands still. */
#define STILL_SHARE 0.02F

struct vision_options vision_options_usual(void)
{
    return (struct vision_options){
        .motion = motion_options_usual(),
        .tracker = tracker_options_usual(),
        .detect_us = 90000,
        .recheck_us = CLOCK_SECOND_US,
        .body_least = 0.1,
        .regions_max = 12,
    };
}

static enum err check(const struct vision_options *options, struct why *why)
{
    if (!options->detector || !options->visit) {
        return why_set(why, ERR_RANGE, "vision needs a detector and a listener for visits");
    }
    const bool sane = options->regions_max >= 1 && options->regions_max <= VISION_REGIONS_MAX &&
                      options->detect_us >= 0 && options->detect_us <= CLOCK_SECOND_US &&
                      options->recheck_us > 0 && options->body_least >= 0 &&
                      options->body_least <= 1 && options->tracker.confirm_hits >= 1 &&
                      options->tracker.confirm_hits <= TRACKER_HITS_MAX;
    return sane ? OK : why_set(why, ERR_RANGE, "an option of vision is out of its range");
}

static void on_visit(void *context, const struct visit *visit, const struct frame *frame)
{
    const struct vision *vision = context;
    vision->options.visit(vision->options.context, visit, frame);
}

static const char *label_of(void *context, int label)
{
    const struct vision *vision = context;
    return detector_label(vision->options.detector, label);
}

enum err vision_open(struct vision **out, const struct vision_options *options, struct why *why)
{
    const enum err err = check(options, why);
    if (err) { return err; }
    struct vision *vision = MEM_NEW(struct vision);
    vision->options = *options;
    const struct detector_traits traits = detector_traits(options->detector);
    struct tracker_options tracker = options->tracker;
    if (tracker.score_high <= 0) { tracker.score_high = (double)traits.score_high; }
    if (tracker.score_low <= 0) { tracker.score_low = (double)traits.score_low; }
    vision->options.motion.mask = &vision->options.mask;
    vision->motion = motion_new(&vision->options.motion);
    vision->tracker = tracker_new(&tracker);
    vision->visits = visits_new(
        &(struct visits_listener){.told = on_visit, .label = label_of, .context = vision},
        &(struct visits_zones){.list = &vision->options.zones, .only = options->only_zones});
    *out = vision;
    return OK;
}

void vision_close(struct vision *vision)
{
    if (!vision) { return; }
    visits_free(vision->visits);
    tracker_free(vision->tracker);
    motion_free(vision->motion);
    free(vision);
}

void vision_end(struct vision *vision)
{
    visits_end(vision->visits);
    tracker_forget(vision->tracker);
    vision->width = 0;
    vision->height = 0;
}

static enum err check_frame(const struct frame *frame, struct why *why)
{
    const bool sized = frame->width >= FRAME_SIDE_MIN && frame->width <= FRAME_SIDE_MAX &&
                       frame->height >= FRAME_SIDE_MIN && frame->height <= FRAME_SIDE_MAX;
    if (!sized) {
        return why_set(why, ERR_RANGE, "a picture of %ux%u; sides of %d..%d were expected",
                       frame->width, frame->height, FRAME_SIDE_MIN, FRAME_SIDE_MAX);
    }
    const size_t half = (frame->width + 1) / 2;
    const bool laid =
        frame->plane[FRAME_PLANE_Y] && frame->plane[FRAME_PLANE_U] && frame->plane[FRAME_PLANE_V] &&
        frame->stride_bytes[FRAME_PLANE_Y] >= frame->width &&
        frame->stride_bytes[FRAME_PLANE_U] >= half && frame->stride_bytes[FRAME_PLANE_V] >= half;
    return laid ? OK : why_set(why, ERR_RANGE, "a picture whose planes are missing or too narrow");
}

/* Whether a track deserves a look: it moves, or nobody has looked for a while. */
static bool deserves_look(const struct vision *vision, const struct track_state *state)
{
    return vision->now_us - state->looked_us >= vision->options.recheck_us ||
           motion_share(vision->motion, state->box) >= STILL_SHARE;
}

static void choose_squares(const struct vision *vision, struct scene *scene)
{
    const struct region_plan plan = {
        .width = (float)vision->width,
        .height = (float)vision->height,
        .side = detector_traits(vision->options.detector).region,
        .squares_max = (size_t)vision->options.regions_max,
    };
    for (size_t i = 0; i < scene->state_count; i++) {
        if (deserves_look(vision, &scene->states[i])) {
            scene->wanted_count =
                region_want(scene->wanted, scene->wanted_count, scene->states[i].box, &plan);
        }
    }
    for (size_t i = 0; i < scene->seen.region_count; i++) {
        scene->wanted_count =
            region_want(scene->wanted, scene->wanted_count, scene->seen.regions[i], &plan);
    }
    scene->square_count = region_cover(scene->wanted, scene->wanted_count, &plan, scene->squares);
}

/* What is too far away to be told from a post is nobody, and so is who stands in the mask. */
static bool is_somebody(const struct vision *vision, struct box body)
{
    const float least = (float)vision->options.body_least * (float)vision->height;
    const struct area_point foot =
        picture_area_foot(body, (float)vision->width, (float)vision->height);
    return body.height >= least && picture_area_at(&vision->options.mask, foot) == 0;
}

static void drop_nobodies(const struct vision *vision, struct detector_found *found)
{
    size_t kept = 0;
    for (size_t i = 0; i < found->count; i++) {
        if (is_somebody(vision, found->found[i].box)) { found->found[kept++] = found->found[i]; }
    }
    found->count = kept;
}

static enum err detect(struct vision *vision, const struct frame *frame, struct scene *scene,
                       struct why *why)
{
    choose_squares(vision, scene);
    if (scene->square_count == 0) { return OK; }
    const struct detector_look look = {.squares = scene->squares, .count = scene->square_count};
    const enum err err = detector_find(vision->options.detector, frame, look, &scene->found, why);
    if (err) { return err; }
    vision->detected_us = frame->captured_us;
    vision->figures.inferences += scene->square_count;
    vision->figures.detections += scene->found.count;
    vision->figures.engine_us += scene->found.engine_us;
    vision->figures.engine_cpu_us += scene->found.engine_cpu_us;
    drop_nobodies(vision, &scene->found);
    for (size_t i = 0; i < scene->found.count; i++) {
        scene->moving[i] = motion_share(vision->motion, scene->found.found[i].box);
    }
    return OK;
}

/* The tracker's news, to the hook and to the visits. */
static void pass_on(struct vision *vision, const struct frame *frame, struct scene *scene)
{
    size_t point_count = 0;
    const struct track_point *points = tracker_points(vision->tracker, &point_count);
    if (vision->options.points && point_count > 0) {
        vision->options.points(vision->options.context, points, point_count);
    }
    size_t alive_count = 0;
    scene->state_count = tracker_predict(vision->tracker, frame->captured_us, scene->states);
    for (size_t i = 0; i < scene->state_count; i++) {
        if (scene->states[i].track != 0) { scene->alive[alive_count++] = scene->states[i].track; }
    }
    visits_step(vision->visits, &(struct visits_step){
                                    .frame = frame,
                                    .points = points,
                                    .point_count = point_count,
                                    .alive = scene->alive,
                                    .alive_count = alive_count,
                                });
}

static enum err look(struct vision *vision, const struct frame *frame, struct scene *scene,
                     struct why *why)
{
    const enum err err = detect(vision, frame, scene, why);
    if (err) { return err; }
    tracker_step(vision->tracker, &(struct tracker_step){
                                      .frame = frame,
                                      .found = scene->found.found,
                                      .moving = scene->moving,
                                      .found_count = scene->found.count,
                                      .squares = scene->squares,
                                      .square_count = scene->square_count,
                                  });
    pass_on(vision, frame, scene);
    return OK;
}

enum err vision_feed(struct vision *vision, const struct frame *frame, struct why *why)
{
    const enum err err = check_frame(frame, why);
    if (err) { return err; }
    if (vision->width != frame->width || vision->height != frame->height) {
        vision_end(vision);
        vision->width = frame->width;
        vision->height = frame->height;
        vision->busy_us = frame->captured_us;
    }
    CLEANUP(mem_free_p) struct scene *scene = MEM_NEW(struct scene);
    vision->now_us = frame->captured_us;
    vision->figures.frames++;
    motion_feed(vision->motion, frame, &scene->seen);
    scene->state_count = tracker_predict(vision->tracker, frame->captured_us, scene->states);
    vision->figures.motion_frames += scene->seen.region_count > 0;
    if (scene->seen.region_count == 0 && scene->state_count == 0) { return OK; }
    vision->busy_us = frame->captured_us;
    const int64_t since_us = frame->captured_us - vision->detected_us;
    if (since_us >= 0 && since_us < vision->options.detect_us) { return OK; }
    return look(vision, frame, scene, why);
}

bool vision_idle(const struct vision *vision)
{
    return vision->figures.frames > 0 && vision->now_us - vision->busy_us >= VISION_IDLE_US;
}

struct vision_figures vision_figures(const struct vision *vision)
{
    return vision->figures;
}
