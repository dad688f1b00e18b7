#include "base/log.h"
#include "fleet/status.h"
#include "fleet/topic.h"
#include "programs/gateway/gateway.h"

#include <string.h>

/* Whether the verifier admits the message, and its content is of `type`. */
static bool admit(struct gateway *gateway, const struct mqtt_message *message, const char *type,
                  struct envelope *envelope)
{
    struct why why = {0};
    const enum verdict verdict =
        verifier_judge(gateway->verifier, message->payload, clock_wall_us(), envelope, &why);
    if (verdict == VERDICT_REPLAYED && message->retained) { return false; } /* seen, harmless */
    if (verdict != VERDICT_ADMIT) {
        count_refusal(verdict_name(verdict), message->topic, why.text);
        return false;
    }
    if (strcmp(envelope->type, type) == 0) { return true; }
    count_refusal(verdict_name(VERDICT_MALFORMED), message->topic,
                  "the content's type does not belong on this topic");
    return false;
}

/* ---- alerts ---- */

static void log_alert(const char *event, const struct alert *alert)
{
    log_event(LOG_LEVEL_INFO, event, "alert", alert->id, "revision", LOG_NUMBER(alert->revision),
              "tier", tier_name(alert->tier), NULL);
}

/*
 * Stores what is new, or at least repeats it while this program runs; false when the message means
 * nothing to the relay.
 */
static bool keep_alert(struct gateway *gateway, const struct mqtt_message *message,
                       const struct envelope *envelope)
{
    struct why why = {0};
    CLEANUP(alert_deinit) struct alert alert = {0};
    enum inbox_answer answer = INBOX_ANSWER_MALFORMED;
    const struct inbox_message admitted = {
        .envelope = envelope, .bytes = message->payload, .now_us = clock_wall_us()};
    const enum err err = inbox_admit(gateway->inbox, &admitted, &answer, &alert, &why);
    metric_set(gateway->count.database_ok, err == OK);
    if (err != OK) {
        log_event(LOG_LEVEL_ERROR, "cache.failed", "error", err_name(err), "why", why.text, NULL);
    }
    if (answer == INBOX_ANSWER_SHOW || answer == INBOX_ANSWER_CANCEL) {
        metric_add(gateway->count.alerts_received, 1);
        log_alert(answer == INBOX_ANSWER_SHOW ? "alert.kept" : "alert.cancelled", &alert);
        if (!relay_alert(gateway->relay, &alert, message->payload, clock_wall_us())) {
            log_alert("alert.not_repeated", &alert);
        }
        return true;
    }
    if (answer == INBOX_ANSWER_REPLAYED) { return true; } /* known: where it stands matters */
    if (answer == INBOX_ANSWER_EXPIRED && message->retained) { return true; } /* to be cleared */
    count_refusal(inbox_answer_name(answer), message->topic, why.text);
    return answer == INBOX_ANSWER_EXPIRED;
}

static void hear_alert(struct gateway *gateway, const struct mqtt_message *message)
{
    const char *below = message->topic + strlen(gateway->options.broker_prefix) + 1;
    if (message->payload.size == 0) {
        relay_emptied(gateway->relay, below);
        return;
    }
    CLEANUP(envelope_deinit) struct envelope envelope = {0};
    if (!admit(gateway, message, "alert", &envelope)) { return; }
    if (envelope.signer.role == ROLE_EDGE) {
        count_refusal(verdict_name(VERDICT_MISPLACED), message->topic, "signed by an edge");
        return;
    }
    if (!keep_alert(gateway, message, &envelope)) { return; }
    CLEANUP(alert_deinit) struct alert alert = {0};
    if (alert_parse(&alert, envelope.content, NULL) != OK) { return; }
    const struct relay_sight sight = {.topic = below,
                                      .alert_id = alert.id,
                                      .revision = alert.revision,
                                      .expire_us = alert.expire_us,
                                      .now_us = clock_wall_us()};
    relay_seen(gateway->relay, &sight);
}

/* ---- devices ---- */

