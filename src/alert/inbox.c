#include "alert/inbox.h"

#include <stdio.h>
#include <string.h>

#include "alert/lifecycle.h"
#include "alert/unsaved.h"
#include "queries/alert_inbox.h"

struct inbox {
    struct database *database; /* borrowed */
    char device[TARGET_NAME_SIZE];
    char zone[TARGET_NAME_SIZE];
    bool everything;
    bool exercises;
    int64_t emergency_approvals;
    struct receipt_queue *receipts; /* borrowed, may be NULL */
    struct unsaved *unsaved;        /* owned */
    struct statement *find, *store, *progress, *count, *open, *over, *next, *forget,
        *forget_receipts;
};

/* What is stored of an alert before a message is judged. */
struct memory {
    bool known;
    int64_t revision;
    int64_t keep_until_us;
    int64_t progress;
    int grade;
};

/* How grave an alert is beside others of its id: every exercise is less so than anything real. */
static int grade_of(enum tier tier, bool exercise)
{
    return exercise ? (int)tier : TIER_COUNT + (int)tier;
}

static bool is_exercise(const struct alert *alert)
{
    return alert->status != ALERT_STATUS_ACTUAL;
}

static int grade(const struct alert *alert)
{
    return grade_of(alert->tier, is_exercise(alert));
}

enum err inbox_open(struct inbox **out, struct database *database,
                    const struct inbox_config *config, struct why *why)
{
    CLEANUP(inbox_close_p) struct inbox *inbox = MEM_NEW(struct inbox);
    inbox->database = database;
    inbox->everything = config->everything;
    inbox->exercises = config->exercises;
    inbox->emergency_approvals = config->emergency_approvals > 0 ? config->emergency_approvals : 1;
    inbox->receipts = config->receipts;
    inbox->unsaved = unsaved_new();
    if (!text_copy(inbox->device, sizeof inbox->device, config->device) ||
        !text_copy(inbox->zone, sizeof inbox->zone, config->zone)) {
        return why_set(why, ERR_LIMIT, "device or zone name is longer than %d letters",
                       TARGET_NAME_SIZE - 1);
    }
    const struct statement_text texts[] = {
        {&inbox->find, SQL_INBOX_FIND},
        {&inbox->store, SQL_INBOX_STORE},
        {&inbox->progress, SQL_INBOX_PROGRESS},
        {&inbox->count, SQL_INBOX_COUNT},
        {&inbox->open, SQL_INBOX_OPEN},
        {&inbox->over, SQL_INBOX_OVER},
        {&inbox->next, SQL_INBOX_NEXT},
        {&inbox->forget, SQL_INBOX_FORGET},
        {&inbox->forget_receipts, SQL_INBOX_FORGET_RECEIPTS},
    };
    const enum err err = database_prepare_all(database, texts, ARRAY_LEN(texts), why);
    if (err == OK) { *out = TAKE(inbox); }
    return err;
}

void inbox_close(struct inbox *inbox)
{
    if (!inbox) { return; }
    unsaved_free(inbox->unsaved);
    free(inbox); /* the statements belong to the connection */
}

const char *inbox_answer_name(enum inbox_answer answer)
{
    static const char *const names[] = {"show",       "cancel",     "replayed",  "expired",
                                        "not_for_us", "malformed",  "over_tier", "too_long",
                                        "full",       "unapproved", "exercise"};
    return names[answer];
}

/*
 * What the database could not take outdates what it knows. The revision itself stays to come, so
 * that its repetition is stored.
 */
static void recall_unsaved(const struct inbox *inbox, const char *alert_id, struct memory *memory)
{
    const struct unsaved_entry *entry = unsaved_find(inbox->unsaved, alert_id);
    if (!entry || (memory->known && memory->grade > entry->grade)) { return; }
    const bool newer =
        !memory->known || memory->grade < entry->grade || memory->revision < entry->revision - 1;
    if (!newer) { return; }
    *memory = (struct memory){.known = true,
                              .revision = entry->revision - 1,
                              .keep_until_us = entry->keep_until_us,
                              .grade = entry->grade};
}

