#include "people/user.h"

#include "base/text.h"
#include "people/session.h"
#include "queries/people_user.h"

struct user_store {
    struct database *database; /* borrowed */
    struct statement *insert, *by_name, *set_password, *upgrade, *set_one_time, *use_one_time,
        *change, *reset, *other_administrators, *list, *bcrypt_cost;
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
    const struct statement_text texts[] = {
        {&store->insert, SQL_USER_INSERT},
        {&store->by_name, SQL_USER_BY_NAME},
        {&store->set_password, SQL_USER_SET_PASSWORD},
        {&store->upgrade, SQL_USER_UPGRADE_PASSWORD},
        {&store->set_one_time, SQL_USER_SET_ONE_TIME},
        {&store->use_one_time, SQL_USER_USE_ONE_TIME},
        {&store->change, SQL_USER_CHANGE},
        {&store->reset, SQL_USER_RESET},
        {&store->other_administrators, SQL_USER_OTHER_ADMINISTRATORS},
        {&store->list, SQL_USER_LIST},
        {&store->bcrypt_cost, SQL_USER_BCRYPT_COST},
    };
    const enum err err = database_prepare_all(database, texts, ARRAY_LEN(texts), why);
    if (err) { return err; }
    *out = TAKE(store);
    return OK;
}

void user_store_close(struct user_store *store)
{
    free(store); /* the statements belong to the connection */
}

