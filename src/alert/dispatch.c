#include "alert/dispatch.h"

#include <string.h>

#include "alert/delivery.h"
#include "alert/lifecycle.h"
#include "alert/outgoing.h"
#include "queries/alert_dispatch.h"
#include "trust/canonical.h"

struct dispatch {
    struct database *database;      /* borrowed */
    const struct signer *signer;    /* borrowed */
    const struct signer *exercises; /* borrowed; NULL: none can be sent */
    struct statement *key_find, *key_add, *find, *add, *store, *history, *again, *deliver, *reach,
        *forget_outbox, *post, *tally;
};

enum err dispatch_open(struct dispatch **out, struct database *database,
                       const struct signer *signer, struct why *why)
{
    CLEANUP(dispatch_close_p) struct dispatch *dispatch = MEM_NEW(struct dispatch);
    dispatch->database = database;
    dispatch->signer = signer;
    const struct statement_text texts[] = {
        {&dispatch->key_find, SQL_DISPATCH_KEY_FIND},
        {&dispatch->key_add, SQL_DISPATCH_KEY_ADD},
        {&dispatch->find, SQL_DISPATCH_FIND},
        {&dispatch->add, SQL_DISPATCH_ADD},
        {&dispatch->store, SQL_DISPATCH_STORE},
        {&dispatch->history, SQL_DISPATCH_HISTORY},
        {&dispatch->again, SQL_DISPATCH_AGAIN},
        {&dispatch->deliver, SQL_DISPATCH_DELIVER},
        {&dispatch->reach, SQL_DISPATCH_REACH},
        {&dispatch->forget_outbox, SQL_DISPATCH_FORGET_OUTBOX},
        {&dispatch->post, SQL_DISPATCH_POST},
        {&dispatch->tally, SQL_DISPATCH_TALLY},
    };
    const enum err err = database_prepare_all(database, texts, ARRAY_LEN(texts), why);
    if (err == OK) { *out = TAKE(dispatch); }
    return err;
}

void dispatch_practise(struct dispatch *dispatch, const struct signer *exercises)
{
    dispatch->exercises = exercises;
}

enum err dispatch_has_key(const struct dispatch *dispatch, enum alert_status status,
                          struct why *why)
{
    if (status == ALERT_STATUS_ACTUAL || dispatch->exercises) { return OK; }
    return why_set(why, ERR_DENIED,
                   "this server has no key for exercises and tests: see exercise.certificate");
}

void dispatch_close(struct dispatch *dispatch)
{
    free(dispatch); /* the statements belong to the connection */
}

/* One order on its way through the tables; each step does nothing after a failure. */
struct passage {
    struct dispatch *dispatch;
    const struct alert *alert;
    const struct value *approvals; /* NULL for a tier that needs none */
    const char *actor;
    int64_t now_us;
    enum err err;
    struct why *why;
};

static void store(struct passage *passage, const char *content, struct span payload)
{
    const struct alert *alert = passage->alert;
    const enum alert_state state = lifecycle_state(alert, passage->now_us);
    const bool new = alert->revision == 1;
    struct statement *row = new ? passage->dispatch->add : passage->dispatch->store;
    statement_bind_text(row, ":alert_id", alert->id);
    statement_bind_integer(row, ":revision", alert->revision);
    statement_bind_integer(row, ":state", state);
    if (new) { statement_bind_integer(row, ":tier", alert->tier); }
    statement_bind_text(row, ":content", content);
    statement_bind_bytes(row, ":payload", payload);
    statement_bind_integer(row, ":begin_us", alert->begin_us);
    statement_bind_integer(row, ":expire_us", alert->expire_us);
    statement_bind_integer(row, ":now", passage->now_us);
    if (new) { statement_bind_text(row, ":actor", passage->actor); }
    statement_bind_integer(row, ":due_us",
                           state == ALERT_STATE_PENDING ? alert->begin_us : alert->expire_us);
    if (state == ALERT_STATE_CANCELLED) {
        statement_bind_integer(row, ":cancelled_us", passage->now_us);
    }
    passage->err = statement_run(row, NULL, passage->why);
    if (passage->err == OK && alert->revision == 1) {
        passage->err = statement_run(passage->dispatch->tally, NULL, passage->why);
    }
}

