#include "programs/edge/alerts.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "programs/edge/refusal.h"

/* The clock may be set while a timer runs, so that it is asked at least so often. */
static const int64_t look_us = 10 * CLOCK_SECOND_US;
static const int64_t forget_us = 5 * CLOCK_MINUTE_US;

enum { OVER_AT_ONCE_MAX = 64 };

struct alerts {
    struct alerts_config config;
    struct loop_timer *due; /* when something begins or expires; NULL while none runs */
    struct loop_timer *forget;
    struct metric *admitted;
    struct metric *unstored;
    struct metric *swap_time; /* from the receipt of a message to its frame */
    int64_t received_us;      /* monotonic; of the message being handled, 0 = none */
};

/* Receipts to be told after inbox_each_over, which must not be interrupted. */
struct over {
    struct receipt receipts[OVER_AT_ONCE_MAX];
    size_t count;
};

static void look(void *context);

static void failed(const char *event, const char *alert_id, const struct why *why)
{
    log_event(LOG_LEVEL_ERROR, event, "alert", alert_id, "why", why->text, NULL);
}

/* Tells control; an older revision or a told state is passed over by the inbox. */
static void report(struct alerts *alerts, const struct receipt *receipt)
{
    struct why why = {0};
    const enum err err = inbox_report(alerts->config.inbox, receipt, &why);
    if (err && err != ERR_NOT_FOUND) { failed("alert.report_failed", receipt->alert_id, &why); }
    log_event(LOG_LEVEL_INFO, "alert.state", "alert", receipt->alert_id, "revision",
              LOG_NUMBER(receipt->revision), "state", receipt_state_name(receipt->state), "reason",
              receipt->reason[0] ? receipt->reason : NULL, NULL);
    receipts_send(alerts->config.receipts);
}

static struct receipt receipt_for(const struct alerts *alerts, const char *alert_id,
                                  int64_t revision, enum receipt_state state)
{
    struct receipt receipt = {
        .revision = revision, .state = state, .at_us = sane_clock_now_us(alerts->config.clock)};
    memcpy(receipt.alert_id, alert_id, sizeof receipt.alert_id);
    return receipt;
}

void alerts_lit(void *context, const char *alert_id, int64_t revision)
{
    struct alerts *alerts = context;
    if (alerts->received_us) {
        metric_observe_us(alerts->swap_time, clock_monotonic_us() - alerts->received_us);
    }
    const struct receipt receipt = receipt_for(alerts, alert_id, revision, RECEIPT_STATE_LIT);
    report(alerts, &receipt);
}

static void put(struct alerts *alerts, const struct alert *alert, bool was_lit)
{
    struct why why = {0};
    if (lamp_put(alerts->config.lamp, alert, was_lit, &why) == OK) { return; }
    (void)lamp_remove(alerts->config.lamp, alert->id); /* nothing older stays in its place */
    failed("alert.cannot_show", alert->id, &why);
    struct receipt receipt = receipt_for(alerts, alert->id, alert->revision, RECEIPT_STATE_REFUSED);
    (void)snprintf(receipt.reason, sizeof receipt.reason, "cannot_show");
    report(alerts, &receipt);
}

/* ---- what is over ---- */

static void add_over(void *context, const struct inbox_item *item)
{
    struct over *over = context;
    if (over->count == OVER_AT_ONCE_MAX) { return; } /* the next look takes it */
    struct receipt *receipt = &over->receipts[over->count++];
    *receipt = (struct receipt){.revision = item->alert.revision, .state = RECEIPT_STATE_CLEARED};
    memcpy(receipt->alert_id, item->alert.id, sizeof receipt->alert_id);
}

/* Clears and reports what is over; true when there may be more. */
static bool clear_over(struct alerts *alerts)
{
    struct over over = {.count = 0};
    struct why why = {0};
    const int64_t now_us = sane_clock_now_us(alerts->config.clock);
    if (inbox_each_over(alerts->config.inbox, now_us, add_over, &over, &why)) {
        failed("alert.read_failed", NULL, &why);
        return false;
    }
    for (size_t i = 0; i < over.count; i++) {
        (void)lamp_remove(alerts->config.lamp, over.receipts[i].alert_id);
    }
    lamp_refresh(alerts->config.lamp);
    for (size_t i = 0; i < over.count; i++) {
        over.receipts[i].at_us = sane_clock_now_us(alerts->config.clock);
        report(alerts, &over.receipts[i]);
    }
    return over.count == OVER_AT_ONCE_MAX;
}

