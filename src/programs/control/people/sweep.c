#include "programs/control/people/sweep.h"

#include "base/log.h"

#define SWEEP_LINKS_US (5 * CLOCK_SECOND_US)

static bool keep_session(void *context, const struct session *session)
{
    const struct desk *desk = context;
    struct session now = {.used_us = 0};
    const enum err err = session_find_id(desk->sessions, session->id, clock_wall_us(), &now, NULL);
    /* A database that is locked for a moment ends nobody's session. */
    return err ? err != ERR_NOT_FOUND : now.generation == session->generation;
}

static void sweep_links(void *context)
{
    struct desk *desk = context;
    live_sweep(desk->control->live, keep_session, desk);
}

static void sweep_sessions(void *context)
{
    const struct desk *desk = context;
    struct why why = {""};
    if (session_sweep(desk->sessions, clock_wall_us(), &why)) {
        log_event(LOG_LEVEL_WARNING, "database.failed", "reason", why.text, NULL);
    }
}

void sweep_begin(struct loop *loop, struct desk *desk)
{
    (void)loop_timer_start(loop, CLOCK_MINUTE_US, CLOCK_MINUTE_US, sweep_sessions, desk);
    (void)loop_timer_start(loop, SWEEP_LINKS_US, SWEEP_LINKS_US, sweep_links, desk);
}
