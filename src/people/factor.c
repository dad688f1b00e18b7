#include "people/factor.h"

#include <sodium.h>
#include <string.h>

#include "queries/people_factor.h"
#include "vault/vault.h"

enum { HASH_SIZE = 32 };

/* No letters that look alike; 32 of them, so that a random byte chooses evenly: 50 bits a code. */
static const char CODE_LETTERS[] = "abcdefghjkmnpqrstuvwxyz023456789";

struct factor_store {
    struct vault *vault; /* owned */
    struct statement *find, *app, *app_begin, *app_confirm, *app_used, *app_remove, *code_add,
        *codes, *code_use, *codes_remove, *passkeys_remove;
};

enum err factor_store_open(struct factor_store **out, struct database *database, struct why *why)
{
    _Static_assert(sizeof CODE_LETTERS == 33, "32 letters");
    CLEANUP(factor_store_close_p) struct factor_store *store = MEM_NEW(struct factor_store);
    const struct statement_text texts[] = {
        {&store->find, SQL_FACTOR_FIND},
        {&store->app, SQL_FACTOR_TOTP},
        {&store->app_begin, SQL_FACTOR_TOTP_BEGIN},
        {&store->app_confirm, SQL_FACTOR_TOTP_CONFIRM},
        {&store->app_used, SQL_FACTOR_TOTP_USED},
        {&store->app_remove, SQL_FACTOR_TOTP_REMOVE},
        {&store->code_add, SQL_FACTOR_CODE_ADD},
        {&store->codes, SQL_FACTOR_CODES},
        {&store->code_use, SQL_FACTOR_CODE_USE},
        {&store->codes_remove, SQL_FACTOR_CODES_REMOVE},
        {&store->passkeys_remove, SQL_FACTOR_PASSKEYS_REMOVE},
    };
    enum err err = database_prepare_all(database, texts, ARRAY_LEN(texts), why);
    if (!err) { err = vault_open(&store->vault, database, why); }
    if (!err) { *out = TAKE(store); }
    return err;
}

void factor_store_close(struct factor_store *store)
{
    if (!store) { return; }
    vault_close(store->vault);
    free(store); /* the statements belong to the connection */
}

bool factors_any(const struct factors *factors)
{
    return factors->app || factors->passkeys > 0;
}

enum err factor_find(struct factor_store *store, const char *user_id, struct factors *factors,
                     struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = store->find;
    statement_bind_text(row, ":user_id", user_id);
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (err) { return err; }
    *factors = (struct factors){.app = false};
    if (step == STEP_DONE) { return OK; }
    *factors = (struct factors){.app = column_integer(row, 0) != 0,
                                .recovery_codes = column_integer(row, 1),
                                .passkeys = column_integer(row, 2)};
    return OK;
}

/* ---- the app ---- */

struct app {
    bool set, pending;
    uint8_t secret[TOTP_SECRET_SIZE], next[TOTP_SECRET_SIZE];
    int64_t step;
};

static struct seal_place place_of(const char *column, const char *user_id)
{
    return (struct seal_place){.table = "users", .column = column, .row = user_id};
}

static enum err read_app(struct factor_store *store, const char *user_id, struct app *app,
                         struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = store->app;
    const struct seal_place places[] = {place_of("totp_secret", user_id),
                                        place_of("totp_pending", user_id)};
    struct seal_room rooms[] = {{.bytes = app->secret, .capacity = sizeof app->secret},
                                {.bytes = app->next, .capacity = sizeof app->next}};
    statement_bind_text(row, ":user_id", user_id);
    enum step step = STEP_DONE;
    enum err err = statement_step(row, &step, why);
    if (err || step == STEP_DONE) { return err; }
    for (int i = 0; !err && i < (int)ARRAY_LEN(places); i++) {
        if (column_is_null(row, i)) { continue; }
        err = vault_unseal(store->vault, &places[i], column_bytes(row, i), &rooms[i], why);
    }
    app->set = rooms[0].size == TOTP_SECRET_SIZE;
    app->pending = rooms[1].size == TOTP_SECRET_SIZE;
    app->step = column_integer(row, 2);
    return err;
}

