/*
 * edge/receipts - sends what the receipt queue holds, in order, until the broker has each.
 *
 * A receipt leaves the disk with the broker's PUBACK; what was on its way when the connection broke
 * is sent again. Belongs to the loop.
 */
#pragma once

#include "alert/receipt_queue.h"
#include "programs/edge/bus.h"

struct receipts;

/* `queue` is borrowed. The bus is given when it is open (receipts_use). */
struct receipts *receipts_new(struct receipt_queue *queue);
void receipts_free(struct receipts *receipts); /* NULL is allowed */
CLEANUP_FOR(struct receipts, receipts_free)
void receipts_use(struct receipts *receipts, struct bus *bus); /* borrowed; NULL = no bus */

/* Sends what was not sent on this connection. */
void receipts_send(struct receipts *receipts);

/* Begins again with the oldest: after a connect, and now and then. */
void receipts_send_again(struct receipts *receipts);

/* The broker's answer to the receipt `number`. */
void receipts_published(struct receipts *receipts, int64_t number, enum err err);

int64_t receipts_count(struct receipts *receipts);
