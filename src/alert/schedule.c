#include "alert/schedule.h"

#include <assert.h>

#include "alert/delivery.h"
#include "alert/lifecycle.h"
#include "alert/outgoing.h"
#include "queries/alert_schedule.h"
#include "trust/envelope.h"

enum { SCHEDULE_ALERT_MAX = 64 };   /* alerts that begin or end in one run */
#define KEY_AGE_MAX_US CLOCK_DAY_US /* how long an Idempotency-Key is remembered */

struct due_delivery {
    char alert_id[ID_TEXT_SIZE];
    char device[TARGET_NAME_SIZE];
    enum delivery_state state;
    struct delivery_tries tries;
};

struct schedule {
    struct database *database; /* borrowed */
    struct statement *alerts, *alert_state, *history, *over, *deliveries, *retry, *post, *hasten,
        *forget_keys, *next;
    struct id changed[SCHEDULE_ALERT_MAX];
    size_t changed_count;
    struct due_delivery due[SCHEDULE_RESEND_MAX];
};

enum err schedule_open(struct schedule **out, struct database *database, struct why *why)
{
    CLEANUP(schedule_close_p) struct schedule *schedule = MEM_NEW(struct schedule);
    schedule->database = database;
    const struct statement_text texts[] = {
        {&schedule->alerts, SQL_SCHEDULE_ALERTS},
        {&schedule->alert_state, SQL_SCHEDULE_ALERT_STATE},
        {&schedule->history, SQL_SCHEDULE_HISTORY},
        {&schedule->over, SQL_SCHEDULE_OVER},
        {&schedule->deliveries, SQL_SCHEDULE_DELIVERIES},
        {&schedule->retry, SQL_SCHEDULE_RETRY},
        {&schedule->post, SQL_SCHEDULE_POST},
        {&schedule->hasten, SQL_SCHEDULE_HASTEN},
        {&schedule->forget_keys, SQL_SCHEDULE_FORGET_KEYS},
        {&schedule->next, SQL_SCHEDULE_NEXT},
    };
    const enum err err = database_prepare_all(database, texts, ARRAY_LEN(texts), why);
    if (err == OK) { *out = TAKE(schedule); }
    return err;
}

void schedule_close(struct schedule *schedule)
{
    free(schedule); /* the statements belong to the connection */
}

const char *schedule_changed(const struct schedule *schedule, size_t index)
{
    assert(index < schedule->changed_count);
    return schedule->changed[index].text;
}

static enum err post(struct schedule *schedule, const struct outgoing_row *row, int64_t now_us,
                     struct why *why)
{
    statement_bind_text(schedule->post, ":alert_id", row->alert_id);
    statement_bind_text(schedule->post, ":scope", target_scope_name(row->scope));
    statement_bind_text(schedule->post, ":name", row->name);
    statement_bind_integer(schedule->post, ":kind", row->kind);
    statement_bind_integer(schedule->post, ":now", now_us);
    return statement_run(schedule->post, NULL, why);
}

/* ---- alerts that begin or end ---- */

struct due_alert {
    struct schedule *schedule;
    struct alert alert;
    enum alert_state state; /* as stored */
    int64_t now_us;
    enum err err;
    struct why *why;
};

static enum err next_due_alert(struct due_alert *due, bool *found)
{
    CLEANUP(statement_reset_p) struct statement *row = due->schedule->alerts;
    statement_bind_integer(row, ":now", due->now_us);
    statement_bind_integer(row, ":limit", 1);
    enum step step = STEP_DONE;
    enum err err = statement_step(row, &step, due->why);
    *found = err == OK && step == STEP_ROW;
    if (!*found) { return err; }
    due->state = (enum alert_state)column_integer(row, 2);
    CLEANUP(value_free_p) struct value *content = NULL;
    err = value_parse(&content, span_text(column_text(row, 3)), ENVELOPE_SIZE_MAX, due->why);
    return err == OK ? alert_parse(&due->alert, content, due->why) : err;
}

static void clear_topic(void *context, enum target_scope scope, const char *name)
{
    struct due_alert *due = context;
    if (due->err != OK) { return; }
    struct outgoing_row row = {.kind = OUTGOING_KIND_CLEAR, .scope = scope};
    (void)!text_copy(row.alert_id, sizeof row.alert_id, due->alert.id);
    (void)!text_copy(row.name, sizeof row.name, name);
    due->err = post(due->schedule, &row, due->now_us, due->why);
}

/* The alert is over: the broker forgets it, and who showed it is asked whether it is off. */
static void wind_up(struct due_alert *due)
{
    target_set_each(&due->alert.targets, clear_topic, due);
    if (due->err != OK) { return; }
    statement_bind_text(due->schedule->over, ":alert_id", due->alert.id);
    statement_bind_integer(due->schedule->over, ":ask_us", due->now_us + DELIVERY_ASK_LEAST_US);
    due->err = statement_run(due->schedule->over, NULL, due->why);
}

static void change_state(struct due_alert *due, enum alert_state state)
{
    struct schedule *schedule = due->schedule;
    statement_bind_text(schedule->history, ":alert_id", due->alert.id);
    statement_bind_integer(schedule->history, ":revision", due->alert.revision);
    statement_bind_integer(schedule->history, ":state", state);
    statement_bind_integer(schedule->history, ":at_us", due->now_us);
    due->err = statement_run(schedule->history, NULL, due->why);
    if (due->err != OK) { return; }
    struct id *changed = &schedule->changed[schedule->changed_count++];
    (void)!text_copy(changed->text, sizeof changed->text, due->alert.id);
}

