#include "camera/visit.h"

#include "base/clock.h"
#include "check.h"

enum { TOLD_MAX = 256 };

static struct {
    struct visit told[TOLD_MAX];
    size_t count;
} ear;

static struct frame frame = {.width = 400, .height = 200};
static float left = 100; /* of every body */

static void told(void *context, const struct visit *visit, const struct frame *seen)
{
    (void)context;
    (void)seen;
    if (ear.count < TOLD_MAX) { ear.told[ear.count++] = *visit; }
}

static const char *label(void *context, int number)
{
    (void)context;
    return number == 0 ? "person" : "car";
}

static struct visits *fresh(void)
{
    ear.count = 0;
    frame.captured_us = CLOCK_SECOND_US;
    frame.sequence = 0;
    return visits_new(&(struct visits_listener){.told = told, .label = label}, NULL);
}

/* A tenth of a second in which the tracks of `alive` were seen. */
static void step(struct visits *visits, const uint64_t *alive, size_t count)
{
    struct track_point points[8] = {0};
    frame.captured_us += CLOCK_SECOND_US / 10;
    frame.wall_us = frame.captured_us + 1000 * CLOCK_SECOND_US;
    frame.sequence++;
    for (size_t i = 0; i < count; i++) {
        points[i] = (struct track_point){
            .track = alive[i],
            .sequence = frame.sequence,
            .captured_us = frame.captured_us,
            .box = {left, 50, 40, 100},
            .score = 0.8F,
        };
    }
    visits_step(visits, &(struct visits_step){.frame = &frame,
                                              .points = points,
                                              .point_count = count,
                                              .alive = alive,
                                              .alive_count = count});
}

static size_t count_state(enum visit_state state)
{
    size_t count = 0;
    for (size_t i = 0; i < ear.count; i++) {
        count += ear.told[i].state == state;
    }
    return count;
}

static void test_one_person(void)
{
    CLEANUP(visits_free_p) struct visits *visits = fresh();
    for (int i = 0; i < 50; i++) {
        step(visits, (uint64_t[]){1}, 1);
    }
    step(visits, NULL, 0);
    CHECK(count_state(VISIT_STATE_BEGIN) == 1 && count_state(VISIT_STATE_END) == 1);
    CHECK(count_state(VISIT_STATE_UPDATE) == 4);
    const struct visit *first = &ear.told[0];
    const struct visit *last = &ear.told[ear.count - 1];
    CHECK_TEXT(first->label, "person");
    CHECK(first->best_look && first->count == 1 && first->ended_us == 0);
    CHECK(first->best_part.x == 0.25F && first->best_part.height == 0.5F);
    CHECK(last->number == first->number && last->started_us == first->started_us);
    CHECK(last->ended_us - last->started_us == 49 * CLOCK_SECOND_US / 10);
    CHECK(last->ended_wall_us == last->ended_us + 1000 * CLOCK_SECOND_US);
    CHECK(last->box_count == 25 && last->score > 0.79);
}

static void test_groups(void)
{
    CLEANUP(visits_free_p) struct visits *visits = fresh();
    for (int i = 0; i < 10; i++) {
        step(visits, (uint64_t[]){1}, 1);
    }
    for (int i = 0; i < 40; i++) { /* 1 s later: comes with the first */
        step(visits, (uint64_t[]){1, 2}, 2);
    }
    for (int i = 0; i < 10; i++) { /* 5 s later: a visit of its own */
        step(visits, (uint64_t[]){1, 2, 3}, 3);
    }
    CHECK(count_state(VISIT_STATE_BEGIN) == 2 && count_state(VISIT_STATE_END) == 0);
    step(visits, (uint64_t[]){2, 3}, 2); /* the first goes: the group is still there */
    CHECK(count_state(VISIT_STATE_END) == 0);
    step(visits, (uint64_t[]){3}, 1);
    CHECK(count_state(VISIT_STATE_END) == 1);
    CHECK(ear.told[ear.count - 1].number == 1 && ear.told[ear.count - 1].count == 2);
    visits_end(visits);
    CHECK(count_state(VISIT_STATE_END) == 2 && ear.told[ear.count - 1].count == 1);
}

