#include "wire/mqtt_link.h"

#include "base/clock.h"
#include "system/backoff.h"
#include "system/file.h"
#include "wire/mqtt_tls.h"

#include <errno.h>
#include <mqtt_protocol.h>
#include <poll.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKOFF_LEAST_US (CLOCK_SECOND_US / 5)
#define BACKOFF_MOST_US (10 * CLOCK_SECOND_US)
#define STABLE_US (10 * CLOCK_SECOND_US) /* a connection that lived so long begins it afresh */

enum {
    POLL_MS = 1000,   /* how often keep-alive is looked at */
    GOODBYE_MS = 500, /* for the DISCONNECT to leave */
    RECEIVE_MAX = 64,
    SEND_MAX = 64,
    DENIED_LEAST = 0x80, /* reason codes from here on are failures */
};

static bool stopping(struct mqtt *mqtt)
{
    pthread_mutex_lock(&mqtt->lock);
    bool answer = mqtt->stopping;
    pthread_mutex_unlock(&mqtt->lock);
    return answer;
}

static bool renewing(struct mqtt *mqtt)
{
    pthread_mutex_lock(&mqtt->lock);
    bool answer = mqtt->renewing;
    pthread_mutex_unlock(&mqtt->lock);
    return answer;
}

static bool set_connected(struct mqtt *mqtt, bool connected)
{
    pthread_mutex_lock(&mqtt->lock);
    bool changed = mqtt->connected != connected;
    mqtt->connected = connected;
    pthread_mutex_unlock(&mqtt->lock);
    return changed;
}

static void set_reason(struct mqtt *mqtt, const char *reason)
{
    (void)snprintf(mqtt->reason, sizeof mqtt->reason, "%s", reason);
}

static void tell_connection(struct mqtt *mqtt, bool connected)
{
    bool changed = set_connected(mqtt, connected);
    if (!changed && strcmp(mqtt->reason, mqtt->reason_told) == 0) { return; }
    memcpy(mqtt->reason_told, mqtt->reason, sizeof mqtt->reason);
    if (mqtt->config.on_connection != NULL) {
        mqtt->config.on_connection(mqtt->config.context, connected, mqtt->reason);
    }
}

/* Breaks the connection without another byte: the broker keeps what is not acknowledged. */
static void drop(struct mqtt *mqtt, const char *reason)
{
    set_reason(mqtt, reason);
    mqtt->refused = true;
    (void)shutdown(mosquitto_socket(mqtt->client), SHUT_RDWR);
}

/* ---- callbacks of the library, on our thread ---- */

static void subscribe(struct mqtt *mqtt)
{
    int count = 0;
    char *filters[MQTT_SUBSCRIPTION_MAX] = {0};
    for (; count < MQTT_SUBSCRIPTION_MAX && mqtt->config.subscriptions[count] != NULL; count++) {
        memcpy(&filters[count], &mqtt->config.subscriptions[count], sizeof filters[count]);
    }
    if (count == 0) {
        tell_connection(mqtt, true);
        return;
    }
    int rc = mosquitto_subscribe_multiple(mqtt->client, NULL, count, filters, 1,
                                          MQTT_SUB_OPT_SEND_RETAIN_ALWAYS, NULL);
    if (rc != MOSQ_ERR_SUCCESS) { drop(mqtt, mosquitto_strerror(rc)); }
}

static void on_connect(struct mosquitto *client, void *context, int reason_code, int flags,
                       const mosquitto_property *properties)
{
    (void)client, (void)flags, (void)properties;
    struct mqtt *mqtt = context;
    if (reason_code != MQTT_RC_SUCCESS) {
        set_reason(mqtt, mosquitto_reason_string(reason_code));
        return;
    }
    mqtt->greeted = true;
    set_reason(mqtt, "connected");
    subscribe(mqtt);
}