static enum err run_alert(struct due_alert *due)
{
    const enum alert_state state = lifecycle_state(&due->alert, due->now_us);
    const int64_t next_us = lifecycle_next_us(&due->alert, due->now_us);
    struct statement *row = due->schedule->alert_state;
    statement_bind_text(row, ":alert_id", due->alert.id);
    statement_bind_integer(row, ":state", state);
    statement_bind_integer(row, ":now", due->now_us);
    if (next_us < INT64_MAX) { statement_bind_integer(row, ":due_us", next_us); }
    due->err = statement_run(row, NULL, due->why);
    if (due->err == OK && state != due->state) { change_state(due, state); }
    if (due->err == OK && next_us == INT64_MAX) { wind_up(due); }
    return due->err;
}

static enum err run_alerts(struct schedule *schedule, int64_t now_us, struct why *why)
{
    enum err err = OK;
    bool found = true;
    for (int i = 0; err == OK && found && i < SCHEDULE_ALERT_MAX; i++) {
        struct due_alert due = {.schedule = schedule, .now_us = now_us, .why = why};
        err = next_due_alert(&due, &found);
        if (err == OK && found) { err = run_alert(&due); }
        alert_deinit(&due.alert);
    }
    return err;
}

/* ---- deliveries without a receipt ---- */

static enum err read_due(struct schedule *schedule, int64_t now_us, size_t *count, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *rows = schedule->deliveries;
    statement_bind_integer(rows, ":now", now_us);
    statement_bind_integer(rows, ":limit", SCHEDULE_RESEND_MAX);
    enum step step = STEP_DONE;
    enum err err = statement_step(rows, &step, why);
    for (*count = 0; err == OK && step == STEP_ROW; (*count)++) {
        struct due_delivery *due = &schedule->due[*count];
        (void)!text_copy(due->alert_id, sizeof due->alert_id, column_text(rows, 0));
        (void)!text_copy(due->device, sizeof due->device, column_text(rows, 1));
        due->state = (enum delivery_state)column_integer(rows, 2);
        due->tries = (struct delivery_tries){column_integer(rows, 3), column_integer(rows, 4)};
        err = statement_step(rows, &step, why);
    }
    return err;
}

/* Sends again what is due, and plans the next time with this one counted. */
static enum err resend(struct schedule *schedule, const struct due_delivery *due, int64_t now_us,
                       size_t *resent, struct why *why)
{
    struct delivery_tries tries = due->tries;
    const bool sends = delivery_due_us(due->state, tries, now_us) < INT64_MAX;
    if (due->state >= DELIVERY_STATE_RECEIVED) { tries.asks++; }
    tries.attempts++;
    const int64_t next_us = delivery_due_us(due->state, tries, now_us);
    statement_bind_text(schedule->retry, ":alert_id", due->alert_id);
    statement_bind_text(schedule->retry, ":device", due->device);
    statement_bind_integer(schedule->retry, ":sent", sends);
    statement_bind_integer(schedule->retry, ":asks", tries.asks);
    if (next_us < INT64_MAX) { statement_bind_integer(schedule->retry, ":due_us", next_us); }
    const enum err err = statement_run(schedule->retry, NULL, why);
    if (err != OK || !sends) { return err; }
    struct outgoing_row row = {.kind = OUTGOING_KIND_REPEAT, .scope = TARGET_SCOPE_DEVICE};
    (void)!text_copy(row.alert_id, sizeof row.alert_id, due->alert_id);
    (void)!text_copy(row.name, sizeof row.name, due->device);
    (*resent)++;
    return post(schedule, &row, now_us, why);
}

static enum err run_deliveries(struct schedule *schedule, int64_t now_us, size_t *resent,
                               struct why *why)
{
    size_t count = 0;
    enum err err = read_due(schedule, now_us, &count, why);
    for (size_t i = 0; err == OK && i < count; i++) {
        err = resend(schedule, &schedule->due[i], now_us, resent, why);
    }
    return err;
}

/* ---- all of it ---- */

static enum err read_next(struct schedule *schedule, int64_t *next_us, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = schedule->next;
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (err == OK) { *next_us = column_is_null(row, 0) ? INT64_MAX : column_integer(row, 0); }
    return err;
}

static enum err run_inside(struct schedule *schedule, int64_t now_us,
                           struct schedule_result *result, struct why *why)
{
    enum err err = run_alerts(schedule, now_us, why);
    if (err == OK) { err = run_deliveries(schedule, now_us, &result->resent, why); }
    if (err == OK) {
        statement_bind_integer(schedule->forget_keys, ":before", now_us - KEY_AGE_MAX_US);
        err = statement_run(schedule->forget_keys, NULL, why);
    }
    if (err == OK) { err = read_next(schedule, &result->next_us, why); }
    return err;
}

enum err schedule_run(struct schedule *schedule, int64_t now_us, struct schedule_result *result,
                      struct why *why)
{
    *result = (struct schedule_result){.next_us = INT64_MAX};
    schedule->changed_count = 0;
    enum err err = read_next(schedule, &result->next_us, why);
    if (err != OK || result->next_us > now_us) { return err; } /* most calls: nothing to write */
    err = database_begin(schedule->database, why);
    if (err != OK) { return err; }
    err = run_inside(schedule, now_us, result, why);
    database_end(schedule->database, &err, why);
    result->changed = err == OK ? schedule->changed_count : 0;
    return err;
}

enum err schedule_hasten(struct schedule *schedule, const char *device, int64_t now_us,
                         struct why *why)
{
    statement_bind_text(schedule->hasten, ":device", device);
    statement_bind_integer(schedule->hasten, ":now", now_us);
    return statement_run(schedule->hasten, NULL, why);
}
