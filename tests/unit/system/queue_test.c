#include "system/queue.h"

#include "base/clock.h"
#include "system/worker.h"

#include "check.h"

enum { ITEMS = 20000, PRODUCERS = 4 };

static int dropped;
static void count_drop(void *item)
{
    (void)item;
    dropped++;
}

static void keeps_order_and_limit(void)
{
    int items[4];
    struct queue *queue = queue_new(3, count_drop);
    for (int i = 0; i < 3; i++) {
        CHECK(queue_push(queue, &items[i]) == OK);
    }
    CHECK(queue_push(queue, &items[3]) == ERR_LIMIT);
    CHECK(queue_pop(queue, 0) == &items[0]);
    CHECK(queue_push(queue, &items[3]) == OK);
    CHECK(queue_pop(queue, -1) == &items[1]);
    CHECK(queue_count(queue) == 2);
    queue_close(queue);
    CHECK(queue_closed(queue) && queue_push(queue, &items[0]) == ERR_CLOSED);
    CHECK(queue_pop(queue, -1) == &items[2]);
    queue_free(queue);
    CHECK(dropped == 1);
}

static void keeps_its_bytes(void)
{
    int items[4];
    CLEANUP(queue_free_p) struct queue *queue = queue_new(4, NULL);
    queue_limit_bytes(queue, 100);
    CHECK(queue_push_sized(queue, &items[0], 1000) == OK); /* it is alone */
    CHECK(queue_push_sized(queue, &items[1], 1) == ERR_LIMIT);
    CHECK(queue_push(queue, &items[1]) == OK); /* a word of no weight passes */
    CHECK(queue_pop(queue, 0) == &items[0] && queue_pop(queue, 0) == &items[1]);
    CHECK(queue_push_sized(queue, &items[0], 60) == OK);
    CHECK(queue_push_sized(queue, &items[1], 41) == ERR_LIMIT);
    CHECK(queue_push_sized(queue, &items[1], 40) == OK);
    CHECK(queue_push_sized(queue, &items[2], 1) == ERR_LIMIT);
    CHECK(queue_push_sized(queue, &items[2], SIZE_MAX) == ERR_LIMIT);
    CHECK(queue_pop(queue, 0) == &items[0]);
    CHECK(queue_push_sized(queue, &items[2], 60) == OK && queue_count(queue) == 2);
}

static void waits_until_its_deadline(void)
{
    CLEANUP(queue_free_p) struct queue *queue = queue_new(1, NULL);
    const int64_t begun_us = clock_monotonic_us();
    CHECK(queue_pop(queue, 20000) == NULL);
    CHECK(clock_monotonic_us() - begun_us >= 20000);
}

static void produce(void *context)
{
    struct queue *queue = context;
    static int item;
    for (int i = 0; i < ITEMS;) {
        i += queue_push(queue, &item) == OK;
    }
}

static void hands_over_between_threads(void)
{
    CLEANUP(queue_free_p) struct queue *queue = queue_new(64, NULL);
    struct worker *workers[PRODUCERS];
    for (int i = 0; i < PRODUCERS; i++) {
        CHECK(worker_start(&workers[i], "producer", produce, queue, NULL) == OK);
    }
    int got = 0;
    while (got < ITEMS * PRODUCERS && queue_pop(queue, 10 * CLOCK_SECOND_US)) {
        got++;
    }
    CHECK(got == ITEMS * PRODUCERS);
    for (int i = 0; i < PRODUCERS; i++) {
        worker_join(workers[i]);
    }
}

int main(void)
{
    keeps_order_and_limit();
    keeps_its_bytes();
    waits_until_its_deadline();
    hands_over_between_threads();
    queue_free(NULL);
    return CHECK_DONE();
}
