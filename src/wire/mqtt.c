#include "wire/mqtt.h"

#include "system/worker.h"
#include "wire/mqtt_link.h"
#include "wire/mqtt_tls.h"

#include <errno.h>
#include <mqtt_protocol.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CLOSE_STEP_NS = 50 * 1000 * 1000, NS_PER_S = 1000 * 1000 * 1000 };

/* ---- opening and closing ---- */

static bool is_loopback(const char *host)
{
    return strcmp(host, "127.0.0.1") == 0 || strcmp(host, "::1") == 0 ||
           strcmp(host, "localhost") == 0;
}

/* Replaces the borrowed texts of `mqtt->config` that outlive mqtt_open by copies. */
static void own_strings(struct mqtt *mqtt)
{
    struct mqtt_config *config = &mqtt->config;
    config->host = mem_text(config->host);
    const char **files[] = {&config->ca_path, &config->certificate_path, &config->key_path};
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        if (*files[i] != NULL) { *files[i] = mem_text(*files[i]); }
    }
    for (size_t i = 0; i < MQTT_SUBSCRIPTION_MAX && config->subscriptions[i] != NULL; i++) {
        config->subscriptions[i] = mem_text(config->subscriptions[i]);
    }
    if (config->will_topic != NULL) {
        config->will_topic = mem_text(config->will_topic);
        mqtt->will_payload =
            mem_text_of((const char *)config->will_payload.data, config->will_payload.size);
        config->will_payload = span_of(mqtt->will_payload, config->will_payload.size);
    }
}

static void free_const(const char *text)
{
    char *held;
    memcpy(&held, &text, sizeof held);
    free(held);
}

static void release(struct mqtt *mqtt)
{
    if (mqtt == NULL) { return; }
    if (mqtt->client != NULL) { mosquitto_destroy(mqtt->client); }
    if (mqtt->wake >= 0) { (void)close(mqtt->wake); }
    SSL_CTX_free(mqtt->tls);
    free_const(mqtt->config.host);
    free_const(mqtt->config.ca_path);
    free_const(mqtt->config.certificate_path);
    free_const(mqtt->config.key_path);
    free_const(mqtt->config.will_topic);
    for (size_t i = 0; i < MQTT_SUBSCRIPTION_MAX; i++) {
        free_const(mqtt->config.subscriptions[i]);
    }
    free(mqtt->will_payload);
    pthread_cond_destroy(&mqtt->ended);
    pthread_mutex_destroy(&mqtt->lock);
    free(mqtt);
}
CLEANUP_FOR(struct mqtt, release)

static void library_init(void)
{
    (void)mosquitto_lib_init();
}

static enum err set_tls(struct mqtt *mqtt, const struct mqtt_config *config, struct why *why)
{
    if (config->ca_path == NULL) {
        if (is_loopback(config->host)) { return OK; }
        return why_set(why, ERR_DENIED,
                       "the bus at %s would be plain text; name a CA, certificate and key",
                       config->host);
    }
    enum err err =
        mqtt_tls_new(&mqtt->tls, config->ca_path, config->certificate_path, config->key_path, why);
    if (err != OK) { return err; }
    if (mosquitto_void_option(mqtt->client, MOSQ_OPT_SSL_CTX, mqtt->tls) != MOSQ_ERR_SUCCESS ||
        mosquitto_int_option(mqtt->client, MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, 0) != 0) {
        return why_set(why, ERR_UNAVAILABLE, "libmosquitto was built without TLS");
    }
    return OK;
}

enum err mqtt_open(struct mqtt **out, const struct mqtt_config *config, struct why *why)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, library_init);
    if (config->port < 1 || config->port > UINT16_MAX) {
        return why_set(why, ERR_RANGE, "the broker's port is %d; expected 1..65535", config->port);
    }
    CLEANUP(release_p) struct mqtt *mqtt = MEM_NEW(struct mqtt);
    mqtt->config = *config;
    own_strings(mqtt);
    pthread_mutex_init(&mqtt->lock, NULL);
    pthread_cond_init(&mqtt->ended, NULL);
    mqtt->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    mqtt->client = mosquitto_new(config->client_id, false, mqtt);
    if (mqtt->wake < 0 || mqtt->client == NULL) {
        return why_set(why, ERR_IO, "no client for the bus at %s:%d: %s", config->host,
                       config->port, strerrordesc_np(errno));
    }
    mqtt_link_prepare(mqtt->client);
    enum err err = set_tls(mqtt, config, why);
    if (err != OK) { return err; }
    err = worker_start(&mqtt->worker, "bus", mqtt_link_run, mqtt, why);
    if (err != OK) { return err; }
    *out = TAKE(mqtt);
    return OK;
}