static void add_history(struct passage *passage)
{
    if (passage->err != OK) { return; }
    struct statement *row = passage->dispatch->history;
    statement_bind_text(row, ":alert_id", passage->alert->id);
    statement_bind_integer(row, ":revision", passage->alert->revision);
    statement_bind_integer(row, ":state", lifecycle_state(passage->alert, passage->now_us));
    statement_bind_integer(row, ":at_us", passage->now_us);
    statement_bind_text(row, ":actor", passage->actor);
    passage->err = statement_run(row, NULL, passage->why);
}

/* An update overtakes what is still waiting: those rows would send the same bytes. */
static void forget_outbox(struct passage *passage)
{
    if (passage->err != OK) { return; }
    struct statement *row = passage->dispatch->forget_outbox;
    statement_bind_text(row, ":alert_id", passage->alert->id);
    passage->err = statement_run(row, NULL, passage->why);
}

static void deliver_again(struct passage *passage)
{
    if (passage->err != OK) { return; }
    struct statement *row = passage->dispatch->again;
    statement_bind_text(row, ":alert_id", passage->alert->id);
    statement_bind_integer(row, ":revision", passage->alert->revision);
    statement_bind_integer(row, ":now", passage->now_us);
    statement_bind_integer(row, ":due_us", passage->now_us + DELIVERY_RETRY_LEAST_US);
    statement_bind_integer(row, ":cancels", passage->alert->action == ALERT_ACTION_CANCEL);
    passage->err = statement_run(row, NULL, passage->why);
}

static void deliver(struct passage *passage, enum target_scope scope, const char *name)
{
    struct statement *row = passage->dispatch->deliver;
    statement_bind_text(row, ":alert_id", passage->alert->id);
    statement_bind_integer(row, ":revision", passage->alert->revision);
    statement_bind_text(row, ":scope", target_scope_name(scope));
    statement_bind_text(row, ":name", name);
    statement_bind_integer(row, ":now", passage->now_us);
    statement_bind_integer(row, ":due_us", passage->now_us + DELIVERY_RETRY_LEAST_US);
    passage->err = statement_run(row, NULL, passage->why);
}

static void reach(struct passage *passage, enum target_scope scope, const char *name)
{
    struct statement *row = passage->dispatch->reach;
    statement_bind_text(row, ":alert_id", passage->alert->id);
    statement_bind_text(row, ":scope", target_scope_name(scope));
    statement_bind_text(row, ":name", name);
    passage->err = statement_run(row, NULL, passage->why);
}

static void deliver_and_post(void *context, enum target_scope scope, const char *name)
{
    struct passage *passage = context;
    if (passage->err == OK) { deliver(passage, scope, name); }
    if (passage->err == OK) { reach(passage, scope, name); }
    if (passage->err != OK) { return; }
    struct statement *row = passage->dispatch->post;
    statement_bind_text(row, ":alert_id", passage->alert->id);
    statement_bind_text(row, ":scope", target_scope_name(scope));
    statement_bind_text(row, ":name", name);
    statement_bind_integer(row, ":kind", OUTGOING_KIND_FIRST);
    statement_bind_integer(row, ":now", passage->now_us);
    passage->err = statement_run(row, NULL, passage->why);
}

/* Signs the alert and writes everything that follows from it. Inside a transaction. */
static enum err enter(struct passage *passage)
{
    const struct alert *alert = passage->alert;
    const struct dispatch *dispatch = passage->dispatch;
    passage->err = dispatch_has_key(dispatch, alert->status, passage->why);
    if (passage->err != OK) { return passage->err; }
    CLEANUP(text_deinit) struct text content = text_limited(ENVELOPE_SIZE_MAX);
    CLEANUP(text_deinit) struct text payload = text_limited(ENVELOPE_SIZE_MAX);
    struct value *object = alert_to_value(alert);
    if (passage->approvals) { value_set(object, "approvals", value_copy(passage->approvals)); }
    value_write(object, &content);
    const struct envelope_draft draft = {
        .tier = alert->tier, .now_us = passage->now_us, .content = object};
    const bool actual = alert->status == ALERT_STATUS_ACTUAL;
    passage->err = envelope_sign(actual ? dispatch->signer : dispatch->exercises, &draft, &payload,
                                 passage->why);
    if (passage->err == OK && (content.overflow || payload.overflow)) {
        passage->err = why_set(passage->why, ERR_LIMIT,
                               "the signed alert is larger than %d bytes; fewer or shorter texts "
                               "or fewer targets fit",
                               ENVELOPE_SIZE_MAX);
    }
    if (passage->err != OK) { return passage->err; }
    store(passage, text_c(&content), text_span(&payload));
    forget_outbox(passage);
    deliver_again(passage);
    target_set_each(&alert->targets, deliver_and_post, passage);
    add_history(passage); /* once its zones are known: who may not see it may not tell of it */
    return passage->err;
}

