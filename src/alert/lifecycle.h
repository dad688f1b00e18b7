/*
 * alert/lifecycle - which alert may come to be, and what may become of it.
 *
 * Decides for control: may this role sign this tier, are texts, targets and times within bounds,
 * what is the next revision. A revision never changes; an update or a cancel is the next one with
 * the same id. Pure: no I/O, the time is a parameter, any thread.
 */
#pragma once

#include "alert/alert.h"
#include "base/clock.h"

/* pending: its begin is still to come. cancelled and expired are final. */
enum alert_state {
    ALERT_STATE_PENDING,
    ALERT_STATE_ACTIVE,
    ALERT_STATE_CANCELLED,
    ALERT_STATE_EXPIRED
};
const char *alert_state_name(enum alert_state state); /* "pending" ... */
MUST_USE enum err alert_state_parse(enum alert_state *state, const char *name, struct why *why);

/* How long an alert lasts when nobody says, within its tier's longest validity. */
#define LIFECYCLE_DURATION_US CLOCK_HOUR_US
/* How far ahead an alert may begin. */
#define LIFECYCLE_AHEAD_MAX_US (30 * CLOCK_DAY_US)

enum alert_state lifecycle_state(const struct alert *alert, int64_t now_us);

/*
 * The time at which lifecycle_state changes next by itself: begin, expire, or INT64_MAX for an
 * alert that is over.
 */
int64_t lifecycle_next_us(const struct alert *alert, int64_t now_us);

/*
 * A new alert, revision 1 with a new id, from the body of POST /api/alerts: tier, status?, texts,
 * targets, begin?, expire? or duration_s?, repeat_s?. `role` is the one that will sign. ERR_DENIED:
 * the role may not sign this tier. ERR_RANGE: times (the sentence says the longest validity of the
 * tier). ERR_MALFORMED, ERR_LIMIT: the rest. Unknown members are refused.
 */
MUST_USE enum err lifecycle_create(struct alert *out, const struct value *body, enum role role,
                                   int64_t now_us, struct why *why);

/*
 * The same for a tier that people approve, which lifecycle_create refuses: what is to be approved.
 * ERR_DENIED for the other tiers.
 */
MUST_USE enum err lifecycle_draft(struct alert *out, const struct value *body, int64_t now_us,
                                  struct why *why);

/*
 * The next revision with the texts and expire (or duration_s from now) of PUT /api/alerts/{id}.
 * When it lasts longer than the tier allows from the old begin, it begins anew now: that is how a
 * warning is renewed. ERR_CONFLICT when the alert is over.
 */
MUST_USE enum err lifecycle_update(struct alert *out, const struct alert *current,
                                   const struct value *body, int64_t now_us, struct why *why);

/* The cancelling next revision. ERR_CONFLICT when it is over already. */
MUST_USE enum err lifecycle_cancel(struct alert *out, const struct alert *current, int64_t now_us,
                                   struct why *why);

/*
 * Whether begin and expire suit the tier: what a receiver checks too, so that a sign does not trust
 * control to have done it. ERR_RANGE.
 */
MUST_USE enum err lifecycle_check_times(enum tier tier, int64_t begin_us, int64_t expire_us,
                                        struct why *why);
