#include "alert/draft.h"

#include <string.h>

#include "alert/lifecycle.h"
#include "queries/alert_draft.h"

struct draft_store {
    struct database *database; /* borrowed */
    struct dispatch *dispatch; /* borrowed */
    struct statement *add, *find, *list, *count, *end, *approve, *approvals;
};

static const char *const state_names[] = {"waiting", "sent", "withdrawn", "lapsed"};

const char *draft_state_name(enum draft_state state)
{
    return state_names[state];
}

enum err draft_store_open(struct draft_store **out, struct database *database,
                          struct dispatch *dispatch, struct why *why)
{
    CLEANUP(draft_store_close_p) struct draft_store *store = MEM_NEW(struct draft_store);
    store->database = database;
    store->dispatch = dispatch;
    const struct statement_text texts[] = {
        {&store->add, SQL_DRAFT_ADD},
        {&store->find, SQL_DRAFT_FIND},
        {&store->list, SQL_DRAFT_LIST},
        {&store->count, SQL_DRAFT_COUNT},
        {&store->end, SQL_DRAFT_END},
        {&store->approve, SQL_DRAFT_APPROVE},
        {&store->approvals, SQL_DRAFT_APPROVALS},
    };
    const enum err err = database_prepare_all(database, texts, ARRAY_LEN(texts), why);
    if (err == OK) { *out = TAKE(store); }
    return err;
}

void draft_store_close(struct draft_store *store)
{
    free(store); /* the statements belong to the connection */
}

/* ---- making one ---- */

static enum err check_room(struct draft_store *store, const char *actor, int64_t now_us,
                           struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = store->count;
    statement_bind_integer(row, ":now", now_us);
    statement_bind_text(row, ":actor", actor);
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (err != OK) { return err; }
    if (column_integer(row, 1) >= DRAFT_WAITING_OF_ONE_MAX) {
        return why_set(why, ERR_LIMIT, "%d drafts of yours wait already; withdraw some",
                       DRAFT_WAITING_OF_ONE_MAX);
    }
    if (column_integer(row, 0) < DRAFT_WAITING_MAX) { return OK; }
    return why_set(why, ERR_LIMIT, "%d drafts wait already; withdraw some", DRAFT_WAITING_MAX);
}

/* The revision that the order asks for. */
static enum err make_next(struct draft_store *store, const struct dispatch_order *order,
                          struct alert *next, int64_t now_us, struct why *why)
{
    if (!order->alert_id) { return lifecycle_draft(next, order->body, now_us, why); }
    CLEANUP(alert_deinit) struct alert current = {0};
    const enum err err = dispatch_current(store->dispatch, order->alert_id, &current, why);
    if (err != OK) { return err; }
    if (!tier_approved(current.tier)) {
        return why_set(why, ERR_DENIED, "an alert of tier %s is changed without a draft",
                       tier_name(current.tier));
    }
    return order->body ? lifecycle_update(next, &current, order->body, now_us, why)
                       : lifecycle_cancel(next, &current, now_us, why);
}

enum err draft_create(struct draft_store *store, const struct dispatch_order *order, int64_t now_us,
                      struct id *draft_id, struct why *why)
{
    CLEANUP(alert_deinit) struct alert next = {0};
    CLEANUP(text_deinit) struct text content = text_limited(ALERT_CONTENT_SIZE_MAX);
    enum err err = check_room(store, order->actor, now_us, why);
    if (err == OK) { err = make_next(store, order, &next, now_us, why); }
    if (err == OK) { err = dispatch_has_key(store->dispatch, next.status, why); }
    if (err != OK) { return err; }
    CLEANUP(value_free_p) struct value *object = alert_to_value(&next);
    value_write(object, &content);
    if (content.overflow) { return why_set(why, ERR_LIMIT, "the alert is too large"); }
    *draft_id = id_new(now_us);
    struct statement *row = store->add;
    statement_bind_text(row, ":draft_id", draft_id->text);
    statement_bind_text(row, ":alert_id", next.id);
    statement_bind_integer(row, ":revision", next.revision);
    statement_bind_text(row, ":content", text_c(&content));
    statement_bind_integer(row, ":expire_us", next.expire_us);
    statement_bind_integer(row, ":now", now_us);
    statement_bind_text(row, ":actor", order->actor);
    return statement_run(row, NULL, why);
}

/* ---- reading ---- */

/* What decides about a draft. */
struct draft {
    char id[ID_TEXT_SIZE];
    int64_t revision;
    enum draft_state state;
    struct value *content; /* owned */
};

static void draft_deinit(struct draft *draft)
{
    value_free(draft->content);
}

