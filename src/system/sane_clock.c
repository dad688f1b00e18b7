#include "system/sane_clock.h"

#include "base/clock.h"

struct sane_clock sane_clock_begin(int64_t build_us, int64_t kept_us, int64_t monotonic_us)
{
    return (struct sane_clock){.build_us = build_us,
                               .bound_us = kept_us > build_us ? kept_us : build_us,
                               .begun_monotonic_us = monotonic_us};
}

int64_t sane_clock_judge(const struct sane_clock *clock, int64_t wall_us, int64_t monotonic_us)
{
    if (wall_us >= clock->build_us) { return wall_us; }
    return clock->bound_us + (monotonic_us - clock->begun_monotonic_us);
}

int64_t sane_clock_now_us(const struct sane_clock *clock)
{
    return sane_clock_judge(clock, clock_wall_us(), clock_monotonic_us());
}

bool sane_clock_is_sane(const struct sane_clock *clock)
{
    return clock_wall_us() >= clock->build_us;
}
