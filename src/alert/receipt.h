/*
 * alert/receipt - what a device says about an alert: stored, lit, spoken, cleared, refused.
 *
 * The model (content.type "receipt", docs/protocols/bus.md) that edge and control share. Pure, any
 * thread. The edge keeps receipts in alert/receipt_queue; control applies them by
 * alert/receipt_book.
 */
#pragma once

#include "base/id.h"
#include "base/value.h"

enum { RECEIPT_REASON_SIZE = 48 };

enum receipt_state {
    RECEIPT_STATE_RECEIVED, /* on the device's disk */
    RECEIPT_STATE_LIT,      /* the sign's frame has been swapped */
    RECEIPT_STATE_SPOKEN,
    RECEIPT_STATE_CLEARED, /* no longer shown: cancelled or run out */
    RECEIPT_STATE_REFUSED, /* `reason` says why */
};
const char *receipt_state_name(enum receipt_state state);
MUST_USE enum err receipt_state_parse(enum receipt_state *state, const char *name, struct why *why);

struct receipt {
    char alert_id[ID_TEXT_SIZE];
    int64_t revision;
    enum receipt_state state;
    char reason[RECEIPT_REASON_SIZE]; /* "" = none; else [a-z0-9_] */
    int64_t at_us;
};

MUST_USE enum err receipt_parse(struct receipt *out, const struct value *content, struct why *why);
struct value *receipt_to_value(const struct receipt *receipt); /* the caller owns it */
