#include <sodium.h>
#include <string.h>

#include "store/connection.h"

enum err database_derive_column_key(struct secret **out, const struct secret *key, struct why *why)
{
    uint8_t bytes[DATABASE_KEY_SIZE] = {0};
    if (key) {
        (void)crypto_kdf_derive_from_key(bytes, sizeof bytes, 1, "tsccolmn",
                                         secret_bytes(key).data);
    }
    const enum err err = secret_new(out, span_of(bytes, sizeof bytes), why);
    sodium_memzero(bytes, sizeof bytes);
    return err;
}

static enum err take_column_key(struct database *database, const struct database_config *config,
                                struct why *why)
{
    if (!config->column_key) {
        return database_derive_column_key(&database->column_key, config->key, why);
    }
    const struct span given = secret_bytes(config->column_key);
    if (given.size == DATABASE_KEY_SIZE) { return secret_new(&database->column_key, given, why); }
    return why_set(why, ERR_RANGE, "column key has %zu bytes, expected %d", given.size,
                   DATABASE_KEY_SIZE);
}

const struct secret *database_column_key(const struct database *database)
{
    return database->column_key;
}

enum err database_open(struct database **out, const struct database_config *config, struct why *why)
{
    const struct backend *backend = config->address ? &POSTGRES_BACKEND : &SQLITE_BACKEND;
    CLEANUP(database_close_p) struct database *database = NULL;
    enum err err = backend->open(&database, config, why);
    if (err == OK) { err = take_column_key(database, config, why); }
    if (err == OK) { *out = TAKE(database); }
    return err;
}

void database_close(struct database *database)
{
    if (!database) { return; }
    while (database->statements) {
        struct statement *gone = database->statements;
        database->statements = gone->next;
        database->backend->finalise(gone);
    }
    secret_free(database->column_key);
    database->backend->close(database);
    free(database->name);
    free(database);
}

enum err database_execute(struct database *database, const char *sql, struct why *why)
{
    return database->backend->execute(database, sql, why);
}

enum err database_begin(struct database *database, struct why *why)
{
    return database->backend->begin(database, why);
}

void database_end(struct database *database, enum err *err, struct why *why)
{
    database->backend->end(database, err, why);
}

bool database_in_transaction(const struct database *database)
{
    return database->backend->in_transaction(database);
}

enum err database_checkpoint(struct database *database, struct why *why)
{
    return database->backend->checkpoint(database, why);
}

bool database_damaged(const struct database *database)
{
    return database->backend->damaged(database);
}