static enum err recall(struct inbox *inbox, const char *alert_id, struct memory *memory,
                       struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = inbox->find;
    statement_bind_text(row, ":alert_id", alert_id);
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    *memory = (struct memory){.known = err == OK && step == STEP_ROW};
    if (memory->known) {
        memory->revision = column_integer(row, 0);
        memory->keep_until_us = column_integer(row, 1);
        memory->progress = column_integer(row, 2);
        memory->grade = grade_of((enum tier)column_integer(row, 3), column_integer(row, 4) != 0);
    }
    return err;
}

static enum err count_kept(struct inbox *inbox, int64_t *count, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = inbox->count;
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (err == OK) { *count = column_integer(row, 0); }
    return err;
}

/*
 * Whether enough people have approved what only people may say. The number is ours: a message that
 * could name it would be its own judge.
 */
static bool approved(const struct inbox *inbox, const struct inbox_message *message,
                     const struct alert *alert, struct why *why)
{
    const struct approvals *approvals = &message->envelope->approvals;
    const int64_t count = (int64_t)approvals->count;
    if (!tier_approved(alert->tier) || count >= inbox->emergency_approvals) { return true; }
    (void)why_set(why, OK, "the %s needs approvals of %lld operators, it has %lld%s%s",
                  tier_name(alert->tier), (long long)inbox->emergency_approvals, (long long)count,
                  approvals->fault.text[0] ? ": " : "", approvals->fault.text);
    return false;
}

/* What the message says of itself, before memory is asked. SHOW or CANCEL: go on. */
static enum inbox_answer judge_content(const struct inbox *inbox,
                                       const struct inbox_message *message,
                                       const struct alert *alert, struct why *why)
{
    if (alert->tier != message->envelope->tier) {
        (void)why_set(why, OK, "content says tier %s, the signature covers %s",
                      tier_name(alert->tier), tier_name(message->envelope->tier));
        return INBOX_ANSWER_OVER_TIER;
    }
    if (lifecycle_check_times(alert->tier, alert->begin_us, alert->expire_us, why) != OK) {
        return INBOX_ANSWER_TOO_LONG;
    }
    if (alert->begin_us > message->now_us + LIFECYCLE_AHEAD_MAX_US + CLOCK_DAY_US) {
        (void)why_set(why, OK, "begin is more than 30 days ahead");
        return INBOX_ANSWER_TOO_LONG;
    }
    if (!approved(inbox, message, alert, why)) { return INBOX_ANSWER_UNAPPROVED; }
    if (is_exercise(alert) && !inbox->exercises && !inbox->everything) {
        (void)why_set(why, OK, "the alert is for %s, which this sign does not light",
                      alert_status_name(alert->status));
        return INBOX_ANSWER_EXERCISE;
    }
    return alert->action == ALERT_ACTION_SHOW ? INBOX_ANSWER_SHOW : INBOX_ANSWER_CANCEL;
}

/* Whoever floods a lower tier leaves room for the graver ones. */
static int64_t room_for(const struct alert *alert)
{
    if (alert->tier <= TIER_ADVISORY || is_exercise(alert)) { return INBOX_COUNT_MAX / 2; }
    return alert->tier == TIER_WARNING ? INBOX_COUNT_MAX / 4 * 3 : INBOX_COUNT_MAX;
}

/*
 * The message against what is remembered. Revisions count within a grade only: else who may sign
 * advisories, or exercises, could cancel an emergency, or bury it under a higher revision before it
 * comes. An
 * update that shortened the alert and comes after its new end clears what an older revision still
 * shows.
 */
static enum inbox_answer judge_memory(const struct memory *memory, const struct alert *alert,
                                      int64_t now_us, int64_t kept)
{
    if (memory->known && grade(alert) < memory->grade) { return INBOX_ANSWER_OVER_TIER; }
    const bool graver = memory->known && grade(alert) > memory->grade;
    if (memory->known && !graver && alert->revision <= memory->revision) {
        return INBOX_ANSWER_REPLAYED;
    }
    if (alert->expire_us <= now_us) {
        return memory->known ? INBOX_ANSWER_CANCEL : INBOX_ANSWER_EXPIRED;
    }
    if (!memory->known && kept >= room_for(alert)) { return INBOX_ANSWER_FULL; }
    return alert->action == ALERT_ACTION_SHOW ? INBOX_ANSWER_SHOW : INBOX_ANSWER_CANCEL;
}

