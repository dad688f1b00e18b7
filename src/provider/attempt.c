#include "provider/attempt.h"

#include <sodium.h>

#include "base/encode.h"
#include "base/text.h"
#include "queries/provider_attempt.h"

enum { WORD_BYTES = 32, HASH_SIZE = 32 };

static const char *const PURPOSES[] = {[ATTEMPT_PURPOSE_SIGN_IN] = "sign_in",
                                       [ATTEMPT_PURPOSE_LINK] = "link",
                                       [ATTEMPT_PURPOSE_FACTOR] = "factor"};

struct attempt_store {
    struct statement *insert, *sweep, *trim_network, *trim, *take, *waiting, *forget;
};

enum err attempt_store_open(struct attempt_store **out, struct database *database, struct why *why)
{
    CLEANUP(attempt_store_close_p) struct attempt_store *store = MEM_NEW(struct attempt_store);
    const struct statement_text texts[] = {
        {&store->insert, SQL_ATTEMPT_INSERT},
        {&store->sweep, SQL_ATTEMPT_SWEEP},
        {&store->trim_network, SQL_ATTEMPT_TRIM_NETWORK},
        {&store->trim, SQL_ATTEMPT_TRIM},
        {&store->take, SQL_ATTEMPT_TAKE},
        {&store->waiting, SQL_ATTEMPT_WAITING},
        {&store->forget, SQL_ATTEMPT_FORGET},
    };
    const enum err err = database_prepare_all(database, texts, ARRAY_LEN(texts), why);
    if (!err) { *out = TAKE(store); }
    return err;
}

void attempt_store_close(struct attempt_store *store)
{
    free(store); /* the statements belong to the connection */
}

static void new_word(char word[static ATTEMPT_WORD_SIZE])
{
    uint8_t random[WORD_BYTES];
    randombytes_buf(random, sizeof random);
    CLEANUP(text_deinit) struct text letters = text_limited(ATTEMPT_WORD_SIZE);
    encode_base64_url(&letters, span_of(random, sizeof random));
    if (!text_copy(word, ATTEMPT_WORD_SIZE, text_c(&letters))) { abort(); }
    sodium_memzero(random, sizeof random);
    sodium_memzero(letters.data, letters.size);
}

struct hash {
    uint8_t bytes[HASH_SIZE];
};

static struct hash hash_of(const char *word)
{
    static const char purpose[] = "tocsin identity provider attempt";
    struct hash hash;
    (void)crypto_generichash(hash.bytes, sizeof hash.bytes, (const uint8_t *)word, strlen(word),
                             (const uint8_t *)purpose, sizeof purpose - 1);
    return hash;
}

/* What is bound must last until the step. */
static void bind_hash(struct statement *row, const char *name, const struct hash *hash)
{
    statement_bind_bytes(row, name, span_of(hash->bytes, sizeof hash->bytes));
}

/* ---- begin ---- */

/* Room for one more: what is over goes, then the oldest. */
static enum err make_room(struct attempt_store *store, const char *network, int64_t now_us,
                          struct why *why)
{
    statement_bind_integer(store->sweep, ":now_us", now_us);
    enum err err = statement_run(store->sweep, NULL, why);
    statement_bind_text(store->trim_network, ":network", network);
    statement_bind_integer(store->trim_network, ":keep", ATTEMPT_PER_NETWORK_MAX - 1);
    if (!err) { err = statement_run(store->trim_network, NULL, why); }
    statement_bind_integer(store->trim, ":keep", ATTEMPT_MAX - 1);
    return err ? err : statement_run(store->trim, NULL, why);
}

static enum err insert(struct attempt_store *store, const struct attempt *attempt,
                       const struct attempt_words *words, int64_t now_us, struct why *why)
{
    struct statement *row = store->insert;
    const enum err err = make_room(store, attempt->network, now_us, why);
    if (err) { return err; }
    const struct hash state = hash_of(words->state);
    const struct hash browser = hash_of(words->browser);
    bind_hash(row, ":state_hash", &state);
    bind_hash(row, ":browser_hash", &browser);
    statement_bind_text(row, ":purpose", PURPOSES[attempt->purpose]);
    statement_bind_text(row, ":nonce", attempt->nonce);
    statement_bind_text(row, ":verifier", attempt->verifier);
    statement_bind_text(row, ":subject", attempt->subject);
    statement_bind_text(row, ":return_path", attempt->return_path);
    statement_bind_text(row, ":network", attempt->network);
    statement_bind_integer(row, ":now_us", now_us);
    statement_bind_integer(row, ":expires_us", now_us + ATTEMPT_LIFE_US);
    return statement_run(row, NULL, why);
}

