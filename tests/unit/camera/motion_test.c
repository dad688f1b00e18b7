#include "camera/motion.h"

#include "check.h"
#include "picture.h"

static struct picture picture;
static struct motion_seen seen;

static struct motion *settled(int frames)
{
    const struct motion_options options = motion_options_usual();
    struct motion *motion = motion_new(&options);
    picture_init(&picture);
    for (int i = 0; i < frames; i++) {
        picture_next(&picture, 90, 6);
        motion_feed(motion, &picture.frame, &seen);
    }
    return motion;
}

static void test_noise_and_drift(void)
{
    CLEANUP(motion_free_p) struct motion *motion = settled(20);
    size_t regions = 0;
    for (int i = 0; i < 1200; i++) { /* two minutes from dusk to noon */
        picture_next(&picture, 60 + i / 12, 6);
        motion_feed(motion, &picture.frame, &seen);
        regions += seen.region_count + seen.upheaval;
    }
    CHECK(regions == 0);
}

static void test_walker(void)
{
    CLEANUP(motion_free_p) struct motion *motion = settled(20);
    int found = 0;
    for (int i = 0; i < 20; i++) {
        picture_next(&picture, 90, 6);
        picture_draw(&picture, 40 + 4 * i, 100, 20, 60, 220);
        motion_feed(motion, &picture.frame, &seen);
        const struct box body = {(float)(40 + 4 * i), 100, 20, 60};
        const bool covered =
            seen.region_count > 0 && box_shared(seen.regions[0], body) > 0.8F * box_area(body);
        found += covered && motion_share(motion, body) > 0.5F;
    }
    CHECK(found >= 18);
    CHECK(motion_share(motion, (struct box){250, 20, 40, 40}) == 0);

    /* It stops: motion ends within two seconds, though it still stands there. */
    for (int i = 0; i < 20; i++) {
        picture_next(&picture, 90, 6);
        picture_draw(&picture, 116, 100, 20, 60, 220);
        motion_feed(motion, &picture.frame, &seen);
    }
    CHECK(seen.region_count == 0);
}

static void test_new_light(void)
{
    CLEANUP(motion_free_p) struct motion *motion = settled(20);
    /* Lightning with hard shadows: no constant shift explains it. */
    picture_next(&picture, 90, 6);
    for (size_t i = 0; i < sizeof picture.luma; i++) {
        picture.luma[i] = i / PICTURE_WIDTH / 16 % 2 ? 250 : 20;
    }
    motion_feed(motion, &picture.frame, &seen);
    CHECK(seen.upheaval && seen.region_count == 0);
    int regions = 0;
    for (int i = 0; i < 20; i++) { /* back to what it was: one more upheaval, then peace */
        picture_next(&picture, 90, 6);
        motion_feed(motion, &picture.frame, &seen);
        regions += (int)seen.region_count;
    }
    CHECK(regions == 0);

    /* A lamp goes on: the same shift everywhere is not motion. */
    for (int i = 0; i < 10; i++) {
        picture_next(&picture, 130, 6);
        motion_feed(motion, &picture.frame, &seen);
        regions += (int)seen.region_count;
    }
    CHECK(regions == 0);
}

/* What the mask hides never moves, is no upheaval, and counts for nothing in a share. */
static void test_mask(void)
{
    static struct area_list mask;
    CHECK(picture_area_parse(&mask, "0,0 .5,0 .5,1 0,1", false, NULL) == OK);
    struct motion_options options = motion_options_usual();
    options.mask = &mask;
    CLEANUP(motion_free_p) struct motion *motion = motion_new(&options);
    picture_init(&picture);
    size_t hidden = 0;
    size_t found = 0;
    for (int i = 0; i < 60; i++) {
        picture_next(&picture, 90, 6);
        /* The left half flickers as a whole, more than half of the rest with it would be new light.
         */
        picture_draw(&picture, 0, 0, PICTURE_WIDTH / 2, PICTURE_HEIGHT, i % 2 ? 220 : 40);
        if (i > 40) { picture_draw(&picture, 150 + 3 * (i - 40), 100, 20, 60, 220); }
        motion_feed(motion, &picture.frame, &seen);
        hidden += seen.upheaval;
        for (size_t k = 0; k < seen.region_count; k++) {
            hidden += seen.regions[k].x + seen.regions[k].width < PICTURE_WIDTH / 2 - 8;
            found += i > 45;
        }
    }
    CHECK(hidden == 0 && found >= 10);
    CHECK(motion_share(motion, (struct box){0, 0, 150, 200}) == 0);
    const struct box half = {160 - 40, 100, 80, 60}; /* its right half is in the open */
    CHECK(motion_share(motion, half) >= motion_share(motion, (struct box){160, 100, 40, 60}));

    CHECK(picture_area_parse(&mask, "0,0 1,0 1,1 0,1", false, NULL) == OK);
    CLEANUP(motion_free_p) struct motion *blind = motion_new(&options);
    for (int i = 0; i < 10; i++) {
        picture_next(&picture, i % 2 ? 200 : 30, 0);
        motion_feed(blind, &picture.frame, &seen);
        CHECK(seen.region_count == 0 && !seen.upheaval);
    }
}

static void test_sizes(void)
{
    const struct motion_options options = motion_options_usual();
    CLEANUP(motion_free_p) struct motion *motion = motion_new(&options);
    CHECK(motion_share(motion, (struct box){0, 0, 10, 10}) == 0);
    picture_init(&picture);
    picture_next(&picture, 90, 6);
    motion_feed(motion, &picture.frame, &seen);
    picture.frame.width = 33; /* the camera changes its mind */
    picture.frame.height = 17;
    for (int i = 0; i < 5; i++) {
        picture_next(&picture, 90, 0);
        motion_feed(motion, &picture.frame, &seen);
        CHECK(seen.region_count == 0 && !seen.upheaval);
    }
    motion_free(NULL);
}

int main(void)
{
    test_noise_and_drift();
    test_walker();
    test_new_light();
    test_mask();
    test_sizes();
    return CHECK_DONE();
}
