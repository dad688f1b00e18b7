/*
 * people/rate_shared - the same counting as people/rate_limit, in Redis, for several servers.
 *
 * One script for each decision, on Redis's own clock. Any thread; waits as long as peer/redis does.
 */
#pragma once

#include "peer/redis.h"

struct rate_shared {
    struct redis *redis; /* borrowed; NULL: there is none */
    const char *name;    /* of the limit, a constant: "sign_in.address" */
    int64_t burst, every_us;
};

/*
 * May `name` be counted up to `want` times more? Counts those that may, and tells how many in
 * `*granted`; when none may, `*wait_us` says for how long. With `want` 0 nothing is counted, and
 * `*granted` is 1 when one may. ERR_UNAVAILABLE: nobody knows now.
 */
MUST_USE enum err rate_shared_take(const struct rate_shared *shared, const char *name, int64_t want,
                                   int64_t *granted, int64_t *wait_us);
/* Counts one in any case. */
MUST_USE enum err rate_shared_count(const struct rate_shared *shared, const char *name);
MUST_USE enum err rate_shared_forget(const struct rate_shared *shared, const char *name);
