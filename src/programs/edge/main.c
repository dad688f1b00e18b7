/*
 * tocsin-edge - receives alerts and lights the sign, takes events from tocsin-watch and brings them
 * to control, serves media. This file wires the parts; each part is a file of its own.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/secret.h"
#include "fleet/replay_marks.h"
#include "migrations/edge.h"
#include "programs/edge/alerts.h"
#include "programs/edge/events.h"
#include "programs/edge/health.h"
#include "programs/edge/media_server.h"
#include "programs/edge/monitor.h"
#include "programs/edge/refusal.h"
#include "programs/edge/trust.h"
#include "sign/preview.h"
#include "store/salvage.h"
#include "system/file.h"
#include "system/sandbox.h"
#include "vault/source.h"

enum { URL_SIZE = 600 };

/* Owned, and released in this order by edge_close. */
struct edge {
    struct options options;
    const char *languages[OPTIONS_LANGUAGE_MAX + 1];
    struct sane_clock clock;
    char database_path[FILE_PATH_SIZE];
    struct monitor *monitor;
    struct media_server *media_server;
    struct link *link;
    struct bus *bus;
    struct health *health;
    struct guard *guard;
    struct events *events;
    struct alerts *alerts;
    struct lamp *lamp;
    struct sign_driver driver;
    struct sign_preview *preview;
    struct sign_fonts *fonts;
    struct receipts *receipts;
    struct inbox *inbox;
    struct receipt_queue *receipt_queue;
    struct event_queue *event_queue;
    struct media_index *media_index;
    struct replay_marks *marks;
    struct memory *memory;
    struct trust *trust;
    struct database *database;
    struct secret *database_key;
    struct loop *loop;
    struct loop_timer *minute;
    bool damaged; /* the database; ended to start with another */
    struct metric *bus_connected, *watch_connected;
};

static void edge_close(struct edge *edge)
{
    trust_end(edge->trust);
    sign_driver_close(&edge->driver); /* wakes the frame streams, so that the server can end */
    monitor_close(edge->monitor);
    media_server_close(edge->media_server);
    link_close(edge->link);
    bus_close(edge->bus);
    health_free(edge->health);
    guard_free(edge->guard);
    events_free(edge->events);
    alerts_free(edge->alerts);
    lamp_free(edge->lamp);
    sign_preview_release(edge->preview);
    sign_fonts_close(edge->fonts);
    receipts_free(edge->receipts);
    inbox_close(edge->inbox);
    receipt_queue_close(edge->receipt_queue);
    event_queue_close(edge->event_queue);
    media_index_close(edge->media_index);
    replay_marks_close(edge->marks);
    memory_close(edge->memory);
    trust_close(edge->trust);
    database_close(edge->database);
    secret_free(edge->database_key);
    loop_close(edge->loop);
}

/* ---- what the parts say to each other ---- */

static void from_control(struct edge *edge, const char *topic, const struct envelope *envelope)
{
    struct topic_parts parts;
    const bool known = topic_split(&parts, edge->options.broker_prefix, topic);
    if (known && parts.kind == TOPIC_KIND_ALERT && strcmp(envelope->type, "alert") == 0) {
        alerts_receive(edge->alerts, topic, envelope);
    } else if (known && parts.kind == TOPIC_KIND_CONFIRM &&
               strcmp(envelope->type, "confirm") == 0 && envelope->signer.role == ROLE_CONTROL) {
        events_confirm(edge->events, envelope->content);
    } else if (known && parts.kind == TOPIC_KIND_REVOCATION) {
        trust_hear(edge->trust, topic, envelope);
    } else {
        refusal_count(verdict_name(VERDICT_MISPLACED), topic, "not what belongs on this topic");
    }
}

static void on_message(void *context, const char *topic, struct span payload)
{
    struct edge *edge = context;
    if (payload.size == 0) { return; } /* a retained message was taken back */
    struct why why = {0};
    CLEANUP(envelope_deinit) struct envelope envelope = {0};
    const enum verdict verdict = verifier_judge(trust_verifier(edge->trust), payload,
                                                sane_clock_now_us(&edge->clock), &envelope, &why);
    if (verdict != VERDICT_ADMIT) {
        refusal_count(verdict_name(verdict), topic, why.text);
        return;
    }
    from_control(edge, topic, &envelope);
    if (replay_marks_save(edge->marks, trust_verifier(edge->trust), &why)) {
        log_event(LOG_LEVEL_ERROR, "marks.save_failed", "why", why.text, NULL);
    }
}

