/*
 * system/sane_clock - the wall clock of a machine that may have none.
 *
 * A board without a battery starts in 1970 until a time server answers; judged by that, every
 * cancelled alert would be young again and every new one from the future. No time before the build
 * of this program can be right: then the last sane time that was kept on disk goes on instead, as a
 * lower bound. Immutable once it was begun: any thread may ask.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct sane_clock {
    int64_t build_us;           /* no sane clock is before this */
    int64_t bound_us;           /* the time when it was begun, at least */
    int64_t begun_monotonic_us; /* when that was */
};

/* `kept_us` is the newest sane time that is known, 0 for none. */
struct sane_clock sane_clock_begin(int64_t build_us, int64_t kept_us, int64_t monotonic_us);

/* The time, given what the two system clocks say. */
int64_t sane_clock_judge(const struct sane_clock *clock, int64_t wall_us, int64_t monotonic_us);

/* The same, of the system's clocks now; and whether the wall clock is sane and worth keeping. */
int64_t sane_clock_now_us(const struct sane_clock *clock);
bool sane_clock_is_sane(const struct sane_clock *clock);
