/*
 * base/clock - time in microseconds, and its RFC 3339 form.
 *
 * Wall time is microseconds since 1970-01-01T00:00:00Z (POSIX, no leap seconds); monotonic time
 * only measures durations. Domain code takes the time as a parameter: only programs and system/
 * call clock_wall_us and clock_monotonic_us.
 */
#pragma once

#include "base/err.h"

#define CLOCK_SECOND_US INT64_C(1000000)
#define CLOCK_MINUTE_US (60 * CLOCK_SECOND_US)
#define CLOCK_HOUR_US (60 * CLOCK_MINUTE_US)
#define CLOCK_DAY_US (24 * CLOCK_HOUR_US)

enum { CLOCK_TEXT_SIZE = 28 }; /* "2026-11-22T02:40:29.123456Z" and its terminator */

int64_t clock_wall_us(void);
int64_t clock_monotonic_us(void);

/* Writes `wall_us` (years 1970..9999) as RFC 3339 in UTC with six decimals, and returns `text`. */
const char *clock_text(char text[static CLOCK_TEXT_SIZE], int64_t wall_us);

/*
 * Reads an RFC 3339 date-time of the years 1970..9999, any offset, up to nine decimals (cut to
 * six). ERR_MALFORMED otherwise; `*wall_us` is written only on OK.
 */
MUST_USE enum err clock_parse(int64_t *wall_us, const char *text, struct why *why);
