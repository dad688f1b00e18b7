#include "people/invitation.h"

#include <sodium.h>

#include "base/encode.h"
#include "base/text.h"
#include "queries/people_invitation.h"

enum { TOKEN_BYTES = 32, HASH_SIZE = 32 };

struct invitation_store {
    struct statement *insert, *find, *take, *list, *count, *withdraw, *withdraw_name, *withdraw_by,
        *sweep;
};

enum err invitation_store_open(struct invitation_store **out, struct database *database,
                               struct why *why)
{
    CLEANUP(invitation_store_close_p)
    struct invitation_store *store = MEM_NEW(struct invitation_store);
    const struct statement_text texts[] = {
        {&store->insert, SQL_INVITATION_INSERT},
        {&store->find, SQL_INVITATION_FIND},
        {&store->take, SQL_INVITATION_TAKE},
        {&store->list, SQL_INVITATION_LIST},
        {&store->count, SQL_INVITATION_COUNT},
        {&store->withdraw, SQL_INVITATION_WITHDRAW},
        {&store->withdraw_name, SQL_INVITATION_WITHDRAW_NAME},
        {&store->withdraw_by, SQL_INVITATION_WITHDRAW_BY},
        {&store->sweep, SQL_INVITATION_SWEEP},
    };
    const enum err err = database_prepare_all(database, texts, ARRAY_LEN(texts), why);
    if (!err) { *out = TAKE(store); }
    return err;
}

void invitation_store_close(struct invitation_store *store)
{
    free(store); /* the statements belong to the connection */
}

static void hash_token(uint8_t hash[static HASH_SIZE], const char *token)
{
    static const char purpose[] = "tocsin invitation key";
    (void)crypto_generichash(hash, HASH_SIZE, (const uint8_t *)token, strlen(token),
                             (const uint8_t *)purpose, sizeof purpose - 1);
}

/* Forgets what is over; ERR_LIMIT when there is still no room. */
static enum err make_room(struct invitation_store *store, int64_t now_us, struct why *why)
{
    statement_bind_integer(store->sweep, ":now_us", now_us);
    enum err err = statement_run(store->sweep, NULL, why);
    if (err) { return err; }
    CLEANUP(statement_reset_p) struct statement *row = store->count;
    enum step step = STEP_DONE;
    err = statement_step(row, &step, why);
    if (err || column_integer(row, 0) < INVITATION_MAX) { return err; }
    return why_set(why, ERR_LIMIT, "%d invitations are open: withdraw some first", INVITATION_MAX);
}

static enum err insert(struct invitation_store *store, const struct invitation *invitation,
                       const uint8_t *hash, int64_t now_us, struct why *why)
{
    struct statement *row = store->insert;
    statement_bind_bytes(row, ":token_hash", span_of(hash, HASH_SIZE));
    statement_bind_text(row, ":invitation_id", invitation->id);
    statement_bind_text(row, ":name", invitation->name);
    statement_bind_text(row, ":role", user_role_name(invitation->role));
    statement_bind_text(row, ":zones", invitation->reach.zones);
    statement_bind_integer(row, ":resets", invitation->resets);
    statement_bind_text(row, ":created_by", invitation->created_by);
    statement_bind_integer(row, ":now_us", now_us);
    statement_bind_integer(row, ":expires_us", now_us + INVITATION_LIFE_US);
    return statement_run(row, NULL, why);
}

enum err invitation_make(struct invitation_store *store, struct invitation *invitation,
                         int64_t now_us, char token[static INVITATION_TOKEN_SIZE], struct why *why)
{
    if (invitation->role == USER_ROLE_ADMINISTRATOR && !reach_whole(&invitation->reach)) {
        return why_set(why, ERR_RANGE, "an administrator has the whole site: zones must be null");
    }
    enum err err = make_room(store, now_us, why);
    if (!err && invitation->resets) {
        statement_bind_text(store->withdraw_name, ":name", invitation->name);
        err = statement_run(store->withdraw_name, NULL, why);
    }
    if (err) { return err; }
    uint8_t random[TOKEN_BYTES];
    uint8_t hash[HASH_SIZE];
    randombytes_buf(random, sizeof random);
    CLEANUP(text_deinit) struct text letters = text_limited(INVITATION_TOKEN_SIZE);
    encode_base64_url(&letters, span_of(random, sizeof random));
    if (!text_copy(token, INVITATION_TOKEN_SIZE, text_c(&letters))) { abort(); }
    sodium_memzero(random, sizeof random);
    sodium_memzero(letters.data, letters.size);
    hash_token(hash, token);
    memcpy(invitation->id, id_new(now_us).text, sizeof invitation->id);
    return insert(store, invitation, hash, now_us, why);
}

