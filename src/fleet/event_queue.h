/*
 * fleet/event_queue - events on the edge's disk until control has confirmed them.
 *
 * In the order in which they were pushed. Each is due at once, again 10 s after it was published,
 * doubling to 5 min, and at once after a reconnect. Bounded by bytes: beyond the limit the oldest
 * updates of events that were updated or ended later go first, then any updates; a begin or an end
 * is never dropped. Belongs to the thread of its database connection; the time is a parameter.
 */
#pragma once

#include "fleet/confirm.h"
#include "fleet/event.h"
#include "store/database.h"

struct event_queue;

/* Prepares its statements on `database` (borrowed, migrated as edge). 0 bytes means 16 MiB. */
MUST_USE enum err event_queue_open(struct event_queue **out, struct database *database,
                                   int64_t bytes_max, struct why *why);
void event_queue_close(struct event_queue *queue); /* NULL is allowed */
CLEANUP_FOR(struct event_queue, event_queue_close)

/* Once it returns OK the event is on disk: watch may be told. A sequence already there, or already
 * pushed, is passed over. In one transaction, its own or the caller's. */
MUST_USE enum err event_queue_push(struct event_queue *queue, const struct event *event,
                                   int64_t now_us, struct why *why);

/*
 * Calls `each` for events due at `now_us`, oldest first, at most `limit`, and counts each as
 * published now when `each` returns true; false (not connected, too much in flight) stops. `each`
 * must not use the queue. `content` is ready for envelope_sign, which takes it: `each` owns it.
 */
struct event_queue_due {
    int64_t now_us, limit;
    void *context;
    bool (*each)(void *context, struct value *content);
};
MUST_USE enum err event_queue_publish(struct event_queue *queue, const struct event_queue_due *due,
                                      struct why *why);

/* When the next one is due, INT64_MAX when the queue is empty. For a timer. */
MUST_USE enum err event_queue_next_us(struct event_queue *queue, int64_t *due_us, struct why *why);

/* After a reconnect: all are due at once. */
MUST_USE enum err event_queue_hasten(struct event_queue *queue, int64_t now_us, struct why *why);

/* Control has these (and all lower sequences of the same events): they leave the queue. */
MUST_USE enum err event_queue_confirm(struct event_queue *queue, const struct confirm *confirm,
                                      int64_t *removed, struct why *why);

/*
 * Ids of events whose newest pushed state is not `end` (watch's run has ended without ending them).
 * Calls `each` with the newest content of each; at most 256.
 */
MUST_USE enum err event_queue_each_open(struct event_queue *queue,
                                        void (*each)(void *context, const struct event *event),
                                        void *context, struct why *why);
MUST_USE enum err event_queue_count(struct event_queue *queue, int64_t *count, struct why *why);
