/*
 * system/backoff - how long to wait before trying again: doubling, bounded, with jitter.
 *
 * For ever: nothing is given up. The jitter keeps what failed together from coming back together.
 * A plain value, no I/O; the caller gives the randomness.
 */
#pragma once

#include "base/base.h"

struct backoff {
    int64_t least_us, most_us;
    int64_t next_us; /* 0 before the first failure */
};

static inline struct backoff backoff_between(int64_t least_us, int64_t most_us)
{
    return (struct backoff){.least_us = least_us, .most_us = most_us};
}

/* It failed: how long to wait now, 3/4 to 5/4 of the step, by any `random` number. */
int64_t backoff_fail(struct backoff *backoff, uint32_t random);

/* It works: the next failure waits `least_us` again. */
void backoff_succeed(struct backoff *backoff);
