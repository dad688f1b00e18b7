/*
 * store_bench - what the encrypted database costs control and edge: lines
 * `name<TAB>value<TAB>unit`.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>

#include "alert/dispatch.h"
#include "alert/outgoing.h"
#include "base/secret.h"
#include "control_parts.h"
#include "fleet/event_queue.h"
#include "migrations/edge.h"

enum { ORDERS = 300, RECEIPTS = 4000, EVENTS = 2000, DEVICES = 200 };

static struct parts parts;

static void line(const char *name, double value, const char *unit)
{
    printf("%s\t%.1f\t%s\n", name, value, unit);
    (void)fflush(stdout);
}

static int compare(const void *a, const void *b)
{
    const int64_t one = *(const int64_t *)a;
    const int64_t two = *(const int64_t *)b;
    return (one > two) - (one < two);
}

static struct secret *key_new(void)
{
    const uint8_t bytes[32] = {7, 1, 2};
    struct secret *key = NULL;
    struct why why = {0};
    test_must(secret_new(&key, span_of(bytes, sizeof bytes), &why), &why);
    return key;
}

/* An encrypted database of its own, as the programs have it. */
static struct database *open_encrypted(const struct secret *key, char path[static 128],
                                       const char *name)
{
    struct why why = {0};
    struct database *database = NULL;
    (void)snprintf(path, 128, "%s/%s.db", parts.folder, name);
    const struct database_config config = {.path = path, .key = key, .checkpoint_elsewhere = true};
    test_must(database_open(&database, &config, &why), &why);
    return database;
}

static void add_devices(struct database *database)
{
    struct why why = {0};
    char sql[512];
    (void)snprintf(sql, sizeof sql,
                   "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
                   "INSERT INTO devices SELECT 'sign-' || i, 0, 'north', 1, '1', '', 64, 32, 1, 1, "
                   "4000000000000000, '', '', 1, '', 0, 0 FROM n",
                   DEVICES - 1);
    test_must(database_execute(database, sql, &why), &why);
}

static struct ingest_config ingest_config(const char *path, const struct secret *key)
{
    return (struct ingest_config){
        .database = {.path = path, .key = key},
        .trust = {.site = "demo", .ca_path = parts.ca_path},
        .signer = parts.control,
        .prefix = "tocsin",
        .live = {&parts, parts_live},
        .bus = {&parts, parts_publish},
    };
}

static struct id order(struct dispatch *dispatch)
{
    struct why why = {0};
    struct id id = {""};
    CLEANUP(value_free_p)
    struct value *body =
        json("{'tier':'advisory','texts':[{'language':'en','text':'Path closed, use the north "
             "gate'}],'targets':{'zones':['north']}}");
    const struct dispatch_order words = {.body = body, .actor = "ada"};
    test_must(dispatch_create(dispatch, &words, clock_wall_us(), &id, &why), &why);
    return id;
}

/* A broker that answers at once. */
static enum err publish_and_acknowledge(void *context, const struct mqtt_publication *publication)
{
    struct outbox *const *outbox = context;
    const enum err err = parts_publish(&parts, publication);
    if (*outbox) { outbox_published(*outbox, publication->token, OK); }
    return err;
}

/* People do not send the next alert before the last one has gone out and was answered. */
static void wait_until_answered(struct database *database, struct outgoing *outgoing)
{
    struct why why = {0};
    const struct timespec pause = {.tv_nsec = 1000000};
    int64_t waiting = 1;
    while (waiting > 0) {
        (void)nanosleep(&pause, NULL);
        test_must(outgoing_count(outgoing, &waiting, &why), &why);
    }
    test_must(database_execute(
                  database, "UPDATE deliveries SET due_us = NULL, state = 4 WHERE state < 4", &why),
              &why);
}

/* From the order's call to the bus being given it, with DEVICES deliveries each. */
static void bench_orders(struct dispatch *dispatch, const char *path, const struct secret *key)
{
    struct why why = {0};
    struct outgoing *outgoing = NULL;
    CLEANUP(database_close_p)
    struct database *watch = open_encrypted(key, (char[128]){0}, "control");
    test_must(outgoing_open(&outgoing, watch, &why), &why);
    struct outbox *outbox = NULL;
    int64_t taken_us[ORDERS];
    const struct outbox_config config = {.database = {.path = path, .key = key},
                                         .prefix = "tocsin",
                                         .live = {&parts, parts_live},
                                         .bus = {&outbox, publish_and_acknowledge}};
    test_must(outbox_open(&outbox, &config, &why), &why);
    outbox_connected(outbox, true);
    for (int i = 0; i < ORDERS; i++) {
        parts.published_count = 0;
        const int64_t begin_us = clock_monotonic_us();
        (void)order(dispatch);
        outbox_wake(outbox);
        if (!parts_wait_published(&parts, 1)) { abort(); }
        taken_us[i] = clock_monotonic_us() - begin_us;
        wait_until_answered(watch, outgoing);
    }
    outgoing_close(outgoing);
    outbox_close(outbox);
    qsort(taken_us, ORDERS, sizeof taken_us[0], compare);
    line("order_to_bus_200_signs_median", (double)taken_us[ORDERS / 2] / 1000, "ms");
    line("order_to_bus_200_signs_p99", (double)taken_us[ORDERS * 99 / 100] / 1000, "ms");
}