/* NOLINTNEXTLINE(readability-function-size): the library asks for six parameters */
static void on_subscribe(struct mosquitto *client, void *context, int mid, int count,
                         const int *granted, const mosquitto_property *properties)
{
    (void)client, (void)mid, (void)properties;
    struct mqtt *mqtt = context;
    for (int i = 0; i < count; i++) {
        if (granted[i] < DENIED_LEAST) { continue; }
        char reason[MQTT_REASON_SIZE];
        (void)snprintf(reason, sizeof reason, "the broker refuses the subscription %s: %s",
                       i < MQTT_SUBSCRIPTION_MAX ? mqtt->config.subscriptions[i] : "",
                       mosquitto_reason_string(granted[i]));
        drop(mqtt, reason);
        return;
    }
    tell_connection(mqtt, true);
}

static void on_disconnect(struct mosquitto *client, void *context, int reason_code,
                          const mosquitto_property *properties)
{
    (void)client, (void)properties;
    struct mqtt *mqtt = context;
    if (mqtt->refused || !mqtt->greeted) { return; } /* the cause is known already */
    set_reason(mqtt, reason_code >= DENIED_LEAST ? mosquitto_reason_string(reason_code)
                                                 : mosquitto_strerror(reason_code));
}

static void on_message(struct mosquitto *client, void *context,
                       const struct mosquitto_message *message,
                       const mosquitto_property *properties)
{
    (void)client, (void)properties;
    struct mqtt *mqtt = context;
    if (mqtt->refused || mqtt->config.on_message == NULL) { return; }
    struct mqtt_message handed = {
        .topic = message->topic,
        .payload = span_of(message->payload, (size_t)message->payloadlen),
        .retained = message->retain,
    };
    if (!mqtt->config.on_message(mqtt->config.context, &handed)) {
        drop(mqtt, "a message could not be taken; the broker will send it again");
    }
}

static enum err published_err(int reason_code)
{
    if (reason_code < DENIED_LEAST) { return OK; }
    if (reason_code == MQTT_RC_NOT_AUTHORIZED) { return ERR_DENIED; }
    if (reason_code == MQTT_RC_QUOTA_EXCEEDED) { return ERR_LIMIT; }
    return ERR_IO;
}

/* Takes the token of the packet `mid` out of the flights; false when it is none of ours. */
static bool flight_land(struct mqtt *mqtt, int mid, uint64_t *token)
{
    bool found = false;
    pthread_mutex_lock(&mqtt->lock);
    for (size_t i = 0; i < MQTT_FLIGHT_MAX && !found; i++) {
        if (!mqtt->flights[i].used || mqtt->flights[i].mid != mid) { continue; }
        mqtt->flights[i].used = false;
        *token = mqtt->flights[i].token;
        found = true;
    }
    pthread_mutex_unlock(&mqtt->lock);
    return found;
}

static void on_publish(struct mosquitto *client, void *context, int mid, int reason_code,
                       const mosquitto_property *properties)
{
    (void)client, (void)properties;
    struct mqtt *mqtt = context;
    uint64_t token = 0;
    if (!flight_land(mqtt, mid, &token) || mqtt->config.on_published == NULL) { return; }
    mqtt->config.on_published(mqtt->config.context, token, published_err(reason_code));
}

/* The library tells the cause of a TLS failure only to its log. */
static void on_log(struct mosquitto *client, void *context, int level, const char *line)
{
    (void)client;
    struct mqtt *mqtt = context;
    if (level == MOSQ_LOG_ERR && !mqtt->refused) { set_reason(mqtt, line); }
}

void mqtt_link_prepare(struct mosquitto *client)
{
    (void)mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
    (void)mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1);
    (void)mosquitto_int_option(client, MOSQ_OPT_RECEIVE_MAXIMUM, RECEIVE_MAX);
    (void)mosquitto_int_option(client, MOSQ_OPT_SEND_MAXIMUM, SEND_MAX);
    (void)mosquitto_threaded_set(client, true); /* others only queue; our thread writes */
    mosquitto_connect_v5_callback_set(client, on_connect);
    mosquitto_disconnect_v5_callback_set(client, on_disconnect);
    mosquitto_subscribe_v5_callback_set(client, on_subscribe);
    mosquitto_message_v5_callback_set(client, on_message);
    mosquitto_publish_v5_callback_set(client, on_publish);
    mosquitto_log_callback_set(client, on_log);
}

