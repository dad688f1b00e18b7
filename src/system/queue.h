/*
 * system/queue - a bounded queue of pointers between threads, first in, first out.
 *
 * The way by which one thread hands work to the thread that owns the state. Any thread may push;
 * any may pop. Full means the producer must say no to whoever asked: nothing waits without bound.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>

struct queue;

/* A queue of at most `limit` items. `drop` releases what is left at queue_free (may be NULL). */
struct queue *queue_new(size_t limit, void (*drop)(void *item));
void queue_free(struct queue *queue); /* no thread may be inside; NULL is allowed */
CLEANUP_FOR(struct queue, queue_free)

/* Hands over `item`. ERR_LIMIT when full, ERR_CLOSED after queue_close: the caller keeps it. */
MUST_USE enum err queue_push(struct queue *queue, void *item);

/* The same for an item that holds `bytes` of memory: ERR_LIMIT also when the items in the queue
 * would then hold more than queue_limit_bytes allows. An empty queue takes one of any size. */
MUST_USE enum err queue_push_sized(struct queue *queue, void *item, size_t bytes);

/* Before any thread uses it; without it only the number of items is bounded. */
void queue_limit_bytes(struct queue *queue, size_t most);

/* The next item, or NULL after `wait_us` (negative: for ever) or when closed and empty. */
void *queue_pop(struct queue *queue, int64_t wait_us);

/* Ends waiting: pushes fail from now on, pops return what is left, then NULL. */
void queue_close(struct queue *queue);
bool queue_closed(struct queue *queue);
size_t queue_count(struct queue *queue);
