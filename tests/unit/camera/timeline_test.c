#include "camera/timeline.h"

#include "check.h"

enum { RATE_HZ = 90000, STEP = 9000 };

static struct timeline_picture picture(uint32_t ticks, int64_t arrived_us)
{
    return (struct timeline_picture){.ticks = ticks, .rate_hz = RATE_HZ, .arrived_us = arrived_us};
}

/* 40 hours at ten pictures a second, jittery arrival, a camera clock that is 20 ppm fast. */
static void test_long(void)
{
    struct timeline timeline = {0};
    uint32_t ticks = UINT32_MAX - 5 * STEP; /* wraps at once, and twice more */
    int64_t sent_us = 1000000;
    int64_t worst_us = 0;
    int64_t last_us = 0;
    bool grows = true;
    bool on = true;
    for (int64_t i = 0; i < 40 * 36000; i++) {
        const int64_t jitter_us = (i * 7919) % 40000;
        const struct timeline_picture next = picture(ticks, sent_us + jitter_us);
        on = on && timeline_take(&timeline, &next) == TIMELINE_STEP_ON;
        const int64_t error_us = timeline.captured_us - sent_us;
        if (i > 100 && error_us > worst_us) { worst_us = error_us; }
        grows = grows && timeline.captured_us > last_us;
        last_us = timeline.captured_us;
        ticks += STEP;
        sent_us += 99998;
    }
    CHECK(on);
    CHECK(grows);
    CHECK(worst_us < 45000);
    CHECK(timeline.media_us == (INT64_C(40) * 36000 - 1) * 100000);
}

/* A slow camera clock is followed: the lateness must not pile up. */
static void test_slow(void)
{
    struct timeline timeline = {0};
    int64_t worst_us = 0;
    for (int64_t i = 0; i < 100000; i++) {
        const int64_t at_us = i * 100010; /* 100 ppm */
        const struct timeline_picture next = picture((uint32_t)(i * STEP), at_us);
        (void)timeline_take(&timeline, &next);
        const int64_t behind_us = at_us - timeline.captured_us;
        if (behind_us > worst_us) { worst_us = behind_us; }
    }
    CHECK(worst_us < 1000);
}

static void test_steps(void)
{
    struct timeline timeline = {0};
    struct timeline_picture next = picture(0, 1000);
    CHECK(timeline_take(&timeline, &next) == TIMELINE_STEP_ON && timeline.media_us == 0);
    next = picture(0, 1001); /* the same time twice, as some cameras do */
    CHECK(timeline_take(&timeline, &next) == TIMELINE_STEP_ON && timeline.media_us == 1000);
    next = picture(0, 1002);
    CHECK(timeline_take(&timeline, &next) == TIMELINE_STEP_ON && timeline.media_us == 2000);
    next = picture(STEP, 101000);
    CHECK(timeline_take(&timeline, &next) == TIMELINE_STEP_ON && timeline.media_us == 100000);
    const int64_t captured_us = timeline.captured_us;
    next = picture(STEP - 1, 50); /* backward, and so is the arrival: time seen by others is not */
    CHECK(timeline_take(&timeline, &next) == TIMELINE_STEP_JUMP);
    CHECK(timeline.media_us == 0 && timeline.captured_us > captured_us);
    next = picture(STEP + 11 * RATE_HZ, 1000000);
    CHECK(timeline_take(&timeline, &next) == TIMELINE_STEP_JUMP && timeline.media_us == 0);
}

/* A camera that sends its last seconds at once must not date them into the future. */
static void test_burst(void)
{
    struct timeline timeline = {0};
    for (uint32_t i = 0; i < 40; i++) {
        const int64_t arrived_us =
            i < 20 ? 5000000 + (int64_t)i : 5000000 + (int64_t)(i - 19) * 100000;
        const struct timeline_picture next = picture(i * STEP, arrived_us);
        (void)timeline_take(&timeline, &next);
        CHECK(timeline.captured_us <= arrived_us + 20);
    }
}

/* A camera that stops for 3 s without counting them, and whose clock is 3000 ppm slow at that. */
static void test_standstill(void)
{
    struct timeline timeline = {0};
    int64_t worst_us = 0;
    int64_t last_us = 0;
    bool grows = true;
    for (int64_t i = 0; i < 3000; i++) {
        const int64_t at_us = i * 100300 + (i < 500 ? 0 : 3 * CLOCK_SECOND_US);
        const struct timeline_picture next = picture((uint32_t)(i * STEP), at_us);
        (void)timeline_take(&timeline, &next);
        grows = grows && timeline.captured_us > last_us;
        last_us = timeline.captured_us;
        const bool settled = i < 500 || i > 600; /* two windows after the stop */
        if (settled && at_us - timeline.captured_us > worst_us) {
            worst_us = at_us - timeline.captured_us;
        }
    }
    CHECK(grows);
    CHECK(worst_us < 150000);
}

int main(void)
{
    test_standstill();
    test_long();
    test_slow();
    test_steps();
    test_burst();
    return CHECK_DONE();
}
