#include "people/rate_limit.h"

#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "people/rate_shared.h"

enum { BUCKET_COUNT = 1024, BATCH_PART = 100 };
#define BATCH_LIFE_US CLOCK_SECOND_US

struct entry {
    struct entry *next; /* in its bucket */
    char name[RATE_LIMIT_NAME_SIZE];
    int64_t free_us; /* when every failure is forgiven; each adds every_us */
    int64_t batch;   /* of the requests that Redis has granted, those that are left */
    int64_t batch_until_us;
};

struct rate_limit {
    pthread_mutex_t lock;
    int64_t burst, every_us;
    struct rate_shared shared;
    size_t count;
    struct entry *buckets[BUCKET_COUNT];
};

struct rate_limit *rate_limit_new(int64_t burst, int64_t every_us)
{
    struct rate_limit *limit = MEM_NEW(struct rate_limit);
    if (pthread_mutex_init(&limit->lock, NULL)) { abort(); }
    limit->burst = burst;
    limit->every_us = every_us;
    return limit;
}

void rate_limit_free(struct rate_limit *limit)
{
    if (!limit) { return; }
    for (size_t i = 0; i < BUCKET_COUNT; i++) {
        struct entry *entry = limit->buckets[i];
        while (entry) {
            struct entry *next = entry->next;
            free(entry);
            entry = next;
        }
    }
    (void)pthread_mutex_destroy(&limit->lock);
    free(limit);
}

static void shorten(char name[static RATE_LIMIT_NAME_SIZE], const char *from)
{
    const size_t size = strnlen(from, RATE_LIMIT_NAME_SIZE - 1);
    memcpy(name, from, size);
    name[size] = '\0';
}

/* Where the pointer to `name` stands, or would stand (FNV-1a; a flood of names is bounded anyway).
 */
static struct entry **place_of(struct rate_limit *limit, const char *name)
{
    uint32_t hash = 2166136261U;
    for (const char *at = name; *at; at++) {
        hash = (hash ^ (unsigned char)*at) * 16777619U;
    }
    struct entry **place = &limit->buckets[hash % BUCKET_COUNT];
    while (*place && strcmp((*place)->name, name) != 0) {
        place = &(*place)->next;
    }
    return place;
}

static void remove_at(struct rate_limit *limit, struct entry **place)
{
    struct entry *entry = *place;
    *place = entry->next;
    free(entry);
    limit->count--;
}

/* Drops what is forgiven in one bucket; tells the place that is forgiven first, if it is earlier.
 */
static void sweep_bucket(struct rate_limit *limit, size_t bucket, int64_t now_us,
                         struct entry ***first)
{
    struct entry **place = &limit->buckets[bucket];
    while (*place) {
        if ((*place)->free_us <= now_us) {
            remove_at(limit, place);
            continue;
        }
        if (!*first || (*place)->free_us < (**first)->free_us) { *first = place; }
        place = &(*place)->next;
    }
}

/* Makes room: drops what is forgiven, and if nothing is, the one that is forgiven first. */
static void make_room(struct rate_limit *limit, int64_t now_us)
{
    struct entry **first = NULL;
    for (size_t i = 0; i < BUCKET_COUNT; i++) {
        sweep_bucket(limit, i, now_us, &first);
    }
    if (limit->count == RATE_LIMIT_ENTRY_MAX) { remove_at(limit, first); }
}

/* Under the lock, as all below. */
static int64_t wait_of(const struct rate_limit *limit, const struct entry *entry, int64_t now_us)
{
    const int64_t debt_us = entry ? entry->free_us - now_us : 0;
    const int64_t wait_us = debt_us - (limit->burst - 1) * limit->every_us;
    return wait_us > 0 ? wait_us : 0;
}

static struct entry *find_or_add(struct rate_limit *limit, const char *key, int64_t now_us)
{
    struct entry **place = place_of(limit, key);
    if (!*place && limit->count == RATE_LIMIT_ENTRY_MAX) {
        make_room(limit, now_us);
        place = place_of(limit, key);
    }
    if (!*place) {
        *place = MEM_NEW(struct entry);
        memcpy((*place)->name, key, RATE_LIMIT_NAME_SIZE);
        limit->count++;
    }
    return *place;
}

