#include "detector/box.h"

#include "check.h"

#include <math.h>

static bool same(struct box a, struct box b)
{
    return a.x == b.x && a.y == b.y && a.width == b.width && a.height == b.height;
}

int main(void)
{
    const struct box a = {0, 0, 10, 10};
    const struct box b = {5, 5, 10, 10};
    const struct box away = {100, 100, 5, 5};
    CHECK(box_area(a) == 100);
    CHECK(box_shared(a, b) == 25);
    CHECK(box_shared(a, away) == 0);
    CHECK(fabsf(box_iou(a, b) - 25.0F / 175) < 1e-6F);
    CHECK(box_iou(a, a) == 1);
    CHECK(box_iou((struct box){0}, (struct box){0}) == 0);
    CHECK(same(box_around(a, b), (struct box){0, 0, 15, 15}));
    CHECK(same(box_clip((struct box){-5, -5, 10, 200}, 100, 50), (struct box){0, 0, 5, 50}));
    CHECK(box_clip(away, 50, 50).width == 0);
    CHECK(same(box_grown(b, 2), (struct box){3, 3, 14, 14}));
    CHECK(box_sane(a));
    CHECK(!box_sane((struct box){0, 0, 0, 5}));
    CHECK(!box_sane((struct box){NAN, 0, 5, 5}));
    CHECK(!box_sane((struct box){0, 0, INFINITY, 5}));
    return CHECK_DONE();
}
