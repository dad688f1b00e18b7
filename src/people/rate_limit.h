/*
 * people/rate_limit - how often something may be tried: a token bucket for each name, in memory.
 *
 * Counts failures, so that success costs nothing; or every request, where that is the point. The
 * table is bounded: when it is full, the name that has been quiet the longest is forgotten. Any
 * thread; the time is a parameter (monotonic).
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

enum { RATE_LIMIT_ENTRY_MAX = 4096, RATE_LIMIT_NAME_SIZE = 80 };

struct rate_limit;

/* After `burst` failures one more is let through each `every_us`. */
struct rate_limit *rate_limit_new(int64_t burst, int64_t every_us);
void rate_limit_free(struct rate_limit *limit); /* NULL is allowed */
CLEANUP_FOR(struct rate_limit, rate_limit_free)

/* Microseconds until `name` may try again; 0 = now. Longer names share one entry by their start. */
int64_t rate_limit_wait_us(struct rate_limit *limit, const char *name, int64_t now_us);
void rate_limit_failed(struct rate_limit *limit, const char *name, int64_t now_us);
/* Both in one: 0 = it may, and is counted; else how long it has to wait, and nothing is counted. */
int64_t rate_limit_take_us(struct rate_limit *limit, const char *name, int64_t now_us);
void rate_limit_forget(struct rate_limit *limit, const char *name); /* it succeeded */
