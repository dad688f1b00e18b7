#include "fleet/area.h"

#include <stdio.h>

#include "check.h"

static struct why why;

static void test_reads_corners(void)
{
    struct area area;
    CHECK(area_parse(&area, "9.9312,76.2673 9.9400,76.2673 9.9400,-76.28", &why) == OK);
    CHECK(area.count == 3);
    CHECK(area.corners[0].latitude == 9.9312 && area.corners[0].longitude == 76.2673);
    CHECK(area.corners[2].longitude == -76.28);
    CHECK(area_parse(&area, "  1,2   3,4 5,6 1,2 ", &why) == OK);
    CHECK(area.count == 3); /* closed by its writer */
}

static void test_refuses_what_is_no_area(void)
{
    static const struct {
        const char *text;
        enum err err;
        const char *named;
    } cases[] = {
        {"", ERR_MALFORMED, "0 corners"},
        {"1,2 3,4", ERR_MALFORMED, "2 corners"},
        {"1,2 3,4 1,2", ERR_MALFORMED, "2 corners"},
        {"1,2 3;4 5,6", ERR_MALFORMED, "\"3;4\""},
        {"1,2 3 5,6", ERR_MALFORMED, "\"3\""},
        {"1,2 3, 5,6", ERR_MALFORMED, "\"3,\""},
        {"1,2 3,0x4 5,6", ERR_MALFORMED, "\"3,0x4\""},
        {"1,2 nan,4 5,6", ERR_MALFORMED, "\"nan,4\""},
        {"1,2 3,1e9 5,6", ERR_MALFORMED, "\"3,1e9\""},
        {"1,2 3,4- 5,6", ERR_MALFORMED, "\"3,4-\""},
        {"76.26,9.93 91,4 5,6", ERR_RANGE, "\"91,4\""},
        {"1,2 3,180.01 5,6", ERR_RANGE, "\"3,180.01\""},
        {"1,2 3,"
         "00000000000000000000000000000000000000000000000000000000000000000004 5,6",
         ERR_MALFORMED, "letters"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct area area = {.count = 7};
        CHECK(area_parse(&area, cases[i].text, &why) == cases[i].err);
        CHECK(strstr(why.text, cases[i].named) != NULL);
        CHECK(area.count == 7);
    }
}

static void test_has_a_limit(void)
{
    CLEANUP(text_deinit) struct text text = text_limited(4096);
    struct area area;
    for (int i = 0; i < AREA_CORNER_MAX; i++) {
        text_format(&text, "%d.5,%d ", i, i);
    }
    CHECK(area_parse(&area, text_c(&text), &why) == OK && area.count == AREA_CORNER_MAX);
    text_add(&text, "1,1");
    CHECK(area_parse(&area, text_c(&text), &why) == ERR_LIMIT);
}

static void test_is_a_ring(void)
{
    struct area area;
    CHECK(area_parse(&area, "9.5,76.25 9.75,76.25 9.75,76.5", &why) == OK);
    CLEANUP(value_free_p) struct value *ring = area_ring(&area);
    CLEANUP(text_deinit) struct text json = text_limited(1024);
    value_write(ring, &json);
    CHECK_TEXT(text_c(&json), "[[76.25,9.5],[76.25,9.75],[76.5,9.75],[76.25,9.5]]");
}

int main(void)
{
    test_reads_corners();
    test_refuses_what_is_no_area();
    test_has_a_limit();
    test_is_a_ring();
    return CHECK_DONE();
}
