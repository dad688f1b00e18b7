/*
 * Emergencies that wait for operators' approvals: make, list, approve, withdraw.
 */
#include <sodium.h>
#include <string.h>

#include "programs/control/audit/call_audit.h"
#include "programs/control/people/fresh_factor.h"
#include "store/guard.h"

/* What only control knows of a draft, for whoever is to sign it. */
static void complete(const struct call *call, struct value *draft)
{
    const struct control_options *options = call->desk->control->options;
    const struct value *targets = value_get(value_get(draft, "content"), "targets");
    const struct value *zones = value_get(targets, "zones");
    value_set_text(draft, "site", options->site);
    value_set_integer(draft, "needed", options->emergency_approvals);
    value_set(draft, "zones", zones ? value_copy(zones) : value_array());
}

static enum err find(struct call *call, const char *draft_id, struct value **draft, struct why *why)
{
    const enum err err = draft_get(call->desk->drafts, draft_id, call->now_us, draft, why);
    if (!err) { complete(call, *draft); }
    return err;
}

/* Ends the transaction of an act, with its entry in the audit log; answers when it failed. */
static bool done(struct call *call, const char *audit, const char *draft_id, enum err err,
                 struct why *why)
{
    const struct call_deed deed = {audit, "draft", draft_id};
    err = call_audit_end(call, &deed, err, why);
    if (!err) { return true; }
    call_audit(call, "audit.draft_refused", "reason", why->text);
    call_problem(call, err, why);
    return false;
}

/* The caller and every browser see what has become of the draft. */
static void answer(struct call *call, const char *draft_id, int status)
{
    struct why why = {""};
    struct value *draft = NULL;
    const enum err err = find(call, draft_id, &draft, &why);
    if (!err) { live_send(call->desk->control->live, "draft", value_copy(draft)); }
    call_answer(call, err, status, &draft, &why);
}

/* ---- who may ---- */

static bool visible(const struct call *call, const struct value *draft)
{
    const struct value *targets = value_get(value_get(draft, "content"), "targets");
    if (reach_whole(&call->session.reach)) { return true; }
    if (value_boolean_or(value_get(targets, "broadcast"), false)) { return true; }
    const struct value *zones = value_get(draft, "zones");
    for (size_t i = 0; i < value_count(zones); i++) {
        if (permission_reaches(&call->session, value_text_or(value_at(zones, i), ""))) {
            return true;
        }
    }
    return false;
}

/* What lies in other zones is as unknown as what is not there. */
static enum err find_visible(struct call *call, struct value **draft, struct why *why)
{
    CLEANUP(value_free_p) struct value *found = NULL;
    const enum err err = find(call, call->arguments[0], &found, why);
    if (err) { return err; }
    if (!visible(call, found)) {
        return why_set(why, ERR_NOT_FOUND, "no draft has the id %.40s", call->arguments[0]);
    }
    *draft = TAKE(found);
    return OK;
}

/* Whether all that the draft is for is the person's to alert; else it is answered. */
static bool may(struct call *call)
{
    CLEANUP(value_free_p) struct value *draft = NULL;
    struct why why = {""};
    const enum err err = find_visible(call, &draft, &why);
    if (err) {
        call_problem(call, err, &why);
        return false;
    }
    return alert_api_may(call, value_get(draft, "content"));
}

/* The same of the alert that is to be changed: one that lies in other zones is not found. */
static bool may_change(struct call *call, const char *alert_id)
{
    CLEANUP(alert_deinit) struct alert current = {0};
    enum delivery_board_reach reach = DELIVERY_BOARD_REACH_SOME;
    struct why why = {""};
    enum err err = delivery_board_reach(call->desk->board, alert_id,
                                        reach_filter(&call->session.reach), &reach, &why);
    if (!err) { err = dispatch_current(call->desk->dispatch, alert_id, &current, &why); }
    if (err) {
        call_problem(call, err, &why);
        return false;
    }
    CLEANUP(value_free_p) struct value *content = alert_to_value(&current);
    return alert_api_may(call, content);
}

/* ---- making ---- */

/* Takes "alert_id" and "action" out of the body: what is left is the alert's. */
static bool read_order(struct call *call, struct value *body, char alert_id[static ID_TEXT_SIZE],
                       bool *cancel)
{
    char action[8] = "show";
    const bool changes = value_get(body, "alert_id") != NULL;
    alert_id[0] = '\0';
    if (changes && !call_text(call, body, "alert_id", alert_id, ID_TEXT_SIZE)) { return false; }
    if (value_get(body, "action") && !call_text(call, body, "action", action, sizeof action)) {
        return false;
    }
    *cancel = strcmp(action, "cancel") == 0;
    if ((!*cancel && strcmp(action, "show") != 0) || (*cancel && !changes)) {
        call_refuse(call, 400, "Bad Request",
                    "action must be show, or cancel with the alert_id of what is to end.");
        return false;
    }
    value_remove(body, "alert_id");
    value_remove(body, "action");
    return changes ? may_change(call, alert_id) : alert_api_may(call, body);
}

