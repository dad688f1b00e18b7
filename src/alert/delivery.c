#include "alert/delivery.h"

const char *delivery_state_name(enum delivery_state state)
{
    static const char *const names[] = {"queued", "sent", "refused", "received", "lit", "cleared"};
    return names[state];
}

/* What a receipt proves. A speaker's `spoken` proves no light: no more than received. */
static enum delivery_state proven(enum receipt_state receipt)
{
    switch (receipt) {
    case RECEIPT_STATE_RECEIVED:
    case RECEIPT_STATE_SPOKEN: return DELIVERY_STATE_RECEIVED;
    case RECEIPT_STATE_LIT: return DELIVERY_STATE_LIT;
    case RECEIPT_STATE_CLEARED: return DELIVERY_STATE_CLEARED;
    case RECEIPT_STATE_REFUSED: return DELIVERY_STATE_REFUSED;
    }
    return DELIVERY_STATE_QUEUED;
}

enum delivery_state delivery_after(enum delivery_state current, enum receipt_state receipt)
{
    const enum delivery_state next = proven(receipt);
    return next > current ? next : current;
}

bool delivery_silent(enum delivery_state state, int64_t queued_us, int64_t now_us)
{
    return state < DELIVERY_STATE_REFUSED && now_us - queued_us >= DELIVERY_SILENT_AFTER_US;
}

/* `least_us` doubled `times` times, at most DELIVERY_RETRY_MOST_US. */
static int64_t doubled(int64_t least_us, int64_t times)
{
    int64_t pause_us = least_us;
    for (int64_t i = 0; i < times && pause_us < DELIVERY_RETRY_MOST_US; i++) {
        pause_us *= 2;
    }
    return pause_us < DELIVERY_RETRY_MOST_US ? pause_us : DELIVERY_RETRY_MOST_US;
}

int64_t delivery_due_us(enum delivery_state state, struct delivery_tries tries, int64_t now_us)
{
    switch (state) {
    case DELIVERY_STATE_QUEUED:
    case DELIVERY_STATE_SENT: return now_us + doubled(DELIVERY_RETRY_LEAST_US, tries.attempts - 1);
    case DELIVERY_STATE_RECEIVED:
    case DELIVERY_STATE_LIT:
        if (tries.asks >= DELIVERY_ASK_MAX) { return INT64_MAX; }
        return now_us + doubled(DELIVERY_ASK_LEAST_US, tries.asks);
    case DELIVERY_STATE_REFUSED:
    case DELIVERY_STATE_CLEARED: return INT64_MAX;
    }
    return INT64_MAX;
}
