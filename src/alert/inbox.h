/*
 * alert/inbox - the gate of every receiver, and its memory of alerts: what a sign has to show.
 *
 * Edge and gateway. After verifier_judge has admitted an envelope of type "alert", the inbox judges
 * its content: form, tier as in the envelope, times within the tier's bounds, not over, for us, and
 * a revision higher than any seen of this alert. It stores what it accepts, and on an edge queues
 * the receipt in the same transaction. A cancel leaves a tombstone, also for an alert never seen,
 * until no older revision could still be valid. All of it survives kill -9 and reboot. What the
 * database cannot take is judged all the same and remembered in memory (alert/unsaved.h).
 *
 * Belongs to the thread of its database connection; statements run on it; the time is a parameter.
 */
#pragma once

#include "alert/alert.h"
#include "alert/receipt_queue.h"
#include "store/database.h"
#include "trust/envelope.h"

/*
 * Alerts and tombstones kept; beyond it new ones are refused. Advisories and below may fill half of
 * it, warnings three quarters.
 */
enum { INBOX_COUNT_MAX = 4096 };

struct inbox;

struct inbox_config {
    const char *device; /* copied; ours, for targets.devices */
    const char *zone;   /* copied; "" = none */
    bool everything;    /* gateway: keep alerts for every device and zone that reach us */
    bool exercises;     /* edge: may light exercises and tests; a gateway keeps them for others */
    int64_t emergency_approvals;    /* people who must have approved an emergency; 0 means 1 */
    struct receipt_queue *receipts; /* borrowed; edge; NULL on a gateway: no receipts */
};

/* Prepares its statements on `database` (borrowed, migrated as edge or gateway). */
MUST_USE enum err inbox_open(struct inbox **out, struct database *database,
                             const struct inbox_config *config, struct why *why);
void inbox_close(struct inbox *inbox); /* NULL is allowed */
CLEANUP_FOR(struct inbox, inbox_close)

enum inbox_answer {
    INBOX_ANSWER_SHOW,   /* stored: show it from its begin (it may be an update of a shown one) */
    INBOX_ANSWER_CANCEL, /* tombstone stored: clear it if it is shown, then inbox_report cleared */
    INBOX_ANSWER_REPLAYED,   /* revision not higher: the newest receipt was queued once more */
    INBOX_ANSWER_EXPIRED,    /* over already, or never valid at our clock */
    INBOX_ANSWER_NOT_FOR_US, /* neither broadcast nor our zone nor our name */
    INBOX_ANSWER_MALFORMED,  /* not the form or the limits of bus.md */
    INBOX_ANSWER_OVER_TIER,  /* content says another tier than the signature covers */
    INBOX_ANSWER_TOO_LONG,   /* lasts longer than its tier may */
    INBOX_ANSWER_FULL,       /* INBOX_COUNT_MAX, or the tier's share of it, are kept */
    INBOX_ANSWER_UNAPPROVED, /* not enough people have approved it: receipt "unapproved_1_of_2" */
    INBOX_ANSWER_EXERCISE,   /* an exercise or a test, and this sign lights none */
};
const char *inbox_answer_name(enum inbox_answer answer); /* "show", "over_tier" ...: for /metrics */

struct inbox_message {
    const struct envelope *envelope; /* admitted, type "alert" */
    struct span bytes; /* the whole envelope as received; kept if it is not empty (gateway) */
    int64_t now_us;
};

/*
 * Judges and stores in one transaction of its own. `*answer` is set, and for SHOW and CANCEL
 * `*alert` is filled (release: alert_deinit), else left zeroed. For refusals `why` has a sentence.
 * Refusals of an alert that is ours leave a receipt "refused". An error is the database's, and
 * `why` its: nothing was stored and no receipt is owed, but the answer holds all the same: light
 * what is to be lit. Who sent it hears nothing and sends it again, until it is stored.
 */
MUST_USE enum err inbox_admit(struct inbox *inbox, const struct inbox_message *message,
                              enum inbox_answer *answer, struct alert *alert, struct why *why);

/*
 * The device tells what it did: LIT, SPOKEN, CLEARED (or REFUSED with a reason, when it cannot show
 * it). Stores the progress and queues the receipt in one transaction. The same state told twice for
 * one revision queues nothing. ERR_NOT_FOUND for an unknown alert or an older revision.
 */
MUST_USE enum err inbox_report(struct inbox *inbox, const struct receipt *receipt, struct why *why);

struct inbox_item {
    struct alert alert;
    int64_t received_us;
    bool lit;            /* LIT was reported for this revision */
    bool cleared;        /* CLEARED was reported for this revision */
    struct span payload; /* the envelope, if it was kept */
};

/*
 * Calls `each` for every alert to show now or later (pending, active), gravest tier first, then
 * newest; at start this is what the sign lights again. `item` is borrowed during the call; `each`
 * must not use the inbox.
 */
MUST_USE enum err inbox_each_open(struct inbox *inbox, int64_t now_us,
                                  void (*each)(void *context, const struct inbox_item *item),
                                  void *context, struct why *why);

/*
 * Calls `each` for every alert that is over (cancelled or expired) and whose CLEARED was not
 * reported: make sure that it is off the sign, then report. For start, and when a time comes.
 */
MUST_USE enum err inbox_each_over(struct inbox *inbox, int64_t now_us,
                                  void (*each)(void *context, const struct inbox_item *item),
                                  void *context, struct why *why);

/* When something begins or expires next by itself, INT64_MAX for never. For a timer. */
MUST_USE enum err inbox_next_us(struct inbox *inbox, int64_t now_us, int64_t *due_us,
                                struct why *why);

/* Deletes what is over, reported, and can no longer be replayed. Call it every few minutes. */
MUST_USE enum err inbox_forget(struct inbox *inbox, int64_t now_us, int64_t *forgotten,
                               struct why *why);
