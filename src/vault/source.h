/*
 * vault/source - where the keys of databases come from, the same way for every program.
 *
 * TOCSIN_DATABASE_KEY opens the database; TOCSIN_COLUMN_KEY, if there is one, the keys of its
 * sealed columns. Each is taken from the environment or, when that has none, from the systemd
 * credential of the same name (base/secret); and each is 64 hexadecimal digits, or the pkcs11: URI
 * of a secret key in a token that derives it (trust/token_key), whose PIN is TOCSIN_TOKEN_PIN.
 * Called at start, by one thread.
 */
#pragma once

#include "store/database.h"

struct source_keys {
    struct secret *database;
    struct secret *column; /* NULL: derived from the other one (database_column_key) */
};

/* ERR_NOT_FOUND: there is no database key. `*keys` is to be released on OK. */
MUST_USE enum err source_take(struct source_keys *keys, struct why *why);
void source_keys_deinit(struct source_keys *keys);

/* Only the database's, for programs that have no sealed columns. */
MUST_USE enum err source_database_key(struct secret **key, struct why *why);

/*
 * The present keys, and those to come: TOCSIN_DATABASE_KEY_NEW, TOCSIN_COLUMN_KEY_NEW, each NULL in
 * `next` when it stays. ERR_NOT_FOUND: there is no present one, or no new one at all.
 */
MUST_USE enum err source_take_change(struct source_keys *now, struct source_keys *next,
                                     struct why *why);