/* Until then an older revision of it could still be valid. */
static int64_t keep_until(const struct alert *alert, const struct memory *memory)
{
    const int64_t until_us = alert->begin_us + tier_validity_max_us(alert->tier);
    return until_us > memory->keep_until_us ? until_us : memory->keep_until_us;
}

static enum err keep(struct inbox *inbox, const struct inbox_message *message,
                     const struct alert *alert, const struct memory *memory, struct why *why)
{
    CLEANUP(text_deinit) struct text content = text_limited(ENVELOPE_SIZE_MAX);
    value_write(message->envelope->content, &content);
    struct statement *store = inbox->store;
    statement_bind_text(store, ":alert_id", alert->id);
    statement_bind_integer(store, ":revision", alert->revision);
    statement_bind_integer(store, ":action", alert->action);
    statement_bind_integer(store, ":tier", alert->tier);
    statement_bind_integer(store, ":exercise", is_exercise(alert));
    statement_bind_text(store, ":content", text_c(&content));
    statement_bind_bytes(store, ":payload", message->bytes);
    statement_bind_integer(store, ":received_us", message->now_us);
    statement_bind_integer(store, ":begin_us", alert->begin_us);
    statement_bind_integer(store, ":expire_us", alert->expire_us);
    statement_bind_integer(store, ":keep_until_us", keep_until(alert, memory));
    statement_bind_integer(store, ":progress", INT64_C(1) << RECEIPT_STATE_RECEIVED);
    return statement_run(store, NULL, why);
}

/* One message before the inbox. */
struct trial {
    const struct inbox_message *message;
    const struct alert *alert;
    struct memory memory;
    enum inbox_answer answer;
};

static bool accepted(const struct trial *trial)
{
    return trial->answer == INBOX_ANSWER_SHOW || trial->answer == INBOX_ANSWER_CANCEL;
}

/* The word of a receipt that says why: the board makes a sentence of it. */
static void write_reason(const struct inbox *inbox, const struct trial *trial,
                         struct receipt *receipt)
{
    if (trial->answer == INBOX_ANSWER_UNAPPROVED) {
        (void)snprintf(receipt->reason, sizeof receipt->reason, "unapproved_%zu_of_%lld",
                       trial->message->envelope->approvals.count,
                       (long long)inbox->emergency_approvals);
    } else if (!accepted(trial)) {
        (void)!text_copy(receipt->reason, sizeof receipt->reason, inbox_answer_name(trial->answer));
    }
}

static enum err queue_receipt(struct inbox *inbox, const struct trial *trial, struct why *why)
{
    const struct alert *alert = trial->alert;
    if (!inbox->receipts) { return OK; }
    if (trial->answer == INBOX_ANSWER_REPLAYED) {
        struct why cause = {0}; /* that none is kept is no error: `why` keeps the refusal */
        const enum err err = receipt_queue_repeat(inbox->receipts, alert->id, &cause);
        return err == OK || err == ERR_NOT_FOUND ? OK : why_set(why, err, "%s", cause.text);
    }
    struct receipt receipt = {.revision = alert->revision, .at_us = trial->message->now_us};
    memcpy(receipt.alert_id, alert->id, ID_TEXT_SIZE);
    receipt.state = accepted(trial) ? RECEIPT_STATE_RECEIVED : RECEIPT_STATE_REFUSED;
    write_reason(inbox, trial, &receipt);
    return receipt_queue_push(inbox->receipts, &receipt, why);
}

/* What is known of the alert already concerns us, even if the device has moved since. */
static bool concerns_us(const struct inbox *inbox, const struct memory *memory,
                        const struct alert *alert)
{
    return memory->known || inbox->everything ||
           target_set_includes(&alert->targets, inbox->device, inbox->zone);
}

