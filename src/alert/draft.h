/*
 * alert/draft - an emergency before enough people have said that they mean it.
 *
 * Control. A draft is the exact content of an alert's next revision (its first, an update, a
 * cancel), fixed when it is made, because that is what operators sign (trust/approval). Each
 * approval is kept; with the last one that is needed the alert is dispatched in the same
 * transaction. How many are needed here is control's own rule: receivers count by theirs. A draft
 * waits until it is sent, withdrawn, or its alert would be over.
 *
 * Belongs to the thread of its database connection; the time is a parameter. What writes joins the
 * caller's transaction: an act counts only together with its entry of the audit log.
 */
#pragma once

#include "alert/dispatch.h"
#include "trust/approval.h"

enum { DRAFT_WAITING_MAX = 100, DRAFT_WAITING_OF_ONE_MAX = 10 };

struct draft_store;

/* Prepares its statements on the database of `dispatch`; both are borrowed. */
MUST_USE enum err draft_store_open(struct draft_store **out, struct database *database,
                                   struct dispatch *dispatch, struct why *why);
void draft_store_close(struct draft_store *store); /* NULL is allowed */
CLEANUP_FOR(struct draft_store, draft_store_close)

enum draft_state {
    DRAFT_STATE_WAITING,
    DRAFT_STATE_SENT,
    DRAFT_STATE_WITHDRAWN,
    DRAFT_STATE_LAPSED, /* its alert would be over */
};
const char *draft_state_name(enum draft_state state); /* "waiting" ... */

/*
 * Makes a draft: of a new alert (order->alert_id NULL, the body of POST /api/alerts), of an update
 * (both), of a cancel (no body). Only for tiers that people approve (ERR_DENIED). Errors of
 * alert/lifecycle; ERR_LIMIT when DRAFT_WAITING_MAX
 * wait, or DRAFT_WAITING_OF_ONE_MAX of the same person: nobody keeps the others from it.
 */
MUST_USE enum err draft_create(struct draft_store *store, const struct dispatch_order *order,
                               int64_t now_us, struct id *draft_id, struct why *why);

/*
 * `{"id","alert_id","revision","action","state","content","approvals":[{"person","at"}],
 * "created_by","created_at","ended_by","ended_at","expire"}`. ERR_NOT_FOUND.
 */
MUST_USE enum err draft_get(struct draft_store *store, const char *draft_id, int64_t now_us,
                            struct value **out, struct why *why);
/* Those that wait, oldest first, as an array. */
MUST_USE enum err draft_list(struct draft_store *store, int64_t now_us, struct value **out,
                             struct why *why);

struct draft_approval {
    const char *draft_id;
    const char *person;           /* who is signed in: the approval must be theirs */
    const struct value *approval; /* as in trust/approval */
    struct approval_court court;
    int64_t needed; /* of different people, before the alert is sent */
};

/*
 * Adds an approval, and sends the alert when enough have come (`*sent`; then the caller wakes the
 * outbox). ERR_DENIED: it does not count, `why` says why; ERR_CONFLICT: the draft waits no more,
 * the person has approved already, or the alert has changed since.
 */
MUST_USE enum err draft_approve(struct draft_store *store, const struct draft_approval *approval,
                                bool *sent, struct why *why);

/* ERR_NOT_FOUND, ERR_CONFLICT when it waits no more. */
MUST_USE enum err draft_withdraw(struct draft_store *store, const char *draft_id, const char *actor,
                                 int64_t now_us, struct why *why);
