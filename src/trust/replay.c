#include "trust/replay.h"

#include <assert.h>
#include <sodium.h>

#include "base/text.h"

enum { ID_SIZE = 16 };

static const uint32_t none = UINT32_MAX; /* no place */
static const int64_t never_us = INT64_MIN;

struct issuer {
    char name[REPLAY_ISSUER_SIZE];
    int64_t floor_us;  /* not newer = refused */
    int64_t newest_us; /* the mark */
    uint64_t used;     /* the replay's count at its last message */
    uint32_t next;     /* in its bucket */
    uint32_t life;     /* grows when the place is given to another issuer */
    bool changed;      /* the mark has not been told yet */
};

struct recent {
    uint8_t id[ID_SIZE];
    int64_t timestamp_us;
    uint32_t issuer, life;
    uint32_t next; /* in its bucket */
};

struct replay {
    uint8_t key[crypto_shorthash_KEYBYTES]; /* so that nobody can choose colliding names */
    uint64_t uses;
    int64_t others_us; /* the floor of issuers that are not in the table */
    bool others_changed;
    int64_t latest_us; /* no mark is later */

    struct issuer *issuers; /* owned */
    uint32_t *issuer_buckets;
    uint32_t issuer_count, issuer_max;

    struct recent *ring; /* owned; the oldest is at `ring_at` once it is full */
    uint32_t *ring_buckets;
    uint32_t ring_count, ring_max, ring_at;
};

static uint32_t *new_buckets(size_t count)
{
    uint32_t *buckets = MEM_ARRAY(uint32_t, count);
    memset(buckets, 0xFF, count * sizeof *buckets); /* none */
    return buckets;
}

struct replay *replay_new(size_t issuer_max, size_t recent_max)
{
    assert(issuer_max > 0 && issuer_max <= REPLAY_ISSUER_MAX);
    assert(recent_max > 0 && recent_max <= REPLAY_RECENT_MAX);
    if (sodium_init() < 0) { abort(); }
    struct replay *replay = MEM_NEW(struct replay);
    crypto_shorthash_keygen(replay->key);
    replay->others_us = never_us;
    replay->issuers = MEM_ARRAY(struct issuer, issuer_max);
    replay->issuer_buckets = new_buckets(issuer_max);
    replay->issuer_max = (uint32_t)issuer_max;
    replay->ring = MEM_ARRAY(struct recent, recent_max);
    replay->ring_buckets = new_buckets(recent_max);
    replay->ring_max = (uint32_t)recent_max;
    return replay;
}

void replay_free(struct replay *replay)
{
    if (!replay) { return; }
    free(replay->issuers);
    free(replay->issuer_buckets);
    free(replay->ring);
    free(replay->ring_buckets);
    free(replay);
}

static uint32_t bucket_of(const struct replay *replay, const void *key, size_t size, uint32_t count)
{
    uint64_t hash = 0;
    (void)crypto_shorthash((uint8_t *)&hash, key, size, replay->key);
    return (uint32_t)(hash % count);
}

/* ---- issuers ---- */

static uint32_t *issuer_bucket(const struct replay *replay, const char *name)
{
    return replay->issuer_buckets + bucket_of(replay, name, strlen(name), replay->issuer_max);
}

static uint32_t find_issuer(const struct replay *replay, const char *name)
{
    uint32_t at = *issuer_bucket(replay, name);
    while (at != none && strcmp(replay->issuers[at].name, name) != 0) {
        at = replay->issuers[at].next;
    }
    return at;
}

static void unlink_issuer(struct replay *replay, uint32_t place)
{
    uint32_t *at = issuer_bucket(replay, replay->issuers[place].name);
    while (*at != place) {
        at = &replay->issuers[*at].next;
    }
    *at = replay->issuers[place].next;
}

static uint32_t least_used(const struct replay *replay)
{
    uint32_t least = 0;
    for (uint32_t i = 1; i < replay->issuer_count; i++) {
        if (replay->issuers[i].used < replay->issuers[least].used) { least = i; }
    }
    return least;
}

/* Forgets the least recently used issuer, and leaves its mark to all that are unknown. */
static uint32_t make_room(struct replay *replay)
{
    const uint32_t place = least_used(replay);
    struct issuer *issuer = &replay->issuers[place];
    if (issuer->newest_us > replay->others_us) {
        replay->others_us = issuer->newest_us;
        replay->others_changed = true;
    }
    unlink_issuer(replay, place);
    issuer->life++;
    return place;
}

static struct issuer *need_issuer(struct replay *replay, const char *name)
{
    uint32_t place = find_issuer(replay, name);
    if (place == none) {
        const int64_t floor_us = replay->others_us;
        place =
            replay->issuer_count < replay->issuer_max ? replay->issuer_count++ : make_room(replay);
        struct issuer *issuer = &replay->issuers[place];
        const bool fits = text_copy(issuer->name, sizeof issuer->name, name);
        assert(fits); /* made of an identity, which is shorter */
        (void)fits;
        issuer->floor_us = floor_us;
        issuer->newest_us = never_us;
        issuer->changed = false;
        uint32_t *bucket = issuer_bucket(replay, name);
        issuer->next = *bucket;
        *bucket = place;
    }
    replay->issuers[place].used = ++replay->uses;
    return &replay->issuers[place];
}