/* ---- idempotency ---- */

static enum err check_key(const char *key, struct why *why)
{
    const size_t size = strlen(key);
    for (size_t i = 0; i < size; i++) {
        if (key[i] < 0x21 || key[i] > 0x7e) {
            return why_set(why, ERR_MALFORMED, "Idempotency-Key has a letter that is not ASCII");
        }
    }
    if (size == 0 || size > DISPATCH_IDEMPOTENCY_KEY_MAX) {
        return why_set(why, ERR_LIMIT, "Idempotency-Key has %zu letters, expected 1..%d", size,
                       DISPATCH_IDEMPOTENCY_KEY_MAX);
    }
    return OK;
}

/* What the key made earlier: OK with the alert's id, ERR_NOT_FOUND, or ERR_CONFLICT. */
static enum err find_key(struct dispatch *dispatch, const struct dispatch_order *order,
                         const char *body, struct id *alert_id, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = dispatch->key_find;
    statement_bind_text(row, ":actor", order->actor);
    statement_bind_text(row, ":key", order->idempotency_key);
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (err != OK) { return err; }
    if (step == STEP_DONE) { return ERR_NOT_FOUND; }
    if (strcmp(column_text(row, 0), body) != 0) {
        return why_set(why, ERR_CONFLICT,
                       "Idempotency-Key was used for another request; use a new one");
    }
    (void)!text_copy(alert_id->text, sizeof alert_id->text, column_text(row, 1));
    return OK;
}

static enum err add_key(struct dispatch *dispatch, const struct dispatch_order *order,
                        const char *body, const struct passage *passage)
{
    statement_bind_text(dispatch->key_add, ":actor", order->actor);
    statement_bind_text(dispatch->key_add, ":key", order->idempotency_key);
    statement_bind_text(dispatch->key_add, ":body", body);
    statement_bind_text(dispatch->key_add, ":alert_id", passage->alert->id);
    statement_bind_integer(dispatch->key_add, ":at_us", passage->now_us);
    return statement_run(dispatch->key_add, NULL, passage->why);
}

/* ---- orders ---- */

/* Everything about a creation that must be looked at while nobody else writes. */
static enum err create_inside(struct dispatch *dispatch, const struct dispatch_order *order,
                              const char *body, struct passage *passage, struct id *alert_id)
{
    if (order->idempotency_key) {
        const enum err found = find_key(dispatch, order, body, alert_id, passage->why);
        if (found != ERR_NOT_FOUND) { return found; }
    }
    CLEANUP(alert_deinit) struct alert alert = {0};
    const enum role role = signer_identity(dispatch->signer)->role;
    enum err err = lifecycle_create(&alert, order->body, role, passage->now_us, passage->why);
    if (err != OK) { return err; }
    passage->alert = &alert;
    err = enter(passage);
    if (err == OK && order->idempotency_key) { err = add_key(dispatch, order, body, passage); }
    if (err == OK) { memcpy(alert_id->text, alert.id, ID_TEXT_SIZE); }
    passage->alert = NULL;
    return err;
}

enum err dispatch_create(struct dispatch *dispatch, const struct dispatch_order *order,
                         int64_t now_us, struct id *alert_id, struct why *why)
{
    CLEANUP(text_deinit) struct text body = text_limited(ENVELOPE_SIZE_MAX);
    enum err err = OK;
    if (order->idempotency_key) {
        err = check_key(order->idempotency_key, why);
        if (err == OK) { err = canonical_write(order->body, &body, why); }
        if (err == OK && body.overflow) { err = why_set(why, ERR_LIMIT, "the body is too large"); }
    }
    const bool ours = !database_in_transaction(dispatch->database);
    if (err == OK && ours) { err = database_begin(dispatch->database, why); }
    if (err != OK) { return err; }
    struct passage passage = {
        .dispatch = dispatch, .actor = order->actor, .now_us = now_us, .why = why};
    struct id made;
    err = create_inside(dispatch, order, text_c(&body), &passage, &made);
    if (ours) { database_end(dispatch->database, &err, why); }
    if (err == OK) { *alert_id = made; }
    return err;
}

