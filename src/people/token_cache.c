#include "people/token_cache.h"

#include <pthread.h>
#include <sodium.h>
#include <string.h>

struct entry {
    bool used;
    uint8_t hash[TOKEN_HASH_SIZE];
    struct token_claims claims;
};

struct token_cache {
    pthread_mutex_t lock;
    struct entry entries[TOKEN_CACHE_ENTRY_MAX];
};

struct token_cache *token_cache_new(void)
{
    struct token_cache *cache = MEM_NEW(struct token_cache);
    if (pthread_mutex_init(&cache->lock, NULL)) { abort(); }
    return cache;
}

void token_cache_free(struct token_cache *cache)
{
    if (!cache) { return; }
    (void)pthread_mutex_destroy(&cache->lock);
    free(cache);
}

void token_cache_hash(uint8_t hash[static TOKEN_HASH_SIZE], const char *token)
{
    _Static_assert(TOKEN_HASH_SIZE == crypto_generichash_BYTES, "BLAKE2b of 256 bits");
    (void)crypto_generichash(hash, TOKEN_HASH_SIZE, (const uint8_t *)token, strlen(token), NULL, 0);
}

/* A hash is uniform already, and nobody can choose it. */
static struct entry *place_of(struct token_cache *cache, const uint8_t *hash)
{
    const size_t place = (size_t)hash[0] << 8 | hash[1];
    return &cache->entries[place % TOKEN_CACHE_ENTRY_MAX];
}

bool token_cache_find(struct token_cache *cache, const uint8_t hash[static TOKEN_HASH_SIZE],
                      struct token_claims *claims)
{
    (void)pthread_mutex_lock(&cache->lock);
    const struct entry *entry = place_of(cache, hash);
    const bool found = entry->used && memcmp(entry->hash, hash, TOKEN_HASH_SIZE) == 0;
    if (found) { *claims = entry->claims; }
    (void)pthread_mutex_unlock(&cache->lock);
    return found;
}

void token_cache_put(struct token_cache *cache, const uint8_t hash[static TOKEN_HASH_SIZE],
                     const struct token_claims *claims)
{
    (void)pthread_mutex_lock(&cache->lock);
    struct entry *entry = place_of(cache, hash);
    entry->used = true;
    memcpy(entry->hash, hash, TOKEN_HASH_SIZE);
    entry->claims = *claims;
    (void)pthread_mutex_unlock(&cache->lock);
}
