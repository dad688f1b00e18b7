#include "programs/control/peer/peers.h"

#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "peer/bulletin.h"
#include "peer/lease.h"
#include "system/queue.h"
#include "system/worker.h"
#include "trust/certificate.h"

enum { NOTICE_MAX = 4096, BATCH_MAX = 256, KIND_SIZE = 32 };
#define READ_EVERY_US (CLOCK_SECOND_US / 20)
#define WAKE "wake" /* a kind of our own; data: {} */

/* On its way to the other servers. */
struct notice {
    char kind[KIND_SIZE];
    char *data;
};

struct peers {
    struct database_config config;
    char server[IDENTITY_NAME_SIZE];
    struct id run;
    struct peers_port port;
    struct queue *notices;
    struct worker *worker;
    struct metric *leading, *healthy, *told, *dropped, *count;
    /* The thread's own; times are monotonic. */
    struct database *database;
    struct lease *lease;
    struct bulletin *bulletin;
    struct notice *batch[BATCH_MAX];
    size_t batch_count;
    int64_t beat_us, present_us;
    bool leads, faulty;
};

static void notice_free(void *held)
{
    struct notice *notice = held;
    if (!notice) { return; }
    free(notice->data);
    free(notice);
}

/* ---- telling ---- */

static void push(struct peers *peers, const char *kind, char *data)
{
    struct notice *notice = MEM_NEW(struct notice);
    notice->data = data;
    if (text_copy(notice->kind, sizeof notice->kind, kind) &&
        queue_push(peers->notices, notice) == OK) {
        return;
    }
    metric_add(peers->dropped, 1);
    notice_free(notice);
}

void peers_tell(struct peers *peers, const char *kind, const struct value *data)
{
    if (!peers) { return; }
    CLEANUP(text_deinit) struct text text = text_limited(BULLETIN_DATA_MAX);
    value_write(data, &text);
    if (!text.overflow) { push(peers, kind, text_take(&text)); }
}

void peers_wake(struct peers *peers)
{
    if (peers && !peers_leading(peers)) { push(peers, WAKE, mem_text("{}")); }
}

static enum err write_batch(struct peers *peers, struct why *why)
{
    const int64_t now_us = clock_wall_us();
    size_t written = 0;
    enum err err = database_begin(peers->database, why);
    if (err != OK) { return err; }
    for (size_t i = 0; err == OK && i < peers->batch_count; i++) {
        const struct bulletin_message message = {.kind = peers->batch[i]->kind,
                                                 .data = peers->batch[i]->data};
        err = bulletin_write(peers->bulletin, &message, now_us, why);
        if (err == OK) { written++; }
    }
    database_end(peers->database, &err, why);
    if (err != OK) { bulletin_take_back(peers->bulletin, written); }
    return err;
}

/* What waits, in one transaction; what could not be written stays for the next round. */
static enum err write_all(struct peers *peers, struct notice *first, struct why *why)
{
    if (first) { peers->batch[peers->batch_count++] = first; }
    while (peers->batch_count < BATCH_MAX) {
        struct notice *notice = queue_pop(peers->notices, 0);
        if (!notice) { break; }
        peers->batch[peers->batch_count++] = notice;
    }
    if (peers->batch_count == 0) { return OK; }
    const enum err err = write_batch(peers, why);
    if (err != OK) { return err; }
    metric_add(peers->told, (int64_t)peers->batch_count);
    for (size_t i = 0; i < peers->batch_count; i++) {
        notice_free(peers->batch[i]);
    }
    peers->batch_count = 0;
    return OK;
}

/* ---- hearing ---- */

static void hear(void *context, const struct bulletin_message *message)
{
    struct peers *peers = context;
    if (strcmp(message->kind, WAKE) == 0) {
        peers->port.wake(peers->port.context);
        return;
    }
    struct value *data = NULL;
    if (value_parse(&data, span_text(message->data), BULLETIN_DATA_MAX, NULL) == OK) {
        peers->port.hear(peers->port.context, message->kind, data);
    }
}

static enum err read_all(struct peers *peers, struct why *why)
{
    const struct bulletin_reader reader = {.context = peers, .each = hear};
    bool more = true;
    enum err err = OK;
    while (err == OK && more) {
        err = bulletin_read(peers->bulletin, &reader, &more, why);
    }
    return err;
}

/* ---- the lead ---- */

static void lead(struct peers *peers, bool leads)
{
    if (peers->leads == leads) { return; }
    peers->leads = leads;
    metric_set(peers->leading, leads);
    log_event(LOG_LEVEL_INFO, leads ? "peer.leads" : "peer.follows", "server", peers->server, NULL);
    peers->port.lead(peers->port.context, leads);
}

