/*
 * people/passkey_store - the passkeys of users; the questions that they answer are
 * people/challenge.
 *
 * Belongs to the thread of its database connection; its writing functions join the caller's
 * transaction. The time is a parameter.
 */
#pragma once

#include "base/clock.h"
#include "base/id.h"
#include "base/value.h"
#include "people/passkey.h"
#include "store/database.h"

enum { PASSKEY_NAME_SIZE = 65, PASSKEY_PER_USER_MAX = 16 };

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
