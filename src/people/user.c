#include "people/user.h"

#include "base/text.h"
#include "queries/people_user.h"

struct user_store {
    struct database *database; /* borrowed */
    struct statement *insert, *by_name, *set_password, *set_one_time, *use_one_time;
};

bool user_name_valid(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789._@-";
    const size_t size = strlen(name);
    return size > 0 && size < USER_NAME_SIZE && strspn(name, letters) == size &&
           !strchr("._@-", name[0]);
}

enum err user_store_open(struct user_store **out, struct database *database, struct why *why)
{
    CLEANUP(user_store_close_p) struct user_store *store = MEM_NEW(struct user_store);
    store->database = database;
    const struct {
        struct statement **statement;
        const char *sql;
    } all[] = {
        {&store->insert, SQL_USER_INSERT},
        {&store->by_name, SQL_USER_BY_NAME},
        {&store->set_password, SQL_USER_SET_PASSWORD},
        {&store->set_one_time, SQL_USER_SET_ONE_TIME},
        {&store->use_one_time, SQL_USER_USE_ONE_TIME},
    };
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        const enum err err = database_prepare(all[i].statement, database, all[i].sql, why);
        if (err) { return err; }
    }
    *out = TAKE(store);
    return OK;
}

void user_store_close(struct user_store *store)
{
    free(store); /* the statements belong to the connection */
}

static enum err read_user(const struct statement *row, struct user *user, struct why *why)
{
    struct user found = {.must_change_password = column_integer(row, 4) != 0,
                         .one_time_used = column_integer(row, 6) != 0};
    if (!text_copy(found.id, sizeof found.id, column_text(row, 0)) ||
        !text_copy(found.name, sizeof found.name, column_text(row, 1)) ||
        !text_copy(found.password_hash, sizeof found.password_hash, column_text(row, 3)) ||
        !text_copy(found.one_time_hash, sizeof found.one_time_hash, column_text(row, 5))) {
        return why_set(why, ERR_MALFORMED, "a user's row is longer than this program writes it");
    }
    const enum err err = user_role_parse(&found.role, column_text(row, 2), why);
    if (!err) { *user = found; }
    return err;
}

enum err user_find(struct user_store *store, const char *name, struct user *user, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = store->by_name;
    enum step step = STEP_DONE;
    statement_bind_text(row, ":name", name);
    const enum err err = statement_step(row, &step, why);
    if (err) { return err; }
    if (step == STEP_DONE) {
        return why_set(why, ERR_NOT_FOUND, "there is no user \"%.64s\"", name);
    }
    return read_user(row, user, why);
}

/* Inserts a user whose password is hashed already. */
static enum err insert(struct user_store *store, const struct user *user, int64_t now_us,
                       struct why *why)
{
    statement_bind_text(store->insert, ":user_id", user->id);
    statement_bind_text(store->insert, ":name", user->name);
    statement_bind_text(store->insert, ":role", user_role_name(user->role));
    statement_bind_text(store->insert, ":password_hash", user->password_hash);
    statement_bind_integer(store->insert, ":must_change", user->must_change_password);
    statement_bind_text(store->insert, ":one_time_hash", user->one_time_hash);
    statement_bind_integer(store->insert, ":now_us", now_us);
    const enum err err = statement_run(store->insert, NULL, why);
    if (err != ERR_CONFLICT) { return err; }
    return why_set(why, err, "there is a user \"%.64s\" already", user->name);
}

enum err user_add(struct user_store *store, const struct user_new *new, struct why *why)
{
    struct user user = {.role = new->role, .must_change_password = new->must_change};
    if (!user_name_valid(new->name) || !text_copy(user.name, sizeof user.name, new->name)) {
        return why_set(why, ERR_RANGE,
                       "a user's name has 1 to %d letters of a-z 0-9 . _ @ -, beginning with a "
                       "letter or digit",
                       USER_NAME_SIZE - 1);
    }
    enum err err = password_check(new->password, why);
    if (!err) { err = password_hash(user.password_hash, span_text(new->password), why); }
    if (err) { return err; }
    const struct id id = id_new(new->now_us);
    memcpy(user.id, id.text, sizeof user.id);
    return insert(store, &user, new->now_us, why);
}

enum err user_set_password(struct user_store *store, const struct user *user, const char *password,
                           int64_t now_us, struct why *why)
{
    char hash[PASSWORD_HASH_SIZE] = "";
    enum err err = password_check(password, why);
    if (!err) { err = password_hash(hash, span_text(password), why); }
    if (err) { return err; }
    statement_bind_text(store->set_password, ":user_id", user->id);
    statement_bind_text(store->set_password, ":password_hash", hash);
    statement_bind_integer(store->set_password, ":now_us", now_us);
    return statement_run(store->set_password, NULL, why);
}

enum err user_use_one_time(struct user_store *store, const struct user *user, struct why *why)
{
    int64_t changed = 0;
    statement_bind_text(store->use_one_time, ":user_id", user->id);
    const enum err err = statement_run(store->use_one_time, &changed, why);
    if (err || changed == 1) { return err; }
    return why_set(why, ERR_CONFLICT, "this one-time password has been used");
}

static enum err reset_password(struct user_store *store, const struct user *user, const char *hash,
                               int64_t now_us, struct why *why)
{
    statement_bind_text(store->set_one_time, ":user_id", user->id);
    statement_bind_text(store->set_one_time, ":one_time_hash", hash);
    statement_bind_integer(store->set_one_time, ":now_us", now_us);
    return statement_run(store->set_one_time, NULL, why);
}

enum err user_give_one_time(struct user_store *store, const struct one_time *given,
                            enum one_time_outcome *outcome, struct why *why)
{
    struct user user = {.role = USER_ROLE_ADMINISTRATOR, .must_change_password = true};
    enum err err = user_find(store, given->name, &user, why);
    const bool missing = err == ERR_NOT_FOUND;
    if (err && !missing) { return err; }
    bool known = false;
    if (!missing && *user.one_time_hash) {
        err = password_verify(user.one_time_hash, given->password, &known, why);
        if (err) { return err; }
    }
    if (known) {
        *outcome = ONE_TIME_OUTCOME_KNOWN;
        return OK;
    }
    char hash[PASSWORD_HASH_SIZE] = "";
    err = password_hash(hash, given->password, why);
    if (err) { return err; }
    if (missing) {
        const struct id id = id_new(given->now_us);
        memcpy(user.id, id.text, sizeof user.id);
        memcpy(user.password_hash, hash, sizeof hash);
        memcpy(user.one_time_hash, hash, sizeof hash);
        if (!user_name_valid(given->name) || !text_copy(user.name, sizeof user.name, given->name)) {
            return why_set(why, ERR_RANGE, "\"%.64s\" cannot be a user's name", given->name);
        }
    }
    err = missing ? insert(store, &user, given->now_us, why)
                  : reset_password(store, &user, hash, given->now_us, why);
    if (!err) { *outcome = ONE_TIME_OUTCOME_SET; }
    return err;
}