/* ---- the thread ---- */

static void refresh_will(struct mqtt *mqtt)
{
    const struct mqtt_config *config = &mqtt->config;
    if (config->will_topic == NULL) { return; }
    struct text fresh = text_limited(MQTT_PAYLOAD_SIZE_MAX);
    if (config->make_will != NULL) { config->make_will(config->context, &fresh); }
    struct span payload = fresh.size > 0 ? text_span(&fresh) : config->will_payload;
    (void)mosquitto_will_clear(mqtt->client);
    (void)mosquitto_will_set_v5(mqtt->client, config->will_topic, (int)payload.size, payload.data,
                                1, true, NULL);
    text_deinit(&fresh);
}

/* Certificates are renewed while we run. What cannot be read keeps those that we have. */
static void refresh_tls(struct mqtt *mqtt)
{
    const struct mqtt_config *config = &mqtt->config;
    if (mqtt->tls != NULL &&
        !mqtt_tls_reload(mqtt->tls, config->ca_path, config->certificate_path, config->key_path)) {
        set_reason(mqtt, "the certificate files cannot be used; the last good ones are");
    }
}

static bool connect_once(struct mqtt *mqtt)
{
    mqtt->refused = false;
    mqtt->greeted = false;
    set_reason(mqtt, "");
    refresh_tls(mqtt);
    refresh_will(mqtt);
    mosquitto_property *properties = NULL;
    int64_t expiry = mqtt->config.session_expiry_s;
    (void)mosquitto_property_add_int32(&properties, MQTT_PROP_SESSION_EXPIRY_INTERVAL,
                                       expiry > UINT32_MAX ? UINT32_MAX : (uint32_t)expiry);
    (void)mosquitto_property_add_int32(&properties, MQTT_PROP_MAXIMUM_PACKET_SIZE,
                                       MQTT_PAYLOAD_SIZE_MAX + 1024);
    errno = 0;
    int rc = mosquitto_connect_bind_v5(mqtt->client, mqtt->config.host, mqtt->config.port,
                                       MQTT_KEEPALIVE_S, NULL, properties);
    int cause = errno;
    mosquitto_property_free_all(&properties);
    if (rc == MOSQ_ERR_SUCCESS) { return true; }
    if (mqtt->reason[0] == '\0') {
        set_reason(mqtt, rc == MOSQ_ERR_ERRNO ? strerrordesc_np(cause) : mosquitto_strerror(rc));
    }
    return false;
}

/* One turn: waits for the socket or a wake-up, reads, writes. False: the connection is over. */
static bool turn(struct mqtt *mqtt, int wait_ms)
{
    int fd = mosquitto_socket(mqtt->client);
    if (fd < 0) { return false; }
    short events = mosquitto_want_write(mqtt->client) ? POLLIN | POLLOUT : POLLIN;
    struct pollfd watched[] = {{.fd = fd, .events = events}, {.fd = mqtt->wake, .events = POLLIN}};
    if (poll(watched, 2, wait_ms) < 0 && errno != EINTR) { return false; }
    if (watched[1].revents != 0) {
        uint64_t count;
        ssize_t got = read(mqtt->wake, &count, sizeof count);
        (void)got;
    }
    bool alive = true;
    if (watched[0].revents != 0) {
        /* Also when only writable: the library goes on with the TLS handshake in its read step. */
        alive = mosquitto_loop_read(mqtt->client, 1) == MOSQ_ERR_SUCCESS;
        bool hung_up = (watched[0].revents & (POLLERR | POLLHUP)) != 0;
        if (mqtt->refused || (hung_up && !mqtt->greeted)) { return false; }
    }
    if (alive && mosquitto_want_write(mqtt->client)) {
        alive = mosquitto_loop_write(mqtt->client, 1) == MOSQ_ERR_SUCCESS;
    }
    return alive && mosquitto_loop_misc(mqtt->client) == MOSQ_ERR_SUCCESS;
}

/*
 * Until the broker has taken our DISCONNECT and closed its end: a new connection that it meets
 * before would count as a take-over, and it would publish the will. `fd` outlives the library's.
 */
