#include "camera/track.h"

#include <math.h>

/* Axes. The foot stays on the ground while the head nods and the box breathes. */
enum { CENTRE_X, FOOT_Y, WIDTH, HEIGHT };

/* All in parts of the body's height, so that near and far bodies are alike. */
#define SEEN_PLACE 0.04F
#define SEEN_SIZE 0.12F /* deviation of a detection */
#define PUSH_PLACE 0.45F
#define PUSH_SIZE 0.05F  /* acceleration, per second squared */
#define START_SPEED 0.5F /* deviation, per second */

static float height_of(const struct track_motion *motion)
{
    return fmaxf(motion->axis[HEIGHT].value, 8);
}

struct track_motion track_motion_start(struct box box)
{
    struct track_motion motion = {0};
    motion.axis[CENTRE_X].value = box.x + box.width / 2;
    motion.axis[FOOT_Y].value = box.y + box.height;
    motion.axis[WIDTH].value = box.width;
    motion.axis[HEIGHT].value = box.height;
    for (int i = 0; i < TRACK_AXES; i++) {
        const bool place = i == CENTRE_X || i == FOOT_Y;
        const float seen = (place ? SEEN_PLACE : SEEN_SIZE) * box.height;
        const float speed = (place ? START_SPEED : PUSH_SIZE) * box.height;
        motion.axis[i].p00 = seen * seen;
        motion.axis[i].p11 = speed * speed;
    }
    return motion;
}

void track_motion_predict(struct track_motion *motion, float seconds)
{
    const float height = height_of(motion);
    for (int i = 0; i < TRACK_AXES; i++) {
        struct track_axis *axis = &motion->axis[i];
        const bool place = i == CENTRE_X || i == FOOT_Y;
        const float push = (place ? PUSH_PLACE : PUSH_SIZE) * height;
        const float q = push * push * seconds;
        axis->value += axis->speed * seconds;
        axis->p00 += seconds * (2 * axis->p01 + seconds * axis->p11) + q * seconds * seconds / 3;
        axis->p01 += seconds * axis->p11 + q * seconds / 2;
        axis->p11 += q;
        if (!place) { axis->speed *= expf(-2 * seconds); } /* nobody grows for long */
    }
}

void track_motion_rest(struct track_motion *motion)
{
    for (int i = 0; i < TRACK_AXES; i++) {
        motion->axis[i].speed = 0;
        motion->axis[i].p01 = 0;
    }
}

void track_motion_correct(struct track_motion *motion, struct box box, float score)
{
    const float seen[TRACK_AXES] = {box.x + box.width / 2, box.y + box.height, box.width,
                                    box.height};
    const float height = height_of(motion);
    const float doubt = 2.0F - fminf(fmaxf(score, 0), 1);
    for (int i = 0; i < TRACK_AXES; i++) {
        struct track_axis *axis = &motion->axis[i];
        const bool place = i == CENTRE_X || i == FOOT_Y;
        const float deviation = (place ? SEEN_PLACE : SEEN_SIZE) * height * doubt;
        const float sum = axis->p00 + deviation * deviation;
        const float gain = axis->p00 / sum;
        const float gain_speed = axis->p01 / sum;
        const float error = seen[i] - axis->value;
        axis->value += gain * error;
        axis->speed += gain_speed * error;
        axis->p11 -= gain_speed * axis->p01;
        axis->p01 -= gain * axis->p01;
        axis->p00 -= gain * axis->p00;
    }
}

struct box track_motion_box(const struct track_motion *motion)
{
    const float width = fmaxf(motion->axis[WIDTH].value, 1);
    const float height = fmaxf(motion->axis[HEIGHT].value, 1);
    return (struct box){
        .x = motion->axis[CENTRE_X].value - width / 2,
        .y = motion->axis[FOOT_Y].value - height,
        .width = width,
        .height = height,
    };
}