static enum err remember(struct inbox *inbox, struct trial *trial, struct why *why)
{
    int64_t kept = 0;
    const enum err err = trial->memory.known ? OK : count_kept(inbox, &kept, why);
    if (err != OK) { return err; }
    const struct alert *alert = trial->alert;
    trial->answer = judge_memory(&trial->memory, alert, trial->message->now_us, kept);
    if (accepted(trial)) { return keep(inbox, trial->message, alert, &trial->memory, why); }
    (void)why_set(why, OK, "alert %s revision %lld is %s", alert->id, (long long)alert->revision,
                  inbox_answer_name(trial->answer));
    return OK;
}

static enum err settle_inside(struct inbox *inbox, struct trial *trial, struct why *why)
{
    enum err err = recall(inbox, trial->alert->id, &trial->memory, why);
    if (err != OK) { return err; }
    recall_unsaved(inbox, trial->alert->id, &trial->memory);
    if (!concerns_us(inbox, &trial->memory, trial->alert)) {
        (void)why_set(why, OK, "neither %s nor its zone is a target", inbox->device);
        trial->answer = INBOX_ANSWER_NOT_FOR_US;
        return OK;
    }
    if (accepted(trial)) { err = remember(inbox, trial, why); }
    if (err != OK) { return err; }
    /* Whoever meddles with an alert changes nothing, not even what we report of it. */
    if (trial->memory.known && trial->answer == INBOX_ANSWER_OVER_TIER) { return OK; }
    return queue_receipt(inbox, trial, why);
}

/*
 * The database has failed: the judgement without it, as far as it did not tell before what it
 * knows. A repetition of what was let through already changes nothing.
 */
static void settle_unsaved(struct inbox *inbox, struct trial *trial)
{
    const struct alert *alert = trial->alert;
    recall_unsaved(inbox, alert->id, &trial->memory);
    trial->answer = judge_content(inbox, trial->message, alert, NULL);
    if (!accepted(trial)) { return; }
    const struct unsaved_entry *known = unsaved_find(inbox->unsaved, alert->id);
    if (!concerns_us(inbox, &trial->memory, alert)) {
        trial->answer = INBOX_ANSWER_NOT_FOR_US;
    } else if (known && known->grade == grade(alert) && known->revision == alert->revision) {
        trial->answer = INBOX_ANSWER_REPLAYED;
    } else {
        trial->answer = judge_memory(&trial->memory, alert, trial->message->now_us, 0);
    }
    if (!accepted(trial)) { return; }
    struct unsaved_entry entry = {.revision = alert->revision,
                                  .keep_until_us = keep_until(alert, &trial->memory),
                                  .grade = grade(alert)};
    memcpy(entry.alert_id, alert->id, sizeof entry.alert_id);
    unsaved_keep(inbox->unsaved, &entry);
}

/* From the judged content to the disk, in one transaction. */
static enum err settle(struct inbox *inbox, struct trial *trial, struct why *why)
{
    enum err err = database_begin(inbox->database, why);
    if (err != OK) { return err; }
    err = settle_inside(inbox, trial, why);
    database_end(inbox->database, &err, why);
    return err;
}

enum err inbox_admit(struct inbox *inbox, const struct inbox_message *message,
                     enum inbox_answer *answer, struct alert *alert, struct why *why)
{
    CLEANUP(alert_deinit) struct alert candidate = {0};
    *alert = (struct alert){0};
    if (alert_parse(&candidate, message->envelope->content, why) != OK) {
        *answer = INBOX_ANSWER_MALFORMED;
        return OK;
    }
    struct trial trial = {.message = message, .alert = &candidate};
    trial.answer = judge_content(inbox, message, &candidate, why);
    const enum err err = settle(inbox, &trial, why);
    if (err != OK) { settle_unsaved(inbox, &trial); }
    *answer = trial.answer;
    if (accepted(&trial)) {
        if (err == OK) { unsaved_drop(inbox->unsaved, candidate.id); }
        *alert = candidate;
        candidate = (struct alert){0};
    }
    return err;
}

