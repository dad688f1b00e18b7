#include "map/tidy.h"

#include "check.h"
#include "unit/map/shapes.h"

static const struct tile world = {0, 0, 0};
#define STEP ((int64_t)1 << 20) /* at zoom 0 */

static void scale(struct shape *shape)
{
    for (size_t i = 0; i < shape->count; i++) {
        shape->points[i].x *= STEP;
        shape->points[i].y *= STEP;
    }
}

static bool tidy(struct shape *shape, struct shape *out)
{
    scale(shape);
    const bool some = tidy_shape(shape, world, out);
    shape_clear(shape);
    return some;
}

static void test_rings(void)
{
    struct shape shape = {.kind = SHAPE_KIND_POLYGON};
    struct shape out = {0};
    SHAPES_PART(&shape, false, 0, 0, 0, 10, 10, 10, 10, 0); /* winds the wrong way */
    SHAPES_PART(&shape, true, 2, 2, 4, 2, 4, 4, 2, 4);      /* so does the hole */
    CHECK(tidy(&shape, &out) && out.part_count == 2);
    CHECK(SHAPES_IS(&out, 0, 10, 0, 10, 10, 0, 10, 0, 0));
    CHECK(out.parts[1].hole && SHAPES_IS(&out, 1, 2, 4, 4, 4, 4, 2, 2, 2));
    /* points on edges, a spike, repeats, and a straight seam */
    SHAPES_PART(&shape, false, 5, 0, 10, 0, 10, 10, 20, 10, 10, 10, 10, 10, 0, 10, 0, 0);
    CHECK(tidy(&shape, &out) && SHAPES_IS(&out, 0, 10, 0, 10, 10, 0, 10, 0, 0));
    SHAPES_PART(&shape, false, 0, 0, 5, 5, 10, 10); /* no area */
    SHAPES_PART(&shape, true, 1, 1, 1, 2, 2, 2);
    CHECK(!tidy(&shape, &out) && out.count == 0);
    SHAPES_PART(&shape, false, 0, 0, 0, 0, 0, 0);
    CHECK(!tidy(&shape, &out));
    SHAPES_PART(&shape, false, 0, 0, 10, 0, 10, 10, 0, 0, 10, 0); /* folds onto itself */
    CHECK(tidy(&shape, &out));
    shape_deinit(&shape);
    shape_deinit(&out);
}

static void test_lines_and_points(void)
{
    struct shape shape = {.kind = SHAPE_KIND_LINE};
    struct shape out = {0};
    SHAPES_PART(&shape, false, 0, 0, 0, 0, 5, 5, 5, 5, 0, 0);
    SHAPES_PART(&shape, false, 3, 3, 3, 3);
    CHECK(tidy(&shape, &out) && out.part_count == 1);
    CHECK(SHAPES_IS(&out, 0, 0, 0, 5, 5, 0, 0)); /* a line may come back */
    shape.kind = SHAPE_KIND_POINT;
    SHAPES_PART(&shape, false, 3, 3, 3, 3);
    CHECK(tidy(&shape, &out) && SHAPES_IS(&out, 0, 3, 3, 3, 3));
    shape_deinit(&shape);
    shape_deinit(&out);
}

static void test_rounding(void)
{
    struct shape shape = {.kind = SHAPE_KIND_POINT};
    struct shape out = {0};
    SHAPES_PART(&shape, false, STEP / 2, STEP / 2 - 1, -STEP / 2, -STEP / 2 - 1);
    CHECK(tidy_shape(&shape, world, &out) && SHAPES_IS(&out, 0, 1, 0, 0, -1));
    const struct tile deep = {20, 1000, 2000}; /* a step is one unit here */
    shape_clear(&shape);
    SHAPES_PART(&shape, false, 1000 * 4096 + 5, 2000 * 4096 - 7);
    CHECK(tidy_shape(&shape, deep, &out) && SHAPES_IS(&out, 0, 5, -7));
    tidy_smallest(SHAPE_KIND_POLYGON, shape.points[0], deep, &out);
    CHECK(SHAPES_IS(&out, 0, 5, -7, 6, -7, 6, -6, 5, -6));
    tidy_smallest(SHAPE_KIND_LINE, shape.points[0], deep, &out);
    CHECK(SHAPES_IS(&out, 0, 5, -7, 6, -7));
    shape_deinit(&shape);
    shape_deinit(&out);
}

int main(void)
{
    test_rings();
    test_lines_and_points();
    test_rounding();
    return CHECK_DONE();
}
