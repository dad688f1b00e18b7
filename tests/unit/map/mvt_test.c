#include "map/mvt.h"

#include "check.h"
#include "unit/map/shapes.h"

static struct bytes geometry_of(const struct shape *shape)
{
    struct bytes out = {0};
    mvt_geometry(&out, shape);
    return out;
}

/* The examples of the specification, section 4.3.5. */
static void test_geometry(void)
{
    struct shape shape = {.kind = SHAPE_KIND_POINT};
    SHAPES_PART(&shape, false, 5, 7, 3, 2);
    struct bytes out = geometry_of(&shape);
    CHECK(span_equal(bytes_span(&out), span_of("\x11\x0a\x0e\x03\x09", 5)));
    bytes_deinit(&out);
    shape_clear(&shape);
    shape.kind = SHAPE_KIND_LINE;
    SHAPES_PART(&shape, false, 2, 2, 2, 10, 10, 10);
    SHAPES_PART(&shape, false, 1, 1, 3, 5);
    out = geometry_of(&shape);
    CHECK(span_equal(bytes_span(&out),
                     span_of("\x09\x04\x04\x12\x00\x10\x10\x00\x09\x11\x11\x0a\x04\x08", 14)));
    bytes_deinit(&out);
    shape_clear(&shape);
    shape.kind = SHAPE_KIND_POLYGON;
    SHAPES_PART(&shape, false, 3, 6, 8, 12, 20, 34);
    out = geometry_of(&shape);
    CHECK(span_equal(bytes_span(&out), span_of("\x09\x06\x0c\x12\x0a\x0c\x18\x2c\x0f", 9)));
    bytes_deinit(&out);
    shape_deinit(&shape);
}

struct seen {
    size_t features, attributes, texts;
    struct shape last;
};

static void see_feature(void *context, const struct mvt_feature *feature, const struct shape *shape)
{
    struct seen *seen = context;
    seen->features++;
    CHECK(feature->id == seen->features);
    shape_copy(&seen->last, shape);
}

static void see_attribute(void *context, struct span name, struct span value)
{
    struct seen *seen = context;
    seen->attributes++;
    seen->texts += span_equal(name, span_text("a")) && span_equal(value, span_of("\x0a\x02hi", 4));
}

static void add(struct mvt_writer *writer, uint64_t id, struct span attributes,
                const struct shape *shape)
{
    struct bytes geometry = geometry_of(shape);
    const struct mvt_feature feature = {.has_id = true,
                                        .id = id,
                                        .kind = shape->kind,
                                        .attributes = attributes,
                                        .geometry = bytes_span(&geometry)};
    mvt_layer_add(writer, &feature);
    bytes_deinit(&geometry);
}

static void test_layers(void)
{
    CLEANUP(mvt_writer_free_p) struct mvt_writer *writer = mvt_writer_new();
    struct schema schema = {0};
    struct shape shape = {.kind = SHAPE_KIND_POLYGON};
    struct bytes tile = {0};
    uint32_t number = 0;
    CHECK(schema_number(&schema, span_text("b"), 0, &number, NULL) == OK);
    CHECK(schema_number(&schema, span_text("a"), 0, &number, NULL) == OK);
    SHAPES_PART(&shape, false, 0, 0, 10, 0, 10, 10, 0, 10);
    SHAPES_PART(&shape, true, 2, 2, 2, 4, 4, 4);
    static const uint8_t attributes[] = {1, 4, 0x0a, 2, 'h', 'i', 0, 2, 0x28, 7};
    for (int layer = 0; layer < 3; layer++) { /* the middle one stays empty */
        mvt_layer_begin(writer, layer == 0 ? "one" : "two", &schema, &tile);
        for (uint64_t id = 1; id <= 3000 && layer != 1; id++) {
            add(writer, layer == 0 ? id : 3000 + id, span_of(attributes, sizeof attributes),
                &shape);
        }
        mvt_layer_end(writer);
    }
    struct seen seen = {0};
    struct mvt_summary summary = {0};
    struct why why = {0};
    const struct mvt_viewer viewer = {
        .context = &seen, .feature = see_feature, .attribute = see_attribute};
    check_(mvt_check(bytes_span(&tile), &viewer, &summary, &why) == OK, why.text, __FILE__,
           __LINE__);
    CHECK(summary.layers == 2 && summary.features == 6000 && summary.polygons == 6000);
    CHECK(seen.attributes == 12000 && seen.texts == 6000);
    CHECK(seen.last.part_count == 2 && seen.last.parts[1].hole);
    CHECK(tile.size < 6000 * 40);

    bool refused = true; /* cut off anywhere, a tile is refused or is shorter by whole layers */
    for (size_t size = 1; size < tile.size; size += 997) {
        summary = (struct mvt_summary){0};
        refused = refused && (mvt_check(span_of(tile.data, size), NULL, &summary, NULL) != OK ||
                              summary.layers < 2);
    }
    CHECK(refused);
    bytes_deinit(&tile);
    shape_deinit(&shape);
    shape_deinit(&seen.last);
    schema_deinit(&schema);
}

int main(void)
{
    test_geometry();
    test_layers();
    return CHECK_DONE();
}
