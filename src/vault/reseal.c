#include "vault/reseal.h"

#include <sodium.h>
#include <stdio.h>

#include "queries/vault_reseal.h"

enum { ROW_SIZE = 128, SALT_SIZE = 32, SET_MAX = 4 };

/* The sealed columns of small tables. A new one is a line here and two statements in reseal.sql. */
static const struct column {
    const char *table, *name;
    size_t plain_size; /* of a value from before it was sealed; 0: it always was */
    const char *scan, *set;
} COLUMNS[] = {
    {"users", "totp_secret", 20, SQL_RESEAL_TOTP_SECRET, SQL_RESEAL_TOTP_SECRET_SET},
    {"users", "totp_pending", 20, SQL_RESEAL_TOTP_PENDING, SQL_RESEAL_TOTP_PENDING_SET},
    {"recovery_codes", "code_hash", 32, SQL_RESEAL_CODE_HASH, SQL_RESEAL_CODE_HASH_SET},
    {"site_secrets", "secret", 0, SQL_RESEAL_SITE_SECRET, SQL_RESEAL_SITE_SECRET_SET},
};

struct reseal {
    struct database *database; /* borrowed */
    struct vault *vault;       /* borrowed */
    struct statement *scan[ARRAY_LEN(COLUMNS)], *set[ARRAY_LEN(COLUMNS)];
    struct statement *record, *unsealed, *record_set, *left;
    int64_t after;   /* the audit log was looked through up to this number */
    int64_t refused; /* and so many of its rows do not open */
};

/* A value read, to be written again when its statement is reset. */
struct found {
    char row[ROW_SIZE];
    int64_t number; /* of the audit log */
    bool refused;   /* it does not open */
    struct text old, fresh;
};

struct batch {
    struct found rows[RESEAL_BATCH];
    size_t count;
    int64_t seen, last;
    struct reseal_progress progress;
};

static void batch_free(struct batch **held)
{
    for (size_t i = 0; *held && i < (*held)->count; i++) {
        text_deinit(&(*held)->rows[i].old);
        text_deinit(&(*held)->rows[i].fresh);
    }
    free(*held);
}

enum err reseal_open(struct reseal **out, struct database *database, struct vault *vault,
                     struct why *why)
{
    CLEANUP(reseal_close_p) struct reseal *reseal = MEM_NEW(struct reseal);
    reseal->database = database;
    reseal->vault = vault;
    enum err err = OK;
    for (size_t i = 0; err == OK && i < ARRAY_LEN(COLUMNS); i++) {
        err = database_prepare(&reseal->scan[i], database, COLUMNS[i].scan, why);
        if (err == OK) { err = database_prepare(&reseal->set[i], database, COLUMNS[i].set, why); }
    }
    const struct statement_text texts[] = {
        {&reseal->record, SQL_RESEAL_RECORD},
        {&reseal->unsealed, SQL_RESEAL_UNSEALED},
        {&reseal->record_set, SQL_RESEAL_RECORD_SET},
        {&reseal->left, SQL_RESEAL_LEFT},
    };
    if (err == OK) { err = database_prepare_all(database, texts, ARRAY_LEN(texts), why); }
    if (err == OK) { *out = TAKE(reseal); }
    return err;
}

void reseal_close(struct reseal *reseal)
{
    free(reseal); /* the statements belong to the connection */
}

void reseal_entry_row(char row[static RESEAL_ENTRY_ROW_SIZE], struct span entry)
{
    uint8_t hash[(RESEAL_ENTRY_ROW_SIZE - 1) / 2];
    (void)crypto_generichash(hash, sizeof hash, entry.data, entry.size, NULL, 0);
    (void)sodium_bin2hex(row, RESEAL_ENTRY_ROW_SIZE, hash, sizeof hash);
}

/* ---- one value ---- */

