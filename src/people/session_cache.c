#include "people/session_cache.h"

#include <pthread.h>
#include <string.h>

struct entry {
    uint64_t epoch; /* 0 = nothing is here */
    int64_t read_us;
    struct session session;
};

struct session_cache {
    pthread_mutex_t lock;
    uint64_t epoch;
    struct entry entries[SESSION_CACHE_ENTRY_MAX];
};

struct session_cache *session_cache_new(void)
{
    struct session_cache *cache = MEM_NEW(struct session_cache);
    if (pthread_mutex_init(&cache->lock, NULL)) { abort(); }
    cache->epoch = 1;
    return cache;
}

void session_cache_free(struct session_cache *cache)
{
    if (!cache) { return; }
    (void)pthread_mutex_destroy(&cache->lock);
    free(cache);
}

/* Ids are made here, of time and random bits (FNV-1a); nobody chooses one. */
static struct entry *place_of(struct session_cache *cache, const char *id)
{
    uint32_t hash = 2166136261U;
    for (const char *at = id; *at; at++) {
        hash = (hash ^ (unsigned char)*at) * 16777619U;
    }
    return &cache->entries[hash % SESSION_CACHE_ENTRY_MAX];
}

uint64_t session_cache_epoch(struct session_cache *cache)
{
    (void)pthread_mutex_lock(&cache->lock);
    const uint64_t epoch = cache->epoch;
    (void)pthread_mutex_unlock(&cache->lock);
    return epoch;
}

bool session_cache_find(struct session_cache *cache, const char *id, int64_t now_us,
                        struct session *session)
{
    (void)pthread_mutex_lock(&cache->lock);
    const struct entry *entry = place_of(cache, id);
    const bool found = entry->epoch == cache->epoch && now_us >= entry->read_us &&
                       now_us - entry->read_us < SESSION_CACHE_AGE_US &&
                       strcmp(entry->session.id, id) == 0;
    if (found) { *session = entry->session; }
    (void)pthread_mutex_unlock(&cache->lock);
    return found;
}

void session_cache_put(struct session_cache *cache, uint64_t epoch, const struct session *session,
                       int64_t now_us)
{
    (void)pthread_mutex_lock(&cache->lock);
    if (epoch == cache->epoch) {
        *place_of(cache, session->id) = (struct entry){epoch, now_us, *session};
    }
    (void)pthread_mutex_unlock(&cache->lock);
}

void session_cache_forget(struct session_cache *cache)
{
    (void)pthread_mutex_lock(&cache->lock);
    cache->epoch++;
    (void)pthread_mutex_unlock(&cache->lock);
}