static void on_bus(void *context, bool connected)
{
    struct edge *edge = context;
    metric_set(edge->bus_connected, connected);
    if (!connected) { return; }
    health_send(edge->health);
    receipts_send_again(edge->receipts);
    events_hasten(edge->events);
}

static void on_published(void *context, uint64_t token, enum err err)
{
    struct edge *edge = context;
    if (token) { receipts_published(edge->receipts, (int64_t)token, err); }
}

static struct value *make_will(void *context)
{
    const struct edge *edge = context;
    return health_will(edge->health);
}

static void on_watch(void *context, const char *type, const struct value *message)
{
    struct edge *edge = context;
    if (strcmp(type, "event") == 0) {
        events_take(edge->events, message);
    } else if (strcmp(type, "camera") == 0) {
        health_camera(edge->health, message);
    } else if (strcmp(type, "hello") == 0) {
        events_hello(edge->events, message);
    } else if (strcmp(type, "deleted") == 0) {
        events_deleted(edge->events, message);
    } else {
        log_event(LOG_LEVEL_WARNING, "watch.unknown_message", "type", type, NULL);
    }
}

static void on_watch_connection(void *context, bool connected)
{
    struct edge *edge = context;
    metric_set(edge->watch_connected, connected);
    if (!connected) { health_watch_gone(edge->health); }
}

static void on_lit(void *context, const char *alert_id, int64_t revision)
{
    struct edge *edge = context;
    alerts_lit(edge->alerts, alert_id, revision);
}

/* The housing was opened or closed: told at once. */
static void on_body(void *context)
{
    const struct edge *edge = context;
    health_send(edge->health);
}

static void keep_time(struct edge *edge)
{
    if (!sane_clock_is_sane(&edge->clock)) { return; }
    char now[CLOCK_TEXT_SIZE];
    struct why why = {0};
    if (memory_keep(edge->memory, "sane_time", clock_text(now, clock_wall_us()), &why)) {
        log_event(LOG_LEVEL_ERROR, "memory.keep_failed", "why", why.text, NULL);
    }
}

static void every_minute(void *context)
{
    struct edge *edge = context;
    if (database_damaged(edge->database)) { /* the next start sets it aside */
        log_event(LOG_LEVEL_ERROR, "database.damaged", "file", edge->database_path, NULL);
        edge->damaged = true;
        loop_stop(edge->loop);
        return;
    }
    keep_time(edge);
    receipts_send_again(edge->receipts); /* what an acknowledgement was lost for */
}

/* ---- opening ---- */

static enum err open_database(struct edge *edge, struct why *why)
{
    const char *folder = edge->options.state_folder;
    enum err err = file_make_folder(folder, 0700, why);
    if (!err) { err = file_join(edge->database_path, folder, "edge.db", why); }
    if (!err) { err = source_database_key(&edge->database_key, why); }
    const struct salvage_config file = {
        .database = {.path = edge->database_path, .key = edge->database_key},
        .migrations = MIGRATIONS_EDGE,
        .migration_count = ARRAY_LEN(MIGRATIONS_EDGE)};
    bool renewed = false;
    if (!err) { err = salvage_open(&edge->database, &file, &renewed, why); }
    if (!err && renewed) { log_event(LOG_LEVEL_ERROR, "database.renewed", "why", why->text, NULL); }
    if (!err) { err = memory_open(&edge->memory, edge->database, why); }
    if (!err) { err = replay_marks_open(&edge->marks, edge->database, why); }
    if (!err) { err = receipt_queue_open(&edge->receipt_queue, edge->database, why); }
    if (!err) { err = event_queue_open(&edge->event_queue, edge->database, 0, why); }
    if (!err) { err = media_index_open(&edge->media_index, edge->database, why); }
    return err;
}

