#include "camera/picture_area.h"

#include <string.h>

#include "base/text.h"
#include "check.h"

static struct area_list list;

static bool refused(const char *text, bool named, enum err expected, const char *word)
{
    struct why why = {0};
    list.count = 7;
    const enum err err = picture_area_parse(&list, text, named, &why);
    return err == expected && list.count == 7 && strstr(why.text, word);
}

static uint32_t at(float x, float y)
{
    return picture_area_at(&list, (struct area_point){x, y});
}

static void test_refusals(void)
{
    static const struct {
        const char *text, *word;
        enum err expected;
        bool named;
    } cases[] = {
        {"0,0 1,0", "polygon 1 has 2 corners", ERR_MALFORMED, false},
        {"0,0 1,0 1,1 |", "polygon 2 has 0", ERR_MALFORMED, false},
        {"|", "polygon 1 has 0", ERR_MALFORMED, false},
        {"0,0 1,0 1.1,1", "\"1.1,1\" is no corner", ERR_MALFORMED, false},
        {"0,0 1,0 -0,1", "\"-0,1\"", ERR_MALFORMED, false},
        {"0,0 1,0 nan,1", "\"nan,1\"", ERR_MALFORMED, false},
        {"0,0 1,0 1e-1,1", "\"1e-1,1\"", ERR_MALFORMED, false},
        {"0,0 1,0 0x1,1", "\"0x1,1\"", ERR_MALFORMED, false},
        {"0,0 1,0 1..,1", "\"1..,1\"", ERR_MALFORMED, false},
        {"0,0 1,0 ,1", "\",1\"", ERR_MALFORMED, false},
        {"0,0 1,0 1,", "\"1,\"", ERR_MALFORMED, false},
        {"0,0 1,0 1 ,1", "\"1\"", ERR_MALFORMED, false},
        {"0,0 1,0 1,1,1", "\"1,1,1\"", ERR_MALFORMED, false},
        {"0,0 1,0 0.0000000000001,1", "is no corner", ERR_MALFORMED, false},
        {"0,0 .5,.5 1,1", "encloses nothing", ERR_RANGE, false},
        {"0,0 1,1 1,0 0,1", "encloses nothing", ERR_RANGE,
         false}, /* crosses itself in the middle */
        {"gate: 0,0 1,0 1,1", "\"gate:\" is no corner", ERR_MALFORMED, false},
        {"0,0 1,0 1,1", "a name of 1 to 31", ERR_MALFORMED, true},
        {": 0,0 1,0 1,1", "a name of 1 to 31", ERR_MALFORMED, true},
        {"the gate: 0,0 1,0 1,1", "a name of 1 to 31", ERR_MALFORMED, true},
        {"abcdefghijklmnopqrstuvwxyz012345: 0,0 1,0 1,1", "1 to 31", ERR_MALFORMED, true},
        {"a: 0,0 1,0 1,1 | a: 0,0 1,0 1,1", "the zone a comes twice", ERR_MALFORMED, true},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const bool right = refused(cases[i].text, cases[i].named, cases[i].expected, cases[i].word);
        if (!right) { printf("# %s\n", cases[i].text); }
        CHECK(right);
    }
}

static void test_limits(void)
{
    CLEANUP(text_deinit) struct text text = text_limited((size_t)2 * AREA_TEXT_SIZE_MAX);
    for (int i = 0; i < AREA_COUNT_MAX; i++) {
        text_add(&text, i ? "|0,0 1,0 1,1" : "0,0 1,0 1,1");
    }
    CHECK(picture_area_parse(&list, text_c(&text), false, NULL) == OK &&
          list.count == AREA_COUNT_MAX);
    CHECK(at(0.9F, 0.1F) == 0xffff && at(0.1F, 0.9F) == 0);
    text_add(&text, "|0,0 1,0 1,1");
    CHECK(refused(text_c(&text), false, ERR_LIMIT, "more than 16 polygons"));

    text_clear(&text);
    text_add(&text, "0,0 1,0 ");
    for (int i = 2; i <= AREA_CORNERS_MAX; i++) {
        text_add(&text, "1,1 ");
    }
    CHECK(refused(text_c(&text), false, ERR_LIMIT, "more than 32 corners"));

    text_clear(&text);
    for (int i = 0; i <= AREA_TEXT_SIZE_MAX; i++) {
        text_add(&text, " ");
    }
    CHECK(refused(text_c(&text), false, ERR_LIMIT, "more than 8192 letters"));
}

int main(void)
{
    CHECK(picture_area_parse(&list, "", false, NULL) == OK && list.count == 0 &&
          at(0.5F, 0.5F) == 0);
    CHECK(picture_area_parse(&list, " \t ", true, NULL) == OK && list.count == 0);

    /* The examples of the header, written tightly and widely. */
    CHECK(picture_area_parse(
              &list, "gate:.1,.5 .4,.5 .4,1 .1,1|drive: .5,.5  1,.5\t1,1 | x-2_.: 0,0 .1,0 0,.1",
              true, NULL) == OK);
    CHECK(list.count == 3 && list.areas[0].corner_count == 4 && list.areas[1].corner_count == 3);
    CHECK_TEXT(list.areas[0].name, "gate");
    CHECK_TEXT(list.areas[2].name, "x-2_.");
    CHECK(at(0.2F, 0.7F) == 1 && at(0.9F, 0.6F) == 2 && at(0.02F, 0.02F) == 4);
    CHECK(at(0.45F, 0.7F) == 0 && at(0.2F, 0.4F) == 0 && at(0.6F, 0.9F) == 0);

    /* A horseshoe: what lies between its arms is outside. Zones may overlap. */
    CHECK(picture_area_parse(&list,
                             "0,0 1,0 1,1 .7,1 .7,.3 .3,.3 .3,1 0,1 | .4,.1 .6,.1 .6,.9 .4,.9",
                             false, NULL) == OK);
    CHECK(at(0.5F, 0.5F) == 2 && at(0.1F, 0.9F) == 1 && at(0.9F, 0.9F) == 1);
    CHECK(at(0.5F, 0.2F) == 3 && at(0.5F, 0.95F) == 0);

    /* Whoever the lower edge cuts stands in what reaches down to it. */
    CHECK(picture_area_parse(&list, "0,.5 1,.5 1,1 0,1", false, NULL) == OK);
    const struct area_point foot = picture_area_foot((struct box){390, 150, 20, 60}, 400, 200);
    CHECK(picture_area_at(&list, foot) == 1 && foot.x < 1 && foot.y < 1);
    CHECK(picture_area_at(&list, picture_area_foot((struct box){-30, 150, 20, 50}, 400, 200)) == 1);
    CHECK(picture_area_at(&list, picture_area_foot((struct box){100, 20, 20, 70}, 400, 200)) == 0);
    test_refusals();
    test_limits();
    return CHECK_DONE();
}
