#include "alert/lifecycle.h"

#include <string.h>

static const char *const state_names[] = {"pending", "active", "cancelled", "expired"};

const char *alert_state_name(enum alert_state state)
{
    return state_names[state];
}

enum err alert_state_parse(enum alert_state *state, const char *name, struct why *why)
{
    for (size_t i = 0; i < ARRAY_LEN(state_names); i++) {
        if (strcmp(name, state_names[i]) == 0) {
            *state = (enum alert_state)i;
            return OK;
        }
    }
    return why_set(why, ERR_MALFORMED,
                   "state is \"%.20s\", expected pending, active, cancelled or expired", name);
}

enum alert_state lifecycle_state(const struct alert *alert, int64_t now_us)
{
    if (alert->action == ALERT_ACTION_CANCEL) { return ALERT_STATE_CANCELLED; }
    if (now_us >= alert->expire_us) { return ALERT_STATE_EXPIRED; }
    return now_us < alert->begin_us ? ALERT_STATE_PENDING : ALERT_STATE_ACTIVE;
}

int64_t lifecycle_next_us(const struct alert *alert, int64_t now_us)
{
    switch (lifecycle_state(alert, now_us)) {
    case ALERT_STATE_PENDING: return alert->begin_us;
    case ALERT_STATE_ACTIVE: return alert->expire_us;
    case ALERT_STATE_CANCELLED:
    case ALERT_STATE_EXPIRED: return INT64_MAX;
    }
    return INT64_MAX;
}

enum err lifecycle_check_times(enum tier tier, int64_t begin_us, int64_t expire_us, struct why *why)
{
    const int64_t longest_us = tier_validity_max_us(tier);
    if (expire_us <= begin_us || expire_us - begin_us > longest_us) {
        return why_set(why, ERR_RANGE,
                       "expire is %lld s after begin, expected 1..%lld s for tier %s",
                       (long long)((expire_us - begin_us) / CLOCK_SECOND_US),
                       (long long)(longest_us / CLOCK_SECOND_US), tier_name(tier));
    }
    return OK;
}

/* Refuses a member that is not in `allowed`, a list such as " tier texts ". */
struct member_check {
    const char *allowed;
    char strange[41];
};

static void check_member(void *context, const char *key, const struct value *member)
{
    (void)member;
    struct member_check *check = context;
    const size_t length = strlen(key);
    for (const char *at = strstr(check->allowed, key); at && length > 0; at = strstr(at + 1, key)) {
        if (at[-1] == ' ' && at[length] == ' ') { return; }
    }
    if (!text_copy(check->strange, sizeof check->strange, key) || length == 0) {
        check->strange[0] = '?';
    }
}

static enum err check_members(const struct value *body, const char *allowed, struct why *why)
{
    if (!body || value_kind(body) != VALUE_KIND_OBJECT) {
        return why_set(why, ERR_MALFORMED, "the body is not a JSON object");
    }
    struct member_check check = {.allowed = allowed};
    value_each(body, check_member, &check);
    if (check.strange[0]) {
        return why_set(why, ERR_MALFORMED, "member \"%s\" is unknown, expected:%s", check.strange,
                       allowed);
    }
    return OK;
}

/* expire, or duration_s from `from_us`, or the default within the tier's longest. */
static enum err read_end(int64_t *expire_us, const struct value *body, enum tier tier,
                         int64_t from_us, struct why *why)
{
    if (value_get(body, "expire") && value_get(body, "duration_s")) {
        return why_set(why, ERR_MALFORMED, "expire and duration_s exclude each other");
    }
    if (value_get(body, "expire")) { return value_need_time(body, "expire", expire_us, why); }
    const int64_t longest_us = tier_validity_max_us(tier);
    int64_t duration_us = LIFECYCLE_DURATION_US < longest_us ? LIFECYCLE_DURATION_US : longest_us;
    if (value_get(body, "duration_s")) {
        int64_t seconds[2] = {1, longest_us / CLOCK_SECOND_US};
        int64_t duration_s = 0;
        const enum err err = value_need_integer(body, "duration_s", seconds, &duration_s, why);
        if (err != OK) { return err; }
        duration_us = duration_s * CLOCK_SECOND_US;
    }
    *expire_us = from_us + duration_us;
    return OK;
}

static enum err read_tier(enum tier *tier, const struct value *body, struct why *why)
{
    char name[16];
    const enum err err = value_need_text(body, "tier", name, sizeof name, why);
    return err ? err : tier_parse(tier, name, why);
}

/* Whether `role` may send it as it stands, without anybody's approval. */
static enum err check_tier(enum tier tier, enum role role, struct why *why)
{
    if (!tier_allowed(role, tier)) {
        return why_set(why, ERR_DENIED, "role %s may not sign tier %s", role_name(role),
                       tier_name(tier));
    }
    if (tier_approved(tier)) {
        return why_set(why, ERR_DENIED,
                       "tier %s needs the approvals of operators: it begins as a draft",
                       tier_name(tier));
    }
    return OK;
}

static enum err read_status(enum alert_status *status, const struct value *body, struct why *why)
{
    char name[12];
    if (!value_get(body, "status")) { return OK; }
    const enum err err = value_need_text(body, "status", name, sizeof name, why);
    return err ? err : alert_status_parse(status, name, why);
}

