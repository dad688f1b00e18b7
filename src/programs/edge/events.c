#include "programs/edge/events.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metric.h"

enum { PUBLISH_AT_ONCE_MAX = 32, OPEN_MAX = 256, DELETED_MAX = 4096 };

static const int64_t retry_us = CLOCK_SECOND_US; /* the bus was full */

struct events {
    struct events_config config;
    struct bus *bus;   /* borrowed, NULL until it is open */
    struct link *link; /* the same */
    struct loop_timer *timer;
    struct metric *taken, *refused, *waiting;
};

static void publish(struct events *events);

static void failed(const char *event, const char *event_id, const struct why *why)
{
    log_event(LOG_LEVEL_ERROR, event, "event", event_id, "why", why->text, NULL);
}

struct events *events_new(const struct events_config *config)
{
    struct events *events = MEM_NEW(struct events);
    events->config = *config;
    events->taken = metric_counter("tocsin_events_total", "Events taken from watch.", NULL);
    events->refused =
        metric_counter("tocsin_events_refused_total", "Malformed messages from watch.", NULL);
    events->waiting =
        metric_gauge("tocsin_events_waiting", "Events that control has not confirmed.", NULL);
    return events;
}

void events_free(struct events *events)
{
    if (!events) { return; }
    loop_timer_stop(events->timer);
    free(events);
}

void events_use(struct events *events, struct bus *bus, struct link *link)
{
    events->bus = bus;
    events->link = link;
}

int64_t events_count(struct events *events)
{
    int64_t count = 0;
    return event_queue_count(events->config.queue, &count, NULL) ? 0 : count;
}

/* ---- to control ---- */

static void due(void *context)
{
    struct events *events = context;
    events->timer = NULL; /* a one-shot frees itself */
    publish(events);
}

static void plan(struct events *events, bool blocked)
{
    int64_t due_us = INT64_MAX;
    struct why why = {0};
    if (event_queue_next_us(events->config.queue, &due_us, &why)) {
        failed("event.read_failed", NULL, &why);
    }
    loop_timer_stop(events->timer);
    events->timer = NULL;
    if (due_us == INT64_MAX) { return; }
    int64_t wait_us = due_us - sane_clock_now_us(events->config.clock);
    if (wait_us < 1) { wait_us = blocked ? retry_us : 1; }
    events->timer = loop_timer_start(events->config.loop, wait_us, 0, due, events);
}

struct publishing {
    struct events *events;
    bool blocked;
};

static bool publish_one(void *context, struct value *content)
{
    struct publishing *publishing = context;
    const struct bus_message message = {.kind = TOPIC_KIND_DETECTION, .content = content};
    publishing->blocked = bus_publish(publishing->events->bus, &message) != OK;
    return !publishing->blocked;
}

static void publish(struct events *events)
{
    metric_set(events->waiting, events_count(events));
    if (!events->bus || !bus_connected(events->bus)) { return; } /* events_hasten comes */
    struct publishing publishing = {.events = events};
    const struct event_queue_due asked = {.now_us = sane_clock_now_us(events->config.clock),
                                          .limit = PUBLISH_AT_ONCE_MAX,
                                          .context = &publishing,
                                          .each = publish_one};
    struct why why = {0};
    if (event_queue_publish(events->config.queue, &asked, &why)) {
        failed("event.publish_failed", NULL, &why);
        publishing.blocked = true;
    }
    plan(events, publishing.blocked);
}

void events_hasten(struct events *events)
{
    struct why why = {0};
    if (event_queue_hasten(events->config.queue, sane_clock_now_us(events->config.clock), &why)) {
        failed("event.read_failed", NULL, &why);
    }
    publish(events);
}

void events_confirm(struct events *events, const struct value *content)
{
    struct why why = {0};
    CLEANUP(mem_free_p) struct confirm *confirm = MEM_NEW(struct confirm);
    int64_t removed = 0;
    enum err err = confirm_parse(confirm, content, &why);
    if (!err) { err = event_queue_confirm(events->config.queue, confirm, &removed, &why); }
    if (err) { failed("event.confirm_failed", NULL, &why); }
    metric_set(events->waiting, events_count(events));
    plan(events, false);
}

/* ---- from watch ---- */

