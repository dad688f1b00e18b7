#include "camera/look.h"

#include "check.h"
#include "picture.h"

#include <math.h>

static struct picture picture;

int main(void)
{
    picture_init(&picture);
    picture_next(&picture, 60, 2);
    picture_draw(&picture, 20, 20, 30, 80, 200);
    picture_draw(&picture, 120, 20, 30, 80, 200);
    picture_draw(&picture, 200, 20, 30, 80, 10);
    struct look white;
    struct look also_white;
    struct look black;
    look_take(&white, &picture.frame, (struct box){20, 20, 30, 80});
    look_take(&also_white, &picture.frame, (struct box){121, 21, 30, 80});
    look_take(&black, &picture.frame, (struct box){200, 20, 30, 80});
    CHECK(look_likeness(&white, &also_white) > 0.95F);
    CHECK(look_likeness(&white, &black) < 0.6F);
    CHECK(fabsf(look_likeness(&white, &white) - 1) < 1e-3F);

    struct look drifting = white;
    for (int i = 0; i < 50; i++) {
        look_blend(&drifting, &black, 0.15F);
    }
    CHECK(look_likeness(&drifting, &black) > 0.95F);

    struct look nothing;
    look_take(&nothing, &picture.frame, (struct box){5000, 5000, 30, 80});
    CHECK(look_likeness(&nothing, &white) == 0);
    look_take(&nothing, &picture.frame,
              (struct box){310, 230, 300, 300}); /* hangs over: no read beyond */
    CHECK(look_likeness(&nothing, &white) >= 0);
    return CHECK_DONE();
}