static void test_endless_is_cut(void)
{
    CLEANUP(visits_free_p) struct visits *visits = fresh();
    for (int i = 0; i < 1500; i++) { /* two and a half minutes */
        step(visits, (uint64_t[]){1}, 1);
    }
    CHECK(count_state(VISIT_STATE_BEGIN) == 3 && count_state(VISIT_STATE_END) == 2);
    for (size_t i = 0; i < ear.count; i++) {
        const struct visit *visit = &ear.told[i];
        CHECK(visit->updated_us - visit->started_us <= VISIT_LENGTH_MAX_US &&
              visit->box_count <= VISIT_BOXES_MAX);
    }
}

static void test_crowd(void)
{
    CLEANUP(visits_free_p) struct visits *visits = fresh();
    uint64_t alive[200];
    for (uint64_t i = 0; i < 100; i++) { /* one more every 2.5 s, all stay */
        alive[i] = i + 1;
        for (int k = 0; k < 25; k++) {
            step(visits, &alive[i], 1);
        }
    }
    CHECK(ear.count > 100);
    visits_free(NULL);
}

static struct area_list areas;

static struct visits *zoned(bool only)
{
    ear.count = 0;
    frame.captured_us = CLOCK_SECOND_US;
    left = 100;
    CHECK(picture_area_parse(&areas, "left: 0,0 .5,0 .5,1 0,1 | far: .8,0 1,0 1,1 .8,1", true,
                             NULL) == OK);
    return visits_new(&(struct visits_listener){.told = told, .label = label},
                      &(struct visits_zones){.list = &areas, .only = only});
}

static void walk_to(struct visits *visits, float to, int steps)
{
    for (int i = 0; i < steps; i++) {
        left = to;
        step(visits, (uint64_t[]){1}, 1);
    }
}

static void test_zones(void)
{
    CLEANUP(visits_free_p) struct visits *visits = zoned(false);
    walk_to(visits, 250, 15); /* between the zones: a visit all the same */
    CHECK(count_state(VISIT_STATE_BEGIN) == 1 && ear.told[ear.count - 1].zones == 0);
    walk_to(visits, 50, 15);
    CHECK(ear.told[ear.count - 1].zones == 1);
    walk_to(visits, 350, 15);
    visits_end(visits);
    CHECK(ear.told[ear.count - 1].zones == 3 && count_state(VISIT_STATE_BEGIN) == 1);
    left = 100;
}

static void test_only_zones(void)
{
    CLEANUP(visits_free_p) struct visits *visits = zoned(true);
    walk_to(visits, 250, 40);
    CHECK(ear.count == 0);
    walk_to(visits, 350, 1);
    CHECK(count_state(VISIT_STATE_BEGIN) == 1 && ear.told[0].zones == 2);
    CHECK(ear.told[0].started_us == frame.captured_us);
    walk_to(visits, 250, 40); /* it has begun: leaving the zone does not end it */
    CHECK(count_state(VISIT_STATE_END) == 0 && count_state(VISIT_STATE_BEGIN) == 1);
    /* When it is cut for its length, it goes on only where it counts. */
    walk_to(visits, 250, 700);
    CHECK(count_state(VISIT_STATE_END) == 1 && count_state(VISIT_STATE_BEGIN) == 1);
    walk_to(visits, 50, 610);
    CHECK(count_state(VISIT_STATE_END) == 2 && count_state(VISIT_STATE_BEGIN) == 3);
    CHECK(ear.told[ear.count - 1].zones == 1);
    left = 100;
}

int main(void)
{
    test_zones();
    test_only_zones();
    test_one_person();
    test_groups();
    test_endless_is_cut();
    test_crowd();
    return CHECK_DONE();
}
