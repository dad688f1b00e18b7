#include "camera/vision.h"

#include "base/clock.h"
#include "check.h"
#include "picture.h"

static struct picture picture;
static struct detector *detector;
static size_t visits;

static void on_visit(void *context, const struct visit *visit, const struct frame *frame)
{
    (void)context;
    (void)visit;
    (void)frame;
    visits++;
}

static struct vision *fresh(void)
{
    struct vision_options options = vision_options_usual();
    options.detector = detector;
    options.visit = on_visit;
    struct why why = {0};
    struct vision *vision = NULL;
    CHECK(vision_open(&vision, &options, &why) == OK);
    picture_init(&picture);
    visits = 0;
    return vision;
}

static enum err feed(struct vision *vision)
{
    struct why why = {0};
    return vision_feed(vision, &picture.frame, &why);
}

/* The promise of the motion gate: no detection work while nothing moves. */
static void test_quiet_night(void)
{
    CLEANUP(vision_close_p) struct vision *vision = fresh();
    enum err err = OK;
    CHECK(!vision_idle(vision));
    for (int i = 0; i < 600 && !err; i++) {
        picture_next(&picture, 80 + i / 20, 6);
        err = feed(vision);
    }
    const struct vision_figures figures = vision_figures(vision);
    CHECK(err == OK && figures.frames == 600);
    CHECK(figures.inferences == 0 && figures.motion_frames == 0 && visits == 0);
    CHECK(vision_idle(vision));
}

static void test_motion_wakes(void)
{
    CLEANUP(vision_close_p) struct vision *vision = fresh();
    for (int i = 0; i < 40; i++) {
        picture_next(&picture, 90, 4);
        if (i > 20) { picture_draw(&picture, 40 + 6 * (i - 20), 100, 30, 70, 230); }
        CHECK(feed(vision) == OK);
    }
    const struct vision_figures figures = vision_figures(vision);
    CHECK(figures.motion_frames > 10 && figures.inferences >= figures.motion_frames);
    CHECK(figures.engine_us > 0 && !vision_idle(vision));
    vision_end(vision);
}

/* A mask over all: whatever moves, nothing is looked into. */
static void test_masked(void)
{
    struct vision_options options = vision_options_usual();
    options.detector = detector;
    options.visit = on_visit;
    CHECK(picture_area_parse(&options.mask, "0,0 1,0 1,1 0,1", false, NULL) == OK);
    CLEANUP(vision_close_p) struct vision *vision = NULL;
    CHECK(vision_open(&vision, &options, NULL) == OK);
    memset(&options, 0, sizeof options); /* it keeps its own */
    picture_init(&picture);
    for (int i = 0; i < 40; i++) {
        picture_next(&picture, 90, 4);
        if (i > 20) { picture_draw(&picture, 40 + 6 * (i - 20), 100, 30, 70, 230); }
        CHECK(feed(vision) == OK);
    }
    const struct vision_figures figures = vision_figures(vision);
    CHECK(figures.frames == 40 && figures.motion_frames == 0 && figures.inferences == 0);
}

static void test_bad_frames(void)
{
    CLEANUP(vision_close_p) struct vision *vision = fresh();
    picture_next(&picture, 90, 0);
    picture.frame.width = 8;
    CHECK(feed(vision) == ERR_RANGE);
    picture.frame.width = FRAME_SIDE_MAX + 1;
    CHECK(feed(vision) == ERR_RANGE);
    picture.frame.width = PICTURE_WIDTH + 2; /* wider than its rows */
    CHECK(feed(vision) == ERR_RANGE);
    picture.frame.width = PICTURE_WIDTH;
    picture.frame.plane[FRAME_PLANE_V] = NULL;
    CHECK(feed(vision) == ERR_RANGE);
    picture.frame.plane[FRAME_PLANE_V] = picture.v;
    CHECK(feed(vision) == OK);
    picture.frame.height = 100; /* another resolution: begins afresh */
    CHECK(feed(vision) == OK);
    CHECK(vision_figures(vision).frames == 2);
}

static void test_options(void)
{
    struct vision_options options = vision_options_usual();
    struct vision *vision = NULL;
    struct why why = {0};
    CHECK(vision_open(&vision, &options, &why) == ERR_RANGE);
    options.detector = detector;
    options.visit = on_visit;
    options.regions_max = 0;
    CHECK(vision_open(&vision, &options, &why) == ERR_RANGE && vision == NULL);
    vision_close(NULL);
}

int main(void)
{
    struct why why = {0};
    if (detector_open(&detector, NULL, 1, &why) != OK) { return 1; }
    test_options();
    test_quiet_night();
    test_motion_wakes();
    test_masked();
    test_bad_frames();
    detector_close(detector);
    return CHECK_DONE();
}
