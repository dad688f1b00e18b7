#include "camera/visit.h"

#include "base/clock.h"

#include <assert.h>
#include <math.h>
#include <string.h>

struct member {
    uint64_t track;
    int64_t boxed_us; /* of the newest point in `boxes` */
    uint32_t zones;   /* in which it stood last */
};

struct open_visit {
    struct visit said; /* what the listener is told; pointers are filled in then */
    int label;
    struct member members[VISIT_TRACKS_MAX];
    size_t member_count;
    struct visit_box boxes[VISIT_BOXES_MAX];
    size_t box_count;
    int64_t box_every_us; /* doubles whenever `boxes` is thinned */
    int64_t told_us;
    float best; /* of the best look told so far */
    bool news;
};

struct visits {
    struct visits_listener listener;
    struct visits_zones zones;               /* list is NULL when there are none */
    struct open_visit *open[VISIT_OPEN_MAX]; /* owned, oldest first */
    size_t count;
    uint64_t numbers;
};

#define BOX_EVERY_US (CLOCK_SECOND_US / 5)

/* How much better a look must be before the snapshot is worth taking again. */
#define BETTER_LOOK 1.1F

struct visits *visits_new(const struct visits_listener *listener, const struct visits_zones *zones)
{
    struct visits *visits = MEM_NEW(struct visits);
    visits->listener = *listener;
    if (zones) { visits->zones = *zones; }
    return visits;
}

void visits_free(struct visits *visits)
{
    if (!visits) { return; }
    for (size_t i = 0; i < visits->count; i++) {
        free(visits->open[i]);
    }
    free(visits);
}

static void say(struct visits *visits, struct open_visit *open, enum visit_state state,
                const struct frame *frame)
{
    open->said.state = state;
    open->said.label = visits->listener.label(visits->listener.context, open->label);
    open->said.boxes = open->boxes;
    open->said.box_count = open->box_count;
    visits->listener.told(visits->listener.context, &open->said, frame);
    open->said.best_look = false;
    open->told_us = open->said.updated_us;
    open->news = false;
}

static void end_at(struct visits *visits, size_t at, const struct frame *frame)
{
    struct open_visit *open = visits->open[at];
    open->said.ended_us = open->said.updated_us;
    open->said.ended_wall_us = open->said.updated_wall_us;
    say(visits, open, VISIT_STATE_END, frame);
    free(open);
    visits->count--;
    memmove(&visits->open[at], &visits->open[at + 1],
            (visits->count - at) * sizeof(struct open_visit *));
}

void visits_end(struct visits *visits)
{
    while (visits->count > 0) {
        end_at(visits, 0, NULL);
    }
}

static struct member *member_of(struct open_visit *open, uint64_t track)
{
    for (size_t i = 0; i < open->member_count; i++) {
        if (open->members[i].track == track) { return &open->members[i]; }
    }
    return NULL;
}

static struct open_visit *visit_of(struct visits *visits, uint64_t track)
{
    for (size_t i = 0; i < visits->count; i++) {
        if (member_of(visits->open[i], track)) { return visits->open[i]; }
    }
    return NULL;
}

static void add_member(struct open_visit *open, uint64_t track)
{
    if (open->member_count < VISIT_TRACKS_MAX) {
        open->members[open->member_count++] = (struct member){.track = track};
    }
}

static struct open_visit *begin(struct visits *visits, int label, int64_t at_us, int64_t wall_us)
{
    struct open_visit *open = MEM_NEW(struct open_visit);
    open->said = (struct visit){
        .number = ++visits->numbers,
        .started_us = at_us,
        .started_wall_us = wall_us,
        .updated_us = at_us,
        .updated_wall_us = wall_us,
    };
    open->label = label;
    open->box_every_us = BOX_EVERY_US;
    visits->open[visits->count++] = open;
    return open;
}

static int64_t wall_of(const struct frame *frame, int64_t at_us)
{
    return frame->wall_us - (frame->captured_us - at_us);
}

/* The visit that a new track belongs to: one that began at about the same time, or its own. */
static struct open_visit *arrive(struct visits *visits, const struct track_point *first,
                                 const struct frame *frame)
{
    struct open_visit *open = NULL;
    for (size_t i = 0; i < visits->count && !open; i++) {
        struct open_visit *other = visits->open[i];
        assert(other);
        const int64_t apart_us = first->captured_us - other->said.started_us;
        const bool together = apart_us < VISIT_GROUP_US && apart_us > -VISIT_GROUP_US;
        if (other->label == first->label && together) { open = other; }
    }
    if (!open && visits->count == VISIT_OPEN_MAX) { open = visits->open[visits->count - 1]; }
    if (!open) {
        open = begin(visits, first->label, first->captured_us, wall_of(frame, first->captured_us));
    }
    add_member(open, first->track);
    return open;
}

/* Every second box goes, and from now on only half as many come. */
static void thin_boxes(struct open_visit *open)
{
    for (size_t i = 0; 2 * i < open->box_count; i++) {
        open->boxes[i] = open->boxes[2 * i];
    }
    open->box_count = (open->box_count + 1) / 2;
    open->box_every_us *= 2;
}

