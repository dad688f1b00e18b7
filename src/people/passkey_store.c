#include "people/passkey_store.h"

#include "base/encode.h"
#include "base/text.h"
#include "queries/people_passkey_store.h"

struct passkey_store {
    struct statement *insert, *find, *used, *list, *delete;
};

enum err passkey_store_open(struct passkey_store **out, struct database *database, struct why *why)
{
    CLEANUP(passkey_store_close_p) struct passkey_store *store = MEM_NEW(struct passkey_store);
    const struct statement_text texts[] = {
        {&store->insert, SQL_PASSKEY_INSERT}, {&store->find, SQL_PASSKEY_FIND},
        {&store->used, SQL_PASSKEY_USED},     {&store->list, SQL_PASSKEY_LIST},
        {&store->delete, SQL_PASSKEY_DELETE},
    };
    const enum err err = database_prepare_all(database, texts, ARRAY_LEN(texts), why);
    if (!err) { *out = TAKE(store); }
    return err;
}

void passkey_store_close(struct passkey_store *store)
{
    free(store); /* the statements belong to the connection */
}

enum err passkey_add(struct passkey_store *store, const struct passkey *passkey,
                     const struct passkey_owner *owner, struct why *why)
{
    const struct id id = id_new(owner->now_us);
    struct statement *row = store->insert;
    CLEANUP(value_free_p) struct value *list = NULL;
    const size_t size = strlen(owner->name);
    if (size == 0 || size >= PASSKEY_NAME_SIZE) {
        return why_set(why, ERR_RANGE, "a passkey's name has 1 to %d bytes", PASSKEY_NAME_SIZE - 1);
    }
    enum err err = passkey_list(store, owner->user_id, &list, why);
    if (err) { return err; }
    if (value_count(list) >= PASSKEY_PER_USER_MAX) {
        return why_set(why, ERR_RANGE, "at most %d passkeys are kept: remove one first",
                       PASSKEY_PER_USER_MAX);
    }
    statement_bind_bytes(row, ":credential_id", span_of(passkey->id, passkey->id_size));
    statement_bind_text(row, ":passkey_id", id.text);
    statement_bind_text(row, ":user_id", owner->user_id);
    statement_bind_text(row, ":name", owner->name);
    statement_bind_text(row, ":domain", passkey->domain);
    statement_bind_integer(row, ":algorithm", passkey->algorithm);
    statement_bind_bytes(row, ":public_key", span_of(passkey->key, passkey->key_size));
    statement_bind_integer(row, ":sign_count", passkey->sign_count);
    statement_bind_integer(row, ":now_us", owner->now_us);
    err = statement_run(row, NULL, why);
    return err == ERR_CONFLICT ? why_set(why, err, "this passkey is known already") : err;
}

static bool take_bytes(uint8_t *to, size_t size_max, size_t *size, struct span from)
{
    if (from.size > size_max) { return false; }
    memcpy(to, from.data, from.size);
    *size = from.size;
    return true;
}

enum err passkey_find(struct passkey_store *store, const char *user_id, struct span id,
                      struct passkey *passkey, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = store->find;
    statement_bind_bytes(row, ":credential_id", id);
    statement_bind_text(row, ":user_id", user_id);
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (err) { return err; }
    if (step == STEP_DONE) { return why_set(why, ERR_NOT_FOUND, "there is no such passkey"); }
    struct passkey found = {.algorithm = column_integer(row, 2),
                            .sign_count = column_integer(row, 4)};
    if (!take_bytes(found.id, sizeof found.id, &found.id_size, column_bytes(row, 0)) ||
        !take_bytes(found.key, sizeof found.key, &found.key_size, column_bytes(row, 3)) ||
        !text_copy(found.domain, sizeof found.domain, column_text(row, 1))) {
        return why_set(why, ERR_MALFORMED, "a passkey's row is longer than we write it");
    }
    *passkey = found;
    return OK;
}

enum err passkey_used(struct passkey_store *store, const struct passkey *passkey, int64_t old_count,
                      int64_t now_us, struct why *why)
{
    int64_t changed = 0;
    struct statement *row = store->used;
    statement_bind_bytes(row, ":credential_id", span_of(passkey->id, passkey->id_size));
    statement_bind_integer(row, ":sign_count", passkey->sign_count);
    statement_bind_integer(row, ":old_count", old_count);
    statement_bind_integer(row, ":now_us", now_us);
    const enum err err = statement_run(row, &changed, why);
    if (err || changed == 1) { return err; }
    return why_set(why, ERR_CONFLICT, "the passkey was used elsewhere at the same time");
}

static struct value *read_listed(const struct statement *row)
{
    CLEANUP(text_deinit) struct text id = text_limited((size_t)2 * PASSKEY_ID_SIZE_MAX);
    encode_base64_url(&id, column_bytes(row, 1));
    struct value *passkey = value_object();
    value_set_text(passkey, "id", column_text(row, 0));
    value_set_text(passkey, "credential", text_c(&id));
    value_set_text(passkey, "name", column_text(row, 2));
    value_set_text(passkey, "domain", column_text(row, 3));
    value_set_time(passkey, "created_at", column_integer(row, 4));
    if (column_is_null(row, 5)) {
        value_set(passkey, "used_at", value_null());
    } else {
        value_set_time(passkey, "used_at", column_integer(row, 5));
    }
    return passkey;
}

enum err passkey_list(struct passkey_store *store, const char *user_id, struct value **out,
                      struct why *why)
{
    statement_bind_text(store->list, ":user_id", user_id);
    return statement_list(store->list, read_listed, out, why);
}

enum err passkey_remove(struct passkey_store *store, const char *user_id, const char *id,
                        struct why *why)
{
    int64_t changed = 0;
    statement_bind_text(store->delete, ":passkey_id", id);
    statement_bind_text(store->delete, ":user_id", user_id);
    const enum err err = statement_run(store->delete, &changed, why);
    if (err || changed == 1) { return err; }
    return why_set(why, ERR_NOT_FOUND, "there is no such passkey");
}
