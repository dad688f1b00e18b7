#include "map/gather.h"

#include "check.h"
#include "unit/map/shapes.h"

static void add_point(struct gather *gather, struct feature *feature, uint16_t layer, int64_t x)
{
    feature_clear(feature);
    feature->shape.kind = SHAPE_KIND_POINT;
    SHAPES_PART(&feature->shape, false, x, x / 2);
    CHECK(gather_add(gather, layer, feature, NULL) == OK);
}

static void test_order(void)
{
    CLEANUP(gather_free_p) struct gather *gather = gather_new("/tmp", 1 << 20);
    CLEANUP(spool_free_p) struct spool *spool = NULL;
    struct schema schema = {0};
    struct feature feature = {.schema = &schema};
    add_point(gather, &feature, 1, 4000000000);
    add_point(gather, &feature, 0, 3000000000);
    add_point(gather, &feature, 1, 10);
    add_point(gather, &feature, 1, 20);
    feature_clear(&feature);
    feature.shape.kind = SHAPE_KIND_LINE;
    SHAPES_PART(&feature.shape, false, 5, 5, 1000, 5, 2000, 5);
    CHECK(gather_add(gather, 0, &feature, NULL) == OK);
    CHECK(gather_finish(gather, (const double[]){1, 1}, &spool, NULL) == OK &&
          spool_count(spool) == 5);
    const struct box box = gather_box(gather);
    CHECK(box.x0 == 5 && box.x1 == 4000000000 && box.y0 == 5 && box.y1 == 2000000000);

    uint64_t offset = 0;
    uint16_t layers[5];
    uint32_t priorities[5];
    struct shape shape = {0};
    for (size_t i = 0; i < 5; i++) {
        const struct spooled spooled = spool_decode(spool_at(spool, offset));
        layers[i] = spooled.head.layer;
        priorities[i] = spooled.head.priority;
        CHECK(spooled.head.ordinal == i);
        offset += spooled.head.size;
        if (spooled.head.kind != SHAPE_KIND_LINE) { continue; }
        spool_shape(&spooled, 20, &shape);
        CHECK(shape.count == 2); /* the vertex in the middle adds nothing */
    }
    CHECK(layers[0] == 0 && layers[1] == 0 && layers[2] == 1 && layers[4] == 1);
    /* of the points of layer 1: the first, then the middle one of what is left */
    CHECK(priorities[2] == 0 && priorities[3] == UINT32_C(1) << 31 &&
          priorities[4] == UINT32_C(1) << 30);
    shape_deinit(&shape);
    feature_deinit(&feature);
    schema_deinit(&schema);
}

static void test_limit(void)
{
    CLEANUP(gather_free_p) struct gather *gather = gather_new("/tmp", 10000);
    struct spool *spool = NULL;
    struct schema schema = {0};
    struct feature feature = {.schema = &schema};
    struct why why = {0};
    feature.shape.kind = SHAPE_KIND_LINE;
    for (int64_t i = 0; i < 1000; i++) {
        shape_add(&feature.shape, (struct point){i, i * i});
    }
    shape_end_part(&feature.shape, false);
    CHECK(gather_add(gather, 0, &feature, NULL) == OK);
    CHECK(gather_finish(gather, (const double[]){1, 1}, &spool, &why) == ERR_LIMIT);
    CHECK(strstr(why.text, "give more memory") != NULL && !spool);
    feature_deinit(&feature);
    schema_deinit(&schema);
}

int main(void)
{
    test_order();
    test_limit();
    return CHECK_DONE();
}
