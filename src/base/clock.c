#include "base/clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const int64_t seconds_max = INT64_C(253402300799); /* 9999-12-31T23:59:59Z */

static int64_t read_clock(clockid_t which)
{
    struct timespec now;
    if (clock_gettime(which, &now) != 0) { abort(); }
    return (int64_t)now.tv_sec * CLOCK_SECOND_US + now.tv_nsec / 1000;
}

int64_t clock_wall_us(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t clock_monotonic_us(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

/* Days from 1970-01-01 to a date of the Gregorian calendar, after Howard Hinnant's algorithm. */
static int64_t days_from_date(int year, int month, int day)
{
    const int64_t shifted = month <= 2 ? year - 1 : year;
    const int64_t era = shifted / 400;
    const int64_t year_of_era = shifted - era * 400;
    const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    const int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

const char *clock_text(char text[static CLOCK_TEXT_SIZE], int64_t wall_us)
{
    const time_t seconds = (time_t)(wall_us / CLOCK_SECOND_US);
    struct tm date;
    if (wall_us < 0 || !gmtime_r(&seconds, &date) || date.tm_year + 1900 > 9999) {
        memcpy(text, "1970-01-01T00:00:00.000000Z", CLOCK_TEXT_SIZE);
        return text;
    }
    char head[32];
    (void)strftime(head, sizeof head, "%Y-%m-%dT%H:%M:%S", &date);
    (void)snprintf(text, CLOCK_TEXT_SIZE, "%.19s.%06uZ", head,
                   (unsigned)(wall_us % CLOCK_SECOND_US) % 1000000U);
    return text;
}

/* Reads exactly `digits` decimal digits and moves *at past them; -1 when there are fewer. */
static int read_digits(const char **at, int digits)
{
    int number = 0;
    for (int i = 0; i < digits; i++) {
        const char digit = **at;
        if (digit < '0' || digit > '9') { return -1; }
        number = number * 10 + (digit - '0');
        (*at)++;
    }
    return number;
}

static bool read_letter(const char **at, const char *choices)
{
    if (**at == '\0' || !strchr(choices, **at)) { return false; }
    (*at)++;
    return true;
}

/* ".123456789" -> microseconds; no fraction is 0; -1 when malformed. */
static int64_t read_fraction(const char **at)
{
    if (!read_letter(at, ".")) { return 0; }
    int64_t fraction_us = 0;
    int digits = 0;
    for (; **at >= '0' && **at <= '9'; (*at)++, digits++) {
        if (digits < 6) { fraction_us = fraction_us * 10 + (**at - '0'); }
    }
    for (int i = digits; i < 6; i++) {
        fraction_us *= 10;
    }
    return digits >= 1 && digits <= 9 ? fraction_us : -1;
}

/* "Z" or "+05:30" -> seconds east of UTC; false when malformed. */
static bool read_offset(const char **at, int64_t *seconds)
{
    *seconds = 0;
    if (read_letter(at, "Zz")) { return true; }
    const int sign = **at == '-' ? -1 : 1;
    if (!read_letter(at, "+-")) { return false; }
    const int hours = read_digits(at, 2);
    if (hours < 0 || hours > 23 || !read_letter(at, ":")) { return false; }
    const int minutes = read_digits(at, 2);
    if (minutes < 0 || minutes > 59) { return false; }
    *seconds = (int64_t)sign * (hours * 3600 + minutes * 60);
    return true;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

static bool read_date(const char **at, int64_t *seconds)
{
    const int year = read_digits(at, 4);
    if (year < 1970 || !read_letter(at, "-")) { return false; }
    const int month = read_digits(at, 2);
    if (month < 1 || month > 12 || !read_letter(at, "-")) { return false; }
    const int day = read_digits(at, 2);
    if (day < 1 || day > days_of_month(year, month)) { return false; }
    *seconds = days_from_date(year, month, day) * 86400;
    return true;
}

static bool read_time(const char **at, int64_t *seconds)
{
    const int hour = read_digits(at, 2);
    if (hour < 0 || hour > 23 || !read_letter(at, ":")) { return false; }
    const int minute = read_digits(at, 2);
    if (minute < 0 || minute > 59 || !read_letter(at, ":")) { return false; }
    const int second = read_digits(at, 2);
    if (second < 0 || second > 60) { return false; }
    *seconds = hour * 3600 + minute * 60 + second;
    return true;
}

enum err clock_parse(int64_t *wall_us, const char *text, struct why *why)
{
    const char *at = text;
    int64_t date = 0;
    int64_t time = 0;
    int64_t offset = 0;
    int64_t fraction_us = -1;
    const bool whole = read_date(&at, &date) && read_letter(&at, "Tt ") && read_time(&at, &time) &&
                       (fraction_us = read_fraction(&at)) >= 0 && read_offset(&at, &offset) &&
                       *at == '\0';
    const int64_t seconds = date + time - offset;
    if (!whole || seconds < 0 || seconds > seconds_max) {
        return why_set(why, ERR_MALFORMED,
                       "time is \"%.40s\", expected RFC 3339 such as 2026-11-22T09:30:00Z", text);
    }
    *wall_us = seconds * CLOCK_SECOND_US + fraction_us;
    return OK;
}
