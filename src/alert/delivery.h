/*
 * alert/delivery - how far one alert has come at one device, and when to try again.
 *
 * Only a device's own signed receipt moves a delivery beyond `sent`; the broker's PUBACK proves no
 * more than that. States only rise within one revision; `refused` stands below `received`, so that
 * a device which accepts after all is believed. Pure: no I/O, the time is a parameter, any thread.
 */
#pragma once

#include "alert/receipt.h"
#include "base/clock.h"

#define DELIVERY_SILENT_AFTER_US (5 * CLOCK_SECOND_US)
#define DELIVERY_RETRY_LEAST_US (2 * CLOCK_SECOND_US)
#define DELIVERY_RETRY_MOST_US (60 * CLOCK_SECOND_US)
#define DELIVERY_ASK_LEAST_US (15 * CLOCK_SECOND_US)
enum { DELIVERY_ASK_MAX = 4 };

/* In rising order; the database stores the number. */
enum delivery_state {
    DELIVERY_STATE_QUEUED = 0,
    DELIVERY_STATE_SENT = 1,     /* the broker has it */
    DELIVERY_STATE_REFUSED = 2,  /* by the device, with a reason */
    DELIVERY_STATE_RECEIVED = 3, /* on the device's disk */
    DELIVERY_STATE_LIT = 4,
    DELIVERY_STATE_CLEARED = 5,
};
const char *delivery_state_name(enum delivery_state state);

/* The state after a receipt of the same revision: never lower than `current`. */
enum delivery_state delivery_after(enum delivery_state current, enum receipt_state receipt);

/* Whether a device owes a receipt: queued or sent longer than 5 s ago, and nothing came. */
bool delivery_silent(enum delivery_state state, int64_t queued_us, int64_t now_us);

/*
 * When to send the alert again to a device, after `attempts` publications: while it owes its first
 * receipt, 2 s later, doubling to 60 s. Once it has received, only to hear whether it lit or
 * cleared, in case that receipt was missed: DELIVERY_ASK_MAX times. INT64_MAX: no more.
 */
struct delivery_tries {
    int64_t attempts, asks;
};
int64_t delivery_due_us(enum delivery_state state, struct delivery_tries tries, int64_t now_us);
