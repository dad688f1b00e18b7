#include "base/clock.h"

#include "check.h"

static int64_t parsed(const char *text)
{
    int64_t wall_us = -1;
    struct why why;
    return clock_parse(&wall_us, text, &why) ? -1 : wall_us;
}

static void writes_and_reads_back(void)
{
    char text[CLOCK_TEXT_SIZE];
    CHECK_TEXT(clock_text(text, 0), "1970-01-01T00:00:00.000000Z");
    CHECK_TEXT(clock_text(text, INT64_C(1700000000123456)), "2023-11-14T22:13:20.123456Z");
    CHECK(parsed("2023-11-14T22:13:20.123456Z") == INT64_C(1700000000123456));
    CHECK_TEXT(clock_text(text, -1), "1970-01-01T00:00:00.000000Z");
    CHECK_TEXT(clock_text(text, INT64_MAX), "1970-01-01T00:00:00.000000Z");
    /* Every day of 1970..2199 comes back: leap years, centuries, month ends. */
    int wrong = 0;
    for (int64_t day = 0; day < 84000; day++) {
        const int64_t wall_us = day * CLOCK_DAY_US + 1;
        wrong += parsed(clock_text(text, wall_us)) != wall_us;
    }
    CHECK(wrong == 0);
}

static void reads_rfc3339(void)
{
    CHECK(parsed("1970-01-01T00:00:00Z") == 0);
    CHECK(parsed("1970-01-01t00:00:00z") == 0);
    CHECK(parsed("1970-01-01T05:30:00+05:30") == 0);
    CHECK(parsed("1970-01-01T00:00:01-00:00") == CLOCK_SECOND_US);
    CHECK(parsed("2024-02-29T00:00:00Z") > 0);
    CHECK(parsed("2016-12-31T23:59:60Z") == parsed("2017-01-01T00:00:00Z"));
    CHECK(parsed("9999-12-31T23:59:59.999999Z") == INT64_C(253402300799999999));
    CHECK(parsed("2000-02-29 12:00:00z") == INT64_C(951825600000000));
    CHECK(parsed("1970-01-02T00:00:00+23:59") == CLOCK_MINUTE_US);
    CHECK(parsed("1970-01-01T00:00:00.5Z") == 500000);
    CHECK(parsed("1970-01-01T00:00:00.123456789Z") == 123456);
}

static void refuses_the_rest(void)
{
    static const char *const wrong[] = {
        "",
        "now",
        "2023-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2023-13-01T00:00:00Z",
        "2023-00-01T00:00:00Z",
        "2023-04-31T00:00:00Z",
        "2023-01-01T24:00:00Z",
        "2023-01-01T00:60:00Z",
        "2023-01-01T00:00:61Z",
        "2023-01-01T00:00:00",
        "2023-01-01T00:00:00+5:30",
        "2023-01-01T00:00:00+24:00",
        "2023-01-01T00:00:00.Z",
        "2023-01-01T00:00:00.1234567890Z",
        "2023-01-01T00:00:00Z ",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+00:01",
        "23-01-01T00:00:00Z",
        "9999-12-31T23:59:59-00:01", /* the year 10000 in UTC */
        "9999-12-31T23:59:60Z",
        "2023-1-01T00:00:00Z",
        "2023-01-01",
        "2023-01-01T00:00Z",
        "2023-01-01T00:00:00+0530",
        "2023-01-01T00:00:00+05:60",
        "2023-01-01T00:00:00,5Z",
        "+2023-01-01T00:00:00Z",
        "2023-01-01T-1:00:00Z",
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct why why = {.text = ""};
        int64_t untouched = 7;
        CHECK(clock_parse(&untouched, wrong[i], &why) == ERR_MALFORMED);
        CHECK(untouched == 7 && strstr(why.text, "RFC 3339"));
    }
}

int main(void)
{
    writes_and_reads_back();
    reads_rfc3339();
    refuses_the_rest();
    const int64_t before_us = clock_monotonic_us();
    CHECK(clock_monotonic_us() >= before_us);
    CHECK(clock_wall_us() > INT64_C(1700000000) * CLOCK_SECOND_US);
    return CHECK_DONE();
}