static void forget_app(struct app *app)
{
    sodium_memzero(app, sizeof *app);
}

enum err factor_app_begin(struct factor_store *store, const char *user_id,
                          const uint8_t secret[static TOTP_SECRET_SIZE], struct why *why)
{
    CLEANUP(text_deinit) struct text sealed = text_limited(SEAL_SIZE_MAX);
    const struct seal_place place = place_of("totp_pending", user_id);
    const enum err err =
        vault_seal(store->vault, &place, span_of(secret, TOTP_SECRET_SIZE), &sealed, why);
    if (err) { return err; }
    statement_bind_text(store->app_begin, ":user_id", user_id);
    statement_bind_bytes(store->app_begin, ":secret", text_span(&sealed));
    return statement_run(store->app_begin, NULL, why);
}

/* ---- recovery codes ---- */

static void hash_code(uint8_t hash[static HASH_SIZE], const char *user_id, const char *code)
{
    (void)crypto_generichash(hash, HASH_SIZE, (const uint8_t *)code, strlen(code),
                             (const uint8_t *)user_id, strlen(user_id));
}

/* Of 50 bits: who had only the hashes could try them all. So they are sealed as well. */
static struct seal_place place_of_code(const char *user_id)
{
    return (struct seal_place){.table = "recovery_codes", .column = "code_hash", .row = user_id};
}

static enum err add_code(struct factor_store *store, const char *user_id, const char *code,
                         struct why *why)
{
    CLEANUP(text_deinit) struct text sealed = text_limited(SEAL_SIZE_MAX);
    const struct seal_place place = place_of_code(user_id);
    uint8_t hash[HASH_SIZE];
    hash_code(hash, user_id, code);
    const enum err err = vault_seal(store->vault, &place, span_of(hash, sizeof hash), &sealed, why);
    if (err) { return err; }
    statement_bind_text(store->code_add, ":user_id", user_id);
    statement_bind_bytes(store->code_add, ":code_hash", text_span(&sealed));
    return statement_run(store->code_add, NULL, why);
}

static void make_code(char code[static FACTOR_CODE_SIZE])
{
    uint8_t random[FACTOR_CODE_SIZE];
    randombytes_buf(random, sizeof random);
    for (size_t i = 0; i < FACTOR_CODE_SIZE - 1; i++) {
        code[i] = CODE_LETTERS[random[i] % 32];
    }
    code[(FACTOR_CODE_SIZE - 1) / 2] = '-';
    code[FACTOR_CODE_SIZE - 1] = '\0';
}

static enum err remove_codes(struct factor_store *store, const char *user_id, struct why *why)
{
    statement_bind_text(store->codes_remove, ":user_id", user_id);
    return statement_run(store->codes_remove, NULL, why);
}

static enum err make_codes(struct factor_store *store, const char *user_id,
                           struct factor_codes *codes, struct why *why)
{
    enum err err = remove_codes(store, user_id, why);
    for (size_t i = 0; !err && i < FACTOR_CODE_COUNT; i++) {
        make_code(codes->codes[i]);
        err = add_code(store, user_id, codes->codes[i], why);
    }
    return err;
}

/* The sealed hash that is the one of `code`, appended; nothing when there is none. */
static enum err find_code(struct factor_store *store, const char *user_id, const char *code,
                          struct text *sealed, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *rows = store->codes;
    const struct seal_place place = place_of_code(user_id);
    uint8_t wanted[HASH_SIZE];
    uint8_t hash[HASH_SIZE];
    enum step step = STEP_DONE;
    hash_code(wanted, user_id, code);
    statement_bind_text(rows, ":user_id", user_id);
    enum err err = statement_step(rows, &step, why);
    while (!err && step == STEP_ROW) {
        struct seal_room room = {.bytes = hash, .capacity = sizeof hash};
        err = vault_unseal(store->vault, &place, column_bytes(rows, 0), &room, why);
        if (!err && room.size == HASH_SIZE && sodium_memcmp(hash, wanted, HASH_SIZE) == 0) {
            text_add_bytes(sealed, column_bytes(rows, 0));
        }
        if (!err) { err = statement_step(rows, &step, why); }
    }
    return err;
}