static enum err read_named(struct statement *row, const char *token, int64_t now_us,
                           struct invitation *invitation, struct why *why)
{
    uint8_t hash[HASH_SIZE];
    hash_token(hash, token);
    statement_bind_bytes(row, ":token_hash", span_of(hash, sizeof hash));
    statement_bind_integer(row, ":now_us", now_us);
    enum step step = STEP_DONE;
    enum err err = statement_step(row, &step, why);
    if (err) { return err; }
    if (step == STEP_DONE) {
        return why_set(why, ERR_NOT_FOUND,
                       "this invitation was used, withdrawn, or is over: ask for a new one");
    }
    struct invitation found = {.resets = column_integer(row, 3) != 0};
    if (!text_copy(found.name, sizeof found.name, column_text(row, 0)) ||
        !text_copy(found.reach.zones, sizeof found.reach.zones, column_text(row, 2)) ||
        !text_copy(found.created_by, sizeof found.created_by, column_text(row, 4)) ||
        !text_copy(found.id, sizeof found.id, column_text(row, 5))) {
        return why_set(why, ERR_MALFORMED, "an invitation's row is longer than we write it");
    }
    err = user_role_parse(&found.role, column_text(row, 1), why);
    if (!err) { err = statement_step(row, &step, why); } /* what RETURNING told is done now */
    if (!err) { *invitation = found; }
    return err;
}

enum err invitation_find(struct invitation_store *store, const char *token, int64_t now_us,
                         struct invitation *invitation, struct why *why)
{
    const enum err err = read_named(store->find, token, now_us, invitation, why);
    statement_reset(store->find);
    return err;
}

enum err invitation_take(struct invitation_store *store, const char *token, int64_t now_us,
                         struct invitation *invitation, struct why *why)
{
    const enum err err = read_named(store->take, token, now_us, invitation, why);
    statement_reset(store->take);
    return err;
}

static struct value *read_listed(const struct statement *row)
{
    struct reach reach = {""};
    (void)!text_copy(reach.zones, sizeof reach.zones, column_text(row, 3));
    const char *name = column_text(row, 1);
    struct value *invitation = value_object();
    value_set_text(invitation, "id", column_text(row, 0));
    value_set_text(invitation, "username", *name ? name : NULL);
    value_set_text(invitation, "role", column_text(row, 2));
    value_set(invitation, "zones", reach_to_value(&reach));
    value_set_boolean(invitation, "resets", column_integer(row, 4) != 0);
    value_set_text(invitation, "created_by", column_text(row, 5));
    value_set_time(invitation, "created_at", column_integer(row, 6));
    value_set_time(invitation, "expires_at", column_integer(row, 7));
    return invitation;
}

enum err invitation_list(struct invitation_store *store, int64_t now_us, struct value **out,
                         struct why *why)
{
    statement_bind_integer(store->list, ":now_us", now_us);
    return statement_list(store->list, read_listed, out, why);
}

enum err invitation_withdraw(struct invitation_store *store, const char *id, struct why *why)
{
    int64_t changed = 0;
    statement_bind_text(store->withdraw, ":invitation_id", id);
    const enum err err = statement_run(store->withdraw, &changed, why);
    if (err || changed == 1) { return err; }
    return why_set(why, ERR_NOT_FOUND, "there is no such invitation");
}

enum err invitation_withdraw_by(struct invitation_store *store, const char *creator,
                                struct why *why)
{
    statement_bind_text(store->withdraw_by, ":name", creator);
    return statement_run(store->withdraw_by, NULL, why);
}
