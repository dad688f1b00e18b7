#include "vault/vault.h"

#include <sodium.h>
#include <stdio.h>

#include "base/metric.h"
#include "queries/vault_vault.h"

enum { ROW_SIZE = 24 };

struct held_key {
    struct vault_key facts;
    struct secret *bytes; /* owned */
};

struct vault {
    struct database *database; /* borrowed */
    struct statement *keys_get, *key_add, *key_rewrap, *key_remove, *newest_get, *secret_get,
        *secret_add;
    struct held_key keys[VAULT_KEY_MAX]; /* oldest first */
    size_t count;
    int64_t looked_us; /* monotonic: when the newest key was asked for last */
};

const char *vault_refusal_name(enum vault_refusal refusal)
{
    static const char *const names[] = {"unsealed", "unknown_key", "mismatch"};
    return names[refusal];
}

/* ---- the keys ---- */

static struct seal_place place_of_key(char row[static ROW_SIZE], uint32_t id)
{
    (void)snprintf(row, ROW_SIZE, "%u", id);
    return (struct seal_place){.table = "seal_keys", .column = "wrapped", .row = row};
}

static void forget_keys(struct vault *vault)
{
    for (size_t i = 0; i < vault->count; i++) {
        secret_free(vault->keys[i].bytes);
    }
    vault->count = 0;
}

static enum err unwrap(struct vault *vault, const struct statement *row, struct why *why)
{
    const uint32_t id = (uint32_t)column_integer(row, 0);
    const struct seal_key root = {.bytes = database_column_key(vault->database)};
    char row_name[ROW_SIZE];
    const struct seal_place place = place_of_key(row_name, id);
    uint8_t bytes[SEAL_KEY_SIZE];
    struct seal_room room = {.bytes = bytes, .capacity = sizeof bytes};
    if (vault->count == VAULT_KEY_MAX) {
        return why_set(why, ERR_LIMIT, "there are more than %d column keys", VAULT_KEY_MAX);
    }
    if (!seal_open(&root, &place, column_bytes(row, 1), &room) || room.size != sizeof bytes) {
        return why_set(why, ERR_DENIED,
                       "TOCSIN_COLUMN_KEY (without one: TOCSIN_DATABASE_KEY) does not open column "
                       "key %u of this database",
                       id);
    }
    struct held_key *key = &vault->keys[vault->count];
    key->facts = (struct vault_key){.id = id, .created_us = column_integer(row, 2)};
    const enum err err = secret_new(&key->bytes, span_of(bytes, sizeof bytes), why);
    sodium_memzero(bytes, sizeof bytes);
    if (err == OK) { vault->count++; }
    return err;
}

static enum err look(struct vault *vault, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *rows = vault->keys_get;
    enum step step = STEP_DONE;
    forget_keys(vault);
    enum err err = statement_step(rows, &step, why);
    while (err == OK && step == STEP_ROW) {
        err = unwrap(vault, rows, why);
        if (err == OK) { err = statement_step(rows, &step, why); }
    }
    vault->looked_us = err == OK ? clock_monotonic_us() : 0;
    return err;
}

uint32_t vault_newest(const struct vault *vault)
{
    return vault->count ? vault->keys[vault->count - 1].facts.id : 0;
}

enum err vault_key_add(struct vault *vault, int64_t now_us, struct why *why)
{
    enum err err = look(vault, why);
    if (err != OK) { return err; }
    if (vault->count == VAULT_KEY_MAX) {
        return why_set(why, ERR_LIMIT, "there are %d column keys already", VAULT_KEY_MAX);
    }
    const uint32_t id = vault_newest(vault) + 1;
    const struct seal_key root = {.bytes = database_column_key(vault->database)};
    CLEANUP(text_deinit) struct text wrapped = text_limited(SEAL_SIZE_MAX);
    char row[ROW_SIZE];
    const struct seal_place place = place_of_key(row, id);
    uint8_t bytes[SEAL_KEY_SIZE];
    randombytes_buf(bytes, sizeof bytes);
    seal_close(&wrapped, &root, &place, span_of(bytes, sizeof bytes));
    sodium_memzero(bytes, sizeof bytes);
    statement_bind_integer(vault->key_add, ":key_id", id);
    statement_bind_bytes(vault->key_add, ":wrapped", text_span(&wrapped));
    statement_bind_integer(vault->key_add, ":created_us", now_us);
    err = statement_run(vault->key_add, NULL, why);
    return err == OK ? look(vault, why) : err;
}

