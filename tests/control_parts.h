/*
 * tests/control_parts - ingest and outbox of tocsin-control on real threads, between a bus and
 * browsers that only remember. Lives at the real time: the threads read the clock.
 */
#pragma once

#include <pthread.h>
#include <time.h>

#include "base/metric.h"
#include "fleet/device.h"
#include "fleet/revocation_message.h"
#include "fleet_words.h"
#include "migrations/control.h"
#include "programs/control/ingest.h"
#include "programs/control/outbox.h"
#include "trust/authority_list.h"

enum { PARTS_PUBLISHED_MAX = 4096 };

struct parts {
    char folder[64];
    struct tables tables;
    struct authority *authority;
    struct signer *control, *edge, *other;
    char ca_path[96];
    pthread_mutex_t lock;
    /* what the bus was given */
    struct {
        char topic[MQTT_TOPIC_SIZE];
        uint64_t token;
        size_t size;
        bool retain;
    } published[PARTS_PUBLISHED_MAX];
    size_t published_count;
    enum err bus_answer;
    /* what browsers were told */
    int64_t told_events, told_deliveries, told_devices, told_alerts;
};

static inline struct signer *parts_signer(struct parts *parts, enum role role, const char *name)
{
    struct why why = {0};
    struct signer *signer = NULL;
    char key[128];
    char chain[128];
    const struct authority_request request = {.role = role, .name = name, .days = 30};
    CLEANUP(authority_issued_deinit) struct authority_issued issued = {0};
    test_must(authority_issue(&issued, parts->authority, &request, clock_wall_us(), &why), &why);
    test_must(authority_issued_save(&issued, parts->folder, name, &why), &why);
    (void)snprintf(key, sizeof key, "%s/%s.key", parts->folder, name);
    (void)snprintf(chain, sizeof chain, "%s/%s.crt", parts->folder, name);
    test_must(signer_open(&signer, key, chain, &why), &why);
    return signer;
}

/* `parts` is zeroed. */
static inline void parts_open(struct parts *parts)
{
    struct why why = {0};
    char key[96];
    (void)!text_copy(parts->folder, sizeof parts->folder, "/tmp/tocsin-parts-XXXXXX");
    if (!mkdtemp(parts->folder) || pthread_mutex_init(&parts->lock, NULL)) { abort(); }
    (void)snprintf(key, sizeof key, "%s/ca.key", parts->folder);
    (void)snprintf(parts->ca_path, sizeof parts->ca_path, "%s/ca.crt", parts->folder);
    test_must(authority_new(&parts->authority, "demo", KEY_KIND_ED25519, clock_wall_us(), &why),
              &why);
    test_must(authority_save(parts->authority, key, parts->ca_path, NULL, &why), &why);
    parts->control = parts_signer(parts, ROLE_CONTROL, "control");
    parts->edge = parts_signer(parts, ROLE_EDGE, "sign-1");
    parts->other = parts_signer(parts, ROLE_EDGE, "sign-2");
    tables_open(&parts->tables, MIGRATIONS_CONTROL, ARRAY_LEN(MIGRATIONS_CONTROL));
}