static enum err read_user(const struct statement *row, struct user *user, struct why *why)
{
    struct user found = {.must_change_password = column_integer(row, 5) != 0,
                         .one_time_used = column_integer(row, 7) != 0,
                         .disabled = column_integer(row, 8) != 0,
                         .generation = column_integer(row, 9)};
    if (!text_copy(found.id, sizeof found.id, column_text(row, 0)) ||
        !text_copy(found.name, sizeof found.name, column_text(row, 1)) ||
        !text_copy(found.reach.zones, sizeof found.reach.zones, column_text(row, 3)) ||
        !text_copy(found.password_hash, sizeof found.password_hash, column_text(row, 4)) ||
        !text_copy(found.one_time_hash, sizeof found.one_time_hash, column_text(row, 6))) {
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
    statement_bind_text(store->insert, ":zones", user->reach.zones);
    statement_bind_text(store->insert, ":password_hash", user->password_hash);
    statement_bind_integer(store->insert, ":must_change", user->must_change_password);
    statement_bind_text(store->insert, ":one_time_hash", user->one_time_hash);
    statement_bind_integer(store->insert, ":now_us", now_us);
    const enum err err = statement_run(store->insert, NULL, why);
    if (err != ERR_CONFLICT) { return err; }
    return why_set(why, err, "there is a user \"%.64s\" already", user->name);
}

/* People are managed for the whole site: an administrator of one zone could make one of all. */
static enum err check_reach(enum user_role role, const struct reach *reach, struct why *why)
{
    if (role != USER_ROLE_ADMINISTRATOR || reach_whole(reach)) { return OK; }
    return why_set(why, ERR_RANGE, "an administrator has the whole site: zones must be null");
}

static enum err choose_hash(const struct user_new *new, struct user *user, struct why *why)
{
    if (new->hash) {
        if (!password_hash_valid(new->hash) ||
            !text_copy(user->password_hash, sizeof user->password_hash, new->hash)) {
            return why_set(
                why, ERR_RANGE,
                "password_hash is expected to be of bcrypt ($2a$, $2b$, $2y$ with a cost "
                "of 4 to %d) or Argon2id",
                PASSWORD_BCRYPT_COST_MAX);
        }
        return OK;
    }
    const enum err err = password_check(new->password, new->name, why);
    return err ? err : password_hash(user->password_hash, span_text(new->password), why);
}

enum err user_add(struct user_store *store, const struct user_new *new, struct why *why)
{
    struct user user = {.role = new->role, .must_change_password = new->must_change};
    if (new->reach) { user.reach = *new->reach; }
    if (!user_name_valid(new->name) || !text_copy(user.name, sizeof user.name, new->name)) {
        return why_set(why, ERR_RANGE,
                       "a user's name has 1 to %d letters of a-z 0-9 . _ @ -, beginning with a "
                       "letter or digit",
                       USER_NAME_SIZE - 1);
    }
    enum err err = check_reach(user.role, &user.reach, why);
    if (!err) { err = choose_hash(new, &user, why); }
    if (err) { return err; }
    const struct id id = id_new(new->now_us);
    memcpy(user.id, id.text, sizeof user.id);
    return insert(store, &user, new->now_us, why);
}

enum err user_set_password(struct user_store *store, const struct user *user, const char *hash,
                           int64_t now_us, struct why *why)
{
    statement_bind_text(store->set_password, ":user_id", user->id);
    statement_bind_text(store->set_password, ":password_hash", hash);
    statement_bind_text(store->set_password, ":old_hash", user->password_hash);
    statement_bind_integer(store->set_password, ":now_us", now_us);
    int64_t changed = 0;
    const enum err err = statement_run(store->set_password, &changed, why);
    if (err || changed > 0) { return err; }
    return why_set(why, ERR_CONFLICT, "the password of %s was changed meanwhile", user->name);
}

enum err user_upgrade_password(struct user_store *store, const struct user *user,
                               const char *password, struct why *why)
{
    char hash[PASSWORD_HASH_SIZE] = "";
    const enum err err = password_hash(hash, span_text(password), why);
    if (err) { return err; }
    statement_bind_text(store->upgrade, ":user_id", user->id);
    statement_bind_text(store->upgrade, ":password_hash", hash);
    statement_bind_text(store->upgrade, ":old_hash", user->password_hash);
    return statement_run(store->upgrade, NULL, why);
}

static enum err check_last(struct user_store *store, const struct user *user, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = store->other_administrators;
    statement_bind_text(row, ":user_id", user->id);
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (err || column_integer(row, 0) > 0) { return err; }
    return why_set(why, ERR_CONFLICT,
                   "\"%s\" is the last administrator: make another one first, or nobody can",
                   user->name);
}

enum err user_change(struct user_store *store, const struct user *user,
                     const struct user_change *change, struct why *why)
{
    const bool leaves = user->role == USER_ROLE_ADMINISTRATOR && !user->disabled &&
                        (change->role != USER_ROLE_ADMINISTRATOR || change->disabled);
    enum err err = check_reach(change->role, &change->reach, why);
    if (!err && leaves) { err = check_last(store, user, why); }
    if (err) { return err; }
    statement_bind_text(store->change, ":user_id", user->id);
    statement_bind_text(store->change, ":role", user_role_name(change->role));
    statement_bind_text(store->change, ":zones", change->reach.zones);
    statement_bind_integer(store->change, ":disabled", change->disabled);
    return statement_run(store->change, NULL, why);
}

enum err user_reset(struct user_store *store, const struct user *user, int64_t now_us,
                    struct why *why)
{
    statement_bind_text(store->reset, ":user_id", user->id);
    statement_bind_integer(store->reset, ":now_us", now_us);
    return statement_run(store->reset, NULL, why);
}

static struct value *read_listed(const struct statement *row)
{
    struct reach reach = {""};
    (void)!text_copy(reach.zones, sizeof reach.zones, column_text(row, 2));
    struct value *user = value_object();
    value_set_text(user, "username", column_text(row, 0));
    value_set_text(user, "role", column_text(row, 1));
    value_set(user, "zones", reach_to_value(&reach));
    value_set_boolean(user, "disabled", column_integer(row, 3) != 0);
    value_set_boolean(user, "password_change_required", column_integer(row, 4) != 0);
    value_set_boolean(user, "password_missing", column_integer(row, 6) != 0);
    value_set_time(user, "created_at", column_integer(row, 5));
    value_set_integer(user, "sessions", column_integer(row, 7));
    if (column_is_null(row, 8)) {
        value_set(user, "last_used_at", value_null());
    } else {
        value_set_time(user, "last_used_at", column_integer(row, 8));
    }
    return user;
}

enum err user_list(struct user_store *store, const char *name, int64_t now_us, struct value **out,
                   struct why *why)
{
    statement_bind_text(store->list, ":name", name);
    statement_bind_integer(store->list, ":used_after_us", now_us - SESSION_IDLE_US);
    statement_bind_integer(store->list, ":created_after_us", now_us - SESSION_AGE_US);
    return statement_list(store->list, read_listed, out, why);
}

enum err user_use_one_time(struct user_store *store, const struct user *user, struct why *why)
{
    int64_t changed = 0;
    statement_bind_text(store->use_one_time, ":user_id", user->id);
    const enum err err = statement_run(store->use_one_time, &changed, why);
    if (err || changed == 1) { return err; }
    return why_set(why, ERR_CONFLICT, "this one-time password has been used");
}

static enum err reset_password(struct user_store *store, const struct user *user,
                               const struct one_time *given, const char *hash, struct why *why)
{
    statement_bind_text(store->set_one_time, ":user_id", user->id);
    statement_bind_text(store->set_one_time, ":role", user_role_name(given->role));
    statement_bind_text(store->set_one_time, ":one_time_hash", hash);
    statement_bind_integer(store->set_one_time, ":now_us", given->now_us);
    return statement_run(store->set_one_time, NULL, why);
}

enum err user_give_one_time(struct user_store *store, const struct one_time *given,
                            enum one_time_outcome *outcome, struct why *why)
{
    struct user user = {.role = given->role, .must_change_password = true};
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
                  : reset_password(store, &user, given, hash, why);
    if (!err) { *outcome = ONE_TIME_OUTCOME_SET; }
    return err;
}

enum err user_bcrypt_cost(struct user_store *store, int *cost, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = store->bcrypt_cost;
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (!err) { *cost = (int)strtol(column_text(row, 0), NULL, 10); }
    return err;
}
