#include "programs/gateway/bus.h"

#include "base/log.h"
#include "fleet/revocation_message.h"
#include "fleet/topic.h"
#include "system/queue.h"
#include "trust/envelope.h"

#include <stdio.h>
#include <string.h>

enum { INCOMING_MAX = 512, SESSION_EXPIRY_S = 3600 };

struct bus {
    struct bus_config config;
    struct mqtt *mqtt;      /* owned */
    struct queue *incoming; /* owned; of struct parcel, from the bus thread */
};

/* A message on its way from the bus thread to the loop. */
struct parcel {
    char topic[MQTT_TOPIC_SIZE];
    bool retained;
    size_t size;
    uint8_t bytes[];
};

static void take_parcels(void *context)
{
    struct bus *bus = context;
    struct parcel *parcel = NULL;
    while ((parcel = queue_pop(bus->incoming, 0)) != NULL) {
        const struct mqtt_message message = {.topic = parcel->topic,
                                             .payload = span_of(parcel->bytes, parcel->size),
                                             .retained = parcel->retained};
        bus->config.received(bus->config.context, &message);
        free(parcel);
    }
}

static void take_connected(void *context)
{
    struct bus *bus = context;
    bus->config.connection(bus->config.context, true);
}

static void take_disconnected(void *context)
{
    struct bus *bus = context;
    bus->config.connection(bus->config.context, false);
}

/* ---- on the bus thread ---- */

static bool on_message(void *context, const struct mqtt_message *message)
{
    struct bus *bus = context;
    if (strlen(message->topic) >= MQTT_TOPIC_SIZE) { return true; } /* nobody's: let it go */
    /* One byte over the limit is enough for the verifier to name what is too large. */
    const size_t size =
        message->payload.size > ENVELOPE_SIZE_MAX ? ENVELOPE_SIZE_MAX + 1 : message->payload.size;
    struct parcel *parcel = mem_zeroed(sizeof *parcel + size);
    (void)!text_copy(parcel->topic, sizeof parcel->topic, message->topic);
    parcel->retained = message->retained;
    parcel->size = size;
    if (size > 0) { memcpy(parcel->bytes, message->payload.data, size); }
    if (queue_push(bus->incoming, parcel) != OK) {
        free(parcel);
        return false;
    }
    /* When the loop is full of posts, one of them will take this parcel too. */
    (void)!loop_post(bus->config.loop, take_parcels, bus);
    return true;
}

static void on_connection(void *context, bool connected, const char *reason)
{
    struct bus *bus = context;
    log_event(connected ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
              connected ? "bus.connected" : "bus.disconnected", "why", reason, NULL);
    (void)!loop_post(bus->config.loop, connected ? take_connected : take_disconnected, bus);
}

static void on_published(void *context, uint64_t token, enum err err)
{
    (void)context, (void)token;
    if (err == OK || err == ERR_CLOSED) { return; }
    log_event(LOG_LEVEL_WARNING, "bus.publication_refused", "error", err_name(err), NULL);
}

static void make_will(void *context, struct text *payload)
{
    struct bus *bus = context;
    bus->config.make_will(bus->config.context, payload);
}

enum err bus_open(struct bus **out, const struct bus_config *config, struct why *why)
{
    CLEANUP(bus_close_p) struct bus *bus = MEM_NEW(struct bus);
    bus->config = *config;
    bus->incoming = queue_new(INCOMING_MAX, free);
    const struct options *options = config->options;
    char client_id[IDENTITY_NAME_SIZE + 16];
    char will_topic[TOPIC_SIZE];
    char alerts[TOPIC_SIZE];
    char statuses[TOPIC_SIZE];
    char receipts[TOPIC_SIZE];
    char checkpoints[TOPIC_SIZE];
    char revocation[TOPIC_SIZE];
    (void)snprintf(client_id, sizeof client_id, "gateway-%s", config->name);
    if (topic_of_device(will_topic, options->broker_prefix, TOPIC_KIND_STATUS, config->name) ||
        topic_join(alerts, options->broker_prefix, "alerts/#") ||
        topic_join(statuses, options->broker_prefix, "devices/+/status") ||
        topic_join(receipts, options->broker_prefix, "devices/+/ack") ||
        topic_of_device(checkpoints, options->broker_prefix, TOPIC_KIND_CHECKPOINT, config->name) ||
        topic_join(revocation, options->broker_prefix, REVOCATION_TOPIC)) {
        return why_set(why, ERR_LIMIT, "broker.prefix is too long for a topic; expected under %d",
                       TOPIC_PREFIX_SIZE);
    }
    const struct mqtt_config mqtt = {
        .host = options->broker_host,
        .port = (int)options->broker_port,
        .client_id = client_id,
        .ca_path = options->site_ca,
        .certificate_path = options->certificate,
        .key_path = options->key,
        .session_expiry_s = SESSION_EXPIRY_S,
        .subscriptions = {alerts, statuses, receipts, checkpoints, revocation},
        .will_topic = will_topic,
        .context = bus,
        .on_message = on_message,
        .on_connection = on_connection,
        .on_published = on_published,
        .make_will = make_will,
    };
    const enum err err = mqtt_open(&bus->mqtt, &mqtt, why);
    if (err == OK) { *out = TAKE(bus); }
    return err;
}

void bus_close(struct bus *bus)
{
    if (bus == NULL) { return; }
    mqtt_close(bus->mqtt);
    queue_free(bus->incoming);
    free(bus);
}

enum err bus_publish(struct bus *bus, const struct mqtt_publication *publication)
{
    char topic[TOPIC_SIZE];
    const enum err err = topic_join(topic, bus->config.options->broker_prefix, publication->topic);
    if (err != OK) { return err; }
    struct mqtt_publication whole = *publication;
    whole.topic = topic;
    return mqtt_publish(bus->mqtt, &whole);
}

void bus_renew(struct bus *bus)
{
    mqtt_renew(bus->mqtt);
}

bool bus_connected(struct bus *bus)
{
    return mqtt_connected(bus->mqtt);
}
