#include "programs/watch/scribe.h"

#include <stdio.h>

#include "system/queue.h"
#include "system/worker.h"

/* Pictures that wait for the disk, by number and by what a camera that sends huge ones may hold. */
enum { ORDERS_MAX = 1024, ORDERS_RESERVED = 256, ORDER_BYTES_MAX = 32 * 1024 * 1024 };

enum order_kind {
    ORDER_KIND_PACKET,
    ORDER_KIND_BREAK,
    ORDER_KIND_BEGIN,
    ORDER_KIND_END,
    ORDER_KIND_PICTURE,
};

struct order {
    enum order_kind kind;
    struct packet *packet; /* owned reference */
    bool after_gap;        /* packets before it were lost: clips end there */
    struct id event;
    int64_t at_us;
    char *jpeg; /* owned */
    size_t jpeg_size;
};

struct scribe {
    struct recorder_options recording;
    struct listener listener;
    struct queue *orders; /* owned; of struct order */
    struct worker *worker;
    bool gap;      /* reader's thread: packets were lost since the last one in the queue */
    uint64_t lost; /* reader's thread */
};

static void order_free(struct order *order)
{
    if (!order) { return; }
    packet_drop(order->packet);
    free(order->jpeg);
    free(order);
}

static void drop_order(void *item)
{
    order_free(item);
}

/* Takes `order`, also when it cannot be queued. */
static bool give(struct scribe *scribe, struct order *order)
{
    const size_t bytes = order->packet ? order->packet->size : 0;
    if (queue_push_sized(scribe->orders, order, bytes) == OK) { return true; }
    order_free(order);
    return false;
}

static struct order *order_of(enum order_kind kind)
{
    struct order *order = MEM_NEW(struct order);
    order->kind = kind;
    return order;
}

static void on_report(void *context, const struct recorder_report *report)
{
    const struct scribe *scribe = context;
    const struct listener *listener = &scribe->listener;
    struct footage footage = {.event = report->event,
                              .has_clip = report->path != NULL,
                              .facts = report->facts,
                              .lead_us = report->lead_us,
                              .finished = report->finished};
    if (report->path) { (void)snprintf(footage.path, sizeof footage.path, "%s", report->path); }
    if (report->why) {
        listener->trouble(listener->context, scribe->recording.camera, report->why,
                          report->disk_full);
    }
    listener->footage(listener->context, &footage);
}

static void write_picture(const struct scribe *scribe, const struct recorder *recorder,
                          const struct order *order)
{
    struct why why = {0};
    const struct listener *listener = &scribe->listener;
    const struct span jpeg = span_of(order->jpeg, order->jpeg_size);
    const enum err err = recorder_picture(recorder, &order->event, jpeg, &why);
    if (err) {
        const bool full = err == ERR_LIMIT;
        listener->trouble(listener->context, scribe->recording.camera, why.text, full);
    } else {
        listener->picture(listener->context, &order->event);
    }
}

static void obey(const struct scribe *scribe, struct recorder *recorder, struct order *order)
{
    switch (order->kind) {
    case ORDER_KIND_PACKET:
        if (order->after_gap) { recorder_break(recorder); }
        recorder_push(recorder, order->packet);
        break;
    case ORDER_KIND_BREAK: recorder_break(recorder); break;
    case ORDER_KIND_BEGIN: recorder_begin(recorder, order->event, order->at_us); break;
    case ORDER_KIND_END: recorder_end(recorder, order->event, order->at_us); break;
    case ORDER_KIND_PICTURE: write_picture(scribe, recorder, order); break;
    }
}

static void run(void *context)
{
    struct scribe *scribe = context;
    struct recorder_options options = scribe->recording;
    options.report = on_report;
    options.context = scribe;
    CLEANUP(recorder_free_p) struct recorder *recorder = recorder_new(&options);
    struct order *order = NULL;
    while ((order = queue_pop(scribe->orders, -1))) {
        obey(scribe, recorder, order);
        order_free(order);
    }
}

enum err scribe_start(struct scribe **out, const struct recorder_options *recording,
                      const struct listener *listener, struct why *why)
{
    CLEANUP(scribe_free_p) struct scribe *scribe = MEM_NEW(struct scribe);
    scribe->recording = *recording;
    scribe->listener = *listener;
    scribe->orders = queue_new(ORDERS_MAX, drop_order);
    queue_limit_bytes(scribe->orders, ORDER_BYTES_MAX);
    const enum err err = worker_start(&scribe->worker, "recorder", run, scribe, why);
    if (err) { return err; }
    *out = TAKE(scribe);
    return OK;
}

void scribe_free(struct scribe *scribe)
{
    if (!scribe) { return; }
    queue_close(scribe->orders); /* what is in it is still obeyed */
    worker_join(scribe->worker);
    queue_free(scribe->orders);
    free(scribe);
}

void scribe_packet(struct scribe *scribe, struct packet *packet)
{
    bool given = false;
    if (queue_count(scribe->orders) < ORDERS_MAX - ORDERS_RESERVED) {
        struct order *order = order_of(ORDER_KIND_PACKET);
        order->packet = packet_hold(packet);
        order->after_gap = scribe->gap;
        given = give(scribe, order);
    }
    scribe->gap = !given;
    scribe->lost += !given;
}

void scribe_break(struct scribe *scribe)
{
    scribe->gap = !give(scribe, order_of(ORDER_KIND_BREAK));
}

uint64_t scribe_lost(const struct scribe *scribe)
{
    return scribe->lost;
}

bool scribe_begin(struct scribe *scribe, const struct id *event, int64_t started_us)
{
    struct order *order = order_of(ORDER_KIND_BEGIN);
    order->event = *event;
    order->at_us = started_us;
    return give(scribe, order);
}

void scribe_end(struct scribe *scribe, const struct id *event, int64_t ended_us)
{
    struct order *order = order_of(ORDER_KIND_END);
    order->event = *event;
    order->at_us = ended_us;
    (void)give(scribe, order); /* without it the clip ends at its greatest length */
}

void scribe_picture(struct scribe *scribe, const struct id *event, struct text *jpeg)
{
    struct order *order = order_of(ORDER_KIND_PICTURE);
    order->event = *event;
    order->jpeg_size = jpeg->size;
    order->jpeg = text_take(jpeg);
    (void)give(scribe, order);
}
