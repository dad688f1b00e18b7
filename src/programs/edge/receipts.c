#include "programs/edge/receipts.h"

#include "base/log.h"
#include "base/metric.h"

enum { SEND_AT_ONCE_MAX = 64 };

struct receipts {
    struct receipt_queue *queue; /* borrowed */
    struct bus *bus;             /* borrowed */
    int64_t sent;                /* the newest number sent on this connection */
    struct metric *waiting;
};

struct receipts *receipts_new(struct receipt_queue *queue)
{
    struct receipts *receipts = MEM_NEW(struct receipts);
    receipts->queue = queue;
    receipts->waiting = metric_gauge("tocsin_receipts_waiting",
                                     "Receipts that the broker does not have yet.", NULL);
    return receipts;
}

void receipts_free(struct receipts *receipts)
{
    free(receipts);
}

void receipts_use(struct receipts *receipts, struct bus *bus)
{
    receipts->bus = bus;
}

static bool send_one(void *context, int64_t number, const struct receipt *receipt)
{
    struct receipts *receipts = context;
    const struct bus_message message = {
        .kind = TOPIC_KIND_ACK, .content = receipt_to_value(receipt), .token = (uint64_t)number};
    if (bus_publish(receipts->bus, &message)) { return false; }
    receipts->sent = number;
    return true;
}

void receipts_send(struct receipts *receipts)
{
    if (!receipts->bus || !bus_connected(receipts->bus)) { return; }
    struct why why = {0};
    if (receipt_queue_unsent(receipts->queue, (int64_t[2]){receipts->sent, SEND_AT_ONCE_MAX},
                             send_one, receipts, &why)) {
        log_event(LOG_LEVEL_ERROR, "receipts.read_failed", "why", why.text, NULL);
    }
}

void receipts_send_again(struct receipts *receipts)
{
    receipts->sent = 0;
    receipts_send(receipts);
}

void receipts_published(struct receipts *receipts, int64_t number, enum err err)
{
    struct why why = {0};
    if (err) {
        log_event(LOG_LEVEL_WARNING, "receipts.refused_by_broker", "error", err_name(err), NULL);
        return;
    }
    if (receipt_queue_done(receipts->queue, number, &why)) {
        log_event(LOG_LEVEL_ERROR, "receipts.done_failed", "why", why.text, NULL);
    }
    metric_set(receipts->waiting, receipts_count(receipts));
    receipts_send(receipts);
}

int64_t receipts_count(struct receipts *receipts)
{
    int64_t count = 0;
    return receipt_queue_count(receipts->queue, &count, NULL) ? 0 : count;
}