static enum err read_times(struct alert *alert, const struct value *body, int64_t now_us,
                           struct why *why)
{
    int64_t repeats[2] = {0, 3600};
    enum err err = OK;
    alert->begin_us = now_us;
    if (value_get(body, "begin")) { err = value_need_time(body, "begin", &alert->begin_us, why); }
    if (err == OK && alert->begin_us > now_us + LIFECYCLE_AHEAD_MAX_US) {
        err = why_set(why, ERR_RANGE, "begin is more than 30 days ahead");
    }
    if (err == OK && value_get(body, "repeat_s")) {
        err = value_need_integer(body, "repeat_s", repeats, &alert->repeat_s, why);
    }
    if (err == OK) { err = read_end(&alert->expire_us, body, alert->tier, alert->begin_us, why); }
    if (err == OK) {
        err = lifecycle_check_times(alert->tier, alert->begin_us, alert->expire_us, why);
    }
    if (err == OK && alert->expire_us <= now_us) {
        err = why_set(why, ERR_RANGE, "expire is in the past");
    }
    return err;
}

/* Everything but who may say it. */
static enum err read_new(struct alert *out, const struct value *body, int64_t now_us,
                         struct why *why)
{
    CLEANUP(alert_deinit) struct alert alert = {.revision = 1, .action = ALERT_ACTION_SHOW};
    enum err err = read_tier(&alert.tier, body, why);
    if (err == OK) { err = read_status(&alert.status, body, why); }
    if (err == OK) { err = read_times(&alert, body, now_us, why); }
    if (err == OK) { err = target_set_parse(&alert.targets, value_get(body, "targets"), why); }
    if (err == OK) {
        err = alert_texts_parse(&alert.texts, &alert.text_count, value_get(body, "texts"), why);
    }
    if (err != OK) { return err; }
    memcpy(alert.id, id_new(now_us).text, ID_TEXT_SIZE);
    *out = alert;
    alert = (struct alert){0};
    return OK;
}

static const char members[] = " tier status texts targets begin expire duration_s repeat_s ";

enum err lifecycle_create(struct alert *out, const struct value *body, enum role role,
                          int64_t now_us, struct why *why)
{
    enum tier tier = TIER_IPAWS;
    enum err err = check_members(body, members, why);
    if (err == OK) { err = read_tier(&tier, body, why); }
    if (err == OK) { err = check_tier(tier, role, why); }
    return err ? err : read_new(out, body, now_us, why);
}

enum err lifecycle_draft(struct alert *out, const struct value *body, int64_t now_us,
                         struct why *why)
{
    enum tier tier = TIER_IPAWS;
    enum err err = check_members(body, members, why);
    if (err == OK) { err = read_tier(&tier, body, why); }
    if (err == OK && !tier_approved(tier)) {
        err = why_set(why, ERR_DENIED, "tier %s needs no approvals: send it as an alert",
                      tier_name(tier));
    }
    return err ? err : read_new(out, body, now_us, why);
}

static enum err check_open(const struct alert *current, int64_t now_us, struct why *why)
{
    const enum alert_state state = lifecycle_state(current, now_us);
    if (state != ALERT_STATE_PENDING && state != ALERT_STATE_ACTIVE) {
        return why_set(why, ERR_CONFLICT, "alert %s is %s already", current->id,
                       alert_state_name(state));
    }
    return OK;
}

static enum err renew(struct alert *next, const struct value *body, int64_t now_us, struct why *why)
{
    if (!value_get(body, "expire") && !value_get(body, "duration_s")) { return OK; }
    const int64_t from_us = now_us > next->begin_us ? now_us : next->begin_us;
    enum err err = read_end(&next->expire_us, body, next->tier, from_us, why);
    if (err == OK && next->expire_us <= now_us) {
        err = why_set(why, ERR_RANGE, "expire is in the past; cancel the alert to end it");
    }
    if (err != OK) { return err; }
    if (next->expire_us - next->begin_us > tier_validity_max_us(next->tier)) {
        next->begin_us = from_us;
    }
    return lifecycle_check_times(next->tier, next->begin_us, next->expire_us, why);
}

enum err lifecycle_update(struct alert *out, const struct alert *current, const struct value *body,
                          int64_t now_us, struct why *why)
{
    enum err err = check_open(current, now_us, why);
    if (err == OK) { err = check_members(body, " texts expire duration_s ", why); }
    if (err != OK) { return err; }
    CLEANUP(alert_deinit) struct alert next = {0};
    alert_copy(&next, current);
    next.revision++;
    struct alert_text *texts = NULL;
    err = alert_texts_parse(&texts, &next.text_count, value_get(body, "texts"), why);
    if (err != OK) { return err; }
    free(next.texts);
    next.texts = texts;
    err = renew(&next, body, now_us, why);
    if (err != OK) { return err; }
    *out = next;
    next = (struct alert){0};
    return OK;
}

enum err lifecycle_cancel(struct alert *out, const struct alert *current, int64_t now_us,
                          struct why *why)
{
    const enum err err = check_open(current, now_us, why);
    if (err != OK) { return err; }
    alert_copy(out, current);
    out->revision++;
    out->action = ALERT_ACTION_CANCEL;
    return OK;
}
