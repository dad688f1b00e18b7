#include "people/reach.h"

#include "check.h"
#include "tables.h"

static struct reach parse(const char *text, enum err expected)
{
    struct reach reach = {",before,"};
    CLEANUP(value_free_p) struct value *list = json(text);
    CHECK(reach_parse(&reach, list, NULL) == expected);
    return reach;
}

static void test_whole(void)
{
    struct reach reach = {",before,"};
    CHECK(reach_parse(&reach, NULL, NULL) == OK);
    CHECK(reach_whole(&reach) && reach_filter(&reach) == NULL);
    reach = parse("null", OK);
    CHECK(reach_includes(&reach, "north") && reach_includes(&reach, "") &&
          reach_includes(&reach, NULL));
    CLEANUP(value_free_p) struct value *value = reach_to_value(&reach);
    CHECK(value_kind(value) == VALUE_KIND_NULL);
}

static void test_zones(void)
{
    const struct reach reach = parse("['north','south-2','north']", OK);
    CHECK_TEXT(reach.zones, ",north,south-2,");
    CHECK_TEXT(reach_filter(&reach), reach.zones);
    CHECK(reach_includes(&reach, "north") && reach_includes(&reach, "south-2"));
    static const char *const others[] = {"",  "nort",          "orth",   "south", "south-22",
                                         ",", "north,south-2", "north,", "NORTH", "%"};
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        CHECK(!reach_includes(&reach, others[i]));
    }
    CHECK(!reach_includes(&reach, NULL));
    CLEANUP(value_free_p) struct value *value = reach_to_value(&reach);
    CHECK(value_count(value) == 2);
    CHECK_TEXT(value_text_or(value_at(value, 1), ""), "south-2");
    struct reach again;
    CHECK(reach_parse(&again, value, NULL) == OK);
    CHECK_TEXT(again.zones, reach.zones);
}

static void test_refused(void)
{
    CHECK_TEXT(parse("[]", ERR_MALFORMED).zones, ",before,");
    (void)parse("'north'", ERR_MALFORMED);
    (void)parse("{}", ERR_MALFORMED);
    (void)parse("['north',7]", ERR_MALFORMED);
    (void)parse("['north,south']", ERR_MALFORMED);
    (void)parse("['%']", ERR_MALFORMED);
    (void)parse("['']", ERR_MALFORMED);
    CLEANUP(text_deinit) struct text many = text_limited(4096);
    for (int i = 0; i <= REACH_ZONE_MAX; i++) {
        text_format(&many, "%c'z%d'", i ? ',' : '[', i);
    }
    text_add(&many, "]");
    (void)parse(text_c(&many), ERR_LIMIT);
}

int main(void)
{
    test_whole();
    test_zones();
    test_refused();
    return CHECK_DONE();
}