enum err vault_key_remove(struct vault *vault, uint32_t id, struct why *why)
{
    statement_bind_integer(vault->key_remove, ":key_id", id);
    const enum err err = statement_run(vault->key_remove, NULL, why);
    return err == OK ? look(vault, why) : err;
}

enum err vault_rewrap(struct vault *vault, const struct secret *column_key, struct why *why)
{
    const struct seal_key root = {.bytes = column_key};
    enum err err = look(vault, why);
    for (size_t i = 0; err == OK && i < vault->count; i++) {
        CLEANUP(text_deinit) struct text wrapped = text_limited(SEAL_SIZE_MAX);
        char row[ROW_SIZE];
        const struct seal_place place = place_of_key(row, vault->keys[i].facts.id);
        seal_close(&wrapped, &root, &place, secret_bytes(vault->keys[i].bytes));
        statement_bind_integer(vault->key_rewrap, ":key_id", vault->keys[i].facts.id);
        statement_bind_bytes(vault->key_rewrap, ":wrapped", text_span(&wrapped));
        err = statement_run(vault->key_rewrap, NULL, why);
    }
    return err;
}

size_t vault_keys(const struct vault *vault, struct vault_key keys[static VAULT_KEY_MAX])
{
    for (size_t i = 0; i < vault->count; i++) {
        keys[i] = vault->keys[i].facts;
    }
    return vault->count;
}

/* ---- opening and closing ---- */

enum err vault_open(struct vault **out, struct database *database, struct why *why)
{
    CLEANUP(vault_close_p) struct vault *vault = MEM_NEW(struct vault);
    vault->database = database;
    const struct statement_text texts[] = {
        {&vault->keys_get, SQL_VAULT_KEYS},         {&vault->key_add, SQL_VAULT_KEY_ADD},
        {&vault->key_rewrap, SQL_VAULT_KEY_REWRAP}, {&vault->key_remove, SQL_VAULT_KEY_REMOVE},
        {&vault->newest_get, SQL_VAULT_NEWEST},     {&vault->secret_get, SQL_VAULT_SECRET},
        {&vault->secret_add, SQL_VAULT_SECRET_ADD},
    };
    enum err err = database_prepare_all(database, texts, ARRAY_LEN(texts), why);
    if (err == OK) { err = look(vault, why); }
    if (err == OK && vault->count == 0) { err = vault_key_add(vault, clock_wall_us(), why); }
    if (err == OK) { *out = TAKE(vault); }
    return err;
}

void vault_close(struct vault *vault)
{
    if (!vault) { return; }
    forget_keys(vault);
    free(vault); /* the statements belong to the connection */
}

/* ---- sealing and opening values ---- */

/* Has another process made a newer key? */
static enum err keep_up(struct vault *vault, struct why *why)
{
    const int64_t now_us = clock_monotonic_us();
    if (now_us - vault->looked_us < VAULT_LOOK_US) { return OK; }
    enum step step = STEP_DONE;
    const enum err err = statement_step(vault->newest_get, &step, why);
    const int64_t newest = err == OK ? column_integer(vault->newest_get, 0) : 0;
    statement_reset(vault->newest_get);
    if (err != OK) { return err; }
    vault->looked_us = now_us;
    return newest == (int64_t)vault_newest(vault) ? OK : look(vault, why);
}

