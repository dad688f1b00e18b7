/*
 * peer/lease - which one of several servers does what only one may do.
 *
 * Who holds a lease beats every few hundred milliseconds: its row's `beats` rises. The others watch
 * the row; when it has not changed for LEASE_TAKE_US on their own clock they take it, by comparing
 * and changing it in one statement. Clocks of two machines are never compared. A holder that could
 * not beat for LEASE_HOLD_US no longer holds, which is sooner than anybody else can take it. A time
 * in which the database could not be read counts for nobody. A thread and its connection; the time
 * is a parameter (monotonic).
 */
#pragma once

#include "base/clock.h"
#include "base/id.h"
#include "store/database.h"

/* Call lease_tick this often. */
#define LEASE_BEAT_US (CLOCK_SECOND_US / 4)
#define LEASE_HOLD_US (CLOCK_SECOND_US)
#define LEASE_TAKE_US (CLOCK_SECOND_US + CLOCK_SECOND_US / 4)

enum { LEASE_HOLDER_SIZE = 128 };

struct lease;

struct lease_config {
    struct database *database; /* borrowed; migrated as control */
    const char *name;          /* of the lease; a constant */
    const char *server;        /* ours; one that comes back takes at once what it held */
    const char *run;           /* a UUID, anew for each start */
};

MUST_USE enum err lease_open(struct lease **out, const struct lease_config *config,
                             struct why *why);
void lease_close(struct lease *lease); /* NULL is allowed; gives nothing away */
CLEANUP_FOR(struct lease, lease_close)

/* Beats, watches or takes. An error is the database's; ask lease_held all the same. */
MUST_USE enum err lease_tick(struct lease *lease, int64_t now_us, struct why *why);
bool lease_held(const struct lease *lease, int64_t now_us);

/* Lets go of it, so that another may take it at once. */
MUST_USE enum err lease_release(struct lease *lease, struct why *why);