/* ---- timers ---- */

static void plan(struct alerts *alerts, bool more)
{
    int64_t due_us = INT64_MAX;
    struct why why = {0};
    const int64_t now_us = sane_clock_now_us(alerts->config.clock);
    if (inbox_next_us(alerts->config.inbox, now_us, &due_us, &why)) {
        failed("alert.read_failed", NULL, &why);
    }
    int64_t wait_us = due_us > now_us ? due_us - now_us : CLOCK_SECOND_US;
    if (wait_us > look_us) { wait_us = look_us; }
    if (more) { wait_us = 20000; }
    loop_timer_stop(alerts->due);
    alerts->due = loop_timer_start(alerts->config.loop, wait_us, 0, look, alerts);
}

static void look(void *context)
{
    struct alerts *alerts = context;
    alerts->due = NULL; /* a one-shot frees itself */
    plan(alerts, clear_over(alerts));
}

static void forget(void *context)
{
    struct alerts *alerts = context;
    struct why why = {0};
    int64_t forgotten = 0;
    const int64_t now_us = sane_clock_now_us(alerts->config.clock);
    if (inbox_forget(alerts->config.inbox, now_us, &forgotten, &why)) {
        failed("alert.forget_failed", NULL, &why);
    }
}

/* ---- life ---- */

struct alerts *alerts_new(const struct alerts_config *config)
{
    struct alerts *alerts = MEM_NEW(struct alerts);
    alerts->config = *config;
    alerts->admitted = metric_counter("tocsin_alerts_admitted_total", "Alerts accepted.", NULL);
    alerts->unstored = metric_counter("tocsin_alerts_unstored_total",
                                      "Alerts judged and lit, but not stored or told.", NULL);
    alerts->swap_time =
        metric_histogram("tocsin_alert_swap_seconds",
                         "From an alert that the verifier admitted to its swapped frame.", NULL);
    alerts->forget = loop_timer_start(config->loop, forget_us, forget_us, forget, alerts);
    return alerts;
}

void alerts_free(struct alerts *alerts)
{
    if (!alerts) { return; }
    loop_timer_stop(alerts->due);
    loop_timer_stop(alerts->forget);
    free(alerts);
}

static void put_again(void *context, const struct inbox_item *item)
{
    struct alerts *alerts = context;
    struct why why = {0};
    if (lamp_put(alerts->config.lamp, &item->alert, item->lit, &why)) {
        failed("alert.cannot_show", item->alert.id, &why);
    }
}

void alerts_begin(struct alerts *alerts)
{
    struct why why = {0};
    if (inbox_each_open(alerts->config.inbox, sane_clock_now_us(alerts->config.clock), put_again,
                        alerts, &why)) {
        failed("alert.read_failed", NULL, &why);
    }
    plan(alerts, clear_over(alerts));
}

/* ---- receiving ---- */

static void act(struct alerts *alerts, enum inbox_answer answer, const struct alert *alert)
{
    if (answer == INBOX_ANSWER_SHOW) {
        put(alerts, alert, false);
    } else {
        (void)lamp_remove(alerts->config.lamp, alert->id);
    }
    lamp_refresh(alerts->config.lamp);
    if (answer == INBOX_ANSWER_CANCEL) {
        const struct receipt receipt =
            receipt_for(alerts, alert->id, alert->revision, RECEIPT_STATE_CLEARED);
        report(alerts, &receipt);
    }
}

void alerts_receive(struct alerts *alerts, const char *topic, const struct envelope *envelope)
{
    alerts->received_us = clock_monotonic_us();
    const struct inbox_message message = {.envelope = envelope,
                                          .now_us = sane_clock_now_us(alerts->config.clock)};
    struct why why = {0};
    enum inbox_answer answer = INBOX_ANSWER_MALFORMED;
    CLEANUP(alert_deinit) struct alert alert = {0};
    const enum err err = inbox_admit(alerts->config.inbox, &message, &answer, &alert, &why);
    if (err) {
        metric_add(alerts->unstored, 1);
        failed("alert.store_failed", envelope->message_id, &why);
    }
    if (answer == INBOX_ANSWER_SHOW || answer == INBOX_ANSWER_CANCEL) {
        metric_add(alerts->admitted, 1);
        act(alerts, answer, &alert);
    } else if (!err) {
        refusal_count(inbox_answer_name(answer), topic, why.text);
    }
    alerts->received_us = 0;
    receipts_send(alerts->config.receipts);
    plan(alerts, false);
}