static void hear_status(struct gateway *gateway, const struct mqtt_message *message,
                        const char *device)
{
    if (strcmp(device, gateway->name) == 0) { return; } /* our own echo */
    CLEANUP(envelope_deinit) struct envelope envelope = {0};
    struct why why = {0};
    if (message->payload.size == 0 || !admit(gateway, message, "status", &envelope)) { return; }
    const enum verdict verdict = envelope_from(&envelope, device, &why);
    struct status *status = MEM_NEW(struct status);
    if (verdict != VERDICT_ADMIT) {
        count_refusal(verdict_name(verdict), message->topic, why.text);
    } else if (status_parse(status, envelope.content, &why) != OK) {
        count_refusal(verdict_name(VERDICT_MALFORMED), message->topic, why.text);
    } else {
        metric_add(gateway->count.statuses_received, 1);
        if (status->kind == STATUS_KIND_EDGE) {
            relay_device(gateway->relay, device, status->online, status->at_us, clock_wall_us());
        }
    }
    free(status);
}

static void hear_receipt(struct gateway *gateway, const struct mqtt_message *message,
                         const char *device)
{
    CLEANUP(envelope_deinit) struct envelope envelope = {0};
    struct receipt receipt;
    struct why why = {0};
    if (!admit(gateway, message, "receipt", &envelope)) { return; }
    const enum verdict verdict = envelope_from(&envelope, device, &why);
    if (verdict != VERDICT_ADMIT) {
        count_refusal(verdict_name(verdict), message->topic, why.text);
    } else if (receipt_parse(&receipt, envelope.content, &why) != OK) {
        count_refusal(verdict_name(VERDICT_MALFORMED), message->topic, why.text);
    } else {
        metric_add(gateway->count.receipts_received, 1);
        relay_receipt(gateway->relay, device, &receipt);
    }
}

/* ---- the audit log ---- */

/* Only control asks, and only us. */
static void hear_checkpoint(struct gateway *gateway, const struct mqtt_message *message,
                            const char *device)
{
    CLEANUP(envelope_deinit) struct envelope envelope = {0};
    if (strcmp(device, gateway->name) != 0 || !admit(gateway, message, "checkpoint", &envelope)) {
        return;
    }
    if (envelope.signer.role != ROLE_CONTROL) {
        count_refusal(verdict_name(VERDICT_MISPLACED), message->topic, "not signed by control");
        return;
    }
    gateway_cosign(gateway, &envelope, message->topic);
}

/* ---- certificates ---- */

static void hear_revocation(struct gateway *gateway, const struct mqtt_message *message)
{
    CLEANUP(envelope_deinit) struct envelope envelope = {0};
    if (message->payload.size > 0 && admit(gateway, message, "revocation", &envelope)) {
        gateway_hear_revocation(gateway, message->topic, &envelope);
    }
}

void gateway_hear(void *context, const struct mqtt_message *message)
{
    struct gateway *gateway = context;
    struct topic_parts parts;
    if (!topic_split(&parts, gateway->options.broker_prefix, message->topic)) {
        count_refusal(verdict_name(VERDICT_MISPLACED), message->topic, "no such topic");
        return;
    }
    switch (parts.kind) {
    case TOPIC_KIND_ALERT: hear_alert(gateway, message); break;
    case TOPIC_KIND_STATUS: hear_status(gateway, message, parts.device); break;
    case TOPIC_KIND_REVOCATION: hear_revocation(gateway, message); break;
    case TOPIC_KIND_ACK: hear_receipt(gateway, message, parts.device); break;
    case TOPIC_KIND_CHECKPOINT: hear_checkpoint(gateway, message, parts.device); break;
    case TOPIC_KIND_COSIGNATURE:
    case TOPIC_KIND_OTHER:
    case TOPIC_KIND_TELEMETRY:
    case TOPIC_KIND_DETECTION:
    case TOPIC_KIND_CONFIRM: break; /* not subscribed to */
    }
}

/* ---- at start ---- */

static void recall_item(void *context, const struct inbox_item *item)
{
    struct gateway *gateway = context;
    (void)relay_alert(gateway->relay, &item->alert, item->payload, clock_wall_us());
}

enum err gateway_recall(struct gateway *gateway, struct why *why)
{
    const int64_t now_us = clock_wall_us();
    const enum err err = inbox_each_open(gateway->inbox, now_us, recall_item, gateway, why);
    if (err != OK) { return err; }
    return inbox_each_over(gateway->inbox, now_us, recall_item, gateway, why);
}
