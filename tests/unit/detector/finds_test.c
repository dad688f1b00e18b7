#include "detector/finds.h"

#include "check.h"

#include <math.h>

enum { COLUMNS = 4 };

static struct model model = {
    .input = {.side = 100},
    .score_least = 0.3F,
    .labels = {{.class = 0, .text = "person"}, {.class = 2, .text = "car"}},
    .label_count = 2,
};

/* Rows: centre x, centre y, width, height, three classes. */
static const float output[7 * COLUMNS] = {
    50,  52,  10,  50,  /* x */
    50,  50,  50,  50,  /* y */
    20,  20,  NAN, 20,  /* width */
    40,  40,  40,  40,  /* height */
    .9F, .8F, .9F, .1F, /* person */
    .9F, .9F, .9F, .9F, /* not asked for */
    .1F, .1F, .1F, .7F, /* car */
};

int main(void)
{
    static struct finds finds;
    struct why why = {0};
    const struct engine_output made = {.values = output, .rows = 7, .columns = COLUMNS};
    const struct box square = {200, 100, 200, 200}; /* twice the model's size */
    CHECK(finds_add(&finds, &made, &model, square, &why) == OK);
    CHECK(finds.count == 3);
    CHECK(finds.list[0].box.x == 280 && finds.list[0].box.y == 160);
    CHECK(finds.list[0].box.width == 40 && finds.list[0].box.height == 80);
    CHECK(finds.list[2].label == 1);

    finds_thin(&finds, 0.5F);
    CHECK(finds.count == 2);
    CHECK(finds.list[0].score == 0.9F && finds.list[1].label == 1);

    const struct engine_output narrow = {.values = output, .rows = 5, .columns = COLUMNS};
    CHECK(finds_add(&finds, &narrow, &model, square, &why) == ERR_MALFORMED);
    CHECK(strstr(why.text, "car") != NULL);

    /* Cut by an inner side: out. By the frame's own side: in. */
    const struct frame frame = {.width = 400, .height = 300};
    finds.count = 0;
    finds.list[finds.count++] = (struct detection){.box = {200.5F, 120, 30, 60}, .score = 1};
    finds.list[finds.count++] = (struct detection){.box = {369, 120, 31, 60}, .score = 1};
    finds.list[finds.count++] = (struct detection){.box = {250, 239, 30, 61}, .score = 1};
    finds_drop_cut(&finds, 0, square, &frame);
    CHECK(finds.count == 2 && finds.list[0].box.x == 369);

    /* A full list keeps the best. */
    static float many[5 * 300];
    for (int i = 0; i < 300; i++) {
        many[0 * 300 + i] = many[1 * 300 + i] = many[2 * 300 + i] = many[3 * 300 + i] = 10;
        many[4 * 300 + i] = 0.5F + (float)i / 1000;
    }
    model.label_count = 1;
    finds.count = 0;
    const struct engine_output crowd = {.values = many, .rows = 5, .columns = 300};
    CHECK(finds_add(&finds, &crowd, &model, square, &why) == OK);
    CHECK(finds.count == DETECTOR_FOUND_MAX);
    finds_thin(&finds, 1);
    CHECK(finds.list[0].score > 0.798F && finds.list[DETECTOR_FOUND_MAX - 1].score >= 0.54F);
    return CHECK_DONE();
}