static struct entry *count(struct rate_limit *limit, const char *key, int64_t now_us)
{
    struct entry *entry = find_or_add(limit, key, now_us);
    entry->free_us = (entry->free_us > now_us ? entry->free_us : now_us) + limit->every_us;
    return entry;
}

/* ---- with the other servers ---- */

void rate_limit_share(struct rate_limit *limit, struct redis *redis, const char *name)
{
    limit->shared = (struct rate_shared){
        .redis = redis, .name = name, .burst = limit->burst, .every_us = limit->every_us};
}

/* One of what Redis has granted before; counted in memory as well. */
static bool take_granted(struct rate_limit *limit, const char *key, int64_t now_us)
{
    (void)pthread_mutex_lock(&limit->lock);
    struct entry *entry = *place_of(limit, key);
    const bool granted = entry && entry->batch > 0 && now_us < entry->batch_until_us;
    if (granted) {
        entry->batch--;
        (void)count(limit, key, now_us);
    }
    (void)pthread_mutex_unlock(&limit->lock);
    return granted;
}

static void keep_granted(struct rate_limit *limit, const char *key, int64_t granted, int64_t now_us)
{
    (void)pthread_mutex_lock(&limit->lock);
    struct entry *entry = count(limit, key, now_us);
    entry->batch = now_us < entry->batch_until_us ? entry->batch + granted - 1 : granted - 1;
    entry->batch_until_us = now_us + BATCH_LIFE_US;
    (void)pthread_mutex_unlock(&limit->lock);
}

/* ERR_UNAVAILABLE: memory has to decide. */
static enum err take_shared(struct rate_limit *limit, const char *key, int64_t now_us,
                            int64_t *wait_us)
{
    *wait_us = 0;
    if (!limit->shared.redis) { return ERR_UNAVAILABLE; }
    if (take_granted(limit, key, now_us)) { return OK; }
    const int64_t part = limit->burst / BATCH_PART;
    int64_t granted = 0;
    const enum err err =
        rate_shared_take(&limit->shared, key, part > 1 ? part : 1, &granted, wait_us);
    if (err == OK && granted > 0) { keep_granted(limit, key, granted, now_us); }
    return err;
}

/* ---- the outside ---- */

int64_t rate_limit_wait_us(struct rate_limit *limit, const char *name, int64_t now_us)
{
    char key[RATE_LIMIT_NAME_SIZE];
    int64_t granted = 0;
    int64_t wait_us = 0;
    shorten(key, name);
    if (limit->shared.redis && rate_shared_take(&limit->shared, key, 0, &granted, &wait_us) == OK) {
        return wait_us;
    }
    (void)pthread_mutex_lock(&limit->lock);
    wait_us = wait_of(limit, *place_of(limit, key), now_us);
    (void)pthread_mutex_unlock(&limit->lock);
    return wait_us;
}

void rate_limit_failed(struct rate_limit *limit, const char *name, int64_t now_us)
{
    char key[RATE_LIMIT_NAME_SIZE] = "";
    shorten(key, name);
    if (limit->shared.redis) { (void)!rate_shared_count(&limit->shared, key); }
    (void)pthread_mutex_lock(&limit->lock);
    (void)count(limit, key, now_us);
    (void)pthread_mutex_unlock(&limit->lock);
}

int64_t rate_limit_take_us(struct rate_limit *limit, const char *name, int64_t now_us)
{
    char key[RATE_LIMIT_NAME_SIZE] = "";
    int64_t wait_us = 0;
    shorten(key, name);
    if (take_shared(limit, key, now_us, &wait_us) == OK) { return wait_us; }
    (void)pthread_mutex_lock(&limit->lock);
    wait_us = wait_of(limit, *place_of(limit, key), now_us);
    if (wait_us == 0) { (void)count(limit, key, now_us); }
    (void)pthread_mutex_unlock(&limit->lock);
    return wait_us;
}

void rate_limit_forget(struct rate_limit *limit, const char *name)
{
    char key[RATE_LIMIT_NAME_SIZE];
    shorten(key, name);
    if (limit->shared.redis) { (void)!rate_shared_forget(&limit->shared, key); }
    (void)pthread_mutex_lock(&limit->lock);
    struct entry **place = place_of(limit, key);
    if (*place) { remove_at(limit, place); }
    (void)pthread_mutex_unlock(&limit->lock);
}
