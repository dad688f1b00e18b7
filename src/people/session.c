#include "people/session.h"

#include <sodium.h>

#include "base/encode.h"
#include "base/text.h"
#include "queries/people_session.h"

enum { TOKEN_BYTES = 32 };

/* Use is written at most once a minute: a session is read far more often than it ends. */
static const int64_t TOUCH_EVERY_US = CLOCK_MINUTE_US;

struct session_store {
    struct statement *insert, *find, *touch, *delete, *delete_others, *delete_ended, *delete_oldest;
};

int64_t session_expires_us(const struct session *session)
{
    const int64_t idle_us = session->used_us + SESSION_IDLE_US;
    const int64_t age_us = session->created_us + SESSION_AGE_US;
    return idle_us < age_us ? idle_us : age_us;
}

enum err session_store_open(struct session_store **out, struct database *database, struct why *why)
{
    CLEANUP(session_store_close_p) struct session_store *store = MEM_NEW(struct session_store);
    const struct {
        struct statement **statement;
        const char *sql;
    } all[] = {
        {&store->insert, SQL_SESSION_INSERT},
        {&store->find, SQL_SESSION_FIND},
        {&store->touch, SQL_SESSION_TOUCH},
        {&store->delete, SQL_SESSION_DELETE},
        {&store->delete_others, SQL_SESSION_DELETE_OTHERS},
        {&store->delete_ended, SQL_SESSION_DELETE_ENDED},
        {&store->delete_oldest, SQL_SESSION_DELETE_OLDEST},
    };
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        const enum err err = database_prepare(all[i].statement, database, all[i].sql, why);
        if (err) { return err; }
    }
    *out = TAKE(store);
    return OK;
}

void session_store_close(struct session_store *store)
{
    free(store); /* the statements belong to the connection */
}

/* Two keys from one token; the words keep them apart (BLAKE2b, keyed). */
static void derive(uint8_t out[static SESSION_KEY_SIZE], const char *token, const char *purpose)
{
    if (crypto_generichash(out, SESSION_KEY_SIZE, (const unsigned char *)token, strlen(token),
                           (const unsigned char *)purpose, strlen(purpose)) != 0) {
        abort(); /* unreachable: the purposes have a length that BLAKE2b takes */
    }
}

static void derive_key(uint8_t key[static SESSION_KEY_SIZE], const char *token)
{
    derive(key, token, "tocsin session key");
}

static void write_base64(char out[static SESSION_TOKEN_SIZE], const uint8_t *bytes)
{
    CLEANUP(text_deinit) struct text letters = text_limited(SESSION_TOKEN_SIZE);
    encode_base64_url(&letters, span_of(bytes, TOKEN_BYTES));
    if (!text_copy(out, SESSION_TOKEN_SIZE, text_c(&letters))) { abort(); }
    if (letters.data) { sodium_memzero(letters.data, letters.size); }
}

static enum err keep_newest(struct session_store *store, const struct user *user, struct why *why)
{
    statement_bind_text(store->delete_oldest, ":user_id", user->id);
    statement_bind_integer(store->delete_oldest, ":keep", SESSION_PER_USER_MAX - 1);
    return statement_run(store->delete_oldest, NULL, why);
}

enum err session_begin(struct session_store *store, const struct session_begin *begin,
                       char token[static SESSION_TOKEN_SIZE], struct session *session,
                       struct why *why)
{
    const struct user *user = begin->user;
    struct session made = {.role = user->role,
                           .must_change_password = user->must_change_password,
                           .created_us = begin->now_us,
                           .used_us = begin->now_us};
    uint8_t random[TOKEN_BYTES];
    randombytes_buf(random, sizeof random);
    write_base64(token, random);
    sodium_memzero(random, sizeof random);
    derive_key(made.key, token);
    if (!text_copy(made.user_id, sizeof made.user_id, user->id) ||
        !text_copy(made.user, sizeof made.user, user->name)) {
        abort(); /* unreachable: the same sizes */
    }
    enum err err = keep_newest(store, user, why);
    if (err) { return err; }
    statement_bind_bytes(store->insert, ":token_hash", span_of(made.key, sizeof made.key));
    statement_bind_text(store->insert, ":user_id", user->id);
    statement_bind_text(store->insert, ":address", begin->address);
    statement_bind_integer(store->insert, ":now_us", begin->now_us);
    err = statement_run(store->insert, NULL, why);
    if (!err) { *session = made; }
    return err;
}

