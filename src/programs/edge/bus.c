#include "programs/edge/bus.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "fleet/revocation_message.h"
#include "system/queue.h"
#include "wire/mqtt.h"

enum { INCOMING_MAX = 256, ANSWERS_MAX = 1024, CHANGES_MAX = 64, SESSION_EXPIRY_S = 3600 };

struct bus {
    struct bus_config config;
    struct mqtt *mqtt;      /* owned */
    struct queue *incoming; /* owned; of struct parcel, from the bus thread */
    struct queue *answers;  /* owned; of struct acknowledgement, the same */
    struct queue *changes;  /* owned; of bool: connected or not */
    const char *device;     /* borrowed from the signer */
};

/* A message on its way from the bus thread to the loop. */
struct parcel {
    char topic[MQTT_TOPIC_SIZE];
    size_t size;
    uint8_t bytes[];
};

/* The same for an acknowledgement. */
struct acknowledgement {
    uint64_t token;
    enum err err;
};

/* ---- on the loop ---- */

static void take_parcels(struct bus *bus)
{
    struct parcel *parcel = NULL;
    while ((parcel = queue_pop(bus->incoming, 0))) {
        bus->config.received(bus->config.context, parcel->topic,
                             span_of(parcel->bytes, parcel->size));
        free(parcel);
    }
}

static void take_acknowledgements(struct bus *bus)
{
    struct acknowledgement *held = NULL;
    while ((held = queue_pop(bus->answers, 0))) {
        bus->config.published(bus->config.context, held->token, held->err);
        free(held);
    }
}

static void take_changes(struct bus *bus)
{
    bool *connected = NULL;
    while ((connected = queue_pop(bus->changes, 0))) {
        bus->config.connection(bus->config.context, *connected);
        free(connected);
    }
}

static void take_all(void *context)
{
    take_changes(context);
    take_parcels(context);
    take_acknowledgements(context);
}

/* ---- on the bus thread ---- */

/* When the loop is full of posts, one of those takes everything too. */
static void wake_loop(struct bus *bus)
{
    const enum err posted = loop_post(bus->config.loop, take_all, bus);
    (void)posted;
}

static bool on_message(void *context, const struct mqtt_message *message)
{
    struct bus *bus = context;
    /* One byte over the limit is enough for the verifier to name what is too large. */
    const size_t size =
        message->payload.size > ENVELOPE_SIZE_MAX ? ENVELOPE_SIZE_MAX + 1 : message->payload.size;
    struct parcel *parcel = mem_zeroed(sizeof *parcel + size);
    parcel->size = size;
    if (size > 0) { memcpy(parcel->bytes, message->payload.data, size); }
    if (!text_copy(parcel->topic, sizeof parcel->topic, message->topic) ||
        queue_push(bus->incoming, parcel)) {
        free(parcel);
        return strlen(message->topic) >= MQTT_TOPIC_SIZE; /* too long a topic is nobody's */
    }
    wake_loop(bus);
    return true;
}

static void on_connection(void *context, bool connected, const char *reason)
{
    struct bus *bus = context;
    log_event(connected ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
              connected ? "bus.connected" : "bus.disconnected", "why", reason, NULL);
    bool *change = MEM_NEW(bool);
    *change = connected;
    if (queue_push(bus->changes, change)) { free(change); }
    wake_loop(bus);
}

static void on_published(void *context, uint64_t token, enum err err)
{
    struct bus *bus = context;
    if (token == 0 && err == OK) { return; }
    struct acknowledgement *held = MEM_NEW(struct acknowledgement);
    *held = (struct acknowledgement){token, err};
    if (queue_push(bus->answers, held)) {
        free(held); /* what waits for it is published again after a while */
        return;
    }
    wake_loop(bus);
}

static void on_will(void *context, struct text *payload)
{
    struct bus *bus = context;
    struct why why = {0};
    const struct envelope_draft draft = {.tier = TIER_INFORMATIONAL,
                                         .now_us = sane_clock_now_us(bus->config.clock),
                                         .content = bus->config.make_will(bus->config.context)};
    if (envelope_sign(bus->config.signer, &draft, payload, &why)) {
        log_event(LOG_LEVEL_ERROR, "bus.will_failed", "why", why.text, NULL);
    }
}

