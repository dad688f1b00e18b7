/*
 * fleet/event_store - the timeline: every event that the site's devices told control.
 *
 * One row per event, the highest sequence wins; an event belongs to the device that told it first.
 * Belongs to the thread of its database connection; writing joins the caller's transaction; the
 * time is a parameter. Every `*out` belongs to the caller.
 */
#pragma once

#include "fleet/event.h"
#include "store/database.h"

enum { EVENT_STORE_LIMIT_MAX = 200, EVENT_STORE_FORGET_MAX = 1000 };

struct event_store;

MUST_USE enum err event_store_open(struct event_store **out, struct database *database,
                                   struct why *why);
void event_store_close(struct event_store *store); /* NULL is allowed */
CLEANUP_FOR(struct event_store, event_store_close)

enum event_outcome {
    EVENT_OUTCOME_STORED,  /* new or newer: tell the browsers, confirm */
    EVENT_OUTCOME_KNOWN,   /* this sequence or a higher one is stored: confirm */
    EVENT_OUTCOME_FOREIGN, /* the id belongs to another device: refused */
};

struct event_report {
    const char *device; /* who signed it */
    const struct event *event;
    int64_t now_us;
};

MUST_USE enum err event_store_put(struct event_store *store, const struct event_report *report,
                                  enum event_outcome *outcome, struct why *why);

struct event_query {
    const char *camera, *label, *zone, *device; /* NULL = any */
    int64_t from_us, to_us;                     /* started in [from, to); 0 = open */
    int64_t limit;                              /* 1..EVENT_STORE_LIMIT_MAX; 0 = 50 */
    const char *before;                         /* a cursor from an earlier answer, or NULL */
    const char *zones;                          /* only these: ",north,south,", NULL = all */
};

/* `{"events":[event...],"next":cursor or null}`, newest first by start. ERR_MALFORMED for a
 * strange cursor, ERR_RANGE for the limit. */
MUST_USE enum err event_store_list(struct event_store *store, const struct event_query *query,
                                   struct value **out, struct why *why);

/* The event object of api.md. ERR_NOT_FOUND. */
MUST_USE enum err event_store_get(struct event_store *store, const char *event_id,
                                  struct value **out, struct why *why);
/* All, or those of some zones as in event_query. */
MUST_USE enum err event_store_count(struct event_store *store, const char *zones, int64_t *count,
                                    struct why *why);

/* When the oldest event started; INT64_MAX when there is none. */
MUST_USE enum err event_store_oldest_us(struct event_store *store, int64_t *oldest_us,
                                        struct why *why);

/* Deletes the oldest that started before, EVENT_STORE_FORGET_MAX at most; says how many. */
MUST_USE enum err event_store_forget(struct event_store *store, int64_t before_us,
                                     int64_t *forgotten, struct why *why);