static enum err read_draft(const struct statement *row, int64_t now_us, struct draft *draft,
                           struct why *why)
{
    (void)!text_copy(draft->id, sizeof draft->id, column_text(row, 0));
    draft->revision = column_integer(row, 2);
    draft->state = (enum draft_state)column_integer(row, 3);
    if (draft->state == DRAFT_STATE_WAITING && column_integer(row, 5) <= now_us) {
        draft->state = DRAFT_STATE_LAPSED;
    }
    return value_parse(&draft->content, span_text(column_text(row, 4)), ENVELOPE_SIZE_MAX, why);
}

static void set_time_or_null(struct value *object, const char *key, const struct statement *row,
                             int column)
{
    if (column_is_null(row, column)) {
        value_set(object, key, value_null());
    } else {
        value_set_time(object, key, column_integer(row, column));
    }
}

static enum err describe(const struct statement *row, int64_t now_us, struct value **out,
                         struct why *why)
{
    CLEANUP(draft_deinit) struct draft draft = {0};
    const enum err err = read_draft(row, now_us, &draft, why);
    if (err != OK) { return err; }
    struct value *object = value_object();
    value_set_text(object, "id", draft.id);
    value_set_text(object, "alert_id", column_text(row, 1));
    value_set_integer(object, "revision", draft.revision);
    value_set_text(object, "action", value_text_or(value_get(draft.content, "action"), ""));
    value_set_text(object, "state", draft_state_name(draft.state));
    value_set(object, "content", TAKE(draft.content));
    value_set_time(object, "expire", column_integer(row, 5));
    value_set_time(object, "created_at", column_integer(row, 6));
    value_set_text(object, "created_by", column_text(row, 7));
    set_time_or_null(object, "ended_at", row, 8);
    value_set_text(object, "ended_by", column_text(row, 9));
    *out = object;
    return OK;
}

/* Adds who has approved. */
static enum err add_people(struct draft_store *store, struct value *draft, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *rows = store->approvals;
    struct value *people = value_array();
    value_set(draft, "approvals", people);
    statement_bind_text(rows, ":draft_id", value_text_or(value_get(draft, "id"), ""));
    enum step step = STEP_DONE;
    enum err err = statement_step(rows, &step, why);
    while (err == OK && step == STEP_ROW) {
        struct value *person = value_object();
        value_set_text(person, "person", column_text(rows, 0));
        value_set_time(person, "at", column_integer(rows, 2));
        value_append(people, person);
        err = statement_step(rows, &step, why);
    }
    return err;
}

enum err draft_get(struct draft_store *store, const char *draft_id, int64_t now_us,
                   struct value **out, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = store->find;
    CLEANUP(value_free_p) struct value *draft = NULL;
    statement_bind_text(row, ":draft_id", draft_id);
    enum step step = STEP_DONE;
    enum err err = statement_step(row, &step, why);
    if (err == OK && step == STEP_DONE) {
        err = why_set(why, ERR_NOT_FOUND, "no draft has the id %.40s", draft_id);
    }
    if (err == OK) { err = describe(row, now_us, &draft, why); }
    if (err == OK) { err = add_people(store, draft, why); }
    if (err == OK) { *out = TAKE(draft); }
    return err;
}

enum err draft_list(struct draft_store *store, int64_t now_us, struct value **out, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *rows = store->list;
    CLEANUP(value_free_p) struct value *list = value_array();
    statement_bind_integer(rows, ":now", now_us);
    statement_bind_integer(rows, ":limit", DRAFT_WAITING_MAX);
    enum step step = STEP_DONE;
    enum err err = statement_step(rows, &step, why);
    while (err == OK && step == STEP_ROW) {
        struct value *draft = NULL;
        err = describe(rows, now_us, &draft, why);
        if (err == OK) { err = add_people(store, draft, why); }
        if (draft) { value_append(list, draft); }
        if (err == OK) { err = statement_step(rows, &step, why); }
    }
    if (err == OK) { *out = TAKE(list); }
    return err;
}

/* ---- approving ---- */

/* The draft, which must still wait. */
static enum err find_waiting(struct draft_store *store, const char *draft_id, int64_t now_us,
                             struct draft *draft, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = store->find;
    statement_bind_text(row, ":draft_id", draft_id);
    enum step step = STEP_DONE;
    enum err err = statement_step(row, &step, why);
    if (err == OK && step == STEP_DONE) {
        return why_set(why, ERR_NOT_FOUND, "no draft has the id %.40s", draft_id);
    }
    if (err == OK) { err = read_draft(row, now_us, draft, why); }
    if (err == OK && draft->state != DRAFT_STATE_WAITING) {
        err = why_set(why, ERR_CONFLICT, "this draft is %s", draft_state_name(draft->state));
    }
    return err;
}

