#include "anonymity/period.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

enum { MONTHS = 12, MONTHS_OF_QUARTER = 3, FIRST_YEAR = 1970, LAST_YEAR = 9999 };

/* Days from 1970-01-01 to the first of a month, in the Gregorian calendar. */
static int64_t days_to(int64_t year, int64_t month)
{
    /* Years begin in March here, so that the leap day is the last of a year. */
    const int64_t shifted = month > 2 ? year : year - 1;
    const int64_t era = shifted / 400;
    const int64_t of_era = shifted % 400;
    const int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int64_t month_begin_us(int64_t month)
{
    return days_to(FIRST_YEAR + month / MONTHS, month % MONTHS + 1) * CLOCK_DAY_US;
}

static uint32_t month_of(int64_t wall_us)
{
    /* A month is at least 28 days and on average less than 30.44 long: the guess is near. */
    int64_t month = wall_us / CLOCK_DAY_US * 100 / 3044;
    while (month_begin_us(month) > wall_us) {
        month--;
    }
    while (month_begin_us(month + 1) <= wall_us) {
        month++;
    }
    return (uint32_t)month;
}

uint32_t period_month(int64_t wall_us)
{
    return month_of(wall_us) * 2;
}

uint32_t period_quarter(int64_t wall_us)
{
    const uint32_t month = month_of(wall_us);
    return (month - month % MONTHS_OF_QUARTER) * 2 + 1;
}

bool period_is_quarter(uint32_t period)
{
    return period & 1;
}

int64_t period_end_us(uint32_t period)
{
    return month_begin_us(period / 2 + (period_is_quarter(period) ? MONTHS_OF_QUARTER : 1));
}

const char *period_text(char text[static PERIOD_TEXT_SIZE], uint32_t period)
{
    const unsigned year = FIRST_YEAR + period / 2 / MONTHS;
    const unsigned month = period / 2 % MONTHS;
    if (period_is_quarter(period)) {
        (void)snprintf(text, PERIOD_TEXT_SIZE, "%04u-Q%u", year, month / MONTHS_OF_QUARTER + 1);
    } else {
        (void)snprintf(text, PERIOD_TEXT_SIZE, "%04u-%02u", year, month + 1);
    }
    return text;
}

static bool digits(const char *text, size_t count, unsigned *number)
{
    *number = 0;
    for (size_t i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9') { return false; }
        *number = *number * 10 + (unsigned)(text[i] - '0');
    }
    return true;
}

enum err period_parse(uint32_t *period, const char *text, struct why *why)
{
    unsigned year = 0;
    unsigned part = 0;
    const bool quarter = strlen(text) == 7 && text[5] == 'Q';
    if (strlen(text) != 7 || text[4] != '-' || !digits(text, 4, &year) || year < FIRST_YEAR ||
        year > LAST_YEAR || !digits(text + (quarter ? 6 : 5), quarter ? 1 : 2, &part) || part < 1 ||
        part > (quarter ? 4 : MONTHS)) {
        return why_set(why, ERR_MALFORMED, "\"%.40s\" is no period: 2026-03 or 2026-Q1 is expected",
                       text);
    }
    const unsigned month = quarter ? (part - 1) * MONTHS_OF_QUARTER : part - 1;
    *period = ((year - FIRST_YEAR) * MONTHS + month) * 2 + quarter;
    return OK;
}
