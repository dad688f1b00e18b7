/*
 * people/passkey_store - the passkeys of users, and the questions that they answer.
 *
 * A challenge is random, for one user, one purpose and, where something is approved, its digest;
 * good once and for CHALLENGE_LIFE_US. Open ones are kept in memory, bounded, the oldest forgotten.
 * `struct challenges` is for any thread; the store belongs to the thread of its database
 * connection, and its writing functions join the caller's transaction. The time is a parameter.
 */
#pragma once

#include "base/clock.h"
#include "base/id.h"
#include "base/value.h"
#include "people/passkey.h"
#include "store/database.h"

#define CHALLENGE_LIFE_US (2 * CLOCK_MINUTE_US)

enum {
    CHALLENGE_MAX = 1024,
    CHALLENGE_SUBJECT_SIZE = 32,
    PASSKEY_NAME_SIZE = 65,
    PASSKEY_PER_USER_MAX = 16
};

enum challenge_purpose {
    CHALLENGE_PURPOSE_REGISTER,
    CHALLENGE_PURPOSE_SIGN_IN,
    CHALLENGE_PURPOSE_APPROVE
};

struct challenges; /* one per program */
struct challenges *challenges_new(void);
void challenges_free(struct challenges *challenges); /* NULL is allowed */

struct challenge {
    uint8_t bytes[PASSKEY_CHALLENGE_SIZE];
    char user_id[ID_TEXT_SIZE];
    enum challenge_purpose purpose;
    uint8_t subject[CHALLENGE_SUBJECT_SIZE]; /* APPROVE: SHA-256 of exactly what; else zero */
    int64_t not_after_us;
};
/* Fills `bytes` and the end of its life. */
void challenges_give(struct challenges *challenges, struct challenge *challenge, int64_t now_us);
/* Whether it was given for that user, purpose and subject, and is open; spends it. */
MUST_USE bool challenges_take(struct challenges *challenges, const struct challenge *challenge,
                              int64_t now_us);

struct passkey_store;

MUST_USE enum err passkey_store_open(struct passkey_store **out, struct database *database,
                                     struct why *why);
void passkey_store_close(struct passkey_store *store); /* NULL is allowed */
CLEANUP_FOR(struct passkey_store, passkey_store_close)

struct passkey_owner {
    const char *user_id;
    const char *name; /* what the person calls it, 1..64 bytes */
    int64_t now_us;
};
/* ERR_CONFLICT: it is known already; ERR_RANGE: its name. */
MUST_USE enum err passkey_add(struct passkey_store *store, const struct passkey *passkey,
                              const struct passkey_owner *owner, struct why *why);
/* ERR_NOT_FOUND: not one of that user. */
MUST_USE enum err passkey_find(struct passkey_store *store, const char *user_id, struct span id,
                               struct passkey *passkey, struct why *why);
/* Enters its new count. ERR_CONFLICT: used at the same time elsewhere. */
MUST_USE enum err passkey_used(struct passkey_store *store, const struct passkey *passkey,
                               int64_t old_count, int64_t now_us, struct why *why);
/* `[{"id","credential","name","domain","created_at","used_at"},...]` */
MUST_USE enum err passkey_list(struct passkey_store *store, const char *user_id, struct value **out,
                               struct why *why);
/* ERR_NOT_FOUND. */
MUST_USE enum err passkey_remove(struct passkey_store *store, const char *user_id, const char *id,
                                 struct why *why);
