#include "anonymity/period.h"

#include "base/clock.h"
#include "check.h"

static const struct {
    const char *time, *month, *quarter, *month_end, *quarter_end;
} cases[] = {
    {"1970-01-01T00:00:00Z", "1970-01", "1970-Q1", "1970-02-01T00:00:00Z", "1970-04-01T00:00:00Z"},
    {"2024-02-29T23:59:59.999999Z", "2024-02", "2024-Q1", "2024-03-01T00:00:00Z",
     "2024-04-01T00:00:00Z"},
    {"2026-03-31T23:59:59Z", "2026-03", "2026-Q1", "2026-04-01T00:00:00Z", "2026-04-01T00:00:00Z"},
    {"2026-04-01T00:00:00Z", "2026-04", "2026-Q2", "2026-05-01T00:00:00Z", "2026-07-01T00:00:00Z"},
    {"2026-12-31T23:00:00-02:00", "2027-01", "2027-Q1", "2027-02-01T00:00:00Z",
     "2027-04-01T00:00:00Z"},
    {"2100-02-28T12:00:00Z", "2100-02", "2100-Q1", "2100-03-01T00:00:00Z", "2100-04-01T00:00:00Z"},
    {"9999-12-31T23:59:59Z", "9999-12", "9999-Q4", NULL, NULL},
};

static void check_end(uint32_t period, const char *expected)
{
    int64_t end_us = 0;
    if (!expected) { return; }
    CHECK(clock_parse(&end_us, expected, NULL) == OK);
    CHECK(period_end_us(period) == end_us);
}

static void check_text(uint32_t period, const char *expected)
{
    char text[PERIOD_TEXT_SIZE];
    uint32_t again = 0;
    CHECK_TEXT(period_text(text, period), expected);
    CHECK(period_parse(&again, expected, NULL) == OK && again == period && period < PERIOD_MAX);
}

/* Every day of two centuries is in the month that it should be. */
static void test_all_days(void)
{
    int wrong = 0;
    for (int64_t day = 0; day < 73000; day++) {
        char text[CLOCK_TEXT_SIZE];
        char month[PERIOD_TEXT_SIZE];
        clock_text(text, day * CLOCK_DAY_US);
        wrong += strncmp(period_text(month, period_month(day * CLOCK_DAY_US)), text, 7) != 0;
    }
    CHECK(wrong == 0);
}

int main(void)
{
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t time_us = 0;
        CHECK(clock_parse(&time_us, cases[i].time, NULL) == OK);
        check_text(period_month(time_us), cases[i].month);
        check_text(period_quarter(time_us), cases[i].quarter);
        check_end(period_month(time_us), cases[i].month_end);
        check_end(period_quarter(time_us), cases[i].quarter_end);
    }
    test_all_days();
    static const char *const bad[] = {"",        "2026",    "2026-00", "2026-13", "2026-Q0",
                                      "2026-Q5", "1969-12", "2026-3",  "26-03",   "2026/03",
                                      "2026-1 ", "2026-Qx", "2026-031"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        uint32_t period = 0;
        check_(period_parse(&period, bad[i], NULL) == ERR_MALFORMED, bad[i], __FILE__, __LINE__);
    }
    return CHECK_DONE();
}
