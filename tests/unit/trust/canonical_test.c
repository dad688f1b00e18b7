#include "trust/canonical.h"

#include <math.h>

#include "check.h"

/* `json` in canonical form, or the name of the error; valid until the next call. */
static const char *canonical_of(const char *json)
{
    static struct text out;
    text_deinit(&out);
    out = text_limited(4096);
    struct value *value = NULL;
    struct why why = {0};
    if (value_parse(&value, span_text(json), 65536, &why)) { return "unparsed"; }
    const enum err err = canonical_write(value, &out, &why);
    value_free(value);
    return err ? err_name(err) : text_c(&out);
}

static const char *number(double real)
{
    static char text[CANONICAL_NUMBER_SIZE];
    return canonical_number(text, real);
}

static void test_values(void)
{
    CHECK_TEXT(canonical_of("null"), "null");
    CHECK_TEXT(canonical_of(" [ true , false ] "), "[true,false]");
    CHECK_TEXT(canonical_of("{ }"), "{}");
    CHECK_TEXT(canonical_of("[]"), "[]");
    CHECK_TEXT(canonical_of("{\"b\":{\"d\":1,\"c\":[]},\"a\":2}"),
               "{\"a\":2,\"b\":{\"c\":[],\"d\":1}}");
    CHECK_TEXT(canonical_of("{\"\":1,\"a\":2,\"A\":3,\"aa\":4}"),
               "{\"\":1,\"A\":3,\"a\":2,\"aa\":4}");
}

static void test_text(void)
{
    CHECK_TEXT(canonical_of("\"\\u0001\\b\\t\\n\\f\\r\\u001f\\u007f\\\"\\\\\\/\""),
               "\"\\u0001\\b\\t\\n\\f\\r\\u001f\x7f\\\"\\\\/\"");
    CHECK_TEXT(canonical_of("\"\\u20ac\\ud83d\\ude00\""), "\"\xe2\x82\xac\xf0\x9f\x98\x80\"");
    CHECK_TEXT(canonical_of("\"\""), "\"\"");
}

/* U+FB33 sorts behind U+1F602, whose first UTF-16 unit is D83D: the order of UTF-8 is another. */
static void test_order(void)
{
    CHECK_TEXT(canonical_of("{\"\\ufb33\":1,\"\\ud83d\\ude02\":2,\"\\ud7ff\":3,\"\\ue000\":4}"),
               "{\"\xed\x9f\xbf\":3,\"\xf0\x9f\x98\x82\":2,\"\xee\x80\x80\":4,\"\xef\xac\xb3\":1}");
    CHECK_TEXT(canonical_of("{\"a\\ufb33\":1,\"a\\ud83d\\ude02\":2,\"a\":3}"),
               "{\"a\":3,\"a\xf0\x9f\x98\x82\":2,\"a\xef\xac\xb3\":1}");
}

/* RFC 8785 appendix B, and the turns of ECMA-262 Number::toString. */
static void test_numbers(void)
{
    CHECK_TEXT(number(0.0), "0");
    CHECK_TEXT(number(-0.0), "0");
    CHECK_TEXT(number(5e-324), "5e-324");
    CHECK_TEXT(number(-5e-324), "-5e-324");
    CHECK_TEXT(number(1.7976931348623157e308), "1.7976931348623157e+308");
    CHECK_TEXT(number(9007199254740992.0), "9007199254740992");
    CHECK_TEXT(number(-9007199254740992.0), "-9007199254740992");
    CHECK_TEXT(number(295147905179352830000.0), "295147905179352830000");
    CHECK_TEXT(number(9.999999999999997e22), "9.999999999999997e+22");
    CHECK_TEXT(number(1e23), "1e+23");
    CHECK_TEXT(number(1.0000000000000001e23), "1.0000000000000001e+23");
    CHECK_TEXT(number(999999999999999700000.0), "999999999999999700000");
    CHECK_TEXT(number(1e21), "1e+21");
    CHECK_TEXT(number(9.999999999999997e-7), "9.999999999999997e-7");
    CHECK_TEXT(number(0.000001), "0.000001");
    CHECK_TEXT(number(333333333.3333332), "333333333.3333332");
    CHECK_TEXT(number(333333333.33333325), "333333333.33333325");
    CHECK_TEXT(number(1424953923781206.2), "1424953923781206.2");
    CHECK_TEXT(number(100), "100");
    CHECK_TEXT(number(123.456), "123.456");
    CHECK_TEXT(number(0.1 + 0.2), "0.30000000000000004");
    CHECK_TEXT(number(1e20), "100000000000000000000");
    CHECK_TEXT(number(2.2250738585072014e-308), "2.2250738585072014e-308");
}