static struct text sign_receipt(const struct signer *signer, const char *alert_id, int number)
{
    struct why why = {0};
    struct text out = text_limited(ENVELOPE_SIZE_MAX);
    struct value *receipt = json(number % 2 ? "{'type':'receipt','revision':1,'state':'lit',"
                                              "'reason':null,'at':'2026-11-22T09:00:00Z'}"
                                            : "{'type':'receipt','revision':1,'state':'received',"
                                              "'reason':null,'at':'2026-11-22T09:00:00Z'}");
    value_set_text(receipt, "alert_id", alert_id);
    test_must(envelope_sign(signer,
                            &(struct envelope_draft){.now_us = clock_wall_us(), .content = receipt},
                            &out, &why),
              &why);
    return out;
}

/* DEVICES signs answer every alert with `received` and `lit`, verified, stored, told to browsers.
 */
static void bench_receipts(struct dispatch *dispatch, const char *path, const struct secret *key)
{
    struct why why = {0};
    struct ingest *ingest = NULL;
    static struct text messages[RECEIPTS];
    static struct signer *signers[DEVICES];
    static char topics[DEVICES][64];
    struct id alerts[RECEIPTS / DEVICES / 2];
    for (size_t i = 0; i < ARRAY_LEN(alerts); i++) {
        alerts[i] = order(dispatch);
    }
    for (int i = 0; i < DEVICES; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "sign-%d", i);
        (void)snprintf(topics[i], sizeof topics[i], "tocsin/devices/%s/ack", name);
        signers[i] = parts_signer(&parts, ROLE_EDGE, name);
    }
    for (int i = 0; i < RECEIPTS; i++) {
        messages[i] = sign_receipt(signers[(i / 2) % DEVICES], alerts[i / 2 / DEVICES].text, i);
    }
    const struct ingest_config config = ingest_config(path, key);
    test_must(ingest_open(&ingest, &config, &why), &why);
    const int64_t begin_us = clock_monotonic_us();
    for (int i = 0; i < RECEIPTS; i++) {
        const struct mqtt_message message = {.topic = topics[(i / 2) % DEVICES],
                                             .payload = text_span(&messages[i])};
        if (!ingest_offer(ingest, &message)) { abort(); }
    }
    ingest_close(ingest); /* enters what is queued */
    line("ingest_receipts", RECEIPTS * 1e6 / (double)(clock_monotonic_us() - begin_us), "/s");
    for (int i = 0; i < RECEIPTS; i++) {
        text_deinit(&messages[i]);
    }
    for (int i = 0; i < DEVICES; i++) {
        signer_close(signers[i]);
    }
    line("ingest_live_deliveries", (double)parts.told_deliveries, "messages");
}

static void bench_event_queue(const struct secret *key)
{
    struct why why = {0};
    char path[128];
    struct event event;
    struct event_queue *queue = NULL;
    CLEANUP(database_close_p) struct database *database = open_encrypted(key, path, "edge");
    test_must(database_migrate(database, MIGRATIONS_EDGE, ARRAY_LEN(MIGRATIONS_EDGE), &why), &why);
    test_must(event_queue_open(&queue, database, 0, &why), &why);
    words_event_read(&event);
    const int64_t begin_us = clock_monotonic_us();
    for (int i = 0; i < EVENTS; i++) {
        event.sequence = i + 1;
        event.state = EVENT_STATE_BEGIN;
        test_must(event_queue_push(queue, &event, TEST_NOW_US, &why), &why);
    }
    line("edge_event_push", (double)(clock_monotonic_us() - begin_us) / EVENTS, "us");
    event_queue_close(queue);
}

int main(void)
{
    struct why why = {0};
    char path[128];
    struct dispatch *dispatch = NULL;
    parts_open(&parts);
    CLEANUP(secret_free_p) struct secret *key = key_new();
    const int64_t begin_us = clock_monotonic_us();
    struct database *database = open_encrypted(key, path, "control");
    test_must(database_migrate(database, MIGRATIONS_CONTROL, ARRAY_LEN(MIGRATIONS_CONTROL), &why),
              &why);
    line("database_make_and_migrate", (double)(clock_monotonic_us() - begin_us) / 1000, "ms");
    add_devices(database);
    test_must(dispatch_open(&dispatch, database, parts.control, &why), &why);
    bench_orders(dispatch, path, key);
    bench_receipts(dispatch, path, key);
    bench_event_queue(key);
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    line("store_bench_rss", (double)usage.ru_maxrss / 1024, "MiB");
    dispatch_close(dispatch);
    database_close(database);
    parts_close(&parts);
    return 0;
}