/* The approvals that were kept, as the list of a content. */
static enum err kept_approvals(struct draft_store *store, const char *draft_id, struct value **list,
                               struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *rows = store->approvals;
    CLEANUP(value_free_p) struct value *kept = value_array();
    statement_bind_text(rows, ":draft_id", draft_id);
    enum step step = STEP_DONE;
    enum err err = statement_step(rows, &step, why);
    while (err == OK && step == STEP_ROW) {
        struct value *approval = NULL;
        err = value_parse(&approval, span_text(column_text(rows, 1)), ENVELOPE_SIZE_MAX, why);
        if (approval) { value_append(kept, approval); }
        if (err == OK) { err = statement_step(rows, &step, why); }
    }
    if (err == OK) { *list = TAKE(kept); }
    return err;
}

/*
 * Judges the new approval after those before it, which are judged again: a certificate may have
 * been withdrawn meanwhile. `*count` is how many people stand behind the draft then.
 */
static enum err judge(const struct draft_approval *approval, const struct draft *draft,
                      const struct value *kept, size_t *count, struct why *why)
{
    struct approvals people = {.count = 0};
    for (size_t i = 0; i < value_count(kept) && i < APPROVAL_COUNT_MAX - 1; i++) {
        (void)!approval_judge(&approval->court, draft->content, value_at(kept, i), &people, NULL);
    }
    const size_t before = people.count;
    const enum approval_answer answer =
        approval_judge(&approval->court, draft->content, approval->approval, &people, why);
    if (answer == APPROVAL_ANSWER_TWICE) {
        return why_set(why, ERR_CONFLICT, "you have approved this already");
    }
    if (answer != APPROVAL_ANSWER_COUNTS) { return ERR_DENIED; }
    if (strcmp(people.people[before].name, approval->person) != 0) {
        return why_set(why, ERR_DENIED, "the key is that of operator %s, you are %.63s",
                       people.people[before].name, approval->person);
    }
    *count = people.count;
    return OK;
}

static enum err keep(struct draft_store *store, const struct draft_approval *approval,
                     struct why *why)
{
    CLEANUP(text_deinit) struct text words = text_limited(ENVELOPE_SIZE_MAX);
    value_write(approval->approval, &words);
    struct statement *row = store->approve;
    statement_bind_text(row, ":draft_id", approval->draft_id);
    statement_bind_text(row, ":person", approval->person);
    statement_bind_text(row, ":approval", text_c(&words));
    statement_bind_integer(row, ":now", approval->court.now_us);
    return statement_run(row, NULL, why);
}

/* `draft_id` becomes `state` by `actor`. */
static enum err end(struct draft_store *store, const char *draft_id, enum draft_state state,
                    const struct draft_approval *by, struct why *why)
{
    struct statement *row = store->end;
    statement_bind_text(row, ":draft_id", draft_id);
    statement_bind_integer(row, ":state", state);
    statement_bind_integer(row, ":now", by->court.now_us);
    statement_bind_text(row, ":actor", by->person);
    return statement_run(row, NULL, why);
}

static enum err send(struct draft_store *store, const struct draft_approval *approval,
                     const struct draft *draft, struct value *approvals, struct why *why)
{
    const struct dispatch_order order = {.body = draft->content, .actor = approval->person};
    value_append(approvals, value_copy(approval->approval));
    const enum err err =
        dispatch_approved(store->dispatch, &order, approvals, approval->court.now_us, why);
    return err ? err : end(store, draft->id, DRAFT_STATE_SENT, approval, why);
}

enum err draft_approve(struct draft_store *store, const struct draft_approval *approval, bool *sent,
                       struct why *why)
{
    CLEANUP(draft_deinit) struct draft draft = {0};
    CLEANUP(value_free_p) struct value *kept = NULL;
    size_t count = 0;
    enum err err = find_waiting(store, approval->draft_id, approval->court.now_us, &draft, why);
    if (err == OK) { err = kept_approvals(store, draft.id, &kept, why); }
    if (err == OK && value_count(kept) >= APPROVAL_COUNT_MAX) {
        err = why_set(why, ERR_LIMIT, "the draft has %d approvals already", APPROVAL_COUNT_MAX);
    }
    if (err == OK) { err = judge(approval, &draft, kept, &count, why); }
    if (err == OK) { err = keep(store, approval, why); }
    *sent = err == OK && (int64_t)count >= approval->needed;
    return *sent ? send(store, approval, &draft, kept, why) : err;
}

enum err draft_withdraw(struct draft_store *store, const char *draft_id, const char *actor,
                        int64_t now_us, struct why *why)
{
    CLEANUP(draft_deinit) struct draft draft = {0};
    const struct draft_approval by = {.person = actor, .court = {.now_us = now_us}};
    const enum err err = find_waiting(store, draft_id, now_us, &draft, why);
    return err ? err : end(store, draft.id, DRAFT_STATE_WITHDRAWN, &by, why);
}