/* The nearest decimal of 16 digits does not read back, its neighbour does (V8 and Gay agree). */
static void test_powers_of_two(void)
{
    CHECK_TEXT(number(ldexp(1, -44)), "5.684341886080802e-14");
    CHECK_TEXT(number(ldexp(1, -24)), "5.960464477539063e-8");
    CHECK_TEXT(number(ldexp(1, 89)), "6.189700196426902e+26");
    CHECK_TEXT(number(ldexp(1, -1017)), "7.120236347223045e-307");
    CHECK_TEXT(number(ldexp(1, 976)), "6.386688990511104e+293");
    int wrong = 0;
    for (int exponent = -1074; exponent < 1024; exponent++) {
        const double real = ldexp(1, exponent);
        wrong += strtod(number(real), NULL) != real;
        wrong += strtod(number(nextafter(real, 0)), NULL) != nextafter(real, 0);
    }
    CHECK(wrong == 0);
}

static void test_whole_numbers(void)
{
    CHECK_TEXT(canonical_of("[9007199254740991,-9007199254740991]"),
               "[9007199254740991,-9007199254740991]");
    CHECK_TEXT(canonical_of("9007199254740993"), "range");
    CHECK_TEXT(canonical_of("-9007199254740993"), "range");
    CHECK_TEXT(canonical_of("9223372036854775807"), "range");
    CHECK_TEXT(canonical_of("9007199254740994"), "9007199254740994");
    CHECK_TEXT(canonical_of("100000000000000000"), "100000000000000000"); /* exact as a double */
    CHECK_TEXT(canonical_of("1.0"), "1");
    CHECK_TEXT(canonical_of("1e2"), "100");
    CHECK_TEXT(canonical_of("-0.0"), "0");
    CHECK_TEXT(canonical_of("-0"), "0");
}

static void test_limits(void)
{
    struct text deep = text_limited(1024);
    for (int i = 0; i < VALUE_DEPTH_MAX; i++) {
        text_add_char(&deep, '[');
    }
    for (int i = 0; i < VALUE_DEPTH_MAX; i++) {
        text_add_char(&deep, ']');
    }
    CHECK_TEXT(canonical_of(text_c(&deep)), text_c(&deep));
    text_deinit(&deep);

    struct value *built = value_array(); /* deeper than any text could be read */
    for (int i = 0; i < VALUE_DEPTH_MAX + 5; i++) {
        struct value *outer = value_array();
        value_append(outer, built);
        built = outer;
    }
    struct text out = text_limited(1024);
    struct why why = {0};
    CHECK(canonical_write(built, &out, &why) == ERR_LIMIT);
    text_deinit(&out);
    value_free(built);

    struct value *words = value_text("longer than four");
    out = text_limited(4);
    CHECK(canonical_write(words, &out, &why) == ERR_LIMIT);
    text_deinit(&out);
    value_free(words);
}

int main(void)
{
    test_values();
    test_text();
    test_order();
    test_numbers();
    test_powers_of_two();
    test_whole_numbers();
    test_limits();
    (void)canonical_of(""); /* releases the last text */
    return CHECK_DONE();
}
