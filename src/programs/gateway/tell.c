#include "base/log.h"
#include "fleet/status.h"
#include "fleet/topic.h"
#include "programs/gateway/gateway.h"

#include <stdio.h>

static struct value *own_status(const struct gateway *gateway, bool online, int64_t now_us)
{
    struct status *status = MEM_NEW(struct status);
    status->online = online;
    status->kind = STATUS_KIND_GATEWAY;
    (void)!text_copy(status->zone, sizeof status->zone, gateway->options.zone);
    (void)!text_copy(status->version, sizeof status->version, TOCSIN_VERSION);
    status->started_us = gateway->started_us;
    status->at_us = now_us;
    struct value *content = status_to_value(status);
    free(status);
    return content;
}

static struct value *own_health(const struct gateway *gateway, int64_t now_us)
{
    struct value *content = value_object();
    value_set_text(content, "type", "health");
    value_set_text(content, "name", gateway->name);
    value_set_text(content, "kind", "gateway");
    value_set_text(content, "zone", gateway->options.zone);
    value_set_text(content, "version", TOCSIN_VERSION);
    const bool database_ok = metric_value(gateway->count.database_ok) == 1;
    value_set_text(content, "status", database_ok ? "ok" : "failing");
    value_set_integer(content, "alerts", (int64_t)relay_alert_count(gateway->relay));
    value_set_integer(content, "devices_online", (int64_t)relay_online_count(gateway->relay));
    value_set_time(content, "at", now_us);
    return content;
}

/* Signs as informational; false, with a log line, when that fails. Takes `content`. */
static bool sign(const struct gateway *gateway, struct value *content, int64_t now_us,
                 struct text *payload)
{
    struct why why = {0};
    const struct envelope_draft draft = {
        .tier = TIER_INFORMATIONAL, .now_us = now_us, .content = content};
    const enum err err = envelope_sign(gateway->signer, &draft, payload, &why);
    if (err != OK) { log_event(LOG_LEVEL_ERROR, "bus.sign_failed", "why", why.text, NULL); }
    return err == OK;
}

void gateway_publish(struct gateway *gateway, const char *topic, struct value *content, bool retain)
{
    CLEANUP(text_deinit) struct text payload = text_limited(ENVELOPE_SIZE_MAX);
    if (!sign(gateway, content, clock_wall_us(), &payload)) { return; }
    const struct mqtt_publication publication = {
        .topic = topic, .payload = text_span(&payload), .retain = retain};
    (void)!bus_publish(gateway->bus, &publication); /* not connected: the next one will do */
}

void gateway_make_will(void *context, struct text *payload)
{
    const struct gateway *gateway = context;
    const int64_t now_us = clock_wall_us();
    (void)sign(gateway, own_status(gateway, false, now_us), now_us, payload);
}

void gateway_tell_self(void *context)
{
    struct gateway *gateway = context;
    if (database_damaged(gateway->database)) { /* the next start sets it aside */
        log_event(LOG_LEVEL_ERROR, "database.damaged", "name", gateway->name, NULL);
        gateway->damaged = true;
        loop_stop(gateway->loop);
        return;
    }
    if (!bus_connected(gateway->bus)) { return; }
    const int64_t now_us = clock_wall_us();
    char topic[TOPIC_SIZE];
    (void)snprintf(topic, sizeof topic, "devices/%s/status", gateway->name);
    gateway_publish(gateway, topic, own_status(gateway, true, now_us), true);
    (void)snprintf(topic, sizeof topic, "system/health/%s", gateway->name);
    gateway_publish(gateway, topic, own_health(gateway, now_us), true);
}

void gateway_connection(void *context, bool connected)
{
    struct gateway *gateway = context;
    metric_set(gateway->count.connected, connected);
    if (!connected) { return; }
    relay_begin(gateway->relay, clock_wall_us());
    gateway_tell_self(gateway);
}

static bool carry_out(void *context, const struct relay_order *order)
{
    struct gateway *gateway = context;
    struct mqtt_publication publication = {.topic = order->topic,
                                           .payload = order->envelope,
                                           .retain = order->deed != RELAY_DEED_REMIND};
    if (order->deed != RELAY_DEED_CLEAR) {
        publication.expiry_s = (order->expire_us - clock_wall_us()) / CLOCK_SECOND_US + 1;
    }
    if (bus_publish(gateway->bus, &publication) != OK) { return false; }
    metric_add(gateway->count.said[order->deed], 1);
    log_event(LOG_LEVEL_INFO, "alert.said_again", "deed", relay_deed_name(order->deed), "topic",
              order->topic, "alert", order->alert_id, NULL);
    return true;
}

void gateway_keep_marks(struct gateway *gateway)
{
    struct why why = {0};
    if (replay_marks_save(gateway->marks, gateway->verifier, &why) != OK) {
        log_event(LOG_LEVEL_ERROR, "marks.save_failed", "why", why.text, NULL);
    }
}

void gateway_say_again(void *context)
{
    struct gateway *gateway = context;
    gateway_keep_marks(gateway);
    metric_set(gateway->count.alerts, (int64_t)relay_alert_count(gateway->relay));
    metric_set(gateway->count.devices_online, (int64_t)relay_online_count(gateway->relay));
    if (!bus_connected(gateway->bus)) { return; }
    const struct relay_errand errand = {
        .now_us = clock_wall_us(), .context = gateway, .carry_out = carry_out};
    relay_run(gateway->relay, &errand);
}

void gateway_forget(void *context)
{
    struct gateway *gateway = context;
    struct why why = {0};
    int64_t forgotten = 0;
    if (inbox_forget(gateway->inbox, clock_wall_us(), &forgotten, &why) != OK) {
        log_event(LOG_LEVEL_ERROR, "cache.failed", "why", why.text, NULL);
    } else if (forgotten > 0) {
        log_event(LOG_LEVEL_INFO, "cache.forgot", "alerts", LOG_NUMBER(forgotten), NULL);
    }
}