void draft_api_create(struct call *call)
{
    CLEANUP(value_free_p) struct value *body = NULL;
    char alert_id[ID_TEXT_SIZE];
    bool cancel = false;
    if (!call_body(call, &body) || !read_order(call, body, alert_id, &cancel)) { return; }
    const struct dispatch_order order = {.alert_id = alert_id[0] ? alert_id : NULL,
                                         .body = cancel ? NULL : body,
                                         .actor = call->session.user};
    struct why why = {""};
    struct id draft_id = {""};
    enum err err = database_begin(call->desk->database, &why);
    if (err) {
        call_problem(call, err, &why);
        return;
    }
    err = draft_create(call->desk->drafts, &order, call->now_us, &draft_id, &why);
    if (done(call, "audit.draft_made", draft_id.text, err, &why)) {
        answer(call, draft_id.text, 201);
    }
}

/* ---- reading ---- */

void draft_api_list(struct call *call)
{
    CLEANUP(value_free_p) struct value *all = NULL;
    struct why why = {""};
    struct value *body = value_object();
    struct value *kept = value_array();
    const enum err err = draft_list(call->desk->drafts, call->now_us, &all, &why);
    for (size_t i = 0; !err && i < value_count(all); i++) {
        struct value *draft = value_copy(value_at(all, i));
        complete(call, draft);
        if (visible(call, draft)) {
            value_append(kept, draft);
        } else {
            value_free(draft);
        }
    }
    value_set(body, "drafts", kept);
    call_answer(call, err, 200, &body, &why);
    value_free(body);
}

void draft_api_get(struct call *call)
{
    struct why why = {""};
    struct value *draft = NULL;
    const enum err err = find_visible(call, &draft, &why);
    call_answer(call, err, 200, &draft, &why);
}

/* ---- approving ---- */

/* What exactly is approved: that a passkey was touched for it, and for nothing else. */
static bool subject_of(struct call *call, struct fresh_factor_subject *subject)
{
    CLEANUP(value_free_p) struct value *draft = NULL;
    CLEANUP(text_deinit) struct text text = text_limited(APPROVAL_TEXT_SIZE_MAX);
    const char *site = call->desk->control->options->site;
    struct why why = {""};
    enum err err = draft_get(call->desk->drafts, call->arguments[0], call->now_us, &draft, &why);
    if (!err) { err = approval_text(&text, site, value_get(draft, "content"), &why); }
    if (err) {
        call_problem(call, err, &why);
        return false;
    }
    (void)crypto_hash_sha256(subject->digest, text_span(&text).data, text_span(&text).size);
    return true;
}

void draft_api_challenge(struct call *call)
{
    struct fresh_factor_subject subject;
    if (may(call) && subject_of(call, &subject)) { fresh_factor_ask(call, &subject); }
}

static void answer_sent(struct call *call, const char *draft_id)
{
    CLEANUP(value_free_p) struct value *draft = NULL;
    struct value *alert = NULL;
    struct control *control = call->desk->control;
    outbox_wake(control->outbox);
    peers_wake(control->peers);
    if (find(call, draft_id, &draft, NULL)) { return; }
    const char *alert_id = value_text_or(value_get(draft, "alert_id"), "");
    if (!delivery_board_brief(call->desk->board, alert_id, call->now_us, &alert, NULL)) {
        live_send(control->live, "alert", alert);
    }
}

void draft_api_approve(struct call *call)
{
    CLEANUP(value_free_p) struct value *body = NULL;
    struct desk *desk = call->desk;
    bool sent = false;
    struct why why = {""};
    struct fresh_factor_subject subject;
    if (!may(call) || !call_body(call, &body) || !subject_of(call, &subject) ||
        !fresh_factor_shown(call, body, &subject, "audit.draft_refused")) {
        return;
    }
    guard_scope(desk->database, ""); /* it changes an alert for whoever was told of it */
    enum err err = desk_court(desk, &why);
    if (!err) { err = database_begin(desk->database, &why); }
    if (err) {
        call_problem(call, err, &why);
        return;
    }
    const struct draft_approval approval = {
        .draft_id = call->arguments[0],
        .person = call->session.user,
        .approval = value_get(body, "approval"),
        .court = {.judge = desk->approvers,
                  .revocations = ingest_revocations(desk->control->ingest),
                  .site = desk->control->options->site,
                  .now_us = call->now_us},
        .needed = desk->control->options->emergency_approvals};
    err = draft_approve(desk->drafts, &approval, &sent, &why);
    if (!done(call, "audit.draft_approved", approval.draft_id, err, &why)) { return; }
    if (sent) { answer_sent(call, approval.draft_id); }
    answer(call, approval.draft_id, 200);
}

void draft_api_withdraw(struct call *call)
{
    struct why why = {""};
    const char *draft_id = call->arguments[0];
    if (!may(call)) { return; }
    enum err err = database_begin(call->desk->database, &why);
    if (err) {
        call_problem(call, err, &why);
        return;
    }
    err = draft_withdraw(call->desk->drafts, draft_id, call->session.user, call->now_us, &why);
    if (done(call, "audit.draft_withdrawn", draft_id, err, &why)) { answer(call, draft_id, 200); }
}
