#include "camera/timeline.h"

static void begin(struct timeline *timeline, const struct timeline_picture *picture)
{
    /* Time as seen by others never runs back, even over a jump. */
    int64_t captured_us = picture->arrived_us;
    if (captured_us <= timeline->captured_us) { captured_us = timeline->captured_us + 1; }
    *timeline = (struct timeline){
        .started = true,
        .ticks = picture->ticks,
        .offset_us = picture->arrived_us,
        .captured_us = captured_us,
        .window_us = picture->arrived_us,
        .window_lateness_us = picture->arrived_us,
    };
}

/* Gives up the old offset when a whole window shows that the camera's clock has left it. */
static void judge_window(struct timeline *timeline, int64_t lateness_us, int64_t arrived_us)
{
    if (lateness_us < timeline->window_lateness_us) { timeline->window_lateness_us = lateness_us; }
    if (arrived_us - timeline->window_us < TIMELINE_WINDOW_US) { return; }
    if (timeline->window_lateness_us - timeline->offset_us > TIMELINE_LATE_US) {
        timeline->offset_us = timeline->window_lateness_us;
    }
    timeline->window_us = arrived_us;
    timeline->window_lateness_us = lateness_us;
}

static void follow(struct timeline *timeline, int64_t step_us, int64_t arrived_us)
{
    const int64_t lateness_us = arrived_us - timeline->media_us;
    const int64_t slewed_us = timeline->offset_us + step_us / 2000; /* 500 ppm */
    timeline->offset_us = lateness_us < slewed_us ? lateness_us : slewed_us;
    judge_window(timeline, lateness_us, arrived_us);
    const int64_t captured_us = timeline->media_us + timeline->offset_us;
    timeline->captured_us =
        captured_us > timeline->captured_us ? captured_us : timeline->captured_us + 1;
}

enum timeline_step timeline_take(struct timeline *timeline, const struct timeline_picture *picture)
{
    if (!timeline->started) {
        begin(timeline, picture);
        return TIMELINE_STEP_ON;
    }
    const int64_t ticks = (int32_t)(picture->ticks - timeline->ticks);
    const int64_t said_us = ticks * CLOCK_SECOND_US / picture->rate_hz;
    if (ticks < 0 || said_us > TIMELINE_JUMP_US) {
        begin(timeline, picture);
        return TIMELINE_STEP_JUMP;
    }
    const int64_t scaled = ticks * CLOCK_SECOND_US + timeline->media_error;
    int64_t step_us = scaled / picture->rate_hz;
    timeline->media_error = scaled % picture->rate_hz;
    if (step_us < TIMELINE_STEP_LEAST_US) {
        /* What is added here is taken back from the next steps, but only from about a second. */
        timeline->media_error = scaled - TIMELINE_STEP_LEAST_US * picture->rate_hz;
        const int64_t debt_most = -CLOCK_SECOND_US * picture->rate_hz;
        if (timeline->media_error < debt_most) { timeline->media_error = debt_most; }
        step_us = TIMELINE_STEP_LEAST_US;
    }
    timeline->ticks = picture->ticks;
    timeline->media_us += step_us;
    follow(timeline, step_us, picture->arrived_us);
    return TIMELINE_STEP_ON;
}