static void wait_closed(int fd)
{
    struct pollfd watched = {.fd = fd, .events = POLLRDHUP};
    if (fd >= 0) { (void)poll(&watched, 1, GOODBYE_MS); }
}

static void say_goodbye(struct mqtt *mqtt)
{
    CLEANUP(file_close_p) const int held = dup(mosquitto_socket(mqtt->client));
    /* Who comes again at once is not gone: no will then. */
    bool gone = mqtt->config.will_topic != NULL && stopping(mqtt);
    int code = gone ? MQTT_RC_DISCONNECT_WITH_WILL_MSG : MQTT_RC_NORMAL_DISCONNECTION;
    if (mosquitto_disconnect_v5(mqtt->client, code, NULL) != MOSQ_ERR_SUCCESS) { return; }
    int64_t deadline = clock_monotonic_us() + GOODBYE_MS * INT64_C(1000);
    while (clock_monotonic_us() < deadline && turn(mqtt, 50)) {}
    if (!gone) { wait_closed(held); }
}

static uint32_t dice(void)
{
    uint32_t number = 0;
    ssize_t got = getrandom(&number, sizeof number, 0);
    (void)got;
    return number;
}

static void wait_for(struct mqtt *mqtt, int64_t wait_us)
{
    int64_t deadline = clock_monotonic_us() + wait_us;
    while (!stopping(mqtt)) {
        int64_t left_ms = (deadline - clock_monotonic_us()) / 1000;
        if (left_ms <= 0) { return; }
        struct pollfd watched = {.fd = mqtt->wake, .events = POLLIN};
        if (poll(&watched, 1, (int)left_ms) <= 0) { continue; }
        uint64_t count;
        ssize_t got = read(mqtt->wake, &count, sizeof count);
        (void)got;
    }
}

/* Whether a renewal was asked for; it is over with this. */
static bool end_renewing(struct mqtt *mqtt)
{
    pthread_mutex_lock(&mqtt->lock);
    bool asked = mqtt->renewing;
    mqtt->renewing = false;
    pthread_mutex_unlock(&mqtt->lock);
    return asked;
}

static void end_flights(struct mqtt *mqtt)
{
    for (size_t i = 0; i < MQTT_FLIGHT_MAX; i++) {
        uint64_t token = 0;
        pthread_mutex_lock(&mqtt->lock);
        bool used = mqtt->flights[i].used;
        token = mqtt->flights[i].token;
        mqtt->flights[i].used = false;
        pthread_mutex_unlock(&mqtt->lock);
        if (!used || mqtt->config.on_published == NULL) { continue; }
        mqtt->config.on_published(mqtt->config.context, token, ERR_CLOSED);
    }
}

void mqtt_link_run(void *context)
{
    struct mqtt *mqtt = context;
    struct backoff backoff = backoff_between(BACKOFF_LEAST_US, BACKOFF_MOST_US);
    while (!stopping(mqtt)) {
        int64_t begin_us = clock_monotonic_us();
        bool alive = connect_once(mqtt);
        while (alive && !stopping(mqtt) && !renewing(mqtt)) {
            alive = turn(mqtt, POLL_MS);
        }
        if (alive) { say_goodbye(mqtt); }
        if (stopping(mqtt)) { break; }
        if (end_renewing(mqtt)) {
            set_reason(mqtt, "connecting again with renewed certificates");
            tell_connection(mqtt, false);
            continue;
        }
        if (mqtt->reason[0] == '\0') { set_reason(mqtt, "the broker closed the connection"); }
        tell_connection(mqtt, false);
        if (clock_monotonic_us() - begin_us > STABLE_US) { backoff_succeed(&backoff); }
        wait_for(mqtt, backoff_fail(&backoff, dice()));
    }
    (void)set_connected(mqtt, false);
    end_flights(mqtt);
    pthread_mutex_lock(&mqtt->lock);
    mqtt->finished = true;
    pthread_cond_signal(&mqtt->ended);
    pthread_mutex_unlock(&mqtt->lock);
}
