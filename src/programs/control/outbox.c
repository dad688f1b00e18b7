#include "programs/control/outbox.h"

#include <string.h>

#include "alert/delivery_board.h"
#include "alert/outgoing.h"
#include "alert/schedule.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"
#include "fleet/device.h"
#include "fleet/heartbeat.h"
#include "fleet/topic.h"
#include "system/queue.h"
#include "system/worker.h"

enum { NOTE_MAX = 4096, LAPSE_MAX = 64, REPEAT_EXPIRY_S = 60 };
#define ACK_WAIT_US (15 * CLOCK_SECOND_US)
#define CHORES_EVERY_US (5 * CLOCK_SECOND_US)
#define PAUSE_US CLOCK_SECOND_US      /* after a fault, and at the longest */
#define TOKEN_TAG (UINT64_C(1) << 62) /* our publications among the program's others */

enum note_kind { NOTE_WAKE, NOTE_PUBLISHED, NOTE_CONNECTED, NOTE_LOST, NOTE_LEAD, NOTE_FOLLOW };

/* What other threads tell ours. */
struct note {
    enum note_kind kind;
    int64_t number;
    enum err err;
};

/* A row that was published and waits for its PUBACK. Its payload is not kept. */
struct flight {
    struct outgoing_row row;
    int64_t since_us; /* monotonic */
    bool acknowledged;
};

struct outbox {
    struct database *database;
    struct outgoing *outgoing;
    struct schedule *schedule;
    struct delivery_board *board;
    struct device_store *devices;
    struct queue *notes;
    struct worker *worker;
    char prefix[TOPIC_PREFIX_SIZE];
    struct live_port live;
    struct bus_port bus;
    struct metric *published, *repeated, *healthy;
    /* The thread's own. */
    bool connected, follows;
    int64_t after; /* the highest row number published in this round */
    struct flight flights[OUTBOX_FLIGHT_MAX];
    size_t flight_count;
    int64_t schedule_due_us; /* wall */
    int64_t chores_due_us;   /* monotonic */
    int64_t retry_us;        /* monotonic; 0 = none: when to begin anew after a refusal */
    char lapsed[LAPSE_MAX][IDENTITY_NAME_SIZE];
    size_t lapsed_count;
};

/* ---- telling browsers ---- */

static void tell_alert(struct outbox *outbox, const char *alert_id)
{
    struct value *data = NULL;
    if (delivery_board_brief(outbox->board, alert_id, clock_wall_us(), &data, NULL) == OK) {
        outbox->live.send(outbox->live.context, "alert", data);
    }
}

static void tell_device(struct outbox *outbox, const char *name)
{
    struct value *data = NULL;
    if (device_store_get(outbox->devices, name, clock_wall_us(), &data, NULL) == OK) {
        outbox->live.send(outbox->live.context, "device", data);
    }
}

/* ---- publishing ---- */

static void begin_anew(struct outbox *outbox)
{
    outbox->flight_count = 0;
    outbox->after = 0;
    outbox->retry_us = 0;
}

static enum err publish_row(struct outbox *outbox, const struct outgoing_row *row, int64_t now_us)
{
    char topic[TOPIC_SIZE];
    const enum err err = topic_join(topic, outbox->prefix, row->topic);
    if (err != OK) { return err; }
    const int64_t left_s = (row->expire_us - now_us + CLOCK_SECOND_US - 1) / CLOCK_SECOND_US;
    const struct mqtt_publication publication = {
        .topic = topic,
        .payload = row->payload,
        .retain = row->kind != OUTGOING_KIND_REPEAT,
        .expiry_s = row->kind == OUTGOING_KIND_FIRST    ? left_s
                    : row->kind == OUTGOING_KIND_REPEAT ? REPEAT_EXPIRY_S
                                                        : 0,
        .token = TOKEN_TAG | (uint64_t)row->number,
    };
    return outbox->bus.publish(outbox->bus.context, &publication);
}

