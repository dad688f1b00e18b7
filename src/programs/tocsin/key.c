/*
 * tocsin key - the keys of databases: which there are, another one for the sealed columns while
 * control serves, another one for a database file while nobody does.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "ledger/journal.h"
#include "programs/tocsin/argument.h"
#include "programs/tocsin/command.h"
#include "programs/tocsin/control_database.h"
#include "queries/tocsin_key.h"
#include "store/rekey.h"
#include "vault/reseal.h"
#include "vault/source.h"

/* After this long nobody seals under the old key any more: VAULT_LOOK_US and a transaction. */
#define SETTLE_US (10 * CLOCK_SECOND_US)
/* Between two batches, for those who serve. */
#define PAUSE_US INT64_C(5000)

struct arguments {
    const char *state;    /* control's state folder */
    const char *database; /* address of PostgreSQL, where control has its rows there */
    const char *file;
};

struct desk {
    struct database *database;
    struct vault *vault;
    struct reseal *reseal;
};

static void desk_deinit(struct desk *desk)
{
    reseal_close(desk->reseal);
    vault_close(desk->vault);
    database_close(desk->database);
}

static enum err open_desk(struct desk *desk, const struct arguments *arguments, struct why *why)
{
    enum err err =
        control_database_open(&desk->database, arguments->state, arguments->database, why);
    if (!err) { err = vault_open(&desk->vault, desk->database, why); }
    return err ? err : reseal_open(&desk->reseal, desk->database, desk->vault, why);
}

/* ---- show ---- */

static enum err show(const struct arguments *arguments, struct why *why)
{
    CLEANUP(desk_deinit) struct desk desk = {.database = NULL};
    struct vault_key keys[VAULT_KEY_MAX];
    int64_t left = 0;
    enum err err = open_desk(&desk, arguments, why);
    if (!err) { err = reseal_left(desk.reseal, &left, why); }
    if (err) { return err; }
    const size_t count = vault_keys(desk.vault, keys);
    for (size_t i = 0; i < count; i++) {
        char made[CLOCK_TEXT_SIZE];
        (void)printf("column key %u, made %s%s\n", keys[i].id, clock_text(made, keys[i].created_us),
                     i + 1 == count ? ", seals" : "");
    }
    (void)printf("rows that are not under column key %u: %lld\n", vault_newest(desk.vault),
                 (long long)left);
    return OK;
}

/* ---- rotate ---- */

static void pause_us(int64_t duration_us)
{
    const struct timespec pause = {.tv_sec = duration_us / CLOCK_SECOND_US,
                                   .tv_nsec = duration_us % CLOCK_SECOND_US * 1000};
    (void)nanosleep(&pause, NULL);
}

static enum err drain(const struct desk *desk, enum reseal_part part, int64_t *sealed,
                      struct why *why)
{
    struct reseal_progress progress = {.done = false};
    enum err err = OK;
    while (!err && !progress.done) {
        err = reseal_batch(desk->reseal, part, &progress, why);
        *sealed += progress.sealed;
        if (!progress.done) { pause_us(PAUSE_US); }
    }
    if (!err && progress.refused > 0) {
        (void)fprintf(stderr, "%lld values do not open, and stay: %s\n",
                      (long long)progress.refused, why->text);
    }
    return err;
}

static enum err drain_all(const struct desk *desk, struct why *why)
{
    int64_t sealed = 0;
    enum err err = drain(desk, RESEAL_PART_PEOPLE, &sealed, why);
    if (!err) { err = drain(desk, RESEAL_PART_RECORD, &sealed, why); }
    if (!err) {
        (void)printf("%lld rows sealed under column key %u\n", (long long)sealed,
                     vault_newest(desk->vault));
        (void)fflush(stdout);
    }
    return err;
}

/* Another key, which is on record; or the one of a rotation that was killed. */
static enum err begin_rotation(const struct desk *desk, struct why *why)
{
    struct vault_key keys[VAULT_KEY_MAX];
    CLEANUP(journal_close_p) struct journal *journal = NULL;
    char name[16];
    if (vault_keys(desk->vault, keys) > 1) {
        (void)printf("going on with the rotation to column key %u\n", vault_newest(desk->vault));
        return OK;
    }
    enum err err = journal_open(&journal, desk->database, why);
    if (!err) { err = database_begin(desk->database, why); }
    if (err) { return err; }
    err = vault_key_add(desk->vault, clock_wall_us(), why);
    (void)snprintf(name, sizeof name, "%u", vault_newest(desk->vault));
    const struct entry_fact fact = {.at_us = clock_wall_us(),
                                    .action = "column_key_made",
                                    .resource = name,
                                    .authorisation = "program"};
    if (!err) { err = journal_enter(journal, &fact, why); }
    database_end(desk->database, &err, why);
    if (!err) { (void)printf("column key %s seals from now on\n", name); }
    return err;
}