/* Seals `value` again into `found->fresh`, unless it does not open. */
static enum err renew(struct reseal *reseal, const struct seal_place *place, struct span value,
                      struct found *found, struct why *why)
{
    uint8_t bytes[SEAL_PLAIN_SIZE_MAX];
    struct seal_room plain = {.bytes = bytes, .capacity = sizeof bytes};
    enum err err = vault_unseal(reseal->vault, place, value, &plain, why);
    found->refused = err == ERR_DAMAGED;
    if (found->refused) { return OK; }
    if (err != OK) { return err; }
    err = vault_seal(reseal->vault, place, span_of(bytes, plain.size), &found->fresh, why);
    sodium_memzero(bytes, plain.size);
    return err;
}

static struct found *next_found(struct batch *batch)
{
    struct found *found = &batch->rows[batch->count++];
    found->old = text_limited(SEAL_SIZE_MAX);
    found->fresh = text_limited(SEAL_SIZE_MAX);
    return found;
}

static enum err take_value(struct reseal *reseal, const struct column *column,
                           const struct statement *row, struct batch *batch, struct why *why)
{
    const struct span value = column_bytes(row, 1);
    struct found *found = next_found(batch);
    (void)snprintf(found->row, sizeof found->row, "%s", column_text(row, 0));
    text_add_bytes(&found->old, value);
    const struct seal_place place = {column->table, column->name, found->row};
    if (column->plain_size > 0 && value.size == column->plain_size) {
        return vault_seal(reseal->vault, &place, value, &found->fresh, why);
    }
    const enum err err = renew(reseal, &place, value, found, why);
    batch->progress.refused += found->refused;
    return err;
}

static enum err take_entry(struct reseal *reseal, const struct statement *row, struct batch *batch,
                           struct why *why)
{
    struct found *found = next_found(batch);
    char name[RESEAL_ENTRY_ROW_SIZE];
    uint32_t id = 0;
    reseal_entry_row(name, column_bytes(row, 1));
    const struct seal_place place = {"audit", "kept", name};
    found->number = column_integer(row, 0);
    batch->last = found->number;
    if (column_is_null(row, 2)) { /* from before it was sealed */
        CLEANUP(text_deinit) struct text plain = text_limited(SEAL_PLAIN_SIZE_MAX);
        const struct span salt = column_bytes(row, 3);
        if (salt.size != SALT_SIZE) { return OK; }
        text_add_bytes(&plain, salt);
        text_add_bytes(&plain, column_bytes(row, 4));
        return vault_seal(reseal->vault, &place, text_span(&plain), &found->fresh, why);
    }
    const struct span value = column_bytes(row, 2);
    if (seal_key_id(value, &id) && id == vault_newest(reseal->vault)) { return OK; }
    const enum err err = renew(reseal, &place, value, found, why);
    batch->progress.refused += found->refused;
    return err;
}

/* ---- batches ---- */

static enum err write_values(struct reseal *reseal, struct statement *set, struct batch *batch,
                             struct why *why)
{
    enum err err = OK;
    for (size_t i = 0; err == OK && i < batch->count; i++) {
        const struct found *found = &batch->rows[i];
        int64_t changed = 0;
        if (found->fresh.size == 0) { continue; }
        statement_bind_bytes(set, ":sealed", text_span(&found->fresh));
        if (set == reseal->record_set) {
            statement_bind_integer(set, ":number", found->number);
        } else {
            statement_bind_text(set, ":row", found->row);
            statement_bind_bytes(set, ":old", text_span(&found->old));
        }
        err = statement_run(set, &changed, why);
        batch->progress.sealed += changed;
    }
    return err;
}

static enum err scan_column(struct reseal *reseal, size_t index, struct batch *batch,
                            struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *rows = reseal->scan[index];
    uint8_t head[SEAL_HEAD_SIZE];
    enum step step = STEP_DONE;
    seal_head(head, vault_newest(reseal->vault));
    statement_bind_bytes(rows, ":head", span_of(head, sizeof head));
    statement_bind_integer(rows, ":limit", RESEAL_BATCH);
    enum err err = statement_step(rows, &step, why);
    while (err == OK && step == STEP_ROW) {
        err = take_value(reseal, &COLUMNS[index], rows, batch, why);
        if (err == OK) { err = statement_step(rows, &step, why); }
    }
    return err;
}