enum err dispatch_current(struct dispatch *dispatch, const char *alert_id, struct alert *alert,
                          struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = dispatch->find;
    statement_bind_text(row, ":alert_id", alert_id);
    enum step step = STEP_DONE;
    enum err err = statement_step(row, &step, why);
    if (err != OK) { return err; }
    if (step == STEP_DONE) {
        return why_set(why, ERR_NOT_FOUND, "no alert has the id %.40s", alert_id);
    }
    CLEANUP(value_free_p) struct value *content = NULL;
    err = value_parse(&content, span_text(column_text(row, 0)), ENVELOPE_SIZE_MAX, why);
    return err == OK ? alert_parse(alert, content, why) : err;
}

/* The next revision: with a body an update, without a cancel. */
static enum err revise_inside(struct dispatch *dispatch, const struct dispatch_order *order,
                              int64_t now_us, struct why *why)
{
    CLEANUP(alert_deinit) struct alert current = {0};
    CLEANUP(alert_deinit) struct alert next = {0};
    enum err err = dispatch_current(dispatch, order->alert_id, &current, why);
    if (err == OK && tier_approved(current.tier)) {
        err = why_set(why, ERR_DENIED, "tier %s is changed with the approvals of operators only",
                      tier_name(current.tier));
    }
    if (err != OK) { return err; }
    if (!order->body && current.action == ALERT_ACTION_CANCEL) { return OK; }
    err = order->body ? lifecycle_update(&next, &current, order->body, now_us, why)
                      : lifecycle_cancel(&next, &current, now_us, why);
    if (err != OK) { return err; }
    struct passage passage = {
        .dispatch = dispatch, .alert = &next, .actor = order->actor, .now_us = now_us, .why = why};
    return enter(&passage);
}

static enum err revise(struct dispatch *dispatch, const struct dispatch_order *order,
                       int64_t now_us, struct why *why)
{
    const bool ours = !database_in_transaction(dispatch->database);
    enum err err = ours ? database_begin(dispatch->database, why) : OK;
    if (err != OK) { return err; }
    err = revise_inside(dispatch, order, now_us, why);
    if (ours) { database_end(dispatch->database, &err, why); }
    return err;
}

enum err dispatch_update(struct dispatch *dispatch, const struct dispatch_order *order,
                         int64_t now_us, struct why *why)
{
    if (!order->body) { return why_set(why, ERR_MALFORMED, "the body is not a JSON object"); }
    return revise(dispatch, order, now_us, why);
}

enum err dispatch_cancel(struct dispatch *dispatch, const struct dispatch_order *order,
                         int64_t now_us, struct why *why)
{
    const struct dispatch_order cancel = {.alert_id = order->alert_id, .actor = order->actor};
    return revise(dispatch, &cancel, now_us, why);
}

/* A new alert, or the next revision of one: what was approved for another state of it is void. */
static enum err check_turn(struct dispatch *dispatch, const struct alert *alert, struct why *why)
{
    CLEANUP(alert_deinit) struct alert current = {0};
    const enum err err = dispatch_current(dispatch, alert->id, &current, why);
    if (err == ERR_NOT_FOUND && alert->revision == 1) { return OK; }
    if (err != OK) { return err; }
    if (current.action == ALERT_ACTION_CANCEL || current.revision != alert->revision - 1) {
        return why_set(why, ERR_CONFLICT, "the alert has changed since this was written");
    }
    return OK;
}

enum err dispatch_approved(struct dispatch *dispatch, const struct dispatch_order *order,
                           const struct value *approvals, int64_t now_us, struct why *why)
{
    CLEANUP(alert_deinit) struct alert alert = {0};
    enum err err = alert_parse(&alert, order->body, why);
    if (err == OK && alert.expire_us <= now_us) {
        err = why_set(why, ERR_CONFLICT, "the alert would be over");
    }
    if (err == OK) { err = check_turn(dispatch, &alert, why); }
    if (err != OK) { return err; }
    struct passage passage = {.dispatch = dispatch,
                              .alert = &alert,
                              .approvals = approvals,
                              .actor = order->actor,
                              .now_us = now_us,
                              .why = why};
    return enter(&passage);
}
