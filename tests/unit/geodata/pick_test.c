#include "geodata/pick.h"

#include "check.h"
#include "geodata/geojson.h"

static const char file[] =
    "{\"type\":\"Feature\",\"id\":7,\"properties\":{\"highway\":\"primary\",\"name\":\"A\","
    "\"lanes\":2},"
    "\"geometry\":{\"type\":\"LineString\",\"coordinates\":[[1,2],[3,4]]}}\n"
    "{\"type\":\"Feature\",\"properties\":{\"highway\":\"steps\",\"area\":true,\"class\":\"x\"},"
    "\"geometry\":{\"type\":\"LineString\",\"coordinates\":[[1,2],[3,4]]}}\n"
    "{\"type\":\"Feature\",\"properties\":{\"name\":\"B\",\"height\":1.5},"
    "\"geometry\":{\"type\":\"Point\",\"coordinates\":[1,2]}}\n";

struct seen {
    size_t count, attributes, ids, points;
    bool classed;
};

static enum err look(void *context, struct feature *feature, struct why *why)
{
    struct seen *seen = context;
    struct attribute attribute;
    struct span text;
    (void)why;
    seen->count++;
    seen->attributes += feature->attribute_count;
    seen->ids += feature->has_id;
    seen->points += feature->shape.count;
    if (feature_find(feature, span_text("class"), &attribute)) {
        seen->classed = attribute_text(attribute, &text) && span_equal(text, span_text("street"));
    }
    return OK;
}

static struct seen pick(const struct pick *pick, struct feature_tally *tally, struct schema *schema)
{
    struct seen seen = {0};
    struct picker *picker = NULL;
    struct input input = input_over(span_text(file), "test");
    struct why why = {0};
    CHECK(picker_new(&picker, pick, schema, (struct feature_taker){look, &seen}, &why) == OK);
    check_(geojson_read(&input, picker_reading(picker), &why) == OK, "read", __FILE__, __LINE__);
    *tally = picker_reading(picker)->tally;
    picker_free(picker);
    return seen;
}

static void test_all(void)
{
    struct schema schema = {0};
    struct feature_tally tally;
    CHECK(pick_is_all(&(struct pick){.where = ""}) && !pick_is_all(&(struct pick){.kinds = 2}));
    CHECK(!pick_is_all(&(struct pick){.no_ids = true}) &&
          !pick_is_all(&(struct pick){.class = "a"}));
    const struct seen seen = pick(&(struct pick){0}, &tally, &schema);
    CHECK(seen.count == 3 && seen.attributes == 8 && seen.ids == 1 && seen.points == 5);
    CHECK(tally.read == 3 && tally.taken == 3 && tally.not_picked == 0 && schema.count == 6);
    schema_deinit(&schema);
}

static void test_attributes(void)
{
    struct schema schema = {0};
    struct feature_tally tally;
    struct seen seen =
        pick(&(struct pick){.attributes = "name , class", .no_ids = true}, &tally, &schema);
    CHECK(seen.attributes == 3 && seen.ids == 0 && schema.count == 2);
    seen = pick(&(struct pick){.attributes = "-"}, &tally, &schema);
    CHECK(seen.count == 3 && seen.attributes == 0);
    seen = pick(&(struct pick){.attributes = "class", .class = "street"}, &tally, &schema);
    CHECK(seen.attributes == 3 && seen.classed);
    schema_deinit(&schema);
}

static void test_conditions(void)
{
    static const struct {
        const char *where;
        size_t count;
    } cases[] = {
        {"highway", 2},          {"!highway", 1},       {"highway=primary|secondary", 1},
        {"highway!=primary", 2}, {"highway, !area", 1}, {"area=true", 1},
        {"lanes=2", 1},          {"lanes = 3 | 2", 1},  {"height", 1},
        {"height=1.5", 0},       {"nothing", 0},        {" ,", 3},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct schema schema = {0};
        struct feature_tally tally;
        const struct seen seen = pick(&(struct pick){.where = cases[i].where}, &tally, &schema);
        check_(seen.count == cases[i].count, cases[i].where, __FILE__, __LINE__);
        CHECK(tally.taken == seen.count && tally.not_picked == 3 - seen.count);
        schema_deinit(&schema);
    }
}

static void test_kinds(void)
{
    struct schema schema = {0};
    struct feature_tally tally;
    CHECK(pick(&(struct pick){.kinds = 1 << SHAPE_KIND_POINT}, &tally, &schema).count == 1);
    CHECK(pick(&(struct pick){.kinds = 1 << SHAPE_KIND_LINE}, &tally, &schema).count == 2);
    schema_deinit(&schema);
}

static void test_refusals(void)
{
    static const char *const bad[] = {"=x", "!", "a=", "!=3", "a, b="};
    struct schema schema = {0};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct picker *picker = NULL;
        struct why why = {0};
        CHECK(picker_new(&picker, &(struct pick){.where = bad[i]}, &schema,
                         (struct feature_taker){0}, &why) == ERR_RANGE);
        check_(strstr(why.text, "is no condition") != NULL, why.text, __FILE__, __LINE__);
    }
}

int main(void)
{
    test_all();
    test_attributes();
    test_conditions();
    test_kinds();
    test_refusals();
    return CHECK_DONE();
}
