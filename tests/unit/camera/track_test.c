#include "camera/track.h"

#include "check.h"

#include <math.h>

int main(void)
{
    const struct box first = {100, 50, 30, 80};
    struct track_motion motion = track_motion_start(first);
    const struct box at_start = track_motion_box(&motion);
    CHECK(at_start.x == 100 && at_start.y == 50 && at_start.width == 30 && at_start.height == 80);

    /* 4 pixels to the right in each of 20 frames, seen with a jitter of 2. */
    for (int i = 1; i <= 20; i++) {
        track_motion_predict(&motion, 0.1F);
        const float jitter = i % 2 ? 2 : -2;
        track_motion_correct(&motion, (struct box){100 + 4.0F * (float)i + jitter, 50, 30, 80},
                             0.9F);
    }
    CHECK(fabsf(track_motion_box(&motion).x - 180) < 2.5F);

    /* Hidden for half a second it goes on; the size stays. */
    track_motion_predict(&motion, 0.5F);
    CHECK(fabsf(track_motion_box(&motion).x - 200) < 6);
    CHECK(fabsf(track_motion_box(&motion).height - 80) < 2);

    /* One wild, unsure find pulls less than a sure one. */
    struct track_motion sure = motion;
    track_motion_correct(&sure, (struct box){260, 50, 30, 80}, 1);
    struct track_motion unsure = motion;
    track_motion_correct(&unsure, (struct box){260, 50, 30, 80}, 0.1F);
    CHECK(track_motion_box(&unsure).x < track_motion_box(&sure).x);

    track_motion_rest(&motion);
    const float still = track_motion_box(&motion).x;
    track_motion_predict(&motion, 2);
    CHECK(fabsf(track_motion_box(&motion).x - still) < 0.01F);
    return CHECK_DONE();
}
