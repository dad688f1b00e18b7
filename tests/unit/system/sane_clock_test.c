#include "system/sane_clock.h"

#include "base/clock.h"
#include "check.h"

static const int64_t build_us = INT64_C(1790000000000000);

int main(void)
{
    /* A sane clock is believed, also when it was set back behind what was kept. */
    const int64_t kept_us = build_us + CLOCK_DAY_US;
    const struct sane_clock clock = sane_clock_begin(build_us, kept_us, 5000);
    CHECK(sane_clock_judge(&clock, build_us + 7, 6000) == build_us + 7);
    CHECK(sane_clock_judge(&clock, build_us, 6000) == build_us);

    /* Without one, time goes on from what was kept. */
    CHECK(sane_clock_judge(&clock, 0, 5000) == kept_us);
    CHECK(sane_clock_judge(&clock, CLOCK_HOUR_US, 5000 + CLOCK_MINUTE_US) ==
          kept_us + CLOCK_MINUTE_US);

    /* Nothing kept, or something that cannot be: the build is the bound. */
    const struct sane_clock fresh = sane_clock_begin(build_us, 0, 0);
    CHECK(sane_clock_judge(&fresh, 0, 1) == build_us + 1);

    const struct sane_clock now = sane_clock_begin(0, 0, clock_monotonic_us());
    CHECK(sane_clock_is_sane(&now));
    CHECK(sane_clock_now_us(&now) - clock_wall_us() <= 0);
    const struct sane_clock future = sane_clock_begin(INT64_MAX / 2, 0, clock_monotonic_us());
    CHECK(!sane_clock_is_sane(&future));
    CHECK(sane_clock_now_us(&future) >= INT64_MAX / 2);
    return CHECK_DONE();
}