static void wake(struct mqtt *mqtt)
{
    ssize_t written = write(mqtt->wake, &(uint64_t){1}, sizeof(uint64_t));
    (void)written; /* fails only when a wake-up is pending already */
}

void mqtt_close(struct mqtt *mqtt)
{
    if (mqtt == NULL) { return; }
    pthread_mutex_lock(&mqtt->lock);
    mqtt->stopping = true;
    wake(mqtt);
    while (!mqtt->finished) {
        /* A connect() towards a host that does not answer would hold the thread for minutes. */
        if (!mqtt->connected) { (void)shutdown(mosquitto_socket(mqtt->client), SHUT_RDWR); }
        struct timespec deadline;
        (void)clock_gettime(CLOCK_REALTIME, &deadline);
        deadline.tv_nsec += CLOSE_STEP_NS;
        deadline.tv_sec += deadline.tv_nsec / NS_PER_S;
        deadline.tv_nsec %= NS_PER_S;
        (void)pthread_cond_timedwait(&mqtt->ended, &mqtt->lock, &deadline);
    }
    pthread_mutex_unlock(&mqtt->lock);
    worker_join(mqtt->worker);
    release(mqtt);
}

void mqtt_renew(struct mqtt *mqtt)
{
    pthread_mutex_lock(&mqtt->lock);
    mqtt->renewing = true;
    pthread_mutex_unlock(&mqtt->lock);
    wake(mqtt);
}

/* ---- publishing ---- */

static enum err publish_err(int rc)
{
    switch (rc) {
    case MOSQ_ERR_SUCCESS:
    case MOSQ_ERR_NO_CONN: return OK; /* the library holds it and sends it after the next connect */
    case MOSQ_ERR_INVAL:
    case MOSQ_ERR_MALFORMED_UTF8:
    case MOSQ_ERR_PAYLOAD_SIZE:
    case MOSQ_ERR_OVERSIZE_PACKET: return ERR_RANGE;
    default: return ERR_IO;
    }
}

static struct flight *flight_free(struct mqtt *mqtt)
{
    for (size_t i = 0; i < MQTT_FLIGHT_MAX; i++) {
        if (!mqtt->flights[i].used) { return &mqtt->flights[i]; }
    }
    return NULL;
}

/* With the lock held: a PUBACK must not come before its flight is written down. */
static enum err publish_locked(struct mqtt *mqtt, const struct mqtt_publication *publication,
                               const mosquitto_property *properties)
{
    if (!mqtt->connected) { return ERR_UNAVAILABLE; }
    struct flight *flight = flight_free(mqtt);
    if (flight == NULL) { return ERR_LIMIT; }
    int mid = 0;
    enum err err = publish_err(
        mosquitto_publish_v5(mqtt->client, &mid, publication->topic, (int)publication->payload.size,
                             publication->payload.data, 1, publication->retain, properties));
    if (err != OK) { return err; }
    *flight = (struct flight){.used = true, .mid = mid, .token = publication->token};
    return OK;
}

enum err mqtt_publish(struct mqtt *mqtt, const struct mqtt_publication *publication)
{
    if (publication->payload.size > MQTT_PAYLOAD_SIZE_MAX) { return ERR_RANGE; }
    mosquitto_property *properties = NULL;
    if (publication->expiry_s > 0) {
        int64_t expiry = publication->expiry_s;
        (void)mosquitto_property_add_int32(&properties, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL,
                                           expiry > UINT32_MAX ? UINT32_MAX : (uint32_t)expiry);
    }
    pthread_mutex_lock(&mqtt->lock);
    enum err err = publish_locked(mqtt, publication, properties);
    pthread_mutex_unlock(&mqtt->lock);
    mosquitto_property_free_all(&properties);
    if (err == OK) { wake(mqtt); }
    return err;
}

bool mqtt_connected(struct mqtt *mqtt)
{
    pthread_mutex_lock(&mqtt->lock);
    bool answer = mqtt->connected;
    pthread_mutex_unlock(&mqtt->lock);
    return answer;
}

bool mqtt_topic_matches(const char *filter, const char *topic)
{
    bool matches = false;
    return mosquitto_topic_matches_sub(filter, topic, &matches) == MOSQ_ERR_SUCCESS && matches;
}