static enum err discard(struct outbox *outbox, const struct outgoing_row *row, int64_t now_us,
                        struct why *why)
{
    return outgoing_done(outbox->outgoing, row, false, now_us, why);
}

/* One row out. `*more` false: nothing left, or the bus takes no more now. */
static enum err publish_next(struct outbox *outbox, bool *more, struct why *why)
{
    struct outgoing_row row;
    *more = false;
    if (outbox->flight_count == OUTBOX_FLIGHT_MAX) { return OK; }
    bool found = false;
    const enum err err = outgoing_next(outbox->outgoing, outbox->after, &row, &found, why);
    if (err != OK || !found) { return err; }
    const int64_t now_us = clock_wall_us();
    if (row.kind == OUTGOING_KIND_FIRST && row.expire_us <= now_us) {
        *more = true;
        outbox->after = row.number;
        return discard(outbox, &row, now_us, why);
    }
    const enum err sent = publish_row(outbox, &row, now_us);
    if (sent != OK) {
        outbox->retry_us = clock_monotonic_us() + PAUSE_US;
        return OK;
    }
    metric_add(row.kind == OUTGOING_KIND_REPEAT ? outbox->repeated : outbox->published, 1);
    row.payload = (struct span){0};
    outbox->flights[outbox->flight_count++] =
        (struct flight){.row = row, .since_us = clock_monotonic_us()};
    outbox->after = row.number;
    *more = true;
    return OK;
}

static enum err publish_all(struct outbox *outbox, struct why *why)
{
    if (!outbox->connected || outbox->retry_us > clock_monotonic_us()) { return OK; }
    if (outbox->retry_us) { outbox->retry_us = 0; }
    bool more = true;
    enum err err = OK;
    while (err == OK && more) {
        err = publish_next(outbox, &more, why);
    }
    outgoing_release(outbox->outgoing);
    return err;
}

/* ---- what came back ---- */

static void note_published(struct outbox *outbox, const struct note *note)
{
    for (size_t i = 0; i < outbox->flight_count; i++) {
        struct flight *flight = &outbox->flights[i];
        if (flight->row.number != note->number) { continue; }
        if (note->err == OK) {
            flight->acknowledged = true;
        } else {
            log_event(LOG_LEVEL_WARNING, "outbox.refused", "topic", flight->row.topic, "err",
                      err_name(note->err), NULL);
            begin_anew(outbox);
            outbox->retry_us = clock_monotonic_us() + PAUSE_US;
        }
        return;
    }
}

static void take_note(struct outbox *outbox, const struct note *note)
{
    switch (note->kind) {
    case NOTE_WAKE: break;
    case NOTE_PUBLISHED: note_published(outbox, note); break;
    case NOTE_CONNECTED:
        outbox->connected = true;
        outbox->retry_us = 0;
        break;
    case NOTE_LOST: outbox->connected = false; break;
    case NOTE_LEAD:
        begin_anew(outbox);
        outbox->follows = false;
        outbox->schedule_due_us = 0;
        break;
    case NOTE_FOLLOW: outbox->follows = true; break;
    }
}

static enum err settle_rows(struct outbox *outbox, struct why *why)
{
    const int64_t now_us = clock_wall_us();
    enum err err = database_begin(outbox->database, why);
    if (err != OK) { return err; }
    for (size_t i = 0; err == OK && i < outbox->flight_count; i++) {
        const struct flight *flight = &outbox->flights[i];
        if (!flight->acknowledged) { continue; }
        err = outgoing_done(outbox->outgoing, &flight->row, true, now_us, why);
    }
    database_end(outbox->database, &err, why);
    return err;
}

/* Takes acknowledged rows out of flight, and tells browsers of their alerts, each once. */
static void land(struct outbox *outbox)
{
    char told[ID_TEXT_SIZE] = "";
    size_t left = 0;
    for (size_t i = 0; i < outbox->flight_count; i++) {
        const struct flight *flight = &outbox->flights[i];
        if (!flight->acknowledged) {
            outbox->flights[left++] = *flight;
            continue;
        }
        if (strcmp(told, flight->row.alert_id) != 0) {
            memcpy(told, flight->row.alert_id, sizeof told);
            tell_alert(outbox, told);
        }
    }
    outbox->flight_count = left;
}

