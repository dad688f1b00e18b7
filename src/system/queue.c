#include "system/queue.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "base/clock.h"

struct slot {
    void *item;
    size_t bytes;
};

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* on the monotonic clock */
    void (*drop)(void *item);
    bool closed;
    size_t limit, first, count;
    size_t bytes, bytes_max; /* held now; at most */
    struct slot *slots;      /* owned ring of `limit` */
};

struct queue *queue_new(size_t limit, void (*drop)(void *item))
{
    struct queue *queue = MEM_NEW(struct queue);
    pthread_condattr_t monotonic;
    if (pthread_mutex_init(&queue->lock, NULL) || pthread_condattr_init(&monotonic) ||
        pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) ||
        pthread_cond_init(&queue->changed, &monotonic)) {
        abort();
    }
    (void)pthread_condattr_destroy(&monotonic);
    queue->drop = drop;
    queue->limit = limit;
    queue->bytes_max = SIZE_MAX;
    queue->slots = MEM_ARRAY(struct slot, limit);
    return queue;
}

void queue_limit_bytes(struct queue *queue, size_t most)
{
    queue->bytes_max = most;
}

void queue_free(struct queue *queue)
{
    if (!queue) { return; }
    for (; queue->count > 0; queue->count--) {
        if (queue->drop) { queue->drop(queue->slots[queue->first].item); }
        queue->first = (queue->first + 1) % queue->limit;
    }
    (void)pthread_cond_destroy(&queue->changed);
    (void)pthread_mutex_destroy(&queue->lock);
    free(queue->slots);
    free(queue);
}

/* One item always fits: else what is larger than the limit would never pass. */
static bool is_full(const struct queue *queue, size_t bytes)
{
    const bool heavy = queue->count > 0 && bytes > 0 &&
                       (bytes > queue->bytes_max || queue->bytes > queue->bytes_max - bytes);
    return queue->count == queue->limit || heavy;
}

enum err queue_push_sized(struct queue *queue, void *item, size_t bytes)
{
    enum err err = OK;
    (void)pthread_mutex_lock(&queue->lock);
    if (queue->closed) {
        err = ERR_CLOSED;
    } else if (is_full(queue, bytes)) {
        err = ERR_LIMIT;
    } else {
        queue->slots[(queue->first + queue->count++) % queue->limit] = (struct slot){item, bytes};
        queue->bytes += bytes;
        (void)pthread_cond_signal(&queue->changed);
    }
    (void)pthread_mutex_unlock(&queue->lock);
    return err;
}

enum err queue_push(struct queue *queue, void *item)
{
    return queue_push_sized(queue, item, 0);
}

static struct timespec deadline_after(int64_t wait_us)
{
    const int64_t at_us = clock_monotonic_us() + wait_us;
    return (struct timespec){.tv_sec = (time_t)(at_us / CLOCK_SECOND_US),
                             .tv_nsec = (long)(at_us % CLOCK_SECOND_US) * 1000};
}

void *queue_pop(struct queue *queue, int64_t wait_us)
{
    const struct timespec deadline = deadline_after(wait_us < 0 ? 0 : wait_us);
    void *item = NULL;
    int waited = 0;
    (void)pthread_mutex_lock(&queue->lock);
    while (queue->count == 0 && !queue->closed && waited != ETIMEDOUT) {
        waited = wait_us < 0 ? pthread_cond_wait(&queue->changed, &queue->lock)
                             : pthread_cond_timedwait(&queue->changed, &queue->lock, &deadline);
    }
    if (queue->count > 0) {
        item = queue->slots[queue->first].item;
        queue->bytes -= queue->slots[queue->first].bytes;
        queue->first = (queue->first + 1) % queue->limit;
        queue->count--;
    }
    (void)pthread_mutex_unlock(&queue->lock);
    return item;
}

void queue_close(struct queue *queue)
{
    (void)pthread_mutex_lock(&queue->lock);
    queue->closed = true;
    (void)pthread_cond_broadcast(&queue->changed);
    (void)pthread_mutex_unlock(&queue->lock);
}

bool queue_closed(struct queue *queue)
{
    (void)pthread_mutex_lock(&queue->lock);
    const bool closed = queue->closed;
    (void)pthread_mutex_unlock(&queue->lock);
    return closed;
}

size_t queue_count(struct queue *queue)
{
    (void)pthread_mutex_lock(&queue->lock);
    const size_t count = queue->count;
    (void)pthread_mutex_unlock(&queue->lock);
    return count;
}
