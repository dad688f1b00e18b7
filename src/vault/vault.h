/*
 * vault/vault - seals and opens the sensitive columns of a database, and keeps their keys.
 *
 * The keys stand in the table seal_keys, each sealed under the site's column key
 * (database_column_key), which is in no database. The newest one seals; older ones open until
 * nothing is sealed under them (vault/reseal). A new key made by another process is used within
 * VAULT_LOOK_US, and found at once when a value names it. Whatever does not open is refused with a
 * named reason and counted in tocsin_seal_refused_total. A vault belongs to the thread of its
 * database connection (migrated as control).
 */
#pragma once

#include "base/clock.h"
#include "store/database.h"
#include "vault/seal.h"

enum { VAULT_KEY_MAX = 64 };
#define VAULT_LOOK_US CLOCK_SECOND_US

struct vault;

/*
 * Reads the keys, and makes the first one in a database that has none. ERR_DENIED: the column key
 * is not the one that they are sealed under.
 */
MUST_USE enum err vault_open(struct vault **out, struct database *database, struct why *why);
void vault_close(struct vault *vault); /* NULL is allowed */
CLEANUP_FOR(struct vault, vault_close)

/* Appends the sealed form of `plain` under the newest key. */
MUST_USE enum err vault_seal(struct vault *vault, const struct seal_place *place, struct span plain,
                             struct text *sealed, struct why *why);

enum vault_refusal {
    VAULT_REFUSAL_UNSEALED,    /* no sealed value: somebody wrote it past us */
    VAULT_REFUSAL_UNKNOWN_KEY, /* its key is not there, or not any more */
    VAULT_REFUSAL_MISMATCH,    /* changed, or of another row, column or table */
};
const char *vault_refusal_name(enum vault_refusal refusal); /* "mismatch" ... */

/* ERR_DAMAGED: refused, and `why` begins with the refusal's name and the place. */
MUST_USE enum err vault_unseal(struct vault *vault, const struct seal_place *place,
                               struct span sealed, struct seal_room *plain, struct why *why);

/* The number of the key that seals now. */
uint32_t vault_newest(const struct vault *vault);

/* ---- the keys themselves: `tocsin key` ---- */

struct vault_key {
    uint32_t id;
    int64_t created_us;
};
/* Oldest first; the result is their count. */
size_t vault_keys(const struct vault *vault, struct vault_key keys[static VAULT_KEY_MAX]);
/* ERR_LIMIT: there are VAULT_KEY_MAX. */
MUST_USE enum err vault_key_add(struct vault *vault, int64_t now_us, struct why *why);
/* In the caller's transaction, which has seen that nothing is sealed under it. */
MUST_USE enum err vault_key_remove(struct vault *vault, uint32_t id, struct why *why);
/* In the caller's transaction: seals the keys themselves under another column key. */
MUST_USE enum err vault_rewrap(struct vault *vault, const struct secret *column_key,
                               struct why *why);

/* A secret of the site, made at random when first asked for: the same on every server. */
MUST_USE enum err vault_secret(struct vault *vault, const char *name, struct secret **out,
                               struct why *why);