static enum err begin_clock(struct edge *edge, struct why *why)
{
    char kept[MEMORY_FACT_SIZE];
    int64_t kept_us = 0;
    const enum err err = memory_recall(edge->memory, "sane_time", kept, why);
    if (err) { return err; }
    if (kept[0] && clock_parse(&kept_us, kept, NULL)) { kept_us = 0; }
    edge->clock = sane_clock_begin(TOCSIN_BUILD_S * CLOCK_SECOND_US, kept_us, clock_monotonic_us());
    if (!sane_clock_is_sane(&edge->clock)) {
        log_event(LOG_LEVEL_WARNING, "clock.insane", "kept", kept, NULL);
    }
    return OK;
}

static enum err open_trust(struct edge *edge, struct why *why)
{
    const struct options *options = &edge->options;
    const struct trust_config trust = {
        .loop = edge->loop, .options = options, .clock = &edge->clock};
    enum err err = trust_open(&edge->trust, &trust, why);
    if (err) { return err; }
    err = replay_marks_load(edge->marks, trust_verifier(edge->trust), why);
    const struct inbox_config inbox = {.device = signer_identity(trust_signer(edge->trust))->name,
                                       .zone = options->zone,
                                       .exercises = options->sign_exercises,
                                       .emergency_approvals = options->emergency_approvals,
                                       .receipts = edge->receipt_queue};
    if (!err) { err = inbox_open(&edge->inbox, edge->database, &inbox, why); }
    return err;
}

static enum err open_sign(struct edge *edge, struct why *why)
{
    const struct options *options = &edge->options;
    const char *const folders[] = {options->sign_fonts, NULL};
    enum err err = sign_fonts_open(&edge->fonts, options->sign_fonts[0] ? folders : NULL, why);
    if (!err) {
        err = sign_preview_open(&edge->preview, (int)options->sign_width, (int)options->sign_height,
                                why);
    }
    if (err) { return err; }
    edge->driver = sign_preview_driver(edge->preview);
    options_split(edge->options.sign_languages, edge->languages);
    const struct lamp_config config = {
        .loop = edge->loop,
        .clock = &edge->clock,
        .fonts = edge->fonts,
        .driver = edge->driver,
        .screen = {.width = (int)options->sign_width,
                   .height = (int)options->sign_height,
                   .brightness_percent = (int)options->sign_brightness_percent,
                   .order = edge->languages},
        .context = edge,
        .lit = on_lit};
    edge->lamp = lamp_new(&config);
    return OK;
}

/* The parts that act; alerts of before the restart are lit here, before any network. */
static void begin_parts(struct edge *edge)
{
    edge->receipts = receipts_new(edge->receipt_queue);
    const struct alerts_config alerts = {.loop = edge->loop,
                                         .clock = &edge->clock,
                                         .inbox = edge->inbox,
                                         .lamp = edge->lamp,
                                         .receipts = edge->receipts};
    edge->alerts = alerts_new(&alerts);
    alerts_begin(edge->alerts);
    const struct events_config events = {.loop = edge->loop,
                                         .clock = &edge->clock,
                                         .database = edge->database,
                                         .queue = edge->event_queue,
                                         .media = edge->media_index,
                                         .memory = edge->memory,
                                         .zone = edge->options.zone};
    edge->events = events_new(&events);
    const struct guard_config guard = {.loop = edge->loop,
                                       .options = &edge->options,
                                       .clock = &edge->clock,
                                       .memory = edge->memory,
                                       .context = edge,
                                       .changed = on_body};
    edge->guard = guard_new(&guard);
    const struct health_config health = {.loop = edge->loop,
                                         .clock = &edge->clock,
                                         .options = &edge->options,
                                         .events = edge->events,
                                         .receipts = edge->receipts,
                                         .media = edge->media_index,
                                         .guard = edge->guard};
    edge->health = health_new(&health);
    edge->minute =
        loop_timer_start(edge->loop, CLOCK_MINUTE_US, CLOCK_MINUTE_US, every_minute, edge);
}