/* ---- identifiers ---- */

static void read_id(uint8_t id[static ID_SIZE], const char *text)
{
    size_t size = 0;
    const int failed = sodium_hex2bin(id, ID_SIZE, text, strlen(text), "-", &size, NULL);
    assert(!failed && size == ID_SIZE); /* the caller has asked id_valid */
    (void)failed;
}

static uint32_t *recent_bucket(const struct replay *replay, const uint8_t id[static ID_SIZE])
{
    return replay->ring_buckets + bucket_of(replay, id, ID_SIZE, replay->ring_max);
}

static bool is_recent(const struct replay *replay, uint32_t issuer, const uint8_t *id)
{
    const uint32_t life = replay->issuers[issuer].life;
    for (uint32_t at = *recent_bucket(replay, id); at != none; at = replay->ring[at].next) {
        const struct recent *recent = &replay->ring[at];
        if (recent->issuer == issuer && recent->life == life &&
            memcmp(recent->id, id, ID_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

/* Empties the oldest place of the full ring and raises its issuer's floor. */
static void forget_oldest(struct replay *replay)
{
    const uint32_t place = replay->ring_at;
    const struct recent *oldest = &replay->ring[place];
    uint32_t *at = recent_bucket(replay, oldest->id);
    while (*at != place) {
        at = &replay->ring[*at].next;
    }
    *at = oldest->next;
    struct issuer *issuer = &replay->issuers[oldest->issuer];
    if (issuer->life == oldest->life && oldest->timestamp_us > issuer->floor_us) {
        issuer->floor_us = oldest->timestamp_us;
    }
}

static void remember(struct replay *replay, const struct recent *recent)
{
    if (replay->ring_count == replay->ring_max) {
        forget_oldest(replay);
    } else {
        replay->ring_count++;
    }
    const uint32_t place = replay->ring_at;
    replay->ring_at = (place + 1) % replay->ring_max;
    replay->ring[place] = *recent;
    uint32_t *bucket = recent_bucket(replay, recent->id);
    replay->ring[place].next = *bucket;
    *bucket = place;
}

bool replay_fresh(const struct replay *replay, const char *issuer, const char *id,
                  int64_t timestamp_us)
{
    const uint32_t place = find_issuer(replay, issuer);
    if (place == none) { return timestamp_us > replay->others_us; }
    uint8_t bytes[ID_SIZE];
    read_id(bytes, id);
    return timestamp_us > replay->issuers[place].floor_us && !is_recent(replay, place, bytes);
}

void replay_admit(struct replay *replay, const char *issuer, const char *id, int64_t timestamp_us)
{
    struct issuer *sender = need_issuer(replay, issuer);
    struct recent recent = {.timestamp_us = timestamp_us,
                            .issuer = (uint32_t)(sender - replay->issuers),
                            .life = sender->life};
    read_id(recent.id, id);
    remember(replay, &recent);
    if (timestamp_us > replay->latest_us) { replay->latest_us = timestamp_us; }
    if (timestamp_us > sender->newest_us) {
        sender->newest_us = timestamp_us;
        sender->changed = true;
    }
}

/* ---- marks ---- */

void replay_marks_each(struct replay *replay,
                       void (*each)(void *context, const char *issuer, int64_t timestamp_us),
                       void *context)
{
    for (uint32_t i = 0; i < replay->issuer_count; i++) {
        struct issuer *issuer = &replay->issuers[i];
        if (issuer->changed) { each(context, issuer->name, issuer->newest_us); }
        issuer->changed = false;
    }
    if (replay->others_changed) { each(context, REPLAY_OTHERS, replay->others_us); }
    replay->others_changed = false;
}

static bool lower(int64_t *time_us, int64_t limit_us, int64_t now_us)
{
    if (*time_us <= limit_us) { return false; }
    *time_us = now_us;
    return true;
}

bool replay_turn_back(struct replay *replay, int64_t limit_us, int64_t now_us)
{
    if (!lower(&replay->latest_us, limit_us, now_us)) { return false; }
    bool any = lower(&replay->others_us, limit_us, now_us);
    replay->others_changed |= any;
    for (uint32_t i = 0; i < replay->issuer_count; i++) {
        struct issuer *issuer = &replay->issuers[i];
        const bool newest = lower(&issuer->newest_us, limit_us, now_us);
        any |= lower(&issuer->floor_us, limit_us, now_us) || newest;
        issuer->changed |= newest;
    }
    for (uint32_t i = 0; i < replay->ring_count; i++) {
        (void)lower(&replay->ring[i].timestamp_us, limit_us, now_us);
    }
    return any;
}

void replay_mark_set(struct replay *replay, const char *issuer, int64_t timestamp_us)
{
    if (timestamp_us > replay->latest_us) { replay->latest_us = timestamp_us; }
    if (strcmp(issuer, REPLAY_OTHERS) == 0) {
        if (timestamp_us > replay->others_us) { replay->others_us = timestamp_us; }
        return;
    }
    struct issuer *sender = need_issuer(replay, issuer);
    if (timestamp_us > sender->floor_us) { sender->floor_us = timestamp_us; }
    if (timestamp_us > sender->newest_us) { sender->newest_us = timestamp_us; }
}
