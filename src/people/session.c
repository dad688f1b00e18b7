#include "people/session.h"

#include <sodium.h>
#include <stdio.h>

#include "base/encode.h"
#include "base/text.h"
#include "queries/people_session.h"

enum { TOKEN_BYTES = 32, AGENT_SIZE = 160 };

/* Use is written at most once a minute: a session is read far more often than it ends. */
static const int64_t TOUCH_EVERY_US = CLOCK_MINUTE_US;

struct session_store {
    struct statement *insert, *find, *find_id, *touch, *refresh, *refreshed, *delete, *delete_id,
        *delete_others, *delete_user, *delete_ended, *delete_oldest, *list;
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
    const struct statement_text texts[] = {
        {&store->insert, SQL_SESSION_INSERT},
        {&store->find, SQL_SESSION_FIND},
        {&store->find_id, SQL_SESSION_FIND_ID},
        {&store->touch, SQL_SESSION_TOUCH},
        {&store->refresh, SQL_SESSION_REFRESH},
        {&store->refreshed, SQL_SESSION_REFRESHED},
        {&store->delete, SQL_SESSION_DELETE},
        {&store->delete_id, SQL_SESSION_DELETE_ID},
        {&store->delete_others, SQL_SESSION_DELETE_OTHERS},
        {&store->delete_user, SQL_SESSION_DELETE_USER},
        {&store->delete_ended, SQL_SESSION_DELETE_ENDED},
        {&store->delete_oldest, SQL_SESSION_DELETE_OLDEST},
        {&store->list, SQL_SESSION_LIST},
    };
    const enum err err = database_prepare_all(database, texts, ARRAY_LEN(texts), why);
    if (err) { return err; }
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

static enum err insert(struct session_store *store, const struct session *session,
                       const struct session_begin *begin, struct why *why)
{
    char agent[AGENT_SIZE];
    (void)snprintf(agent, sizeof agent, "%s", begin->agent ? begin->agent : "");
    text_scrub(agent);
    statement_bind_bytes(store->insert, ":token_hash", span_of(session->key, sizeof session->key));
    statement_bind_text(store->insert, ":session_id", session->id);
    statement_bind_text(store->insert, ":user_id", session->user_id);
    statement_bind_text(store->insert, ":address", begin->address);
    statement_bind_text(store->insert, ":agent", agent);
    statement_bind_text(store->insert, ":method", begin->method ? begin->method : "password");
    statement_bind_integer(store->insert, ":now_us", begin->now_us);
    if (begin->refreshable) { statement_bind_integer(store->insert, ":refresh_number", 0); }
    return statement_run(store->insert, NULL, why);
}

enum err session_begin(struct session_store *store, const struct session_begin *begin,
                       char token[static SESSION_TOKEN_SIZE], struct session *session,
                       struct why *why)
{
    const struct user *user = begin->user;
    struct session made = {.role = user->role,
                           .reach = user->reach,
                           .generation = user->generation,
                           .must_change_password = user->must_change_password,
                           .created_us = begin->now_us,
                           .used_us = begin->now_us};
    uint8_t random[TOKEN_BYTES];
    randombytes_buf(random, sizeof random);
    write_base64(token, random);
    sodium_memzero(random, sizeof random);
    derive_key(made.key, token);
    memcpy(made.id, id_new(begin->now_us).text, sizeof made.id);
    if (!text_copy(made.user_id, sizeof made.user_id, user->id) ||
        !text_copy(made.user, sizeof made.user, user->name)) {
        abort(); /* unreachable: the same sizes */
    }
    enum err err = keep_newest(store, user, why);
    if (!err) { err = insert(store, &made, begin, why); }
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

/* The session of `row`, which names it already; counts as use. */
static enum err read_session(struct statement *row, struct session *session, int64_t now_us,
                             struct why *why)
{
    enum step step = STEP_DONE;
    statement_bind_integer(row, ":used_after_us", now_us - SESSION_IDLE_US);
    statement_bind_integer(row, ":created_after_us", now_us - SESSION_AGE_US);
    const enum err err = statement_step(row, &step, why);
    if (err) { return err; }
    if (step == STEP_DONE) { return why_set(why, ERR_NOT_FOUND, "there is no such session"); }
    const struct span key = column_bytes(row, 9);
    if (!text_copy(session->user_id, sizeof session->user_id, column_text(row, 0)) ||
        !text_copy(session->user, sizeof session->user, column_text(row, 1)) ||
        !text_copy(session->reach.zones, sizeof session->reach.zones, column_text(row, 3)) ||
        !text_copy(session->id, sizeof session->id, column_text(row, 8)) ||
        key.size != sizeof session->key) {
        return why_set(why, ERR_MALFORMED, "a session's row is longer than this program writes it");
    }
    memcpy(session->key, key.data, key.size);
    session->generation = column_integer(row, 4);
    session->must_change_password = column_integer(row, 5) != 0;
    session->created_us = column_integer(row, 6);
    session->used_us = column_integer(row, 7);
    session->has_factor = column_integer(row, 10) != 0;
    return user_role_parse(&session->role, column_text(row, 2), why);
}

static enum err find(struct session_store *store, struct statement *named, int64_t now_us,
                     struct session *session, struct why *why)
{
    struct session found = {.used_us = 0};
    enum err err = read_session(named, &found, now_us, why);
    statement_reset(named);
    if (!err && now_us - found.used_us >= TOUCH_EVERY_US) {
        found.used_us = now_us;
        err = touch(store, found.key, now_us, why);
    }
    if (!err && session) { *session = found; }
    return err;
}

enum err session_find(struct session_store *store, const char *token, int64_t now_us,
                      struct session *session, struct why *why)
{
    if (strlen(token) != SESSION_TOKEN_SIZE - 1) {
        return why_set(why, ERR_NOT_FOUND, "there is no such session");
    }
    uint8_t key[SESSION_KEY_SIZE];
    derive_key(key, token);
    statement_bind_bytes(store->find, ":token_hash", span_of(key, sizeof key));
    return find(store, store->find, now_us, session, why);
}

enum err session_find_id(struct session_store *store, const char *id, int64_t now_us,
                         struct session *session, struct why *why)
{
    statement_bind_text(store->find_id, ":session_id", id);
    return find(store, store->find_id, now_us, session, why);
}

enum err session_end(struct session_store *store, const struct session *session, struct why *why)
{
    statement_bind_bytes(store->delete, ":token_hash", span_of(session->key, sizeof session->key));
    return statement_run(store->delete, NULL, why);
}

enum err session_end_id(struct session_store *store, const char *user_id, const char *id,
                        struct why *why)
{
    int64_t changed = 0;
    statement_bind_text(store->delete_id, ":session_id", id);
    statement_bind_text(store->delete_id, ":user_id", user_id);
    const enum err err = statement_run(store->delete_id, &changed, why);
    if (err || changed == 1) { return err; }
    return why_set(why, ERR_NOT_FOUND, "there is no such session");
}

enum err session_end_user(struct session_store *store, const char *user_id, struct why *why)
{
    statement_bind_text(store->delete_user, ":user_id", user_id);
    return statement_run(store->delete_user, NULL, why);
}

static struct value *read_listed(const struct statement *row)
{
    struct value *session = value_object();
    value_set_text(session, "id", column_text(row, 0));
    value_set_time(session, "created_at", column_integer(row, 1));
    value_set_time(session, "used_at", column_integer(row, 2));
    value_set_text(session, "address", column_text(row, 3));
    value_set_text(session, "agent", column_text(row, 4));
    value_set_text(session, "kind", column_integer(row, 5) ? "program" : "browser");
    value_set_text(session, "method", column_text(row, 6));
    return session;
}

enum err session_list(struct session_store *store, const char *user, int64_t now_us,
                      struct value **out, struct why *why)
{
    statement_bind_text(store->list, ":name", user);
    statement_bind_integer(store->list, ":used_after_us", now_us - SESSION_IDLE_US);
    statement_bind_integer(store->list, ":created_after_us", now_us - SESSION_AGE_US);
    return statement_list(store->list, read_listed, out, why);
}

/* ---- refresh tokens ---- */

struct refreshed {
    bool there;
    int64_t number, at_us;
};

static enum err read_refreshed(struct session_store *store, const char *id,
                               struct refreshed *refreshed, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = store->refreshed;
    statement_bind_text(row, ":session_id", id);
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (err || step == STEP_DONE) { return err; }
    *refreshed = (struct refreshed){true, column_integer(row, 0), column_integer(row, 1)};
    return OK;
}

enum err session_refresh(struct session_store *store, struct session_turn *turn, struct why *why)
{
    struct session session;
    struct refreshed last = {.there = false};
    turn->answer = SESSION_REFRESH_ENDED;
    enum err err = session_find_id(store, turn->id, turn->now_us, &session, why);
    if (err) { return err == ERR_NOT_FOUND ? OK : err; }
    err = read_refreshed(store, turn->id, &last, why);
    if (err || !last.there) { return err; }
    if (turn->number == last.number) {
        turn->answer = SESSION_REFRESH_NEXT;
        statement_bind_text(store->refresh, ":session_id", turn->id);
        statement_bind_integer(store->refresh, ":number", turn->number++);
        statement_bind_integer(store->refresh, ":now_us", turn->now_us);
        return statement_run(store->refresh, NULL, why);
    }
    if (turn->number == last.number - 1 && turn->now_us - last.at_us <= SESSION_GRACE_US) {
        turn->answer = SESSION_REFRESH_AGAIN;
        turn->number++;
        return OK;
    }
    turn->answer = SESSION_REFRESH_REUSED;
    return session_end(store, &session, why);
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
