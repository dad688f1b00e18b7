#include "programs/control/grants.h"

#include <pthread.h>
#include <sodium.h>
#include <string.h>

enum { HASH_SIZE = 32 };

struct entry {
    bool used;
    uint8_t hash[HASH_SIZE];
    struct grant grant;
};

struct grants {
    pthread_mutex_t lock;
    size_t next; /* the place that is written next: the oldest */
    struct entry entries[GRANT_MAX];
};

struct grants *grants_new(void)
{
    struct grants *grants = MEM_NEW(struct grants);
    if (pthread_mutex_init(&grants->lock, NULL)) { abort(); }
    return grants;
}

void grants_free(struct grants *grants)
{
    if (!grants) { return; }
    (void)pthread_mutex_destroy(&grants->lock);
    free(grants);
}

const char *grant_answer_name(enum grant_answer answer)
{
    static const char *const names[] = {"open", "unknown", "expired", "other_event",
                                        "other_session"};
    return names[answer];
}

static void hash_token(uint8_t hash[static HASH_SIZE], const char *token)
{
    (void)crypto_generichash(hash, HASH_SIZE, (const unsigned char *)token, strlen(token), NULL, 0);
}

void grants_give(struct grants *grants, const char *token, const struct grant *grant)
{
    uint8_t hash[HASH_SIZE];
    hash_token(hash, token);
    (void)pthread_mutex_lock(&grants->lock);
    struct entry *entry = &grants->entries[grants->next++ % GRANT_MAX];
    memcpy(entry->hash, hash, sizeof hash);
    entry->grant = *grant;
    entry->used = true;
    (void)pthread_mutex_unlock(&grants->lock);
}

static enum grant_answer judge(const struct grant *grant, const struct grant *wanted,
                               int64_t now_us)
{
    if (memcmp(grant->session, wanted->session, SESSION_KEY_SIZE) != 0) {
        return GRANT_ANSWER_OTHER_SESSION;
    }
    if (strcmp(grant->event_id, wanted->event_id) != 0 || grant->kind != wanted->kind) {
        return GRANT_ANSWER_OTHER_EVENT;
    }
    return now_us < grant->not_after_us ? GRANT_ANSWER_OPEN : GRANT_ANSWER_EXPIRED;
}

enum grant_answer grants_take(struct grants *grants, const char *token, struct grant *wanted,
                              int64_t now_us)
{
    uint8_t hash[HASH_SIZE];
    hash_token(hash, token);
    enum grant_answer answer = GRANT_ANSWER_UNKNOWN;
    (void)pthread_mutex_lock(&grants->lock);
    for (size_t i = 0; i < GRANT_MAX && answer == GRANT_ANSWER_UNKNOWN; i++) {
        struct entry *entry = &grants->entries[i];
        if (!entry->used || memcmp(entry->hash, hash, sizeof hash) != 0) { continue; }
        answer = judge(&entry->grant, wanted, now_us);
        if (answer == GRANT_ANSWER_OPEN) {
            *wanted = entry->grant;
            entry->used = false;
        }
    }
    (void)pthread_mutex_unlock(&grants->lock);
    return answer;
}
