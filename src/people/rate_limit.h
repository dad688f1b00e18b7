/*
 * people/rate_limit - how often something may be tried: a token bucket for each name, in memory, or
 * where several servers count together in Redis.
 *
 * Counts failures, so that success costs nothing; or every request, where that is the point. The
 * table is bounded: when it is full, the name that has been quiet the longest is forgotten. What is
 * counted in Redis is counted in memory too, and that decides while Redis is away. Any thread; the
 * time is a parameter (monotonic; Redis has its own).
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

struct redis;

enum { RATE_LIMIT_ENTRY_MAX = 4096, RATE_LIMIT_NAME_SIZE = 80 };

struct rate_limit;

/* After `burst` failures one more is let through each `every_us`. */
struct rate_limit *rate_limit_new(int64_t burst, int64_t every_us);
void rate_limit_free(struct rate_limit *limit); /* NULL is allowed */
CLEANUP_FOR(struct rate_limit, rate_limit_free)

/*
 * Before any thread uses it: counts with the other servers, under `name` (a constant). Requests are
 * then taken from Redis a hundredth of the burst at a time, and are this server's for a second.
 */
void rate_limit_share(struct rate_limit *limit, struct redis *redis, const char *name);

/* Microseconds until `name` may try again; 0 = now. Longer names share one entry by their start. */
int64_t rate_limit_wait_us(struct rate_limit *limit, const char *name, int64_t now_us);
void rate_limit_failed(struct rate_limit *limit, const char *name, int64_t now_us);
/* Both in one: 0 = it may, and is counted; else how long it has to wait, and nothing is counted. */
int64_t rate_limit_take_us(struct rate_limit *limit, const char *name, int64_t now_us);
void rate_limit_forget(struct rate_limit *limit, const char *name); /* it succeeded */