static enum err beat(struct peers *peers, struct why *why)
{
    const int64_t now_us = clock_monotonic_us();
    if (now_us < peers->beat_us) { return OK; }
    peers->beat_us = now_us + LEASE_BEAT_US;
    enum err err = lease_tick(peers->lease, now_us, why);
    peers->port.look_around(peers->port.context);
    if (err == OK && now_us >= peers->present_us) {
        err = bulletin_present(peers->bulletin, peers->server, clock_wall_us(), why);
        if (err == OK) { peers->present_us = now_us + BULLETIN_PRESENCE_US; }
        metric_set(peers->count, (int64_t)bulletin_peers(peers->bulletin));
    }
    return err;
}

static enum err work(struct peers *peers, struct notice *first, struct why *why)
{
    enum err err = beat(peers, why);
    lead(peers, lease_held(peers->lease, clock_monotonic_us()));
    const enum err written = write_all(peers, first, err == OK ? why : NULL);
    if (err == OK) { err = written; }
    return err == OK ? read_all(peers, why) : err;
}

/* One line for a fault, one when it is over. */
static void tell_fault(struct peers *peers, enum err err, const struct why *why)
{
    metric_set(peers->healthy, err == OK);
    if (peers->faulty == (err != OK)) { return; }
    peers->faulty = err != OK;
    if (err != OK) {
        log_event(LOG_LEVEL_ERROR, "peer.fault", "why", why->text, NULL);
    } else {
        log_event(LOG_LEVEL_INFO, "peer.well", NULL);
    }
}

static void run(void *context)
{
    struct peers *peers = context;
    for (;;) {
        struct notice *first =
            peers->batch_count < BATCH_MAX ? queue_pop(peers->notices, READ_EVERY_US) : NULL;
        struct why why = {""};
        const bool ends = queue_closed(peers->notices);
        tell_fault(peers, work(peers, first, &why), &why);
        if (!ends) { continue; }
        lead(peers, false);
        if (lease_release(peers->lease, &why) != OK) { tell_fault(peers, ERR_IO, &why); }
        return;
    }
}

/* ---- the outside ---- */

static void make_metrics(struct peers *peers)
{
    peers->leading = metric_gauge("tocsin_leading",
                                  "Whether this server speaks with the bus (1) or another", NULL);
    peers->healthy = metric_gauge("tocsin_part_healthy",
                                  "Whether the part's last transaction worked.", "part=\"peers\"");
    peers->told = metric_counter("tocsin_peer_messages_total",
                                 "Messages written for the other servers", NULL);
    peers->dropped = metric_counter("tocsin_peer_dropped_total",
                                    "Messages that no longer fitted among those that wait", NULL);
    peers->count = metric_gauge("tocsin_peers", "Other servers seen in the last minutes", NULL);
    metric_set(peers->healthy, 1);
}

enum err peers_open(struct peers **out, const struct peers_config *config, struct why *why)
{
    CLEANUP(peers_close_p) struct peers *peers = MEM_NEW(struct peers);
    peers->port = config->port;
    peers->run = id_new(clock_wall_us());
    if (!text_copy(peers->server, sizeof peers->server, config->server)) {
        return why_set(why, ERR_LIMIT, "the server's name is too long");
    }
    make_metrics(peers);
    enum err err = database_open(&peers->database, &config->database, why);
    const struct lease_config lease = {.database = peers->database,
                                       .name = "bus",
                                       .server = peers->server,
                                       .run = peers->run.text};
    if (err == OK) { err = lease_open(&peers->lease, &lease, why); }
    if (err == OK) { err = bulletin_open(&peers->bulletin, peers->database, peers->run.text, why); }
    if (err != OK) { return err; }
    peers->notices = queue_new(NOTICE_MAX, notice_free);
    *out = TAKE(peers);
    return OK;
}

enum err peers_start(struct peers *peers, struct why *why)
{
    return worker_start(&peers->worker, "peers", run, peers, why);
}

void peers_close(struct peers *peers)
{
    if (!peers) { return; }
    if (peers->notices) { queue_close(peers->notices); }
    worker_join(peers->worker);
    queue_free(peers->notices);
    for (size_t i = 0; i < peers->batch_count; i++) {
        notice_free(peers->batch[i]);
    }
    bulletin_close(peers->bulletin);
    lease_close(peers->lease);
    database_close(peers->database);
    free(peers);
}

bool peers_leading(struct peers *peers)
{
    return !peers || metric_value(peers->leading) != 0;
}

bool peers_healthy(struct peers *peers)
{
    return !peers || metric_value(peers->healthy) != 0;
}
