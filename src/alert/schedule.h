/*
 * alert/schedule - what becomes due at control without anybody asking: a delivery without a receipt
 * is sent again; a pending alert begins; an alert runs out, and its retained messages are cleared.
 *
 * Belongs to the thread of its database connection; the time is a parameter.
 */
#pragma once

#include "store/database.h"

enum { SCHEDULE_RESEND_MAX = 256 }; /* deliveries sent again in one run */

struct schedule;

MUST_USE enum err schedule_open(struct schedule **out, struct database *database, struct why *why);
void schedule_close(struct schedule *schedule); /* NULL is allowed */
CLEANUP_FOR(struct schedule, schedule_close)

struct schedule_result {
    size_t resent;   /* outbox rows written for silent deliveries */
    size_t changed;  /* alerts whose state changed; schedule_changed names them */
    int64_t next_us; /* when to run again, INT64_MAX for never */
};

/* Does all that is due in one transaction; when nothing is due, only reads. */
MUST_USE enum err schedule_run(struct schedule *schedule, int64_t now_us,
                               struct schedule_result *result, struct why *why);

/* The alert_ids that the last schedule_run changed, index below `changed`. */
const char *schedule_changed(const struct schedule *schedule, size_t index);

/* A device is back: its unanswered deliveries are due at once. Joins the caller's transaction. */
MUST_USE enum err schedule_hasten(struct schedule *schedule, const char *device, int64_t now_us,
                                  struct why *why);