enum err vault_seal(struct vault *vault, const struct seal_place *place, struct span plain,
                    struct text *sealed, struct why *why)
{
    if (plain.size > SEAL_PLAIN_SIZE_MAX) {
        return why_set(why, ERR_LIMIT, "%s.%s has %zu bytes, at most %d can be sealed",
                       place->table, place->column, plain.size, SEAL_PLAIN_SIZE_MAX);
    }
    const enum err err = keep_up(vault, why);
    if (err != OK) { return err; }
    if (vault->count == 0) { return why_set(why, ERR_DENIED, "there is no column key"); }
    const struct held_key *newest = &vault->keys[vault->count - 1];
    const struct seal_key key = {.id = newest->facts.id, .bytes = newest->bytes};
    seal_close(sealed, &key, place, plain);
    return OK;
}

static enum err refuse(enum vault_refusal refusal, const struct seal_place *place, struct why *why)
{
    char label[48];
    const char *name = vault_refusal_name(refusal);
    (void)snprintf(label, sizeof label, "reason=\"%s\"", name);
    metric_add(metric_counter("tocsin_seal_refused_total",
                              "Sealed values of the database that did not open.", label),
               1);
    return why_set(why, ERR_DAMAGED, "%s: the sealed value of %s.%s in row %.60s does not open",
                   name, place->table, place->column, place->row);
}

static const struct held_key *find(const struct vault *vault, uint32_t id)
{
    for (size_t i = 0; i < vault->count; i++) {
        if (vault->keys[i].facts.id == id) { return &vault->keys[i]; }
    }
    return NULL;
}

enum err vault_unseal(struct vault *vault, const struct seal_place *place, struct span sealed,
                      struct seal_room *plain, struct why *why)
{
    uint32_t id = 0;
    if (!seal_key_id(sealed, &id)) { return refuse(VAULT_REFUSAL_UNSEALED, place, why); }
    const struct held_key *held = find(vault, id);
    if (!held && id > vault_newest(vault)) { /* made since we looked */
        const enum err err = look(vault, why);
        if (err != OK) { return err; }
        held = find(vault, id);
    }
    if (!held) { return refuse(VAULT_REFUSAL_UNKNOWN_KEY, place, why); }
    const struct seal_key key = {.id = id, .bytes = held->bytes};
    return seal_open(&key, place, sealed, plain) ? OK : refuse(VAULT_REFUSAL_MISMATCH, place, why);
}

/* ---- secrets of the site ---- */

static enum err read_secret(struct vault *vault, const char *name, struct secret **out,
                            struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = vault->secret_get;
    const struct seal_place place = {.table = "site_secrets", .column = "secret", .row = name};
    uint8_t bytes[SEAL_KEY_SIZE];
    struct seal_room room = {.bytes = bytes, .capacity = sizeof bytes};
    enum step step = STEP_DONE;
    statement_bind_text(row, ":name", name);
    enum err err = statement_step(row, &step, why);
    if (err == OK && step == STEP_DONE) { return ERR_NOT_FOUND; }
    if (err == OK) { err = vault_unseal(vault, &place, column_bytes(row, 0), &room, why); }
    if (err == OK) { err = secret_new(out, span_of(bytes, room.size), why); }
    sodium_memzero(bytes, sizeof bytes);
    return err;
}

enum err vault_secret(struct vault *vault, const char *name, struct secret **out, struct why *why)
{
    enum err err = read_secret(vault, name, out, why);
    if (err != ERR_NOT_FOUND) { return err; }
    CLEANUP(text_deinit) struct text sealed = text_limited(SEAL_SIZE_MAX);
    const struct seal_place place = {.table = "site_secrets", .column = "secret", .row = name};
    uint8_t bytes[SEAL_KEY_SIZE];
    randombytes_buf(bytes, sizeof bytes);
    err = vault_seal(vault, &place, span_of(bytes, sizeof bytes), &sealed, why);
    sodium_memzero(bytes, sizeof bytes);
    if (err != OK) { return err; }
    statement_bind_text(vault->secret_add, ":name", name);
    statement_bind_bytes(vault->secret_add, ":secret", text_span(&sealed));
    err = statement_run(vault->secret_add, NULL, why);
    return err == OK ? read_secret(vault, name, out, why) : err; /* whoever was first */
}
