/*
 * alert/receipt_book - control enters a device's receipt into its delivery.
 *
 * The caller has verified the envelope and that its signer is the device of the topic. States only
 * rise (alert/delivery). Belongs to the thread of its database connection; joins the caller's
 * transaction; the time is a parameter.
 */
#pragma once

#include "alert/receipt.h"
#include "store/database.h"

struct receipt_book;

MUST_USE enum err receipt_book_open(struct receipt_book **out, struct database *database,
                                    struct why *why);
void receipt_book_close(struct receipt_book *book); /* NULL is allowed */
CLEANUP_FOR(struct receipt_book, receipt_book_close)

enum receipt_outcome {
    RECEIPT_OUTCOME_CHANGED, /* the delivery rose: tell the browsers */
    RECEIPT_OUTCOME_KNOWN,   /* nothing new, or of an older revision */
    RECEIPT_OUTCOME_STRANGE, /* no such alert or revision, or the device is none of its targets */
};

struct receipt_entry {
    const struct receipt *receipt;
    const char *device; /* who signed it */
    const char *zone;   /* where it stands, "" when unknown */
    int64_t now_us;
};

MUST_USE enum err receipt_book_enter(struct receipt_book *book, const struct receipt_entry *entry,
                                     enum receipt_outcome *outcome, struct why *why);