/* Event and paths in one transaction: control never hears of media that we cannot find. */
static enum err store(struct events *events, const struct event *event, const struct value *message,
                      struct why *why)
{
    enum err err = database_begin(events->config.database, why);
    if (err) { return err; }
    err =
        event_queue_push(events->config.queue, event, sane_clock_now_us(events->config.clock), why);
    const char *clip = value_text_or(value_get(message, "clip_path"), NULL);
    const char *snapshot = value_text_or(value_get(message, "snapshot_path"), NULL);
    if (!err && (clip || snapshot)) {
        err = media_index_put(events->config.media, event->id, clip, snapshot, why);
    }
    database_end(events->config.database, &err, why);
    return err;
}

static void acknowledge(struct events *events, const char *event_id, int64_t sequence)
{
    if (!events->link) { return; }
    struct value *ack = value_object();
    value_set_text(ack, "type", "ack");
    value_set_text(ack, "event_id", event_id);
    value_set_integer(ack, "sequence", sequence);
    if (link_send(events->link, ack)) {
        log_event(LOG_LEVEL_DEBUG, "event.unacknowledged", "event", event_id, NULL);
    } /* watch sends it again when it comes back */
}

void events_take(struct events *events, const struct value *message)
{
    CLEANUP(mem_free_p) struct event *event = MEM_NEW(struct event);
    struct why why = {0};
    enum err err = event_parse(event, message, &why);
    if (!err && !text_copy(event->zone, sizeof event->zone, events->config.zone)) {
        err = why_set(&why, ERR_LIMIT, "zone.name is too long");
    }
    if (!err) { err = store(events, event, message, &why); }
    if (err == ERR_MALFORMED || err == ERR_RANGE || err == ERR_LIMIT) {
        metric_add(events->refused, 1);
        failed("event.refused", value_text_or(value_get(message, "event_id"), NULL), &why);
        return;
    }
    if (err) { /* the disk: watch keeps the event and sends it again when it has connected again */
        failed("event.store_failed", event->id, &why);
        if (events->link) { link_drop(events->link, "events cannot be stored"); }
        return;
    }
    metric_add(events->taken, 1);
    acknowledge(events, event->id, event->sequence);
    publish(events);
}

/* Collected, because the queue must not be used while it tells of its open events. */
struct open_list {
    struct event *events; /* owned */
    size_t count;
};

static void add_open(void *context, const struct event *event)
{
    struct open_list *list = context;
    if (list->count == OPEN_MAX) { return; }
    list->events = mem_resized(list->events, (list->count + 1) * sizeof *event);
    list->events[list->count++] = *event;
}

static void end_open(struct events *events)
{
    struct open_list list = {0};
    struct why why = {0};
    if (event_queue_each_open(events->config.queue, add_open, &list, &why)) {
        failed("event.read_failed", NULL, &why);
    }
    for (size_t i = 0; i < list.count; i++) {
        struct event *event = &list.events[i];
        event->sequence++;
        event->state = EVENT_STATE_END;
        event->ended_us = event->updated_us;
        if (event_queue_push(events->config.queue, event, sane_clock_now_us(events->config.clock),
                             &why)) {
            failed("event.end_failed", event->id, &why);
        }
    }
    free(list.events);
    publish(events);
}

void events_hello(struct events *events, const struct value *message)
{
    char known[MEMORY_FACT_SIZE] = "";
    char run[ID_TEXT_SIZE];
    struct why why = {0};
    enum err err = value_need_text(message, "run", run, sizeof run, &why);
    if (!err) { err = memory_recall(events->config.memory, "watch_run", known, &why); }
    if (!err && strcmp(known, run) != 0) {
        end_open(events);
        err = memory_keep(events->config.memory, "watch_run", run, &why);
    }
    if (err) { failed("watch.hello_failed", NULL, &why); }
}

void events_deleted(struct events *events, const struct value *message)
{
    const struct value *ids = value_get(message, "event_ids");
    struct why why = {0};
    enum err err = database_begin(events->config.database, &why);
    if (err) {
        failed("media.forget_failed", NULL, &why);
        return;
    }
    for (size_t i = 0; !err && i < value_count(ids) && i < DELETED_MAX; i++) {
        const char *event_id = value_text_or(value_at(ids, i), "");
        err = media_index_forget(events->config.media, event_id, &why);
    }
    database_end(events->config.database, &err, &why);
    if (err) { failed("media.forget_failed", NULL, &why); }
}
