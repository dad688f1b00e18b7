/*
 * alert/receipt_queue - receipts on the device's disk until the broker has them.
 *
 * Edge. A receipt enters in the same transaction as the change it tells of (alert/inbox does so),
 * so that neither is lost without the other. The newest receipt of every alert is kept after it was
 * sent: control gets it again when it sends the alert again. Belongs to the thread of its database
 * connection; statements run on it; no time of its own.
 */
#pragma once

#include "alert/receipt.h"
#include "store/database.h"

enum { RECEIPT_QUEUE_MAX = 16384 }; /* unsent; beyond it the oldest go */

struct receipt_queue;

/* Prepares its statements on `database` (borrowed, migrated as edge or gateway). */
MUST_USE enum err receipt_queue_open(struct receipt_queue **out, struct database *database,
                                     struct why *why);
void receipt_queue_close(struct receipt_queue *queue); /* NULL is allowed */
CLEANUP_FOR(struct receipt_queue, receipt_queue_close)

/* Adds one at the end. Joins the caller's transaction if there is one. */
MUST_USE enum err receipt_queue_push(struct receipt_queue *queue, const struct receipt *receipt,
                                     struct why *why);

/* Queues the newest receipt of the alert once more. ERR_NOT_FOUND when there was none. */
MUST_USE enum err receipt_queue_repeat(struct receipt_queue *queue, const char *alert_id,
                                       struct why *why);

/*
 * Calls `each` for unsent receipts in order, at most `limit`, beginning after `after_number` (0:
 * from the oldest); `number` is for receipt_queue_done. False from `each` stops. `each` must not
 * use the queue: publish with `number` as the token of mqtt_publish.
 */
MUST_USE enum err
receipt_queue_unsent(struct receipt_queue *queue, const int64_t range[2], /* after, limit */
                     bool (*each)(void *context, int64_t number, const struct receipt *receipt),
                     void *context, struct why *why);

/* The broker has acknowledged `number` (PUBACK): it is not sent again. */
MUST_USE enum err receipt_queue_done(struct receipt_queue *queue, int64_t number, struct why *why);
MUST_USE enum err receipt_queue_count(struct receipt_queue *queue, int64_t *count, struct why *why);