static struct box part_of(struct box box, const struct frame *frame)
{
    const float width = (float)frame->width;
    const float height = (float)frame->height;
    const struct box seen = box_clip(box, width, height);
    return (struct box){seen.x / width, seen.y / height, seen.width / width, seen.height / height};
}

static void add_box(struct open_visit *open, const struct track_point *point,
                    const struct frame *frame)
{
    struct member *member = member_of(open, point->track);
    const bool first = member && member->boxed_us == 0;
    if (!member || (!first && point->captured_us - member->boxed_us < open->box_every_us)) {
        return;
    }
    member->boxed_us = point->captured_us;
    if (open->box_count == VISIT_BOXES_MAX) { thin_boxes(open); }
    const int64_t since_us = point->captured_us - open->said.started_us;
    open->boxes[open->box_count++] = (struct visit_box){
        .at_s = fmaxf(0, (float)since_us / (float)CLOCK_SECOND_US),
        .part = part_of(point->box, frame),
    };
}

static uint32_t zones_at(const struct visits *visits, struct box box, const struct frame *frame)
{
    if (!visits->zones.list) { return 0; }
    return picture_area_at(visits->zones.list,
                           picture_area_foot(box, (float)frame->width, (float)frame->height));
}

static void note_zones(struct open_visit *open, uint64_t track, uint32_t zones)
{
    struct member *member = member_of(open, track);
    if (member) { member->zones = zones; }
    open->said.zones |= zones;
}

static void add_point(struct visits *visits, const struct track_point *point,
                      const struct frame *frame)
{
    const uint32_t zones = zones_at(visits, point->box, frame);
    struct open_visit *open = visit_of(visits, point->track);
    if (!open && visits->zones.only && zones == 0) { return; }
    if (!open) { open = arrive(visits, point, frame); }
    note_zones(open, point->track, zones);
    open->news = true;
    if (point->captured_us > open->said.updated_us) {
        open->said.updated_us = point->captured_us;
        open->said.updated_wall_us = wall_of(frame, point->captured_us);
    }
    if ((double)point->score > open->said.score) { open->said.score = (double)point->score; }
    add_box(open, point, frame);
    const float look = point->score * sqrtf(box_area(part_of(point->box, frame)));
    if (point->sequence == frame->sequence && look > open->best * BETTER_LOOK) {
        open->best = look;
        open->said.best_look = true;
        open->said.best_part = part_of(point->box, frame);
    }
}

static bool is_alive(const struct visits_step *step, uint64_t track)
{
    for (size_t i = 0; i < step->alive_count; i++) {
        if (step->alive[i] == track) { return true; }
    }
    return false;
}

static unsigned count_alive(struct open_visit *open, const struct visits_step *step)
{
    unsigned alive = 0;
    for (size_t i = 0; i < open->member_count; i++) {
        alive += is_alive(step, open->members[i].track);
    }
    if (alive > open->said.count) { open->said.count = alive; }
    return alive;
}

/* A visit that has lasted too long ends; who is still there, and where it counts, goes on in a new
 * one. */
static void cut(struct visits *visits, size_t at, const struct visits_step *step)
{
    struct open_visit *open = visits->open[at];
    struct member stay[VISIT_TRACKS_MAX];
    size_t stay_count = 0;
    for (size_t i = 0; i < open->member_count; i++) {
        const bool counts = !visits->zones.only || open->members[i].zones != 0;
        if (counts && is_alive(step, open->members[i].track)) {
            stay[stay_count++] = open->members[i];
        }
    }
    const int label = open->label;
    const double score = open->said.score;
    end_at(visits, at, step->frame);
    if (stay_count == 0) { return; }
    struct open_visit *next = begin(visits, label, step->frame->captured_us, step->frame->wall_us);
    next->said.score = score;
    next->said.count = (unsigned)stay_count;
    for (size_t i = 0; i < stay_count; i++) {
        add_member(next, stay[i].track);
        note_zones(next, stay[i].track, stay[i].zones);
    }
    say(visits, next, VISIT_STATE_BEGIN, step->frame);
}

/* Tells what there is to tell about one visit. True when it has ended and is gone. */
static bool settle(struct visits *visits, size_t at, const struct visits_step *step)
{
    struct open_visit *open = visits->open[at];
    const int64_t now_us = step->frame->captured_us;
    if (count_alive(open, step) == 0) {
        end_at(visits, at, step->frame);
        return true;
    }
    if (now_us - open->said.started_us >= VISIT_LENGTH_MAX_US) {
        cut(visits, at, step);
        return true;
    }
    if (open->told_us == 0) {
        say(visits, open, VISIT_STATE_BEGIN, step->frame);
    } else if (open->news && open->said.updated_us - open->told_us >= VISIT_UPDATE_US) {
        say(visits, open, VISIT_STATE_UPDATE, step->frame);
    }
    return false;
}

void visits_step(struct visits *visits, const struct visits_step *step)
{
    for (size_t i = 0; i < step->point_count; i++) {
        add_point(visits, &step->points[i], step->frame);
    }
    for (size_t i = 0; i < visits->count;) {
        i += !settle(visits, i, step);
    }
}