static enum err settle(struct outbox *outbox, struct why *why)
{
    bool any = false;
    const int64_t now_us = clock_monotonic_us();
    bool late = false;
    for (size_t i = 0; i < outbox->flight_count; i++) {
        any = any || outbox->flights[i].acknowledged;
        late = late || now_us - outbox->flights[i].since_us > ACK_WAIT_US;
    }
    if (any) {
        const enum err err = settle_rows(outbox, why);
        if (err != OK) { return err; }
        land(outbox);
    }
    if (late) { begin_anew(outbox); }
    return OK;
}

/* ---- what becomes due ---- */

static enum err run_schedule(struct outbox *outbox, struct why *why)
{
    struct schedule_result result;
    const enum err err = schedule_run(outbox->schedule, clock_wall_us(), &result, why);
    if (err != OK) { return err; }
    outbox->schedule_due_us = result.next_us;
    for (size_t i = 0; i < result.changed; i++) {
        const char *alert_id = schedule_changed(outbox->schedule, i);
        log_event(LOG_LEVEL_INFO, "alert.changed", "alert", alert_id, "by", "clock", NULL);
        tell_alert(outbox, alert_id);
    }
    return OK;
}

static void remember_lapsed(void *context, const char *name)
{
    struct outbox *outbox = context;
    if (outbox->lapsed_count == LAPSE_MAX) { return; }
    (void)!text_copy(outbox->lapsed[outbox->lapsed_count++], IDENTITY_NAME_SIZE, name);
}

/* Every few seconds: who has fallen silent, and what the database's log holds goes to its file. */
static enum err run_chores(struct outbox *outbox, struct why *why)
{
    const int64_t now_us = clock_monotonic_us();
    if (now_us < outbox->chores_due_us) { return OK; }
    outbox->chores_due_us = now_us + CHORES_EVERY_US;
    outbox->lapsed_count = 0;
    enum err err = database_checkpoint(outbox->database, why);
    if (err != OK) { return err; }
    err = device_store_lapse(outbox->devices, clock_wall_us(), remember_lapsed, outbox, why);
    for (size_t i = 0; err == OK && i < outbox->lapsed_count; i++) {
        log_event(LOG_LEVEL_WARNING, "device.silent", "device", outbox->lapsed[i], NULL);
        tell_device(outbox, outbox->lapsed[i]);
    }
    return err;
}

/* ---- the thread ---- */

static int64_t wait_us(const struct outbox *outbox)
{
    int64_t pause_us = PAUSE_US;
    if (outbox->follows) { return pause_us; }
    const int64_t schedule_us = outbox->schedule_due_us - clock_wall_us();
    if (schedule_us < pause_us) { pause_us = schedule_us; }
    if (outbox->retry_us) {
        const int64_t retry_us = outbox->retry_us - clock_monotonic_us();
        if (retry_us < pause_us) { pause_us = retry_us; }
    }
    return pause_us > 0 ? pause_us : 0;
}

static enum err work(struct outbox *outbox, struct why *why)
{
    if (outbox->follows) { return OK; }
    enum err err = publish_all(outbox, why); /* first: an order waits for nothing else */
    if (err == OK) { err = settle(outbox, why); }
    if (err == OK) { err = run_schedule(outbox, why); }
    if (err == OK) { err = run_chores(outbox, why); }
    return err == OK ? publish_all(outbox, why) : err;
}

