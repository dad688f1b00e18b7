#include "people/token_cache.h"

#include "check.h"

static struct token_claims claims_of(int64_t generation)
{
    return (struct token_claims){.session_id = "s", .generation = generation, .expires_us = 7};
}

int main(void)
{
    struct token_cache *cache = token_cache_new();
    uint8_t hash[TOKEN_HASH_SIZE];
    uint8_t other[TOKEN_HASH_SIZE];
    struct token_claims found = {.generation = 0};
    token_cache_hash(hash, "a token");
    token_cache_hash(other, "another token");
    CHECK(memcmp(hash, other, sizeof hash) != 0);
    CHECK(!token_cache_find(cache, hash, &found));
    const struct token_claims claims = claims_of(4);
    token_cache_put(cache, hash, &claims);
    CHECK(token_cache_find(cache, hash, &found) && found.generation == 4 && found.expires_us == 7);
    CHECK_TEXT(found.session_id, "s");
    CHECK(!token_cache_find(cache, other, &found));
    /* One of the same place takes it over; nothing grows. */
    memcpy(other, hash, 2);
    const struct token_claims later = claims_of(5);
    token_cache_put(cache, other, &later);
    CHECK(token_cache_find(cache, other, &found) && found.generation == 5);
    CHECK(!token_cache_find(cache, hash, &found));
    token_cache_free(cache);
    return CHECK_DONE();
}
