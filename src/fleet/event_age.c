#include "fleet/event_age.h"

#include "base/clock.h"

/* Once an hour: how far the next hour may go. */
static enum err ask(struct event_age *age, struct event_store *store, struct event_age_time now,
                    struct why *why)
{
    int64_t oldest_us = 0;
    const enum err err = event_store_oldest_us(store, &oldest_us, why);
    if (err != OK) { return err; }
    const int64_t limit_us = now.wall_us - age->keep_us;
    age->asked_us = now.monotonic_us;
    age->before_us = 0;
    if (oldest_us >= limit_us) { return OK; }
    const int64_t day_us = oldest_us + CLOCK_DAY_US;
    age->before_us = day_us < limit_us ? day_us : limit_us;
    return OK;
}

enum err event_age_run(struct event_age *age, struct event_store *store, struct event_age_time now,
                       int64_t *forgotten, struct why *why)
{
    *forgotten = 0;
    if (age->keep_us == 0) { return OK; }
    enum err err = OK;
    const bool due = age->asked_us == 0 || now.monotonic_us - age->asked_us >= CLOCK_HOUR_US;
    if (due) { err = ask(age, store, now, why); }
    if (err != OK || age->before_us == 0) { return err; }
    err = event_store_forget(store, age->before_us, forgotten, why);
    if (err == OK && *forgotten < EVENT_STORE_FORGET_MAX) { age->before_us = 0; }
    return err;
}