static void run(void *context)
{
    struct outbox *outbox = context;
    int64_t pause_us = 0;
    for (;;) {
        struct note *note = queue_pop(outbox->notes, pause_us);
        for (; note; note = queue_pop(outbox->notes, 0)) {
            take_note(outbox, note);
            free(note);
        }
        struct why why = {0};
        const enum err err = work(outbox, &why);
        metric_set(outbox->healthy, err == OK);
        if (queue_closed(outbox->notes)) { return; }
        pause_us = err == OK ? wait_us(outbox) : PAUSE_US;
        if (err != OK) { log_event(LOG_LEVEL_ERROR, "outbox.fault", "why", why.text, NULL); }
    }
}

/* ---- the outside ---- */

static enum err open_parts(struct outbox *outbox, const struct outbox_config *config,
                           struct why *why)
{
    enum err err = database_open(&outbox->database, &config->database, why);
    if (err == OK) { err = outgoing_open(&outbox->outgoing, outbox->database, why); }
    if (err == OK) { err = schedule_open(&outbox->schedule, outbox->database, why); }
    if (err == OK) { err = delivery_board_open(&outbox->board, outbox->database, why); }
    if (err == OK) { err = device_store_open(&outbox->devices, outbox->database, why); }
    return err;
}

enum err outbox_open(struct outbox **out, const struct outbox_config *config, struct why *why)
{
    CLEANUP(outbox_close_p) struct outbox *outbox = MEM_NEW(struct outbox);
    outbox->live = config->live;
    outbox->bus = config->bus;
    outbox->follows = config->follows;
    if (!text_copy(outbox->prefix, sizeof outbox->prefix, config->prefix)) {
        return why_set(why, ERR_LIMIT, "the topic prefix is longer than %d letters",
                       TOPIC_PREFIX_SIZE - 1);
    }
    outbox->published =
        metric_counter("tocsin_alerts_published_total", "Alert messages given to the bus.", NULL);
    outbox->repeated = metric_counter("tocsin_alerts_repeated_total",
                                      "Alert messages sent again to silent devices.", NULL);
    outbox->healthy = metric_gauge(
        "tocsin_part_healthy", "Whether the part's last transaction worked.", "part=\"outbox\"");
    metric_set(outbox->healthy, 1);
    enum err err = open_parts(outbox, config, why);
    if (err != OK) { return err; }
    outbox->notes = queue_new(NOTE_MAX, free);
    err = worker_start(&outbox->worker, "outbox", run, outbox, why);
    if (err == OK) { *out = TAKE(outbox); }
    return err;
}

void outbox_close(struct outbox *outbox)
{
    if (!outbox) { return; }
    if (outbox->notes) { queue_close(outbox->notes); }
    worker_join(outbox->worker);
    queue_free(outbox->notes);
    outgoing_close(outbox->outgoing);
    schedule_close(outbox->schedule);
    delivery_board_close(outbox->board);
    device_store_close(outbox->devices);
    database_close(outbox->database);
    free(outbox);
}

/* A full queue wakes the thread as well; a PUBACK that is lost so comes after ACK_WAIT_US. */
static void tell(struct outbox *outbox, struct note words)
{
    struct note *note = MEM_NEW(struct note);
    *note = words;
    if (queue_push(outbox->notes, note) != OK) { free(note); }
}

void outbox_wake(struct outbox *outbox)
{
    tell(outbox, (struct note){.kind = NOTE_WAKE});
}

void outbox_published(struct outbox *outbox, uint64_t token, enum err err)
{
    if (!(token & TOKEN_TAG)) { return; }
    tell(outbox, (struct note){
                     .kind = NOTE_PUBLISHED, .number = (int64_t)(token & ~TOKEN_TAG), .err = err});
}

void outbox_connected(struct outbox *outbox, bool connected)
{
    tell(outbox, (struct note){.kind = connected ? NOTE_CONNECTED : NOTE_LOST});
}

void outbox_lead(struct outbox *outbox, bool leads)
{
    tell(outbox, (struct note){.kind = leads ? NOTE_LEAD : NOTE_FOLLOW});
}

bool outbox_healthy(const struct outbox *outbox)
{
    return metric_value(outbox->healthy) != 0;
}