static inline void parts_close(struct parts *parts)
{
    tables_close(&parts->tables);
    signer_close(parts->control);
    signer_close(parts->edge);
    signer_close(parts->other);
    authority_close(parts->authority);
    (void)pthread_mutex_destroy(&parts->lock);
    (void)nftw(parts->folder, test_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static inline void parts_live(void *context, const char *kind, struct value *data)
{
    struct parts *parts = context;
    (void)pthread_mutex_lock(&parts->lock);
    parts->told_events += strcmp(kind, "event") == 0;
    parts->told_deliveries += strcmp(kind, "delivery") == 0;
    parts->told_devices += strcmp(kind, "device") == 0;
    parts->told_alerts += strcmp(kind, "alert") == 0;
    (void)pthread_mutex_unlock(&parts->lock);
    value_free(data);
}

static inline enum err parts_publish(void *context, const struct mqtt_publication *publication)
{
    struct parts *parts = context;
    (void)pthread_mutex_lock(&parts->lock);
    const enum err err = parts->bus_answer;
    if (err == OK && parts->published_count < PARTS_PUBLISHED_MAX) {
        const size_t index = parts->published_count++;
        (void)!text_copy(parts->published[index].topic, MQTT_TOPIC_SIZE, publication->topic);
        parts->published[index].token = publication->token;
        parts->published[index].size = publication->payload.size;
        parts->published[index].retain = publication->retain;
    }
    (void)pthread_mutex_unlock(&parts->lock);
    return err;
}

static inline size_t parts_count(struct parts *parts)
{
    (void)pthread_mutex_lock(&parts->lock);
    const size_t count = parts->published_count;
    (void)pthread_mutex_unlock(&parts->lock);
    return count;
}

static inline struct ingest *parts_ingest(struct parts *parts)
{
    struct why why = {0};
    struct ingest *ingest = NULL;
    char withdrawn[96];
    (void)snprintf(withdrawn, sizeof withdrawn, "%s/withdrawn.crl", parts->folder);
    const struct ingest_config config = {
        .database = place_config(&parts->tables.place),
        .trust = {.site = "demo", .ca_path = parts->ca_path},
        .withdrawn_path = withdrawn,
        .signer = parts->control,
        .prefix = "tocsin",
        .live = {parts, parts_live},
        .bus = {parts, parts_publish},
    };
    test_must(ingest_open(&ingest, &config, &why), &why);
    return ingest;
}

static inline struct outbox *parts_outbox_of(struct parts *parts, bool follows)
{
    struct why why = {0};
    struct outbox *outbox = NULL;
    const struct outbox_config config = {.database = place_config(&parts->tables.place),
                                         .follows = follows,
                                         .prefix = "tocsin",
                                         .live = {parts, parts_live},
                                         .bus = {parts, parts_publish}};
    test_must(outbox_open(&outbox, &config, &why), &why);
    return outbox;
}

static inline struct outbox *parts_outbox(struct parts *parts)
{
    return parts_outbox_of(parts, false);
}

/* Signs JSON in single quotes as `signer` and offers it on a topic below tocsin/devices/. */
static inline bool parts_say(struct parts *parts, struct ingest *ingest,
                             const struct signer *signer, const char *leaf, struct value *content)
{
    struct why why = {0};
    char topic[MQTT_TOPIC_SIZE];
    CLEANUP(text_deinit) struct text message = text_limited(ENVELOPE_SIZE_MAX);
    (void)parts;
    (void)snprintf(topic, sizeof topic, "tocsin/devices/%s", leaf);
    test_must(envelope_sign(signer,
                            &(struct envelope_draft){.now_us = clock_wall_us(), .content = content},
                            &message, &why),
              &why);
    const struct mqtt_message arrived = {.topic = topic, .payload = text_span(&message)};
    return ingest_offer(ingest, &arrived);
}

/* The list of `number` that withdraws `withdrawn`, as `signer` brings it. */
static inline void parts_tell_withdrawn(struct parts *parts, struct ingest *ingest,
                                        const struct signer *signer, int64_t number,
                                        const struct signer *withdrawn)
{
    struct why why = {0};
    struct authority_list_entry entry = {.at_us = clock_wall_us()};
    certificate_serial(signer_certificate(withdrawn), &entry.serial);
    const struct authority_list list = {.number = number,
                                        .now_us = clock_wall_us(),
                                        .next_us = clock_wall_us() + CLOCK_DAY_US,
                                        .entries = &entry,
                                        .count = 1};
    CLEANUP(text_deinit) struct text der = text_limited(REVOCATION_SIZE_MAX);
    CLEANUP(text_deinit) struct text message = text_limited(ENVELOPE_SIZE_MAX);
    test_must(authority_list_sign(&der, parts->authority, &list, &why), &why);
    const struct envelope_draft draft = {.now_us = clock_wall_us(),
                                         .content = revocation_message_make(text_span(&der))};
    test_must(envelope_sign(signer, &draft, &message, &why), &why);
    const struct mqtt_message arrived = {.topic = "tocsin/system/revocation",
                                         .payload = text_span(&message)};
    if (!ingest_offer(ingest, &arrived)) { abort(); }
}

/* Waits until the query's number is `wanted`, for at most ten seconds. */
static inline bool parts_wait(const struct parts *parts, const char *sql, int64_t wanted)
{
    const int64_t deadline_us = clock_monotonic_us() + 10 * CLOCK_SECOND_US;
    const struct timespec pause = {.tv_nsec = 2000000};
    while (tables_number(&parts->tables, sql) != wanted) {
        if (clock_monotonic_us() > deadline_us) { return false; }
        (void)nanosleep(&pause, NULL);
    }
    return true;
}

static inline bool parts_wait_published(struct parts *parts, size_t wanted)
{
    const int64_t deadline_us = clock_monotonic_us() + 10 * CLOCK_SECOND_US;
    const struct timespec pause = {.tv_nsec = 100000};
    while (parts_count(parts) < wanted) {
        if (clock_monotonic_us() > deadline_us) { return false; }
        (void)nanosleep(&pause, NULL);
    }
    return true;
}

static inline int64_t parts_refused(const char *reason)
{
    char labels[64];
    (void)snprintf(labels, sizeof labels, "reason=\"%s\"", reason);
    return metric_value(metric_counter("tocsin_messages_refused_total",
                                       "Messages from the bus that were refused, by reason.",
                                       labels));
}
