#include "camera/tracker.h"

#include "check.h"
#include "picture.h"

static struct picture picture;
static const struct box everywhere = {0, 0, PICTURE_WIDTH, PICTURE_HEIGHT};

static struct tracker *fresh(void)
{
    struct tracker_options options = tracker_options_usual();
    options.score_high = 0.6;
    options.score_low = 0.2;
    picture_init(&picture);
    return tracker_new(&options);
}

/* One frame in which `boxes` were found; white and black bodies are drawn in turn. */
static const struct track_point *step(struct tracker *tracker, const struct box *boxes,
                                      size_t count, float score, size_t *points)
{
    struct detection found[8] = {0};
    float moving[8];
    picture_next(&picture, 110, 3);
    for (size_t i = 0; i < count; i++) {
        found[i] = (struct detection){.box = boxes[i], .score = score};
        moving[i] = 0.5F;
        picture_draw(&picture, (int)boxes[i].x, (int)boxes[i].y, (int)boxes[i].width,
                     (int)boxes[i].height, i % 2 ? 15 : 235);
    }
    tracker_step(tracker, &(struct tracker_step){.frame = &picture.frame,
                                                 .found = found,
                                                 .moving = moving,
                                                 .found_count = count,
                                                 .squares = &everywhere,
                                                 .square_count = 1});
    return tracker_points(tracker, points);
}

static size_t alive(const struct tracker *tracker)
{
    static struct track_state states[TRACKER_TRACKS_MAX];
    return tracker_predict(tracker, picture.frame.captured_us, states);
}

static void test_confirmation(void)
{
    CLEANUP(tracker_free_p) struct tracker *tracker = fresh();
    size_t points = 0;
    for (int i = 0; i < 3; i++) {
        (void)step(tracker, &(struct box){50 + 3.0F * (float)i, 60, 30, 80}, 1, 0.9F, &points);
        CHECK(points == 0);
    }
    const struct track_point *told = step(tracker, &(struct box){59, 60, 30, 80}, 1, 0.9F, &points);
    CHECK(points == 4); /* with those from before it was believed */
    CHECK(told[0].track == 1 && told[0].sequence == 1 && told[3].sequence == 4);

    /* An unsure find keeps it, but begins nothing. */
    (void)step(tracker, &(struct box){62, 60, 30, 80}, 1, 0.3F, &points);
    CHECK(points == 1);
    tracker_forget(tracker);
    for (int i = 0; i < 10; i++) {
        (void)step(tracker, &(struct box){62, 60, 30, 80}, 1, 0.3F, &points);
    }
    CHECK(points == 0 && alive(tracker) == 0);
}

static void test_gap_is_filled(void)
{
    CLEANUP(tracker_free_p) struct tracker *tracker = fresh();
    size_t points = 0;
    for (int i = 0; i < 10; i++) {
        (void)step(tracker, &(struct box){50 + 3.0F * (float)i, 60, 30, 80}, 1, 0.9F, &points);
    }
    for (int i = 0; i < 5; i++) {
        (void)step(tracker, NULL, 0, 0, &points);
        CHECK(points == 0);
    }
    const struct track_point *told = step(tracker, &(struct box){95, 60, 30, 80}, 1, 0.9F, &points);
    CHECK(points == 6 && told[5].track == 1);
    CHECK(told[0].sequence == 11 && told[0].box.x > 77 && told[0].box.x < 86);

    /* Gone for good: the number is not used again. */
    for (int i = 0; i < 60; i++) {
        (void)step(tracker, NULL, 0, 0, &points);
    }
    CHECK(alive(tracker) == 0);
    for (int i = 0; i < 4; i++) {
        told = step(tracker, &(struct box){95, 60, 30, 80}, 1, 0.9F, &points);
    }
    CHECK(points == 4 && told[0].track == 2);
}

static void test_two_who_cross(void)
{
    CLEANUP(tracker_free_p) struct tracker *tracker = fresh();
    size_t points = 0;
    uint64_t white = 0;
    uint64_t black = 0;
    for (int i = 0; i < 40; i++) {
        const struct box both[2] = {{20 + 5.0F * (float)i, 60, 30, 80},
                                    {220 - 5.0F * (float)i, 70, 30, 80}};
        const bool hidden = both[0].x > both[1].x - 20 && both[0].x < both[1].x + 20;
        const struct track_point *told = step(tracker, both + hidden, 2 - hidden, 0.9F, &points);
        for (size_t k = 0; k < points; k++) {
            if (told[k].sequence != picture.frame.sequence) { continue; }
            const bool first = told[k].box.y < 65;
            if (i == 10) { *(first ? &white : &black) = told[k].track; }
        }
    }
    const struct track_point *told = tracker_points(tracker, &points);
    CHECK(white != 0 && black != 0 && white != black);
    for (size_t k = 0; k < points; k++) {
        CHECK(told[k].track == (told[k].box.y < 65 ? white : black));
    }
}

static void test_what_never_moved(void)
{
    CLEANUP(tracker_free_p) struct tracker *tracker = fresh();
    const struct detection post = {.box = {50, 60, 30, 80}, .score = 0.95F};
    size_t points = 0;
    for (int i = 0; i < 20; i++) {
        picture_next(&picture, 110, 3);
        tracker_step(tracker, &(struct tracker_step){.frame = &picture.frame,
                                                     .found = &post,
                                                     .moving = (float[]){0},
                                                     .found_count = 1,
                                                     .squares = &everywhere,
                                                     .square_count = 1});
        (void)tracker_points(tracker, &points);
        CHECK(points == 0);
    }
}

static void test_not_looked_for_is_not_missed(void)
{
    CLEANUP(tracker_free_p) struct tracker *tracker = fresh();
    size_t points = 0;
    for (int i = 0; i < 6; i++) {
        (void)step(tracker, &(struct box){50, 60, 30, 80}, 1, 0.9F, &points);
    }
    for (int i = 0; i < 300; i++) { /* stands still for half a minute, nobody looks */
        picture_next(&picture, 110, 3);
        tracker_step(tracker, &(struct tracker_step){.frame = &picture.frame});
    }
    CHECK(alive(tracker) == 1);
    const struct track_point *told = step(tracker, &(struct box){51, 60, 30, 80}, 1, 0.9F, &points);
    CHECK(points == 1 && told[0].track == 1);
}

int main(void)
{
    test_confirmation();
    test_gap_is_filled();
    test_two_who_cross();
    test_what_never_moved();
    test_not_looked_for_is_not_missed();
    return CHECK_DONE();
}