/* ---- opening ---- */

static enum err open_mqtt(struct bus *bus, struct why *why)
{
    const struct options *options = bus->config.options;
    char client_id[IDENTITY_NAME_SIZE + 8];
    (void)snprintf(client_id, sizeof client_id, "edge-%s", bus->device);
    char will_topic[TOPIC_SIZE];
    char filters[5][TOPIC_SIZE];
    (void)snprintf(filters[0], TOPIC_SIZE, "%.63s/alerts/broadcast/#", options->broker_prefix);
    (void)snprintf(filters[1], TOPIC_SIZE, "%.63s/alerts/zone/%.63s/#", options->broker_prefix,
                   options->zone);
    (void)snprintf(filters[2], TOPIC_SIZE, "%.63s/alerts/device/%.63s/#", options->broker_prefix,
                   bus->device);
    (void)snprintf(filters[3], TOPIC_SIZE, "%.63s/commands/%.63s/#", options->broker_prefix,
                   bus->device);
    (void)snprintf(filters[4], TOPIC_SIZE, "%.63s/" REVOCATION_TOPIC, options->broker_prefix);
    const enum err err =
        topic_of_device(will_topic, options->broker_prefix, TOPIC_KIND_STATUS, bus->device);
    if (err) { return why_set(why, err, "broker.prefix is too long for a topic"); }
    const struct mqtt_config config = {
        .host = options->broker_host,
        .port = (int)options->broker_port,
        .client_id = client_id,
        .ca_path = options->site_ca,
        .certificate_path = options->certificate,
        .key_path = options->key,
        .session_expiry_s = SESSION_EXPIRY_S,
        .subscriptions = {filters[0], filters[1], filters[2], filters[3], filters[4]},
        .will_topic = will_topic,
        .context = bus,
        .on_message = on_message,
        .on_connection = on_connection,
        .on_published = on_published,
        .make_will = on_will,
    };
    return mqtt_open(&bus->mqtt, &config, why);
}

enum err bus_open(struct bus **out, const struct bus_config *config, struct why *why)
{
    CLEANUP(bus_close_p) struct bus *bus = MEM_NEW(struct bus);
    bus->config = *config;
    bus->device = signer_identity(config->signer)->name;
    bus->incoming = queue_new(INCOMING_MAX, free);
    bus->answers = queue_new(ANSWERS_MAX, free);
    bus->changes = queue_new(CHANGES_MAX, free);
    const enum err err = open_mqtt(bus, why);
    if (!err) { *out = TAKE(bus); }
    return err;
}

void bus_close(struct bus *bus)
{
    if (!bus) { return; }
    mqtt_close(bus->mqtt);
    queue_free(bus->incoming);
    queue_free(bus->answers);
    queue_free(bus->changes);
    free(bus);
}

void bus_renew(struct bus *bus)
{
    mqtt_renew(bus->mqtt);
}

bool bus_connected(struct bus *bus)
{
    return mqtt_connected(bus->mqtt);
}

enum err bus_publish(struct bus *bus, const struct bus_message *message)
{
    if (!bus_connected(bus)) {
        value_free(message->content);
        return ERR_UNAVAILABLE;
    }
    char topic[TOPIC_SIZE];
    enum err err =
        topic_of_device(topic, bus->config.options->broker_prefix, message->kind, bus->device);
    if (err) {
        value_free(message->content);
        return err;
    }
    CLEANUP(text_deinit) struct text payload = text_limited(ENVELOPE_SIZE_MAX);
    struct why why = {0};
    const struct envelope_draft draft = {.tier = TIER_INFORMATIONAL,
                                         .now_us = sane_clock_now_us(bus->config.clock),
                                         .content = message->content};
    err = envelope_sign(bus->config.signer, &draft, &payload, &why);
    if (err) {
        log_event(LOG_LEVEL_ERROR, "bus.sign_failed", "topic", topic, "why", why.text, NULL);
        return err;
    }
    const struct mqtt_publication publication = {.topic = topic,
                                                 .payload = text_span(&payload),
                                                 .retain = message->retain,
                                                 .token = message->token};
    return mqtt_publish(bus->mqtt, &publication);
}
