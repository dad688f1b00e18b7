#include "map/clip.h"

#include "check.h"
#include "unit/map/shapes.h"

static const struct clip_side right_of_10 = {10, CLIP_AXIS_X, true};
static const struct clip_side above_10 = {10, CLIP_AXIS_Y, false};

static void test_lines(void)
{
    struct shape line = {.kind = SHAPE_KIND_LINE};
    struct shape out = {0};
    SHAPES_PART(&line, false, 0, 0, 20, 20, 0, 40, 0, 50);
    clip_shape(&line, right_of_10, &out);
    CHECK(out.part_count == 1 && SHAPES_IS(&out, 0, 10, 10, 20, 20, 10, 30));
    shape_clear(&line);
    SHAPES_PART(&line, false, 20, 0, 0, 0, 20, 20, 20, 40);
    clip_shape(&line, right_of_10, &out);
    CHECK(out.part_count == 2 && SHAPES_IS(&out, 0, 20, 0, 10, 0));
    CHECK(SHAPES_IS(&out, 1, 10, 10, 20, 20, 20, 40));
    shape_clear(&line);
    SHAPES_PART(&line, false, 0, 0, 10, 5, 0, 9); /* only touches */
    clip_shape(&line, right_of_10, &out);
    CHECK(out.part_count == 0 && out.count == 0);
    shape_deinit(&line);
    shape_deinit(&out);
}

static void test_polygons(void)
{
    struct shape polygon = {.kind = SHAPE_KIND_POLYGON};
    struct shape out = {0};
    SHAPES_PART(&polygon, false, 0, 0, 20, 0, 20, 20, 0, 20);
    SHAPES_PART(&polygon, true, 1, 1, 1, 5, 5, 5, 5, 1);
    SHAPES_PART(&polygon, true, 12, 1, 12, 5, 15, 5, 15, 1);
    clip_shape(&polygon, right_of_10, &out);
    CHECK(out.part_count == 2);
    CHECK(SHAPES_IS(&out, 0, 10, 0, 20, 0, 20, 20, 10, 20));
    CHECK(out.parts[1].hole && SHAPES_IS(&out, 1, 12, 1, 12, 5, 15, 5, 15, 1));
    shape_clear(&polygon); /* an outer ring that goes takes its holes with it, the next one stays */
    SHAPES_PART(&polygon, false, 0, 11, 5, 11, 5, 15);
    SHAPES_PART(&polygon, true, 0, 5, 1, 5, 1, 6);
    SHAPES_PART(&polygon, false, 0, 0, 5, 0, 5, 5);
    clip_shape(&polygon, above_10, &out);
    CHECK(out.part_count == 1 && SHAPES_IS(&out, 0, 0, 0, 5, 0, 5, 5));
    shape_deinit(&polygon);
    shape_deinit(&out);
}

/* The same edge gives the same point, whichever way it is walked: borders stay shared. */
static void test_directions(void)
{
    uint32_t state = 7;
    bool same = true;
    struct shape there = {.kind = SHAPE_KIND_LINE};
    struct shape back = {.kind = SHAPE_KIND_LINE};
    struct shape out[2] = {{0}, {0}};
    for (int i = 0; i < 2000; i++) {
        int64_t n[4];
        for (int k = 0; k < 4; k++) {
            state = state * 1664525 + 1013904223;
            n[k] = state >> 4;
        }
        n[0] = -n[0];
        shape_clear(&there);
        shape_clear(&back);
        SHAPES_PART(&there, false, n[0], n[1], n[2], n[3]);
        SHAPES_PART(&back, false, n[2], n[3], n[0], n[1]);
        clip_shape(&there, (struct clip_side){1, CLIP_AXIS_X, true}, &out[0]);
        clip_shape(&back, (struct clip_side){1, CLIP_AXIS_X, true}, &out[1]);
        same = same && out[0].count == 2 && out[1].count == 2 &&
               out[0].points[0].y == out[1].points[1].y;
    }
    CHECK(same);
    shape_deinit(&there);
    shape_deinit(&back);
    shape_deinit(&out[0]);
    shape_deinit(&out[1]);
}

static void test_points_and_boxes(void)
{
    struct shape points = {.kind = SHAPE_KIND_POINT};
    struct shape out = {0};
    SHAPES_PART(&points, false, 9, 0, 10, 0, 11, 0);
    clip_shape(&points, right_of_10, &out);
    CHECK(out.part_count == 1 && SHAPES_IS(&out, 0, 10, 0, 11, 0));
    CHECK(clip_keeps_all((struct box){10, 0, 12, 0}, right_of_10));
    CHECK(!clip_keeps_all((struct box){9, 0, 12, 0}, right_of_10));
    CHECK(clip_keeps_none((struct box){1, 0, 9, 0}, right_of_10));
    CHECK(clip_keeps_none((struct box){0, 11, 9, 12}, above_10));
    CHECK(clip_keeps_all((struct box){0, 0, 9, 10}, above_10));
    shape_deinit(&points);
    shape_deinit(&out);
}

int main(void)
{
    test_lines();
    test_polygons();
    test_directions();
    test_points_and_boxes();
    return CHECK_DONE();
}
