#include "anonymity/census.h"

#include "check.h"
#include "map/tile.h"

static void test_cells(void)
{
    const struct point point = shape_project(76.267, 9.931);
    uint32_t x = 0;
    uint32_t y = 0;
    census_place(census_cell(point, 17), &x, &y);
    CHECK(x == (uint32_t)(point.x >> 15) && y == (uint32_t)(point.y >> 15));
    CHECK(census_cell(point, 17) >> 8 == census_cell(point, 13)); /* parts follow one another */
    CHECK(census_cell((struct point){3, 1}, 32) == 7 &&
          census_cell((struct point){0, 3}, 32) == 10);
    const struct point around = {point.x + WORLD_SIZE, point.y};
    CHECK(census_cell(around, 17) == census_cell(point, 17));
    const struct point beyond = {point.x, WORLD_SIZE + 5};
    census_place(census_cell(beyond, 17), &x, &y);
    CHECK(y == (1U << 17) - 1);
}

static void test_counts(void)
{
    struct census *census = census_new(17);
    census_finish(census);
    CHECK(census_between(census, 0, UINT64_MAX) == 0 && census_count(census) == 0);
    census_free(census);
    census = census_new(17);
    for (int i = 0; i < 10000; i++) { /* ten cells in a row, each a thousand times, not in order */
        const struct point point = {(int64_t)(i % 10) << 15, 0};
        CHECK(i % 1000 || census_add(census, point, NULL) == OK);
        if (i % 1000 && census_add(census, point, NULL)) { abort(); }
    }
    census_finish(census);
    CHECK(census_count(census) == 10000);
    CHECK(census_between(census, 0, 1) == 1000 && census_between(census, 0, UINT64_MAX) == 10000);
    const uint64_t third = census_cell((struct point){INT64_C(3) << 15, 0}, 17);
    CHECK(census_between(census, third, third + 1) == 1000);
    CHECK(census_between(census, third + 1, third + 1) == 0);
    CHECK(census_between(census, 0, 4) == 2000); /* columns 0 and 1 of the first row */
    census_free(census);
}

int main(void)
{
    test_cells();
    test_counts();
    return CHECK_DONE();
}
