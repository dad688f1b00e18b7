/*
 * alert/dispatch - an operator's order becomes an alert on its way.
 *
 * Control. Each order is ONE transaction: the alert's new revision, its line of history, one
 * delivery per device that it is for, and one outbox row per topic. The alert is signed once, and
 * every topic and every repetition carries the same bytes. After OK the caller wakes the outbox
 * (programs/control/outbox.h), which publishes at once, and tells the browsers "alert".
 *
 * Belongs to the thread of its database connection; the time is a parameter. Inside a transaction
 * of the caller an order joins it; after an error the caller rolls it back.
 */
#pragma once

#include "alert/alert.h"
#include "base/value.h"
#include "store/database.h"
#include "trust/envelope.h"

enum { DISPATCH_IDEMPOTENCY_KEY_MAX = 128 };

struct dispatch;

/* Prepares its statements on `database` (migrated as control). Both are borrowed. */
MUST_USE enum err dispatch_open(struct dispatch **out, struct database *database,
                                const struct signer *signer, struct why *why);
/* The key for exercises and tests, of role exercise (borrowed); without it they are ERR_DENIED. */
void dispatch_practise(struct dispatch *dispatch, const struct signer *exercises);
/* Whether there is a key for an alert of this status; ERR_DENIED says which is missing. */
MUST_USE enum err dispatch_has_key(const struct dispatch *dispatch, enum alert_status status,
                                   struct why *why);
void dispatch_close(struct dispatch *dispatch); /* NULL is allowed */
CLEANUP_FOR(struct dispatch, dispatch_close)

struct dispatch_order {
    const char *alert_id;        /* update, cancel */
    const struct value *body;    /* create, update: the JSON body of the request */
    const char *actor;           /* the user's name, for created_by and history */
    const char *idempotency_key; /* create; NULL = none; 1..128 printable ASCII letters */
};

/*
 * Creates (POST /api/alerts). The same key with the same body answers with the alert that the first
 * one made and sends nothing; with another body ERR_CONFLICT. Errors of lifecycle_create.
 * A zone without devices is no error: whoever comes to stand there gets the retained message.
 */
MUST_USE enum err dispatch_create(struct dispatch *dispatch, const struct dispatch_order *order,
                                  int64_t now_us, struct id *alert_id, struct why *why);

/* The newest revision of an alert (release: alert_deinit). ERR_NOT_FOUND. */
MUST_USE enum err dispatch_current(struct dispatch *dispatch, const char *alert_id,
                                   struct alert *alert, struct why *why);

/*
 * Sends what people have approved (alert/draft): `order->body` is the content, `approvals` the list
 * that goes out with it, unchanged. Joins the caller's transaction. ERR_CONFLICT when it is not the
 * next revision of its alert, or over.
 */
MUST_USE enum err dispatch_approved(struct dispatch *dispatch, const struct dispatch_order *order,
                                    const struct value *approvals, int64_t now_us, struct why *why);

/* The next revision (PUT /api/alerts/{id}). ERR_NOT_FOUND, ERR_CONFLICT when it is over,
 * ERR_DENIED when its tier needs approvals (alert/draft). */
MUST_USE enum err dispatch_update(struct dispatch *dispatch, const struct dispatch_order *order,
                                  int64_t now_us, struct why *why);

/* Cancels. OK without a new revision when it is cancelled already; ERR_CONFLICT when it expired. */
MUST_USE enum err dispatch_cancel(struct dispatch *dispatch, const struct dispatch_order *order,
                                  int64_t now_us, struct why *why);
