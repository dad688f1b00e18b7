/*
 * fleet/event_age - how long control keeps events.
 *
 * What started longer ago than the site keeps events goes, in small pieces, and at most a day's
 * worth an hour: a clock that jumped a year ahead does not empty the timeline before somebody
 * notices. Belongs to the thread of its event store; the times are parameters.
 */
#pragma once

#include "fleet/event_store.h"

struct event_age {
    int64_t keep_us;   /* 0 = for ever */
    int64_t before_us; /* what started earlier goes now; 0 = nothing is to go */
    int64_t asked_us;  /* monotonic; when the oldest was looked for, 0 = never */
};

struct event_age_time {
    int64_t wall_us, monotonic_us;
};

/* One piece of work, in the caller's transaction; cheap when nothing is due. */
MUST_USE enum err event_age_run(struct event_age *age, struct event_store *store,
                                struct event_age_time now, int64_t *forgotten, struct why *why);
