/*
 * alert/outgoing - the outbox rows that dispatch and schedule wrote, in order, for the thread that
 * publishes them.
 *
 * A row of an alert carries no bytes of its own: it sends the newest revision at the moment of
 * publishing, so that an update overtakes what it replaces. A row is deleted when the broker has
 * acknowledged it; only then are its deliveries `sent`.
 *
 * Belongs to the thread of its database connection; the time is a parameter.
 */
#pragma once

#include "alert/target.h"
#include "base/id.h"
#include "store/database.h"

/* How a row of the outbox is published; the database stores the number. */
enum outgoing_kind {
    OUTGOING_KIND_FIRST = 0,  /* retained, until the alert's end */
    OUTGOING_KIND_REPEAT = 1, /* to one device that owes a receipt, not retained */
    OUTGOING_KIND_CLEAR = 2,  /* empty, retained: the broker forgets */
};

struct outgoing;

MUST_USE enum err outgoing_open(struct outgoing **out, struct database *database, struct why *why);
void outgoing_close(struct outgoing *outgoing); /* NULL is allowed */
CLEANUP_FOR(struct outgoing, outgoing_close)

struct outgoing_row {
    int64_t number;                /* the order; never used twice */
    char topic[TARGET_TOPIC_SIZE]; /* without the site's prefix */
    struct span payload;           /* borrowed until the next call of any function here */
    enum outgoing_kind kind;
    int64_t expire_us; /* wall time after which FIRST is worthless; 0 for the others */
    char alert_id[ID_TEXT_SIZE];
    int64_t revision;
    enum target_scope scope;
    char name[TARGET_NAME_SIZE];
};

/* The first row with a number above `after`. `*found` false: there is none. */
MUST_USE enum err outgoing_next(struct outgoing *outgoing, int64_t after, struct outgoing_row *row,
                                bool *found, struct why *why);

/* Lets go of the row and of the snapshot that it holds: after the last outgoing_next of a round. */
void outgoing_release(struct outgoing *outgoing);

/*
 * The broker has it (or it became worthless): deletes the row and, when `acknowledged`, raises the
 * deliveries that it reached from queued to sent. Joins the caller's transaction.
 */
MUST_USE enum err outgoing_done(struct outgoing *outgoing, const struct outgoing_row *row,
                                bool acknowledged, int64_t now_us, struct why *why);
MUST_USE enum err outgoing_count(struct outgoing *outgoing, int64_t *count, struct why *why);