static enum err open_servers(struct edge *edge, struct why *why)
{
    const struct options *options = &edge->options;
    const struct media_server_config media = {.options = options,
                                              .clock = &edge->clock,
                                              .device =
                                                  signer_identity(trust_signer(edge->trust))->name,
                                              .database_path = edge->database_path,
                                              .database_key = edge->database_key,
                                              .preview = edge->preview,
                                              .revocations = trust_revocations(edge->trust)};
    enum err err = monitor_open(&edge->monitor, (int)options->metrics_port, why);
    if (!err) { err = media_server_open(&edge->media_server, &media, why); }
    if (err) { return err; }
    char url[URL_SIZE];
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%d", media_server_port(edge->media_server));
    const bool local = strcmp(options->http_address, "127.0.0.1") == 0;
    const char *public_url = options->http_public_url;
    health_set_media_url(edge->health, public_url[0] || !local ? public_url : url);
    return OK;
}

static enum err open_links(struct edge *edge, struct why *why)
{
    const struct link_config link = {.loop = edge->loop,
                                     .path = edge->options.watch_socket,
                                     .context = edge,
                                     .received = on_watch,
                                     .connection = on_watch_connection};
    const struct bus_config bus = {.loop = edge->loop,
                                   .options = &edge->options,
                                   .signer = trust_signer(edge->trust),
                                   .clock = &edge->clock,
                                   .context = edge,
                                   .received = on_message,
                                   .connection = on_bus,
                                   .published = on_published,
                                   .make_will = make_will};
    enum err err = link_open(&edge->link, &link, why);
    if (!err) { err = bus_open(&edge->bus, &bus, why); }
    if (err) { return err; }
    events_use(edge->events, edge->bus, edge->link);
    receipts_use(edge->receipts, edge->bus);
    health_use(edge->health, edge->bus);
    return trust_begin(edge->trust, edge->bus, edge->media_server, why);
}

static enum err edge_open(struct edge *edge, struct why *why)
{
    edge->bus_connected =
        metric_gauge("tocsin_bus_connected", "1 while the broker is there.", NULL);
    edge->watch_connected =
        metric_gauge("tocsin_watch_connected", "1 while tocsin-watch is there.", NULL);
    refusal_begin();
    enum err err = loop_open(&edge->loop, why);
    if (!err) { err = loop_handle_signals(edge->loop, NULL, NULL, why); }
    if (!err) { err = open_database(edge, why); }
    if (!err) { err = begin_clock(edge, why); }
    if (!err) { err = open_trust(edge, why); }
    if (!err) { err = open_sign(edge, why); }
    if (err) { return err; }
    begin_parts(edge);
    err = open_servers(edge, why);
    if (!err) { err = open_links(edge, why); }
    return err;
}

static enum err run(struct edge *edge, struct why *why)
{
    enum err err = edge_open(edge, why);
    if (err) { return err; }
    log_event(LOG_LEVEL_INFO, "edge.ready", "version", TOCSIN_VERSION, "device",
              signer_identity(trust_signer(edge->trust))->name, "zone", edge->options.zone,
              "media_port", LOG_NUMBER(media_server_port(edge->media_server)), "metrics_port",
              LOG_NUMBER(monitor_port(edge->monitor)), NULL);
    err = loop_run(edge->loop, why);
    keep_time(edge);
    if (!err && edge->damaged) { err = why_set(why, ERR_DAMAGED, "starting anew"); }
    return err;
}

int main(int argc, char **argv)
{
    static struct edge edge; /* tens of kilobytes of options and paths */
    struct why why = {0};
    const enum option_outcome outcome =
        option_command_line(&edge.options, &options_table, argc, argv, &why);
    if (outcome == OPTION_OUTCOME_DONE) { return 0; }
    enum log_level level = LOG_LEVEL_INFO;
    if (outcome == OPTION_OUTCOME_REFUSED ||
        log_level_parse(&level, edge.options.log_level, &why)) {
        (void)fprintf(stderr, "tocsin-edge: %s\n", why.text);
        return 2;
    }
    log_open("edge", level);
    enum err err = sandbox_keep_memory(&why);
    if (!err) { err = run(&edge, &why); }
    if (err) { log_event(LOG_LEVEL_ERROR, "edge.failed", "why", why.text, NULL); }
    log_event(LOG_LEVEL_INFO, "edge.stopped", NULL);
    edge_close(&edge);
    return err ? 1 : 0;
}
