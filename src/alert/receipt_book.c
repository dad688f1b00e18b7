#include "alert/receipt_book.h"

#include "alert/alert.h"
#include "alert/delivery.h"
#include "queries/alert_receipt_book.h"
#include "trust/envelope.h"

struct receipt_book {
    struct statement *find, *targets, *join, *enter;
};

/* What is known of the delivery before the receipt. */
struct known {
    bool alert, delivery;
    int64_t alert_revision, revision, begin_us;
    enum delivery_state state;
};

enum err receipt_book_open(struct receipt_book **out, struct database *database, struct why *why)
{
    CLEANUP(receipt_book_close_p) struct receipt_book *book = MEM_NEW(struct receipt_book);
    const struct statement_text texts[] = {
        {&book->find, SQL_BOOK_FIND},
        {&book->targets, SQL_BOOK_TARGETS},
        {&book->join, SQL_BOOK_JOIN},
        {&book->enter, SQL_BOOK_ENTER},
    };
    const enum err err = database_prepare_all(database, texts, ARRAY_LEN(texts), why);
    if (err == OK) { *out = TAKE(book); }
    return err;
}

void receipt_book_close(struct receipt_book *book)
{
    free(book); /* the statements belong to the connection */
}

static enum err find(struct receipt_book *book, const struct receipt_entry *entry,
                     struct known *known, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = book->find;
    statement_bind_text(row, ":alert_id", entry->receipt->alert_id);
    statement_bind_text(row, ":device", entry->device);
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    *known = (struct known){.alert = err == OK && step == STEP_ROW};
    if (!known->alert) { return err; }
    known->alert_revision = column_integer(row, 0);
    known->begin_us = column_integer(row, 1);
    known->delivery = !column_is_null(row, 2);
    known->revision = column_integer(row, 2);
    known->state = (enum delivery_state)column_integer(row, 3);
    return OK;
}

static enum err is_target(struct receipt_book *book, const struct receipt_entry *entry,
                          bool *target, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = book->targets;
    statement_bind_text(row, ":alert_id", entry->receipt->alert_id);
    enum step step = STEP_DONE;
    enum err err = statement_step(row, &step, why);
    if (err != OK || step == STEP_DONE) { return err; }
    CLEANUP(value_free_p) struct value *content = NULL;
    CLEANUP(alert_deinit) struct alert alert = {0};
    err = value_parse(&content, span_text(column_text(row, 0)), ENVELOPE_SIZE_MAX, why);
    if (err == OK) { err = alert_parse(&alert, content, why); }
    if (err == OK) { *target = target_set_includes(&alert.targets, entry->device, entry->zone); }
    return err;
}

/* A device that came to stand in a target zone after the alert was sent got the retained message.
 */
static enum err join(struct receipt_book *book, const struct receipt_entry *entry,
                     struct known *known, struct why *why)
{
    bool target = false;
    enum err err = is_target(book, entry, &target, why);
    if (err != OK || !target) { return err; }
    statement_bind_text(book->join, ":alert_id", entry->receipt->alert_id);
    statement_bind_text(book->join, ":device", entry->device);
    statement_bind_text(book->join, ":zone", entry->zone);
    statement_bind_integer(book->join, ":revision", known->alert_revision);
    statement_bind_integer(book->join, ":now", entry->now_us);
    err = statement_run(book->join, NULL, why);
    known->delivery = err == OK;
    known->revision = known->alert_revision;
    known->state = DELIVERY_STATE_QUEUED;
    return err;
}

static enum err enter(struct receipt_book *book, const struct receipt_entry *entry,
                      const struct known *known, enum delivery_state state, struct why *why)
{
    const struct receipt *receipt = entry->receipt;
    statement_bind_text(book->enter, ":alert_id", receipt->alert_id);
    statement_bind_text(book->enter, ":device", entry->device);
    statement_bind_integer(book->enter, ":state", state);
    statement_bind_text(book->enter, ":reason",
                        state == DELIVERY_STATE_REFUSED ? receipt->reason : "");
    statement_bind_integer(book->enter, ":at_us", receipt->at_us);
    if (state == DELIVERY_STATE_RECEIVED) { /* lit or cleared should follow */
        const int64_t from_us = entry->now_us > known->begin_us ? entry->now_us : known->begin_us;
        statement_bind_integer(book->enter, ":due_us",
                               delivery_due_us(state, (struct delivery_tries){0}, from_us));
    }
    return statement_run(book->enter, NULL, why);
}

enum err receipt_book_enter(struct receipt_book *book, const struct receipt_entry *entry,
                            enum receipt_outcome *outcome, struct why *why)
{
    struct known known;
    enum err err = find(book, entry, &known, why);
    if (err == OK && known.alert && !known.delivery) { err = join(book, entry, &known, why); }
    if (err != OK) { return err; }
    if (!known.delivery || entry->receipt->revision > known.revision) {
        *outcome = RECEIPT_OUTCOME_STRANGE;
        return OK;
    }
    const enum delivery_state state = delivery_after(known.state, entry->receipt->state);
    if (entry->receipt->revision < known.revision || state == known.state) {
        *outcome = RECEIPT_OUTCOME_KNOWN;
        return OK;
    }
    err = enter(book, entry, &known, state, why);
    if (err == OK) { *outcome = RECEIPT_OUTCOME_CHANGED; }
    return err;
}
