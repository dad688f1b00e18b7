#include "geodata/json.h"

#include <math.h>
#include <stdlib.h>

#include "check.h"

static struct json over(const char *text)
{
    return json_over(span_text(text));
}

static void test_skip(void)
{
    static const char *const good[] = {
        "{}",   "[]",   "[1,2,{\"a\":[true,false,null]}]",        "\"x\"",
        "null", "true", " { \"a\" : \"\\u00e9\\ud83d\\ude00\" } "};
    static const char *const bad[] = {"{a:1}",
                                      "[1 2]",
                                      "{\"a\" 1}",
                                      "[1,]",
                                      "tru1",
                                      "\"\x01\"",
                                      "[01]",
                                      "[1.]",
                                      "[.5]",
                                      "[-]",
                                      "[1e]",
                                      "\"\\x\"",
                                      "[+1]",
                                      "[NaN]",
                                      "{,}",
                                      "\"\xff\xff\xff\xff\"",
                                      "\"\\ud800\\u0041\"",
                                      "\"\\udc00xxxxxxx\"",
                                      "\"\\u0000\"",
                                      "[1e999]"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct json json = over(good[i]);
        (void)json_skip(&json);
        check_(!json_stopped(&json), good[i], __FILE__, __LINE__);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct json json = over(bad[i]);
        (void)json_skip(&json);
        check_(json.fault != NULL, bad[i], __FILE__, __LINE__);
    }
}

/* Cut anywhere, a text starves; it is never called wrong. */
static void test_starving(void)
{
    static const char text[] =
        "{\"a\":[1.5e3,true,\"\\u00e9\xc3\xa9\\ud83d\\ude00\",{}],\"b\":null}";
    bool starves = true;
    for (size_t size = 0; size + 1 < sizeof text; size++) {
        struct json json = json_over(span_of(text, size));
        (void)json_skip(&json);
        starves = starves && json.starved && !json.fault;
    }
    CHECK(starves);
}

static void test_depth(void)
{
    char text[2 * JSON_DEPTH_MAX + 3];
    memset(text, '[', JSON_DEPTH_MAX);
    memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
    text[2 * JSON_DEPTH_MAX] = '\0';
    struct json json = over(text);
    (void)json_skip(&json);
    CHECK(!json_stopped(&json));
    memset(text, '[', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    json = over(text);
    (void)json_skip(&json);
    CHECK(json.fault != NULL);
}

static void test_text(void)
{
    struct bytes scratch = {0};
    struct json json = over("\"plain\"");
    CHECK(span_equal(json_text(&json, &scratch), span_text("plain")));
    json = over("\"a\\n\\\"\\u00e9\\ud83d\\ude00\"");
    CHECK(span_equal(json_text(&json, &scratch), span_text("a\n\"\xc3\xa9\xf0\x9f\x98\x80")));
    json = over("\"name\" : 1");
    CHECK(span_equal(json_name(&json, &scratch), span_text("name")));
    bytes_deinit(&scratch);
}

/* Against the C library, which rounds correctly. */
static void test_numbers(void)
{
    static const char *const texts[] = {"0,",
                                        "-0,",
                                        "1,",
                                        "-12.5,",
                                        "76.29249612345678901234,",
                                        "9.969379606986722,",
                                        "1e22,",
                                        "1e23,",
                                        "123456789012345678,",
                                        "0.1,",
                                        "1e-30,",
                                        "9007199254740993,",
                                        "5e-324,",
                                        "1.7e308,",
                                        "3.14159265358979323846264338327950288,"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct json json = over(texts[i]);
        const double expected = strtod(texts[i], NULL);
        const struct json_number number = json_number(&json);
        check_(!json_stopped(&json) && number.real == expected, texts[i], __FILE__, __LINE__);
        json = over(texts[i]);
        const double near = json_coordinate(&json);
        check_(fabs(near - expected) <= 4e-16 * fabs(expected) || expected < 1e-300, texts[i],
               __FILE__, __LINE__);
    }
    struct json json = over("18446744073709551615,");
    CHECK(!json_number(&json).whole); /* 20 digits: not as a whole number */
    json = over("9223372036854775807,");
    const struct json_number number = json_number(&json);
    CHECK(number.whole && number.magnitude == INT64_MAX);
    json = over("1.0,");
    CHECK(!json_number(&json).whole);
}

int main(void)
{
    test_skip();
    test_starving();
    test_depth();
    test_text();
    test_numbers();
    return CHECK_DONE();
}
