/*
 * watch/keeper - keeps the media folder within its limits, on a thread of its own.
 *
 * At its start it mends the clips that a crash left torn; then it looks every KEEPER_GLANCE_US
 * whether the disk has room, and every KEEPER_SCAN_US at everything. keeper_wake makes it look at
 * once: the recorder found the disk full.
 */
#pragma once

#include "evidence/retention.h"

enum { KEEPER_DELETED_MAX = 256 }; /* told at one time */

#define KEEPER_GLANCE_US (10 * INT64_C(1000000))
#define KEEPER_SCAN_US (600 * INT64_C(1000000))

struct keeper;

struct keeper_config {
    const char *media; /* borrowed */
    struct retention_limits limits;
    int64_t started_wall_us; /* clips of events before this were not written by this run */
    void *context;
    /* On the keeper's thread; at most KEEPER_DELETED_MAX events. */
    void (*deleted)(void *context, const struct id *events, size_t count);
    void (*mended)(void *context, size_t count);
    void (*trouble)(void *context, const char *sentence);
};

MUST_USE enum err keeper_start(struct keeper **out, const struct keeper_config *config,
                               struct why *why);
void keeper_wake(struct keeper *keeper); /* from any thread */
void keeper_free(struct keeper *keeper); /* NULL is allowed */
CLEANUP_FOR(struct keeper, keeper_free)