static enum err report(struct inbox *inbox, const struct receipt *receipt, struct why *why)
{
    struct memory memory = {0};
    enum err err = recall(inbox, receipt->alert_id, &memory, why);
    if (err != OK) { return err; }
    if (!memory.known || memory.revision != receipt->revision) {
        return why_set(why, ERR_NOT_FOUND, "alert %.36s revision %lld is not kept",
                       receipt->alert_id, (long long)receipt->revision);
    }
    const int64_t bit = INT64_C(1) << receipt->state;
    if (memory.progress & bit) { return OK; }
    statement_bind_text(inbox->progress, ":alert_id", receipt->alert_id);
    statement_bind_integer(inbox->progress, ":progress", memory.progress | bit);
    err = statement_run(inbox->progress, NULL, why);
    if (err == OK && inbox->receipts) { err = receipt_queue_push(inbox->receipts, receipt, why); }
    return err;
}

enum err inbox_report(struct inbox *inbox, const struct receipt *receipt, struct why *why)
{
    enum err err = database_begin(inbox->database, why);
    if (err != OK) { return err; }
    err = report(inbox, receipt, why);
    database_end(inbox->database, &err, why);
    return err;
}

static enum err read_item(const struct statement *row, struct inbox_item *item, struct why *why)
{
    CLEANUP(value_free_p) struct value *content = NULL;
    enum err err = value_parse(&content, span_text(column_text(row, 0)), ENVELOPE_SIZE_MAX, why);
    if (err == OK) { err = alert_parse(&item->alert, content, why); }
    if (err != OK) { return err; }
    const int64_t progress = column_integer(row, 3);
    item->payload = column_bytes(row, 1);
    item->received_us = column_integer(row, 2);
    item->lit = (progress & (INT64_C(1) << RECEIPT_STATE_LIT)) != 0;
    item->cleared = (progress & (INT64_C(1) << RECEIPT_STATE_CLEARED)) != 0;
    return OK;
}

struct visit {
    void (*each)(void *context, const struct inbox_item *item);
    void *context;
};

static enum err visit_rows(struct statement *query, int64_t now_us, const struct visit *visit,
                           struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *rows = query;
    statement_bind_integer(rows, ":now", now_us);
    enum step step = STEP_DONE;
    enum err err = statement_step(rows, &step, why);
    while (err == OK && step == STEP_ROW) {
        struct inbox_item item = {0};
        err = read_item(rows, &item, why);
        if (err == OK) { visit->each(visit->context, &item); }
        alert_deinit(&item.alert);
        if (err == OK) { err = statement_step(rows, &step, why); }
    }
    return err;
}

enum err inbox_each_open(struct inbox *inbox, int64_t now_us,
                         void (*each)(void *context, const struct inbox_item *item), void *context,
                         struct why *why)
{
    const struct visit visit = {each, context};
    return visit_rows(inbox->open, now_us, &visit, why);
}

enum err inbox_each_over(struct inbox *inbox, int64_t now_us,
                         void (*each)(void *context, const struct inbox_item *item), void *context,
                         struct why *why)
{
    const struct visit visit = {each, context};
    return visit_rows(inbox->over, now_us, &visit, why);
}

enum err inbox_next_us(struct inbox *inbox, int64_t now_us, int64_t *due_us, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = inbox->next;
    statement_bind_integer(row, ":now", now_us);
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (err == OK) { *due_us = column_is_null(row, 0) ? INT64_MAX : column_integer(row, 0); }
    return err;
}

enum err inbox_forget(struct inbox *inbox, int64_t now_us, int64_t *forgotten, struct why *why)
{
    enum err err = database_begin(inbox->database, why);
    if (err != OK) { return err; }
    int64_t count = 0;
    statement_bind_integer(inbox->forget, ":now", now_us);
    statement_bind_integer(inbox->forget, ":reports", inbox->receipts != NULL);
    statement_bind_integer(inbox->forget, ":abandon", now_us - CLOCK_DAY_US);
    err = statement_run(inbox->forget, &count, why);
    if (err == OK) { err = statement_run(inbox->forget_receipts, NULL, why); }
    database_end(inbox->database, &err, why);
    if (err == OK && forgotten) { *forgotten = count; }
    return err;
}
