#include "geodata/geojson.h"

#include <unistd.h>

#include "check.h"

/* What the features of a text came to. */
struct sum {
    size_t features, points, parts, holes, attributes;
    uint64_t last_id;
    enum shape_kind kinds[8];
};

static enum err add(void *context, struct feature *feature, struct why *why)
{
    struct sum *sum = context;
    (void)why;
    if (sum->features < 8) { sum->kinds[sum->features] = feature->shape.kind; }
    sum->features++;
    sum->points += feature->shape.count;
    sum->parts += feature->shape.part_count;
    for (size_t i = 0; i < feature->shape.part_count; i++) {
        sum->holes += feature->shape.parts[i].hole;
    }
    sum->attributes += feature->attribute_count;
    sum->last_id = feature->has_id ? feature->id : 0;
    return OK;
}

static enum err read_text(const char *text, struct sum *sum, struct feature_tally *tally,
                          struct why *why)
{
    struct schema schema = {0};
    struct input input = input_over(span_text(text), "test.json");
    *sum = (struct sum){0};
    struct reading reading = {.schema = &schema, .id_name = "id", .taker = {add, sum}};
    const enum err err = geojson_read(&input, &reading, why);
    *tally = reading.tally;
    schema_deinit(&schema);
    return err;
}

#define POINT                                                                                      \
    "{\"type\":\"Feature\",\"id\":7,\"properties\":{\"a\":1,\"b\":null,\"c\":[1]},"                \
    "\"geometry\":{\"type\":\"Point\",\"coordinates\":[76.2,9.9,12]}}"

static void test_forms(void)
{
    static const char *const forms[] = {
        "{\"type\":\"FeatureCollection\",\"features\":[" POINT "," POINT "]}",
        "{\"features\":[" POINT "," POINT "],\"type\":\"FeatureCollection\",\"x\":{\"y\":[]}}",
        POINT "\n" POINT "\n",
        "\x1e" POINT "\n\x1e" POINT,
        "\xef\xbb\xbf" POINT POINT,
    };
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        struct sum sum;
        struct feature_tally tally;
        CHECK(read_text(forms[i], &sum, &tally, NULL) == OK);
        CHECK(sum.features == 2 && sum.points == 2 && sum.last_id == 7);
        CHECK(sum.attributes == 4 && tally.nested == 2 && tally.taken == 2);
    }
}

static void test_geometries(void)
{
    struct sum sum;
    struct feature_tally tally;
    CHECK(read_text("{\"coordinates\":[[[0,0],[4,0],[4,4],[0,0]],[[1,1],[2,1],[2,2],[1,1]]],"
                    "\"type\":\"Polygon\"}",
                    &sum, &tally, NULL) == OK);
    CHECK(sum.points == 6 && sum.parts == 2 && sum.holes == 1); /* closing points are dropped */
    CHECK(read_text("{\"type\":\"MultiPolygon\",\"coordinates\":[[[[0,0],[4,0],[4,4],[0,0]]],"
                    "[[[5,5],[6,5],[6,6],[5,5]],[[5.1,5.1],[5.2,5.1],[5.2,5.2],[5.1,5.1]]]]}",
                    &sum, &tally, NULL) == OK);
    CHECK(sum.parts == 3 && sum.holes == 1);
    CHECK(read_text("{\"type\":\"Feature\",\"properties\":null,\"geometry\":{\"type\":"
                    "\"GeometryCollection\",\"geometries\":[{\"type\":\"Point\",\"coordinates\":"
                    "[1,2]},{\"type\":\"MultiLineString\",\"coordinates\":[[[1,2],[3,4]],[[5,6],"
                    "[7,8]]]},{\"type\":\"Point\",\"coordinates\":[3,4]}]}}",
                    &sum, &tally, NULL) == OK);
    CHECK(sum.features == 2 && tally.read == 1 && tally.taken == 2);
    CHECK(sum.kinds[0] == SHAPE_KIND_POINT && sum.kinds[1] == SHAPE_KIND_LINE);
    CHECK(read_text("{\"type\":\"Feature\",\"properties\":{},\"geometry\":null}"
                    "{\"type\":\"Feature\",\"properties\":{},\"geometry\":{\"type\":\"LineString\","
                    "\"coordinates\":[]}}",
                    &sum, &tally, NULL) == OK);
    CHECK(sum.features == 0 && tally.no_geometry == 1 && tally.empty == 1 && tally.read == 2);
    CHECK(read_text("{\"type\":\"Feature\",\"id\":\"w12\",\"properties\":{},\"geometry\":{\"type\":"
                    "\"Point\",\"coordinates\":[0,89]}}",
                    &sum, &tally, NULL) == OK);
    CHECK(tally.ids_not_whole == 1 && tally.beyond == 1 && sum.attributes == 1);
    CHECK(read_text("{\"type\":\"FeatureCollection\",\"features\":[]}", &sum, &tally, NULL) == OK);
}

