#include "map/spool.h"

#include "check.h"
#include "map/simplify.h"
#include "unit/map/shapes.h"

int main(void)
{
    struct schema schema = {0};
    struct feature feature = {.schema = &schema, .has_id = true, .id = UINT64_MAX};
    struct bytes records[2] = {{0}, {0}};
    struct shape shape = {0};
    CHECK(feature_add_text(&feature, span_text("name"), span_text("x"), NULL) == OK);
    feature.shape.kind = SHAPE_KIND_POLYGON;
    SHAPES_PART(&feature.shape, false, 1, 1, 1, 1, 9, 1, 9, 9, 1, 9, 1, 1);
    SHAPES_PART(&feature.shape, true, -5, 2, WORLD_SIZE * 2, 3, 4, 4);
    CHECK(spool_encode(&feature, 3, &records[0]) == 7); /* repeats are gone */
    feature_clear(&feature);
    feature.shape.kind = SHAPE_KIND_POINT;
    SHAPES_PART(&feature.shape, false, 7, 8, 7, 8);
    CHECK(spool_encode(&feature, 4, &records[1]) == 0);

    CLEANUP(spool_free_p) struct spool *spool = NULL;
    CHECK(spool_new(&spool, "/tmp", NULL) == OK);
    CHECK(spool_append(spool, bytes_span(&records[0]), 11, NULL) == OK);
    CHECK(spool_append(spool, bytes_span(&records[1]), 22, NULL) == OK);
    CHECK(spool_finish(spool, NULL) == OK && spool_count(spool) == 2);
    CHECK(spool_size(spool) == records[0].size + records[1].size);

    struct spooled spooled = spool_decode(spool_at(spool, 0));
    CHECK(spooled.head.layer == 3 && spooled.head.priority == 11 && spooled.head.ordinal == 0);
    CHECK(spooled.head.has_id && spooled.head.id == UINT64_MAX && spooled.attributes.size == 5);
    static const uint8_t zooms[] = {0, 5, 9, 0, 0, SIMPLIFY_NEVER, 3};
    spool_note_zooms(spool, 0, zooms);
    spool_forget(spool);
    spooled = spool_decode(spool_at(spool, 0));
    spool_shape(&spooled, 20, &shape);
    CHECK(SHAPES_IS(&shape, 0, 1, 1, 9, 1, 9, 9, 1, 9));
    CHECK(shape.parts[1].hole && SHAPES_IS(&shape, 1, -5, 2, 4, 4));
    spool_shape(&spooled, 5, &shape);
    CHECK(SHAPES_IS(&shape, 0, 1, 1, 9, 1, 1, 9));
    spool_shape(&spooled, 0, &shape);
    CHECK(SHAPES_IS(&shape, 1, -5, 2));

    const uint64_t second = spooled.head.size;
    spooled = spool_decode(spool_at(spool, second));
    CHECK(spooled.head.ordinal == 1 && !spooled.head.has_id);
    spool_shape(&spooled, 0, &shape);
    CHECK(shape.kind == SHAPE_KIND_POINT && SHAPES_IS(&shape, 0, 7, 8, 7, 8));
    CLEANUP(spool_free_p) struct spool *nowhere = NULL;
    CHECK(spool_new(&nowhere, "/nowhere", NULL) == ERR_IO);
    feature_deinit(&feature);
    schema_deinit(&schema);
    shape_deinit(&shape);
    bytes_deinit(&records[0]);
    bytes_deinit(&records[1]);
    return CHECK_DONE();
}
