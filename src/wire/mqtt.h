/*
 * wire/mqtt - a client of the message bus: MQTT 5 over mutual TLS 1.3, on libmosquitto.
 *
 * One thread of this module talks to the broker, connects again by itself with back-off (0.2 s to
 * 10 s, with jitter), and subscribes again after every connect. The peer must show a certificate of
 * the site CA whose SPIFFE ID has the role `broker`; host names are not compared. Callbacks run on
 * that thread and must only hand over: copy, then queue_push or loop_post. Publishing is from any
 * thread, also from inside a callback.
 *
 * A message that could not be handed over is not acknowledged away silently: libmosquitto queues
 * the PUBACK before it calls back, but only this thread writes, so when on_message returns false
 * the connection is dropped before anything more is written. The broker keeps the message and
 * those behind it in our session (session_expiry_s must not be 0) and sends them again, in order.
 * Delivery is at least once: what was handed over just before may come a second time.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "base/text.h"

#include <stdbool.h>

struct mqtt;

enum {
    MQTT_TOPIC_SIZE = 256,
    MQTT_SUBSCRIPTION_MAX = 16,
    MQTT_PAYLOAD_SIZE_MAX = 256 * 1024, /* larger messages are refused by the broker for us */
    MQTT_FLIGHT_MAX = 128,              /* publications without a PUBACK */
    MQTT_KEEPALIVE_S = 10,
};

struct mqtt_message {
    const char *topic;
    struct span payload;
    bool retained; /* it was stored by the broker before we subscribed */
};

struct mqtt_config {
    const char *host;
    int port;
    const char *client_id; /* one per program instance; also the session's name at the broker */
    const char *ca_path, *certificate_path,
        *key_path;            /* PEM; ca_path NULL = plain, loopback only */
    int64_t session_expiry_s; /* how long the broker keeps our queue while we are away */
    const char *subscriptions[MQTT_SUBSCRIPTION_MAX]; /* topic filters, QoS 1, ended by NULL */
    const char
        *will_topic; /* with will_payload: published by the broker when we vanish; may be NULL */
    struct span will_payload;
    void *context; /* for all callbacks */
    bool (*on_message)(void *context, const struct mqtt_message *message);
    /*
     * Connected means: the broker has granted every subscription. Called at every change, and when
     * the reason for not being connected changes.
     */
    void (*on_connection)(void *context, bool connected, const char *reason);
    void (*on_published)(void *context, uint64_t token, enum err err); /* PUBACK with its reason */
    /* Writes a fresh will before each attempt to connect, in place of will_payload; may be NULL. */
    void (*make_will)(void *context, struct text *payload);
};

/*
 * Starts the client; it connects in the background. Strings are copied. Unreadable certificates
 * are found here (ERR_IO, ERR_MALFORMED).
 */
MUST_USE enum err mqtt_open(struct mqtt **out, const struct mqtt_config *config, struct why *why);

/*
 * Disconnects and joins the thread, within a second unless a name server hangs. The broker
 * publishes the will, if there is one. No callback runs afterwards; NULL is allowed.
 */
void mqtt_close(struct mqtt *mqtt);
CLEANUP_FOR(struct mqtt, mqtt_close)

/*
 * The certificate files have changed: leaves the broker, without the will, and connects again at
 * once with what they hold now. The session, and what waits in it, stays. Otherwise the files are
 * read again before each attempt to connect, too. From any thread.
 */
void mqtt_renew(struct mqtt *mqtt);

struct mqtt_publication {
    const char *topic;
    struct span payload;
    bool retain;
    int64_t expiry_s; /* MQTT 5 message expiry interval; 0 = never */
    uint64_t token;   /* given back to on_published, which comes once for each OK below */
};

/*
 * Sends with QoS 1. ERR_UNAVAILABLE while not connected, ERR_LIMIT when too much is in flight,
 * ERR_RANGE when the topic or size can never be sent. A publication in flight when the connection
 * breaks is sent again after the next connect; mqtt_close ends those left with ERR_CLOSED.
 * on_published tells OK, ERR_DENIED (the broker's rules), ERR_LIMIT (its quota) or ERR_IO.
 */
MUST_USE enum err mqtt_publish(struct mqtt *mqtt, const struct mqtt_publication *publication);
bool mqtt_connected(struct mqtt *mqtt);

/* Whether `topic` matches the filter (+ and #). */
bool mqtt_topic_matches(const char *filter, const char *topic);
