#include "geodata/feature.h"

#include "check.h"

/* The bytes of the attributes, as a map tile has them. */
static void test_values(void)
{
    struct schema schema = {0};
    struct feature feature = {.schema = &schema};
    CHECK(feature_add_text(&feature, span_text("a"), span_text("hi"), NULL) == OK);
    CHECK(feature_add_integer(&feature, span_text("b"), false, 300, NULL) == OK);
    CHECK(feature_add_integer(&feature, span_text("c"), true, 1, NULL) == OK);
    CHECK(feature_add_real(&feature, span_text("d"), 0.5, NULL) == OK);
    CHECK(feature_add_real(&feature, span_text("e"), 0.1, NULL) == OK);
    CHECK(feature_add_real(&feature, span_text("f"), 3.0, NULL) == OK);
    CHECK(feature_add_boolean(&feature, span_text("g"), true, NULL) == OK);
    static const uint8_t expected[] = {
        0, 4, 0x0a, 2,    'h',  'i',                                /* string */
        1, 3, 0x28, 0xac, 2,                                        /* unsigned */
        2, 2, 0x30, 1,                                              /* signed, zigzag */
        3, 5, 0x15, 0,    0,    0,    0x3f,                         /* float: exact */
        4, 9, 0x19, 0x9a, 0x99, 0x99, 0x99, 0x99, 0x99, 0xb9, 0x3f, /* double */
        5, 2, 0x28, 3,                                              /* whole after all */
        6, 2, 0x38, 1,
    };
    CHECK(span_equal(bytes_span(&feature.attributes), span_of(expected, sizeof expected)));
    CHECK(feature.attribute_count == 7);
    CHECK(schema.names[0].kinds == SCHEMA_KIND_TEXT &&
          schema.names[6].kinds == SCHEMA_KIND_BOOLEAN);
    CHECK(schema.names[4].kinds == SCHEMA_KIND_NUMBER);
    feature_deinit(&feature);
    schema_deinit(&schema);
}

static void test_limits(void)
{
    struct schema schema = {0};
    struct feature feature = {.schema = &schema};
    struct why why = {0};
    CHECK(feature_add_boolean(&feature, span_text("a"), true, NULL) == OK);
    CHECK(feature_add_boolean(&feature, span_text("a"), true, &why) == ERR_MALFORMED);
    CHECK(strstr(why.text, "\"a\" twice") != NULL);
    char *huge = mem_zeroed(FEATURE_TEXT_SIZE_MAX + 1);
    CHECK(feature_add_text(&feature, span_text("b"), span_of(huge, FEATURE_TEXT_SIZE_MAX + 1),
                           NULL) == ERR_LIMIT);
    free(huge);
    CHECK(feature_add_integer(&feature, span_text("c"), true, UINT64_MAX, NULL) == OK);
    feature_clear(&feature);
    CHECK(feature.attribute_count == 0 && feature.attributes.size == 0);
    feature_deinit(&feature);
    schema_deinit(&schema);
}

/* What was added is found again, and can be given to another feature. */
static void test_reading(void)
{
    struct schema schema = {0};
    struct schema other = {0};
    struct feature feature = {.schema = &schema};
    struct feature copy = {.schema = &other};
    struct attribute attribute = {0};
    struct span text = {0};
    int64_t number = 0;
    bool truth = false;
    CHECK(!feature_find(&feature, span_text("a"), &attribute));
    CHECK(feature_add_text(&feature, span_text("a"), span_text("hi"), NULL) == OK);
    CHECK(feature_add_integer(&feature, span_text("b"), true, 300, NULL) == OK);
    CHECK(feature_add_integer(&feature, span_text("c"), false, UINT64_MAX, NULL) == OK);
    CHECK(feature_add_boolean(&feature, span_text("d"), true, NULL) == OK);
    CHECK(feature_add_real(&feature, span_text("e"), 0.5, NULL) == OK);
    CHECK(feature_find(&feature, span_text("a"), &attribute));
    CHECK(attribute_text(attribute, &text) && span_equal(text, span_text("hi")));
    CHECK(!attribute_integer(attribute, &number) && !attribute_boolean(attribute, &truth));
    CHECK(feature_find(&feature, span_text("b"), &attribute));
    CHECK(attribute_integer(attribute, &number) && number == -300);
    CHECK(!attribute_text(attribute, &text));
    CHECK(feature_find(&feature, span_text("c"), &attribute));
    CHECK(!attribute_integer(attribute, &number));
    CHECK(feature_find(&feature, span_text("d"), &attribute));
    CHECK(attribute_boolean(attribute, &truth) && truth);
    CHECK(feature_find(&feature, span_text("e"), &attribute));
    CHECK(!attribute_integer(attribute, &number) && !attribute_text(attribute, &text));
    CHECK(!feature_find(&feature, span_text("f"), &attribute));
    size_t count = 0;
    for (size_t at = 0; feature_next(&feature, &at, &attribute); count++) {
        const struct schema_name *name = &schema.names[attribute.name];
        CHECK(feature_add_value(&copy, span_of(name->name, name->size), attribute.value, NULL) ==
              OK);
    }
    CHECK(count == 5 && copy.attribute_count == 5);
    CHECK(span_equal(bytes_span(&feature.attributes), bytes_span(&copy.attributes)));
    CHECK(other.names[4].kinds == SCHEMA_KIND_NUMBER && other.names[3].kinds == 4);
    feature_deinit(&feature);
    feature_deinit(&copy);
    schema_deinit(&schema);
    schema_deinit(&other);
}

int main(void)
{
    test_values();
    test_reading();
    test_limits();
    return CHECK_DONE();
}
