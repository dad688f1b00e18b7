#include "geodata/shape.h"

#include <math.h>

#include "check.h"

static void test_projection(void)
{
    const struct point middle = shape_project(0, 0);
    CHECK(middle.x == WORLD_SIZE / 2 && middle.y == WORLD_SIZE / 2);
    CHECK(shape_project(-180, 85.0511287798066).x == 0);
    CHECK(shape_project(180, 0).x == WORLD_SIZE);
    CHECK(shape_project(0, 90).y == 0 && shape_project(0, -90).y == WORLD_SIZE);
    CHECK(shape_project(0, 85.0511287798066).y == 0);
    CHECK(shape_project(190, 0).x > WORLD_SIZE); /* beyond the antimeridian, it goes on */
    for (double degrees = -85; degrees <= 85; degrees += 1.7) {
        const struct point place = shape_project(degrees * 2, degrees);
        CHECK(fabs(shape_longitude(place.x) - degrees * 2) < 1e-7);
        CHECK(fabs(shape_latitude(place.y) - degrees) < 1e-7);
    }
}

static void test_parts(void)
{
    struct shape shape = {.kind = SHAPE_KIND_POLYGON};
    struct shape copy = {0};
    for (int i = 0; i < 100; i++) {
        shape_add(&shape, (struct point){i, -i});
        if (i % 10 == 9) { shape_end_part(&shape, i > 50); }
    }
    CHECK(shape.part_count == 10 && shape.parts[9].end == 100 && shape.parts[9].hole);
    CHECK(shape_part_begin(&shape, 0) == 0 && shape_part_begin(&shape, 3) == 30);
    shape_copy(&copy, &shape);
    shape_append(&copy, &shape);
    CHECK(copy.count == 200 && copy.part_count == 20 && copy.kind == SHAPE_KIND_POLYGON);
    shape_shift(&copy, 1000);
    const struct box box = shape_box(&copy);
    CHECK(box.x0 == 1000 && box.x1 == 1099 && box.y0 == -99 && box.y1 == 0);
    shape_clear(&copy);
    CHECK(shape_box(&copy).x0 > shape_box(&copy).x1);
    shape_deinit(&shape);
    shape_deinit(&copy);
}

int main(void)
{
    test_projection();
    test_parts();
    return CHECK_DONE();
}
