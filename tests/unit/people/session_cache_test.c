#include "people/session_cache.h"

#include "check.h"

static struct session session_of(const char *id, int64_t generation)
{
    struct session session = {.generation = generation};
    (void)snprintf(session.id, sizeof session.id, "%s", id);
    return session;
}

int main(void)
{
    struct session_cache *cache = session_cache_new();
    struct session found = {.generation = 0};
    const struct session one = session_of("one", 4);
    const int64_t now_us = 1000000;
    CHECK(!session_cache_find(cache, "one", now_us, &found));
    uint64_t epoch = session_cache_epoch(cache);
    session_cache_put(cache, epoch, &one, now_us);
    CHECK(session_cache_find(cache, "one", now_us, &found) && found.generation == 4);
    CHECK(!session_cache_find(cache, "two", now_us, &found));
    CHECK(!session_cache_find(cache, "", now_us, &found));

    /* For half a second, and not by a clock that goes backward. */
    CHECK(session_cache_find(cache, "one", now_us + SESSION_CACHE_AGE_US - 1, &found));
    CHECK(!session_cache_find(cache, "one", now_us + SESSION_CACHE_AGE_US, &found));
    CHECK(!session_cache_find(cache, "one", now_us - 1, &found));

    /* What was read before a change counts no more, though it comes in afterwards. */
    epoch = session_cache_epoch(cache);
    session_cache_forget(cache);
    CHECK(!session_cache_find(cache, "one", now_us, &found));
    session_cache_put(cache, epoch, &one, now_us);
    CHECK(!session_cache_find(cache, "one", now_us, &found));
    session_cache_put(cache, session_cache_epoch(cache), &one, now_us);
    CHECK(session_cache_find(cache, "one", now_us, &found));

    /* Whoever has the same place takes it; nothing grows. */
    char id[16];
    for (int i = 0; i < 4 * SESSION_CACHE_ENTRY_MAX; i++) {
        (void)snprintf(id, sizeof id, "s%d", i);
        const struct session next = session_of(id, i);
        session_cache_put(cache, session_cache_epoch(cache), &next, now_us);
        if (!session_cache_find(cache, id, now_us, &found) || found.generation != i) { break; }
    }
    CHECK(found.generation == 4 * SESSION_CACHE_ENTRY_MAX - 1);
    session_cache_free(cache);
    return CHECK_DONE();
}