static enum err rotate(const struct arguments *arguments, struct why *why)
{
    CLEANUP(desk_deinit) struct desk desk = {.database = NULL};
    int64_t left = 0;
    const int64_t begun_us = clock_monotonic_us();
    enum err err = open_desk(&desk, arguments, why);
    if (!err) { err = begin_rotation(&desk, why); }
    if (!err) { err = drain_all(&desk, why); }
    if (err) { return err; }
    const int64_t passed_us = clock_monotonic_us() - begun_us;
    if (passed_us < SETTLE_US) { pause_us(SETTLE_US - passed_us); }
    err = drain_all(&desk, why); /* what others still sealed under the old one */
    if (!err) { err = reseal_finish(desk.reseal, &left, why); }
    if (err) { return err; }
    if (left > 0) {
        return why_set(why, ERR_CONFLICT,
                       "%lld rows remain under older keys, which therefore stay; see `tocsin key "
                       "show`, and run this again",
                       (long long)left);
    }
    (void)printf("no row remains under an older key: they are removed\n");
    return OK;
}

/* ---- rekey ---- */

/* Of programs without sealed columns there is no such table. */
static enum err has_vault(struct database *database, bool *has, struct why *why)
{
    struct statement *row = NULL;
    enum step step = STEP_DONE;
    enum err err = database_prepare(&row, database, SQL_KEY_HAS_VAULT, why);
    if (!err) { err = statement_step(row, &step, why); }
    if (!err) { *has = column_integer(row, 0) > 0; }
    if (row) { statement_reset(row); }
    return err;
}

/* In the copy: the column keys under the new column key, and an entry that tells of it. */
static enum err prepare_copy(void *context, struct database *copy, struct why *why)
{
    const struct secret *column_key = context;
    CLEANUP(vault_close_p) struct vault *vault = NULL;
    CLEANUP(journal_close_p) struct journal *journal = NULL;
    bool has = false;
    enum err err = has_vault(copy, &has, why);
    if (err || !has) { return err; }
    err = vault_open(&vault, copy, why);
    if (!err) { err = journal_open(&journal, copy, why); }
    if (!err) { err = database_begin(copy, why); }
    if (err) { return err; }
    const struct entry_fact fact = {.at_us = clock_wall_us(),
                                    .action = "database_key_changed",
                                    .resource = "control",
                                    .authorisation = "program"};
    err = journal_enter(journal, &fact, why);
    if (!err) { err = vault_rewrap(vault, column_key, why); }
    database_end(copy, &err, why);
    return err;
}

static enum err column_key_of(struct secret **out, const struct source_keys *now,
                              const struct source_keys *next, struct why *why)
{
    const struct secret *given = next->column ? next->column : now->column;
    if (given) { return secret_new(out, secret_bytes(given), why); }
    return database_derive_column_key(out, next->database, why);
}

static enum err rekey(const struct arguments *arguments, struct why *why)
{
    CLEANUP(source_keys_deinit) struct source_keys now = {.database = NULL};
    CLEANUP(source_keys_deinit) struct source_keys next = {.database = NULL};
    CLEANUP(secret_free_p) struct secret *column_key = NULL;
    const int64_t begun_us = clock_monotonic_us();
    enum err err = source_take_change(&now, &next, why);
    if (!err) { err = column_key_of(&column_key, &now, &next, why); }
    if (err) { return err; }
    const struct database_config database = {
        .path = arguments->file, .key = now.database, .column_key = now.column};
    const struct rekey_config config = {.database = &database,
                                        .key = next.database ? next.database : now.database,
                                        .context = column_key,
                                        .prepare = prepare_copy};
    err = rekey_file(&config, why);
    if (!err) {
        (void)printf("%s has its new keys, after %lld ms\n", arguments->file,
                     (long long)(clock_monotonic_us() - begun_us) / 1000);
    }
    return err;
}

/* ---- the command ---- */

static const struct deed {
    const char *name;
    bool of_file; /* names a file, else control's state folder */
    enum err (*run)(const struct arguments *arguments, struct why *why);
} DEEDS[] = {{"show", false, show}, {"rotate", false, rotate}, {"rekey", true, rekey}};

static const struct deed *find_deed(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(DEEDS); i++) {
        if (strcmp(DEEDS[i].name, name) == 0) { return &DEEDS[i]; }
    }
    return NULL;
}

int key_command(int argc, char *argv[])
{
    struct arguments arguments = {.state = NULL};
    const struct argument list[] = {{.name = "--state", .value = &arguments.state},
                                    {.name = "--database", .value = &arguments.database}};
    const struct argument_table table = {
        .arguments = list,
        .count = ARRAY_LEN(list),
        .words_least = 1,
        .words_most = 2,
        .words = "show|rotate --state STATE [--database ADDRESS], or rekey FILE"};
    struct argument_list words = {.count = 0};
    struct why why = {""};
    enum err err = argument_read(&table, argc, argv, &words, &why);
    const struct deed *deed = err ? NULL : find_deed(words.items[0]);
    const bool fits = deed && words.count == (deed->of_file ? 2U : 1U) &&
                      (arguments.state == NULL) == deed->of_file;
    if (!err && !fits) { err = why_set(&why, ERR_MALFORMED, "expected %s", table.words); }
    if (!err) {
        arguments.file = deed->of_file ? words.items[1] : NULL;
        err = deed->run(&arguments, &why);
    }
    return err ? command_failed("key", err, &why) : COMMAND_DONE;
}