static enum err touch(struct session_store *store, const uint8_t key[static SESSION_KEY_SIZE],
                      int64_t now_us, struct why *why)
{
    statement_bind_bytes(store->touch, ":token_hash", span_of(key, SESSION_KEY_SIZE));
    statement_bind_integer(store->touch, ":now_us", now_us);
    return statement_run(store->touch, NULL, why);
}

static enum err read_session(struct session_store *store, struct session *session, int64_t now_us,
                             struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = store->find;
    enum step step = STEP_DONE;
    statement_bind_bytes(row, ":token_hash", span_of(session->key, sizeof session->key));
    statement_bind_integer(row, ":used_after_us", now_us - SESSION_IDLE_US);
    statement_bind_integer(row, ":created_after_us", now_us - SESSION_AGE_US);
    const enum err err = statement_step(row, &step, why);
    if (err) { return err; }
    if (step == STEP_DONE) { return why_set(why, ERR_NOT_FOUND, "there is no such session"); }
    if (!text_copy(session->user_id, sizeof session->user_id, column_text(row, 0)) ||
        !text_copy(session->user, sizeof session->user, column_text(row, 1))) {
        return why_set(why, ERR_MALFORMED, "a session's row is longer than this program writes it");
    }
    session->must_change_password = column_integer(row, 3) != 0;
    session->created_us = column_integer(row, 4);
    session->used_us = column_integer(row, 5);
    return user_role_parse(&session->role, column_text(row, 2), why);
}

/* The session of found->key; counts as use. */
static enum err find_by_key(struct session_store *store, struct session *found, int64_t now_us,
                            struct why *why)
{
    const enum err err = read_session(store, found, now_us, why);
    if (err || now_us - found->used_us < TOUCH_EVERY_US) { return err; }
    found->used_us = now_us;
    return touch(store, found->key, now_us, why);
}

enum err session_find(struct session_store *store, const char *token, int64_t now_us,
                      struct session *session, struct why *why)
{
    if (strlen(token) != SESSION_TOKEN_SIZE - 1) {
        return why_set(why, ERR_NOT_FOUND, "there is no such session");
    }
    struct session found = {.used_us = 0};
    derive_key(found.key, token);
    const enum err err = find_by_key(store, &found, now_us, why);
    if (!err) { *session = found; }
    return err;
}

enum err session_keep(struct session_store *store, const uint8_t key[static SESSION_KEY_SIZE],
                      int64_t now_us, struct why *why)
{
    struct session found = {.used_us = 0};
    memcpy(found.key, key, sizeof found.key);
    return find_by_key(store, &found, now_us, why);
}

enum err session_end(struct session_store *store, const struct session *session, struct why *why)
{
    statement_bind_bytes(store->delete, ":token_hash", span_of(session->key, sizeof session->key));
    return statement_run(store->delete, NULL, why);
}

enum err session_end_others(struct session_store *store, const struct session *session,
                            struct why *why)
{
    struct statement *statement = store->delete_others;
    statement_bind_bytes(statement, ":token_hash", span_of(session->key, sizeof session->key));
    statement_bind_text(statement, ":user_id", session->user_id);
    return statement_run(statement, NULL, why);
}

enum err session_sweep(struct session_store *store, int64_t now_us, struct why *why)
{
    statement_bind_integer(store->delete_ended, ":used_after_us", now_us - SESSION_IDLE_US);
    statement_bind_integer(store->delete_ended, ":created_after_us", now_us - SESSION_AGE_US);
    return statement_run(store->delete_ended, NULL, why);
}

void session_csrf(char csrf[static SESSION_TOKEN_SIZE], const char *token)
{
    uint8_t key[SESSION_KEY_SIZE];
    derive(key, token, "tocsin session csrf");
    write_base64(csrf, key);
}

bool session_csrf_fits(const char *csrf, const char *token)
{
    char expected[SESSION_TOKEN_SIZE];
    session_csrf(expected, token);
    return strlen(csrf) == SESSION_TOKEN_SIZE - 1 &&
           sodium_memcmp(csrf, expected, SESSION_TOKEN_SIZE - 1) == 0;
}
