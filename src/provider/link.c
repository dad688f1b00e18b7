#include "provider/link.h"

#include "base/value.h"
#include "queries/provider_link.h"

struct link_store {
    struct statement *insert, *find, *find_id, *used, *count, *list, *delete, *delete_user;
};

enum err link_store_open(struct link_store **out, struct database *database, struct why *why)
{
    CLEANUP(link_store_close_p) struct link_store *store = MEM_NEW(struct link_store);
    const struct statement_text texts[] = {
        {&store->insert, SQL_LINK_INSERT},   {&store->find, SQL_LINK_FIND},
        {&store->find_id, SQL_LINK_FIND_ID}, {&store->used, SQL_LINK_USED},
        {&store->count, SQL_LINK_COUNT},     {&store->list, SQL_LINK_LIST},
        {&store->delete, SQL_LINK_DELETE},   {&store->delete_user, SQL_LINK_DELETE_USER},
    };
    const enum err err = database_prepare_all(database, texts, ARRAY_LEN(texts), why);
    if (!err) { *out = TAKE(store); }
    return err;
}

void link_store_close(struct link_store *store)
{
    free(store); /* the statements belong to the connection */
}

static enum err read_link(struct statement *row, struct link *link, struct why *why)
{
    enum step step = STEP_DONE;
    struct link found = {.generation = 0};
    const enum err err = statement_step(row, &step, why);
    if (err) { return err; }
    if (step == STEP_DONE) {
        return why_set(why, ERR_NOT_FOUND, "nobody here is linked to this person");
    }
    if (!text_copy(found.id, sizeof found.id, column_text(row, 0)) ||
        !text_copy(found.user_id, sizeof found.user_id, column_text(row, 1)) ||
        !text_copy(found.user, sizeof found.user, column_text(row, 2))) {
        return why_set(why, ERR_MALFORMED, "a link's row is longer than we write it");
    }
    found.generation = column_integer(row, 3);
    *link = found;
    return OK;
}

enum err link_find(struct link_store *store, const struct link_person *who, struct link *link,
                   struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = store->find;
    statement_bind_text(row, ":issuer", who->issuer);
    statement_bind_text(row, ":subject", who->person->subject);
    return read_link(row, link, why);
}

enum err link_find_id(struct link_store *store, const char *id, struct link *link, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = store->find_id;
    statement_bind_text(row, ":link_id", id);
    return read_link(row, link, why);
}

enum err link_used(struct link_store *store, const struct link *link, int64_t now_us,
                   struct why *why)
{
    statement_bind_text(store->used, ":link_id", link->id);
    statement_bind_integer(store->used, ":now_us", now_us);
    return statement_run(store->used, NULL, why);
}

static enum err check_room(struct link_store *store, const char *user_id, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = store->count;
    enum step step = STEP_DONE;
    statement_bind_text(row, ":user_id", user_id);
    const enum err err = statement_step(row, &step, why);
    if (err || column_integer(row, 0) < LINK_PER_USER_MAX) { return err; }
    return why_set(why, ERR_LIMIT, "a user has at most %d links", LINK_PER_USER_MAX);
}

enum err link_add(struct link_store *store, const struct link_person *who, const char *user_id,
                  struct why *why)
{
    int64_t changed = 0;
    struct statement *row = store->insert;
    const struct id id = id_new(who->now_us); /* bound values must last until the step */
    enum err err = check_room(store, user_id, why);
    if (err) { return err; }
    statement_bind_text(row, ":link_id", id.text);
    statement_bind_text(row, ":issuer", who->issuer);
    statement_bind_text(row, ":subject", who->person->subject);
    statement_bind_text(row, ":user_id", user_id);
    statement_bind_text(row, ":label", who->person->name);
    statement_bind_integer(row, ":now_us", who->now_us);
    err = statement_run(row, &changed, why);
    if (err || changed == 1) { return err; }
    return why_set(why, ERR_CONFLICT, "this person of the provider is linked already");
}

static struct value *read_listed(const struct statement *row)
{
    struct value *link = value_object();
    value_set_text(link, "id", column_text(row, 0));
    value_set_text(link, "issuer", column_text(row, 1));
    value_set_text(link, "label", column_text(row, 2));
    value_set_time(link, "created_at", column_integer(row, 3));
    if (column_is_null(row, 4)) {
        value_set(link, "used_at", value_null());
    } else {
        value_set_time(link, "used_at", column_integer(row, 4));
    }
    return link;
}

enum err link_list(struct link_store *store, const char *user_id, struct value **out,
                   struct why *why)
{
    statement_bind_text(store->list, ":user_id", user_id);
    return statement_list(store->list, read_listed, out, why);
}

enum err link_remove(struct link_store *store, const char *user_id, const char *id, struct why *why)
{
    int64_t changed = 0;
    statement_bind_text(store->delete, ":link_id", id);
    statement_bind_text(store->delete, ":user_id", user_id);
    const enum err err = statement_run(store->delete, &changed, why);
    if (err || changed == 1) { return err; }
    return why_set(why, ERR_NOT_FOUND, "there is no such link");
}

enum err link_remove_all(struct link_store *store, const char *user_id, struct why *why)
{
    statement_bind_text(store->delete_user, ":user_id", user_id);
    return statement_run(store->delete_user, NULL, why);
}