static enum err scan_record(struct reseal *reseal, struct statement *scan, struct batch *batch,
                            struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *rows = scan;
    enum step step = STEP_DONE;
    statement_bind_integer(rows, ":after", reseal->after);
    statement_bind_integer(rows, ":limit", RESEAL_BATCH);
    enum err err = statement_step(rows, &step, why);
    while (err == OK && step == STEP_ROW) {
        err = take_entry(reseal, rows, batch, why);
        if (err == OK) { err = statement_step(rows, &step, why); }
    }
    return err;
}

static enum err batch_of_people(struct reseal *reseal, struct reseal_progress *progress,
                                struct why *why)
{
    enum err err = OK;
    progress->done = true;
    for (size_t i = 0; err == OK && i < ARRAY_LEN(COLUMNS); i++) {
        CLEANUP(batch_free) struct batch *batch = MEM_NEW(struct batch);
        err = scan_column(reseal, i, batch, why);
        if (err == OK) { err = write_values(reseal, reseal->set[i], batch, why); }
        progress->sealed += batch->progress.sealed;
        progress->refused += batch->progress.refused;
        /* What does not open comes again each time; a batch of nothing else is the end. */
        if (batch->progress.sealed > 0) { progress->done = false; }
    }
    return err;
}

static enum err batch_of_record(struct reseal *reseal, struct statement *scan,
                                struct reseal_progress *progress, struct why *why)
{
    CLEANUP(batch_free) struct batch *batch = MEM_NEW(struct batch);
    enum err err = scan_record(reseal, scan, batch, why);
    if (err == OK) { err = write_values(reseal, reseal->record_set, batch, why); }
    if (err == OK && batch->count > 0) { reseal->after = batch->last; }
    *progress = batch->progress;
    progress->done = batch->count == 0;
    return err;
}

enum err reseal_batch(struct reseal *reseal, enum reseal_part part,
                      struct reseal_progress *progress, struct why *why)
{
    *progress = (struct reseal_progress){.done = false};
    const int64_t after = reseal->after;
    enum err err = database_begin(reseal->database, why);
    if (err != OK) { return err; }
    if (part == RESEAL_PART_PEOPLE) {
        err = batch_of_people(reseal, progress, why);
    } else {
        struct statement *scan = part == RESEAL_PART_RECORD ? reseal->record : reseal->unsealed;
        err = batch_of_record(reseal, scan, progress, why);
    }
    database_end(reseal->database, &err, why);
    if (err != OK) {
        reseal->after = after;
    } else if (part != RESEAL_PART_PEOPLE) {
        reseal->refused += progress->refused;
    }
    return err;
}

static enum err count_left(struct reseal *reseal, int64_t after, int64_t *left, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = reseal->left;
    uint8_t head[SEAL_HEAD_SIZE];
    enum step step = STEP_DONE;
    seal_head(head, vault_newest(reseal->vault));
    statement_bind_bytes(row, ":head", span_of(head, sizeof head));
    statement_bind_integer(row, ":after", after);
    const enum err err = statement_step(row, &step, why);
    if (err == OK) { *left = column_integer(row, 0); }
    return err;
}

enum err reseal_left(struct reseal *reseal, int64_t *left, struct why *why)
{
    return count_left(reseal, 0, left, why);
}

enum err reseal_finish(struct reseal *reseal, int64_t *left, struct why *why)
{
    struct vault_key keys[VAULT_KEY_MAX];
    enum err err = database_begin(reseal->database, why);
    if (err != OK) { return err; }
    const size_t count = vault_keys(reseal->vault, keys);
    err = count_left(reseal, reseal->after, left, why);
    if (err == OK) { *left += reseal->refused; }
    for (size_t i = 0; err == OK && *left == 0 && i + 1 < count; i++) {
        err = vault_key_remove(reseal->vault, keys[i].id, why);
    }
    database_end(reseal->database, &err, why);
    return err;
}