static enum err use_recovery(struct factor_store *store, const char *user_id, const char *code,
                             enum factor_answer *answer, struct why *why)
{
    CLEANUP(text_deinit) struct text sealed = text_limited(SEAL_SIZE_MAX);
    int64_t changed = 0;
    enum err err = find_code(store, user_id, code, &sealed, why);
    if (err || sealed.size == 0) { return err; }
    statement_bind_text(store->code_use, ":user_id", user_id);
    statement_bind_bytes(store->code_use, ":code_hash", text_span(&sealed));
    err = statement_run(store->code_use, &changed, why);
    if (!err && changed == 1) { *answer = FACTOR_ANSWER_RECOVERY; }
    return err;
}

/* ---- both ---- */

/* The pending secret counts from now on; sealed anew, for it has another place. */
static enum err set_app(struct factor_store *store, const char *user_id,
                        const uint8_t secret[static TOTP_SECRET_SIZE], int64_t step,
                        struct why *why)
{
    CLEANUP(text_deinit) struct text sealed = text_limited(SEAL_SIZE_MAX);
    const struct seal_place place = place_of("totp_secret", user_id);
    const enum err err =
        vault_seal(store->vault, &place, span_of(secret, TOTP_SECRET_SIZE), &sealed, why);
    if (err) { return err; }
    statement_bind_text(store->app_confirm, ":user_id", user_id);
    statement_bind_bytes(store->app_confirm, ":secret", text_span(&sealed));
    statement_bind_integer(store->app_confirm, ":step", step);
    return statement_run(store->app_confirm, NULL, why);
}

enum err factor_app_confirm(struct factor_store *store, const struct factor_try *attempt,
                            enum factor_answer *answer, struct factor_codes *codes, struct why *why)
{
    CLEANUP(forget_app) struct app app = {.set = false};
    int64_t step = 0;
    *answer = FACTOR_ANSWER_WRONG;
    enum err err = read_app(store, attempt->user_id, &app, why);
    if (err || !app.pending || !totp_fits(app.next, attempt->code, attempt->now_us, 0, &step)) {
        return err;
    }
    err = set_app(store, attempt->user_id, app.next, step, why);
    if (!err) { err = make_codes(store, attempt->user_id, codes, why); }
    if (!err) { *answer = FACTOR_ANSWER_APP; }
    return err;
}

enum err factor_use(struct factor_store *store, const struct factor_try *attempt,
                    enum factor_answer *answer, struct why *why)
{
    CLEANUP(forget_app) struct app app = {.set = false};
    const char *code = attempt->code;
    int64_t step = 0;
    *answer = FACTOR_ANSWER_WRONG;
    if (strlen(code) == FACTOR_CODE_SIZE - 1) {
        return use_recovery(store, attempt->user_id, code, answer, why);
    }
    enum err err = read_app(store, attempt->user_id, &app, why);
    if (err || !app.set || !totp_fits(app.secret, code, attempt->now_us, app.step, &step)) {
        return err;
    }
    int64_t changed = 0;
    statement_bind_text(store->app_used, ":user_id", attempt->user_id);
    statement_bind_integer(store->app_used, ":step", step);
    err = statement_run(store->app_used, &changed, why);
    if (!err && changed == 1) { *answer = FACTOR_ANSWER_APP; }
    return err;
}

enum err factor_app_remove(struct factor_store *store, const char *user_id, struct why *why)
{
    statement_bind_text(store->app_remove, ":user_id", user_id);
    const enum err err = statement_run(store->app_remove, NULL, why);
    return err ? err : remove_codes(store, user_id, why);
}

enum err factor_remove_all(struct factor_store *store, const char *user_id, struct why *why)
{
    const enum err err = factor_app_remove(store, user_id, why);
    if (err) { return err; }
    statement_bind_text(store->passkeys_remove, ":user_id", user_id);
    return statement_run(store->passkeys_remove, NULL, why);
}
