#include "base/value.h"

#include "check.h"

static enum err parse(struct value **out, const char *json)
{
    struct why why;
    return value_parse(out, span_text(json), 1 << 16, &why);
}

static void reads_with_limits(void)
{
    struct value *value = NULL;
    struct why why = {.text = ""};
    CHECK(value_parse(&value, span_text("[1,2,3]"), 6, &why) == ERR_LIMIT &&
          strstr(why.text, "7 bytes"));
    CHECK(parse(&value, "{\"a\":1,\"a\":2}") == ERR_MALFORMED);
    CHECK(parse(&value, "{\"a\":\"\\u0000\"}") == ERR_MALFORMED);
    CHECK(parse(&value, "\"\xff\"") == ERR_MALFORMED);
    CHECK(parse(&value, "") == ERR_MALFORMED);
    CHECK(parse(&value, "{} {}") == ERR_MALFORMED);
    CHECK(parse(&value, "[1e999]") == ERR_MALFORMED);
    char deep[300];
    memset(deep, '[', sizeof deep);
    CHECK(value_parse(&value, span_of(deep, sizeof deep), sizeof deep, &why) == ERR_LIMIT);
    CHECK(parse(&value,
                "[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"]") ==
          OK);
    value_free(value);
}

static void asks_for_members(void)
{
    CLEANUP(value_free_p) struct value *value = NULL;
    CHECK(parse(&value,
                "{\"name\":\"gate\",\"count\":3,\"score\":0.5,\"at\":\"1970-01-01T00:00:01Z\","
                "\"on\":true,\"none\":null}") == OK);
    char name[5];
    char tight[4];
    struct why why = {.text = ""};
    CHECK(value_need_text(value, "name", name, sizeof name, &why) == OK);
    CHECK_TEXT(name, "gate");
    CHECK(value_need_text(value, "name", tight, sizeof tight, &why) == ERR_MALFORMED);
    CHECK(strstr(why.text, "\"name\"") && strstr(why.text, "3 bytes"));
    CHECK(value_need_text(value, "count", name, sizeof name, &why) == ERR_MALFORMED);
    int64_t number = 0;
    CHECK(value_need_integer(value, "count", (int64_t[]){1, 3}, &number, &why) == OK &&
          number == 3);
    CHECK(value_need_integer(value, "count", (int64_t[]){1, 2}, &number, &why) == ERR_MALFORMED);
    CHECK(value_need_integer(value, "score", (int64_t[]){0, 9}, &number, &why) == ERR_MALFORMED);
    CHECK(value_need_integer(value, "absent", (int64_t[]){0, 9}, &number, &why) == ERR_MALFORMED);
    CHECK(value_need_time(value, "at", &number, &why) == OK && number == 1000000);
    CHECK(value_need_time(value, "name", &number, &why) == ERR_MALFORMED);
    CHECK(strncmp(why.text, "name: ", 6) == 0);

    CHECK(value_real_or(value_get(value, "count"), 0) == 3.0);
    CHECK(value_real_or(NULL, 7) == 7.0);
    CHECK(value_boolean_or(value_get(value, "on"), false));
    CHECK_TEXT(value_text_or(value_get(value, "none"), "nothing"), "nothing");
    CHECK(value_kind(value_get(value, "none")) == VALUE_KIND_NULL);
    CHECK(value_get(value, "absent") == NULL && value_count(value) == 6);
}

static void collect(void *context, const char *key, const struct value *member)
{
    (void)member;
    text_add(context, key);
}

static void builds_and_writes(void)
{
    CLEANUP(value_free_p) struct value *value = value_object();
    value_set_text(value, "b", "\xe0\xa4\xb9"); /* HA */
    value_set_integer(value, "a", INT64_MIN);
    value_set_boolean(value, "c", false);
    value_set_text(value, "d", NULL);
    value_set_time(value, "t", 0);
    struct value *list = value_array();
    value_append(list, value_real(0.5));
    value_append(list, value_null());
    value_set(value, "l", list);
    CLEANUP(text_deinit) struct text keys = text_limited(16);
    value_each(value, collect, &keys);
    CHECK_TEXT(text_c(&keys), "bacdtl");
    CLEANUP(value_free_p) struct value *copy = value_copy(value);
    value_remove(value, "l");
    CLEANUP(text_deinit) struct text json = text_limited(256);
    value_write(value, &json);
    CHECK_TEXT(text_c(&json),
               "{\"b\":\"\xe0\xa4\xb9\",\"a\":-9223372036854775808,\"c\":false,\"d\":null,"
               "\"t\":\"1970-01-01T00:00:00.000000Z\"}");
    CHECK(value_count(value_get(copy, "l")) == 2);
    CHECK(value_at(value_get(copy, "l"), 2) == NULL);
}

/* jansson takes a NUL for the end of the text, and would not look at what follows. */
static void refuses_nul(void)
{
    struct value *value = NULL;
    static const char hidden[] = "{\"a\":1}\0{\"a\":2}";
    CHECK(value_parse(&value, span_of(hidden, sizeof hidden - 1), 1024, NULL) == ERR_MALFORMED);
    CHECK(value_parse(&value, span_of("1\0", 2), 1024, NULL) == ERR_MALFORMED);
    CHECK(value_parse(&value, span_of(NULL, 0), 1024, NULL) == ERR_MALFORMED && !value);
}

/* A sentence about what came from outside may have cut a letter in two; no reason to end. */
static void scrubs_what_is_not_utf8(void)
{
    CLEANUP(value_free_p) struct value *value = value_text("a\xe0\xb4");
    CHECK_TEXT(value_text_or(value, ""), "a??");
    CLEANUP(value_free_p) struct value *object = value_object();
    value_set_text(object, "detail", "\xff\xe0\xb4\xb5");
    CHECK_TEXT(value_text_or(value_get(object, "detail"), ""), "?\xe0\xb4\xb5");
}

/* Numbers come back as they were, also the awkward ones. */
static void numbers_come_back(void)
{
    static const double reals[] = {
        0.1, 0.87, 1e-7, 5e-324, 1.7976931348623157e308, -0.0, 123456789.123456789};
    for (size_t i = 0; i < ARRAY_LEN(reals); i++) {
        CLEANUP(value_free_p) struct value *value = value_real(reals[i]);
        CLEANUP(value_free_p) struct value *again = NULL;
        CLEANUP(text_deinit) struct text json = text_limited(64);
        value_write(value, &json);
        CHECK(value_parse(&again, text_span(&json), 64, NULL) == OK);
        CHECK(value_kind(again) == VALUE_KIND_REAL && value_real_or(again, 7) == reals[i]);
    }
    struct value *value = NULL;
    CHECK(parse(&value, "9223372036854775808") == ERR_MALFORMED);
    CHECK(parse(&value, "-9223372036854775808") == OK);
    CHECK(value_integer_or(value, 0) == INT64_MIN);
    CHECK(value_integer_or(NULL, 3) == 3 && !value_boolean_or(value, false));
    value_free(value);
}

int main(void)
{
    refuses_nul();
    scrubs_what_is_not_utf8();
    numbers_come_back();

    reads_with_limits();
    asks_for_members();
    builds_and_writes();
    value_free(NULL);
    return CHECK_DONE();
}
