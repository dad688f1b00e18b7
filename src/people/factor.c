#include "people/factor.h"

#include <sodium.h>
#include <string.h>

#include "queries/people_factor.h"

enum { HASH_SIZE = 32 };

/* No letters that look alike; 32 of them, so that a random byte chooses evenly: 50 bits a code. */
static const char CODE_LETTERS[] = "abcdefghjkmnpqrstuvwxyz023456789";

struct factor_store {
    struct statement *find, *app, *app_begin, *app_confirm, *app_used, *app_remove, *code_add,
        *code_use, *codes_remove, *passkeys_remove;
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
        {&store->code_use, SQL_FACTOR_CODE_USE},
        {&store->codes_remove, SQL_FACTOR_CODES_REMOVE},
        {&store->passkeys_remove, SQL_FACTOR_PASSKEYS_REMOVE},
    };
    const enum err err = database_prepare_all(database, texts, ARRAY_LEN(texts), why);
    if (!err) { *out = TAKE(store); }
    return err;
}

void factor_store_close(struct factor_store *store)
{
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

static bool read_secret(const struct statement *row, int index, uint8_t *secret)
{
    const struct span bytes = column_bytes(row, index);
    if (bytes.size != TOTP_SECRET_SIZE) { return false; }
    memcpy(secret, bytes.data, bytes.size);
    return true;
}

static enum err read_app(struct factor_store *store, const char *user_id, struct app *app,
                         struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = store->app;
    statement_bind_text(row, ":user_id", user_id);
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (err || step == STEP_DONE) { return err; }
    app->set = read_secret(row, 0, app->secret);
    app->pending = read_secret(row, 1, app->next);
    app->step = column_integer(row, 2);
    return OK;
}

static void forget_app(struct app *app)
{
    sodium_memzero(app, sizeof *app);
}

enum err factor_app_begin(struct factor_store *store, const char *user_id,
                          const uint8_t secret[static TOTP_SECRET_SIZE], struct why *why)
{
    statement_bind_text(store->app_begin, ":user_id", user_id);
    statement_bind_bytes(store->app_begin, ":secret", span_of(secret, TOTP_SECRET_SIZE));
    return statement_run(store->app_begin, NULL, why);
}

/* ---- recovery codes ---- */

static void hash_code(uint8_t hash[static HASH_SIZE], const char *user_id, const char *code)
{
    (void)crypto_generichash(hash, HASH_SIZE, (const uint8_t *)code, strlen(code),
                             (const uint8_t *)user_id, strlen(user_id));
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
        uint8_t hash[HASH_SIZE];
        make_code(codes->codes[i]);
        hash_code(hash, user_id, codes->codes[i]);
        statement_bind_text(store->code_add, ":user_id", user_id);
        statement_bind_bytes(store->code_add, ":code_hash", span_of(hash, sizeof hash));
        err = statement_run(store->code_add, NULL, why);
    }
    return err;
}

static enum err use_recovery(struct factor_store *store, const char *user_id, const char *code,
                             enum factor_answer *answer, struct why *why)
{
    uint8_t hash[HASH_SIZE];
    int64_t changed = 0;
    hash_code(hash, user_id, code);
    statement_bind_text(store->code_use, ":user_id", user_id);
    statement_bind_bytes(store->code_use, ":code_hash", span_of(hash, sizeof hash));
    const enum err err = statement_run(store->code_use, &changed, why);
    if (!err && changed == 1) { *answer = FACTOR_ANSWER_RECOVERY; }
    return err;
}

/* ---- both ---- */

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
    statement_bind_text(store->app_confirm, ":user_id", attempt->user_id);
    statement_bind_integer(store->app_confirm, ":step", step);
    err = statement_run(store->app_confirm, NULL, why);
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
