#include "camera/region.h"

#include "check.h"

static const struct region_plan plan = {
    .width = 768, .height = 576, .side = 320, .squares_max = 16};

static bool inside(struct box square, struct box box)
{
    return box.x >= square.x && box.y >= square.y && box.x + box.width <= square.x + square.width &&
           box.y + box.height <= square.y + square.height;
}

static bool all_inside_one(const struct box *wanted, size_t count, const struct box *squares,
                           size_t square_count)
{
    for (size_t i = 0; i < count; i++) {
        bool held = false;
        for (size_t k = 0; k < square_count; k++) {
            held = held || inside(squares[k], wanted[i]);
        }
        if (!held) { return false; }
    }
    return true;
}

static void test_random_covers(void)
{
    uint32_t dice = 99;
    bool covered = true;
    for (int round = 0; round < 200; round++) {
        struct box wanted[REGION_WANTED_MAX];
        struct box squares[16];
        size_t count = 0;
        for (int i = 0; i < 8; i++) {
            dice = dice * 1664525 + 1013904223;
            const struct box box = {(float)(dice >> 8 & 511), (float)(dice >> 17 & 255), 40, 90};
            count = region_want(wanted, count, box, &plan);
        }
        const size_t made = region_cover(wanted, count, &plan, squares);
        covered = covered && made <= 8 && all_inside_one(wanted, count, squares, made);
    }
    CHECK(covered);
}

int main(void)
{
    struct box wanted[REGION_WANTED_MAX] = {0};
    struct box squares[16];
    CHECK(region_cover(wanted, 0, &plan, squares) == 0);

    /* Neighbours share a square of the model's own scale. */
    size_t count = region_want(wanted, 0, (struct box){100, 100, 40, 90}, &plan);
    count = region_want(wanted, count, (struct box){200, 150, 40, 90}, &plan);
    CHECK(count == 2 && region_cover(wanted, count, &plan, squares) == 1);
    CHECK(squares[0].width == 320 && all_inside_one(wanted, 2, squares, 1));

    /* Those far apart do not. */
    count = region_want(wanted, count, (struct box){700, 450, 40, 90}, &plan);
    CHECK(region_cover(wanted, count, &plan, squares) == 2);
    CHECK(squares[1].x + squares[1].width <= 768 && squares[1].y + squares[1].height <= 576);

    /* A body larger than a square gets a larger one; a whole street of motion gets pieces. */
    count = region_want(wanted, 0, (struct box){100, 10, 150, 390}, &plan);
    CHECK(count == 1 && region_cover(wanted, 1, &plan, squares) == 1);
    CHECK(squares[0].width > 390);
    count = region_want(wanted, 0, (struct box){0, 0, 768, 576}, &plan);
    CHECK(count > 4);
    const size_t made = region_cover(wanted, count, &plan, squares);
    CHECK(made > 4 && made <= 16 && all_inside_one(wanted, count, squares, made));

    /* A limit is a limit; nonsense is not wanted; a small frame has one square. */
    const struct region_plan poor = {.width = 768, .height = 576, .side = 320, .squares_max = 2};
    CHECK(region_cover(wanted, count, &poor, squares) == 2);
    CHECK(region_want(wanted, 0, (struct box){900, 900, 10, 10}, &plan) == 0);
    const struct region_plan small = {.width = 200, .height = 100, .side = 320, .squares_max = 9};
    count = region_want(wanted, 0, (struct box){10, 10, 20, 60}, &small);
    CHECK(region_cover(wanted, count, &small, squares) == 1 && inside(squares[0], wanted[0]));
    test_random_covers();
    return CHECK_DONE();
}
