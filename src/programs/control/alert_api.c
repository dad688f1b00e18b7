#include "programs/control/route.h"

#include "base/metric.h"

static struct dispatch_order order_of(const struct call *call, const struct value *body)
{
    return (struct dispatch_order){
        .alert_id = call->arguments[0], .body = body, .actor = call->session.user};
}

/* What every order ends with: the outbox publishes, the browsers hear of it, the caller sees it. */
static void answer_ordered(struct call *call, const char *alert_id, const char *audit)
{
    struct control *control = call->desk->control;
    outbox_wake(control->outbox);
    struct why why = {""};
    struct value *alert = NULL;
    const enum err err =
        delivery_board_brief(call->desk->board, alert_id, call->now_us, &alert, &why);
    if (!err) { live_send(control->live, "alert", value_copy(alert)); }
    call_audit(call, audit, "alert", alert_id);
    call_answer(call, err, 202, &alert, &why);
}

/* A refused order is worth a line: somebody wanted to say something to the public. */
static void answer_refused(struct call *call, enum err err, const struct why *why)
{
    call_audit(call, "audit.alert_refused", "reason", why->text);
    call_problem(call, err, why);
}

void alert_api_list(struct call *call)
{
    struct delivery_board_query query = {.before = http_query(call->request, "before"),
                                         .now_us = call->now_us};
    const char *state = http_query(call->request, "state");
    struct why why = {""};
    enum err err = delivery_board_filter_parse(&query.filter, state ? state : "all", &why);
    if (err) {
        call_problem(call, err, &why);
        return;
    }
    if (!call_limit(call, &query.limit)) { return; }
    struct value *page = NULL;
    err = delivery_board_list(call->desk->board, &query, &page, &why);
    call_answer(call, err, 200, &page, &why);
}

void alert_api_get(struct call *call)
{
    struct why why = {""};
    struct value *alert = NULL;
    const enum err err =
        delivery_board_alert(call->desk->board, call->arguments[0], call->now_us, &alert, &why);
    call_answer(call, err, 200, &alert, &why);
}

void alert_api_create(struct call *call)
{
    CLEANUP(value_free_p) struct value *body = NULL;
    if (!call_body(call, &body)) { return; }
    struct dispatch_order order = order_of(call, body);
    order.alert_id = NULL;
    order.idempotency_key = http_header(call->request, "Idempotency-Key");
    struct why why = {""};
    struct id alert_id = {""};
    const enum err err =
        dispatch_create(call->desk->dispatch, &order, call->now_us, &alert_id, &why);
    if (err) {
        answer_refused(call, err, &why);
        return;
    }
    answer_ordered(call, alert_id.text, "audit.alert_sent");
}

void alert_api_update(struct call *call)
{
    CLEANUP(value_free_p) struct value *body = NULL;
    if (!call_body(call, &body)) { return; }
    const struct dispatch_order order = order_of(call, body);
    struct why why = {""};
    const enum err err = dispatch_update(call->desk->dispatch, &order, call->now_us, &why);
    if (err) {
        answer_refused(call, err, &why);
        return;
    }
    answer_ordered(call, order.alert_id, "audit.alert_changed");
}

void alert_api_cancel(struct call *call)
{
    const struct dispatch_order order = order_of(call, NULL);
    struct why why = {""};
    const enum err err = dispatch_cancel(call->desk->dispatch, &order, call->now_us, &why);
    if (err) {
        answer_refused(call, err, &why);
        return;
    }
    answer_ordered(call, order.alert_id, "audit.alert_cancelled");
}