static void test_refusals(void)
{
    static const struct {
        const char *text, *reason;
    } bad[] = {
        {"", "empty"},
        {"[1]", "not an object"},
        {"{\"type\":\"Topology\"}", "none of GeoJSON"},
        {"{\"type\":\"Point\",\"coordinates\":[849000.5,1108000]}", "WGS 84"},
        {"{\"type\":\"Point\",\"coordinates\":[0,91]}", "WGS 84"},
        {"{\"type\":\"Point\",\"coordinates\":[1e999,1]}", "too large"},
        {"{\"type\":\"Point\",\"coordinates\":[NaN,1]}", "malformed"},
        {"{\"type\":\"Point\",\"coordinates\":[1]}", "less than two"},
        {"{\"type\":\"Point\",\"coordinates\":[[1,2]]}", "suit its type"},
        {"{\"type\":\"Polygon\",\"coordinates\":[[1,2],[[1,2]]]}", "unevenly"},
        {"{\"type\":\"Polygon\",\"coordinates\":[[[[[1,2]]]]]}", "deeply"},
        {"{\"type\":\"Polygon\"}", "lacks its coordinates"},
        {"{\"type\":\"Feature\",\"geometry\":{\"type\":\"Blob\"}}", "no type of GeoJSON"},
        {"{\"type\":\"Feature\",\"geometry\":7}", "neither an object nor null"},
        {"{\"type\":\"Feature\",\"properties\":[1]}", "neither an object nor null"},
        {"{\"type\":\"Feature\",\"properties\":{\"a\":1,\"a\":2}}", "twice"},
        {"{\"type\":\"Feature\",", "ends in the middle"},
        {"{\"type\":\"FeatureCollection\",\"features\":[" POINT, "ends in the middle"},
        {"{\"type\":\"FeatureCollection\",\"features\":[" POINT " " POINT "]}", "comma"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct sum sum;
        struct feature_tally tally;
        struct why why = {0};
        const enum err err = read_text(bad[i].text, &sum, &tally, &why);
        check_(err == ERR_MALFORMED && strstr(why.text, bad[i].reason), why.text, __FILE__,
               __LINE__);
    }
    struct sum sum;
    struct feature_tally tally;
    struct why why = {0};
    CHECK(read_text(POINT "\n" POINT "\n{\"type\":1}", &sum, &tally, &why) == ERR_MALFORMED);
    CHECK(strstr(why.text, "test.json: feature 3") != NULL);
}

/* However the bytes arrive, the features are the same. */
static void test_pieces(void)
{
    static const char text[] =
        "{\"type\":\"FeatureCollection\",\"features\":[" POINT "," POINT "]}\n" POINT "\n";
    int ends[2];
    CHECK(pipe(ends) == 0);
    struct schema schema = {0};
    struct sum sum = {0};
    struct reading reading = {.schema = &schema, .taker = {add, &sum}};
    struct input input = {.fd = ends[0], .name = "pipe"};
    CHECK(write(ends[1], text, sizeof text - 1) == (ssize_t)sizeof text - 1);
    (void)close(ends[1]);
    CHECK(geojson_read(&input, &reading, NULL) == OK);
    CHECK(sum.features == 3);
    input_close(&input);
    schema_deinit(&schema);
}

/* What a collection says of how it was anonymised goes on. */
static void test_note(void)
{
    static const char text[] =
        "{\"type\":\"FeatureCollection\",\"other\":{\"a\":1},\"anonymised\":"
        "{\"rule\":[1]},\"features\":[{\"type\":\"Feature\",\"anonymised\":2,"
        "\"properties\":null,\"geometry\":null}]}";
    struct bytes note = {0};
    struct schema schema = {0};
    struct input input = input_over(span_text(text), "test");
    struct reading reading = {.schema = &schema, .note = &note};
    CHECK(geojson_read(&input, &reading, NULL) == OK);
    CHECK(span_equal(bytes_span(&note), span_text("{\"rule\":[1]}")));
    bytes_deinit(&note);
    schema_deinit(&schema);
}

int main(void)
{
    test_note();
    test_forms();
    test_geometries();
    test_refusals();
    test_pieces();
    return CHECK_DONE();
}
