#include "programs/control/bus.h"

#include <pthread.h>
#include <stdio.h>

#include "base/log.h"
#include "base/metric.h"
#include "fleet/revocation_message.h"
#include "fleet/topic.h"
#include "programs/control/audit/scribe.h"
#include "programs/control/control.h"

/* Of several servers another leads within seconds: nobody fetches what the broker then keeps. */
static const int64_t SESSION_EXPIRY_S = 86400;
static const int64_t SESSION_EXPIRY_SEVERAL_S = 30;

struct bus {
    pthread_mutex_t lock; /* for the pointer, held while publishing */
    struct mqtt *mqtt;
    struct control *control;
};

struct bus *bus_new(void)
{
    struct bus *bus = MEM_NEW(struct bus);
    if (pthread_mutex_init(&bus->lock, NULL)) { abort(); }
    return bus;
}

void bus_free(struct bus *bus)
{
    if (!bus) { return; }
    bus_stop(bus);
    (void)pthread_mutex_destroy(&bus->lock);
    free(bus);
}

static bool on_message(void *context, const struct mqtt_message *message)
{
    struct bus *bus = context;
    struct topic_parts parts;
    if (topic_split(&parts, bus->control->options->broker_prefix, message->topic) &&
        parts.kind == TOPIC_KIND_COSIGNATURE) {
        scribe_offer(bus->control->scribe, message);
        return true;
    }
    return ingest_offer(bus->control->ingest, message);
}

static void on_connection(void *context, bool connected, const char *reason)
{
    struct bus *bus = context;
    struct metric *gauge = metric_gauge("tocsin_bus_connected",
                                        "Whether the broker is connected (1) or not (0)", NULL);
    metric_set(gauge, connected);
    log_event(connected ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
              connected ? "bus.connected" : "bus.lost", "reason", reason, NULL);
    outbox_connected(bus->control->outbox, connected);
    scribe_connected(bus->control->scribe, connected);
}

static void on_published(void *context, uint64_t token, enum err err)
{
    struct bus *bus = context;
    outbox_published(bus->control->outbox, token, err);
}

enum err bus_start(struct bus *bus, struct control *control, struct why *why)
{
    static const char *const kinds[] = {"status", "telemetry", "detection", "ack", "cosignature"};
    const struct control_options *options = control->options;
    char topics[ARRAY_LEN(kinds)][TOPIC_SIZE];
    char client_id[IDENTITY_NAME_SIZE + 16];
    struct mqtt_config config = {.host = options->broker_host,
                                 .port = (int)options->broker_port,
                                 .client_id = client_id,
                                 .ca_path = options->ca,
                                 .certificate_path = options->certificate,
                                 .key_path = options->key,
                                 .session_expiry_s =
                                     options->several ? SESSION_EXPIRY_SEVERAL_S : SESSION_EXPIRY_S,
                                 .context = bus,
                                 .on_message = on_message,
                                 .on_connection = on_connection,
                                 .on_published = on_published};
    const struct identity *identity = signer_identity(control->signer);
    (void)snprintf(client_id, sizeof client_id, "%s-%s", role_name(identity->role), identity->name);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        char rest[32];
        (void)snprintf(rest, sizeof rest, "devices/+/%s", kinds[i]);
        if (topic_join(topics[i], options->broker_prefix, rest)) {
            return why_set(why, ERR_LIMIT, "broker.prefix is too long for a topic");
        }
        config.subscriptions[i] = topics[i];
    }
    char revocation[TOPIC_SIZE];
    if (topic_join(revocation, options->broker_prefix, REVOCATION_TOPIC)) {
        return why_set(why, ERR_LIMIT, "broker.prefix is too long for a topic");
    }
    config.subscriptions[ARRAY_LEN(kinds)] = revocation;
    bus->control = control;
    struct mqtt *mqtt = NULL;
    const enum err err = mqtt_open(&mqtt, &config, why);
    (void)pthread_mutex_lock(&bus->lock);
    bus->mqtt = mqtt;
    (void)pthread_mutex_unlock(&bus->lock);
    return err;
}

void bus_stop(struct bus *bus)
{
    (void)pthread_mutex_lock(&bus->lock);
    struct mqtt *mqtt = TAKE(bus->mqtt);
    (void)pthread_mutex_unlock(&bus->lock);
    mqtt_close(mqtt);
    if (mqtt && bus->control->outbox) { outbox_connected(bus->control->outbox, false); }
}

void bus_renew(struct bus *bus)
{
    (void)pthread_mutex_lock(&bus->lock);
    if (bus->mqtt) { mqtt_renew(bus->mqtt); }
    (void)pthread_mutex_unlock(&bus->lock);
}

enum err bus_publish(void *context, const struct mqtt_publication *publication)
{
    struct bus *bus = context;
    (void)pthread_mutex_lock(&bus->lock);
    const enum err err = bus->mqtt ? mqtt_publish(bus->mqtt, publication) : ERR_UNAVAILABLE;
    (void)pthread_mutex_unlock(&bus->lock);
    return err;
}

bool bus_connected(struct bus *bus)
{
    (void)pthread_mutex_lock(&bus->lock);
    const bool connected = bus->mqtt && mqtt_connected(bus->mqtt);
    (void)pthread_mutex_unlock(&bus->lock);
    return connected;
}
