/*
 * wire/mqtt - a client of the message bus: MQTT 5 over mutual TLS 1.3, on libmosquitto.
 *
 * The library's own thread talks to the broker, reconnects by itself with back-off (0.2 s to 10 s,
 * with jitter), and subscribes again after every connect. Callbacks run on that thread and must
 * only hand over: copy, then queue_push or loop_post. A message that a callback could not hand over
 * is not acknowledged away silently: return false and the client disconnects, so that the broker
 * keeps it. Publishing is from any thread.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>

struct mqtt;

enum { MQTT_TOPIC_SIZE = 256, MQTT_SUBSCRIPTION_MAX = 16 };

struct mqtt_message {
    const char *topic;
    struct span payload;
    bool retained; /* it was stored by the broker before we subscribed */
};

struct mqtt_config {
    const char *host;
    int port;
    const char *client_id; /* one per program instance; also the session's name at the broker */
    const char *ca_path, *certificate_path, *key_path; /* PEM */
    int64_t session_expiry_s; /* how long the broker keeps our queue while we are away */
    const char *subscriptions[MQTT_SUBSCRIPTION_MAX]; /* topic filters, QoS 1, ended by NULL */
    const char
        *will_topic; /* with will_payload: published by the broker when we vanish; may be NULL */
    struct span will_payload;
    void *context; /* for all callbacks */
    bool (*on_message)(void *context, const struct mqtt_message *message);
    void (*on_connection)(void *context, bool connected, const char *reason);
    void (*on_published)(void *context, uint64_t token, enum err err); /* PUBACK with its reason */
};

/* Starts the client; it connects in the background. Strings are copied. */
MUST_USE enum err mqtt_open(struct mqtt **out, const struct mqtt_config *config, struct why *why);
void mqtt_close(struct mqtt *mqtt); /* disconnects, joins the thread; NULL is allowed */
CLEANUP_FOR(struct mqtt, mqtt_close)

struct mqtt_publication {
    const char *topic;
    struct span payload;
    bool retain;
    int64_t expiry_s; /* MQTT 5 message expiry interval; 0 = never */
    uint64_t token;   /* given back to on_published, which comes once for each OK below */
};

/* Sends with QoS 1. ERR_UNAVAILABLE while not connected, ERR_LIMIT when too much is in flight. */
MUST_USE enum err mqtt_publish(struct mqtt *mqtt, const struct mqtt_publication *publication);
bool mqtt_connected(const struct mqtt *mqtt);

/* Whether `topic` matches the filter (+ and #). */
bool mqtt_topic_matches(const char *filter, const char *topic);