enum err attempt_begin(struct attempt_store *store, struct attempt *attempt, int64_t now_us,
                       struct attempt_words *words, struct why *why)
{
    new_word(words->state);
    new_word(words->browser);
    new_word(attempt->nonce);
    new_word(attempt->verifier);
    return insert(store, attempt, words, now_us, why);
}

enum err attempt_wait(struct attempt_store *store, const struct attempt *attempt, int64_t now_us,
                      struct attempt_words *words, struct why *why)
{
    struct attempt waiting = *attempt;
    waiting.purpose = ATTEMPT_PURPOSE_FACTOR;
    waiting.nonce[0] = waiting.verifier[0] = '\0';
    new_word(words->state); /* nobody is told */
    new_word(words->browser);
    return insert(store, &waiting, words, now_us, why);
}

/* ---- end ---- */

static bool read_purpose(enum attempt_purpose *purpose, const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(PURPOSES); i++) {
        if (strcmp(PURPOSES[i], name) == 0) {
            *purpose = (enum attempt_purpose)i;
            return true;
        }
    }
    return false;
}

static enum err not_found(struct why *why)
{
    return why_set(why, ERR_NOT_FOUND, "this browser has begun no such sign-in, or it is over");
}

static bool read_taken(const struct statement *row, struct attempt *found)
{
    return read_purpose(&found->purpose, column_text(row, 0)) &&
           text_copy(found->nonce, sizeof found->nonce, column_text(row, 1)) &&
           text_copy(found->verifier, sizeof found->verifier, column_text(row, 2)) &&
           text_copy(found->subject, sizeof found->subject, column_text(row, 3)) &&
           text_copy(found->return_path, sizeof found->return_path, column_text(row, 4));
}

enum err attempt_take(struct attempt_store *store, const struct attempt_words *words,
                      int64_t now_us, struct attempt *attempt, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = store->take;
    struct attempt found = {.network = ""};
    enum step step = STEP_DONE;
    const struct hash state = hash_of(words->state);
    const struct hash browser = hash_of(words->browser);
    bind_hash(row, ":state_hash", &state);
    bind_hash(row, ":browser_hash", &browser);
    statement_bind_integer(row, ":now_us", now_us);
    enum err err = statement_step(row, &step, why);
    if (err) { return err; }
    if (step == STEP_DONE) { return not_found(why); }
    if (!read_taken(row, &found)) {
        return why_set(why, ERR_MALFORMED, "an attempt's row is longer than we write it");
    }
    err = statement_step(row, &step, why); /* what RETURNING told is done now */
    if (!err) { *attempt = found; }
    return err;
}

enum err attempt_waiting(struct attempt_store *store, const char *browser, int64_t now_us,
                         struct attempt *attempt, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = store->waiting;
    struct attempt found = {.purpose = ATTEMPT_PURPOSE_FACTOR};
    enum step step = STEP_DONE;
    const struct hash hash = hash_of(browser);
    bind_hash(row, ":browser_hash", &hash);
    statement_bind_integer(row, ":now_us", now_us);
    const enum err err = statement_step(row, &step, why);
    if (err) { return err; }
    if (step == STEP_DONE) { return not_found(why); }
    if (!text_copy(found.subject, sizeof found.subject, column_text(row, 0)) ||
        !text_copy(found.return_path, sizeof found.return_path, column_text(row, 1))) {
        return why_set(why, ERR_MALFORMED, "an attempt's row is longer than we write it");
    }
    *attempt = found;
    return OK;
}

enum err attempt_forget(struct attempt_store *store, const char *browser, struct why *why)
{
    const struct hash hash = hash_of(browser);
    bind_hash(store->forget, ":browser_hash", &hash);
    return statement_run(store->forget, NULL, why);
}
