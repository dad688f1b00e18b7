#include "alert/receipt_queue.h"

#include "queries/alert_receipt_queue.h"

struct receipt_queue {
    struct statement *push, *drop_sent, *drop_oldest, *newest, *unsent, *done, *count;
};

enum err receipt_queue_open(struct receipt_queue **out, struct database *database, struct why *why)
{
    CLEANUP(receipt_queue_close_p) struct receipt_queue *queue = MEM_NEW(struct receipt_queue);
    const struct statement_text texts[] = {
        {&queue->push, SQL_RECEIPT_PUSH},
        {&queue->drop_sent, SQL_RECEIPT_DROP_SENT},
        {&queue->drop_oldest, SQL_RECEIPT_DROP_OLDEST},
        {&queue->newest, SQL_RECEIPT_NEWEST},
        {&queue->unsent, SQL_RECEIPT_UNSENT},
        {&queue->done, SQL_RECEIPT_DONE},
        {&queue->count, SQL_RECEIPT_COUNT},
    };
    const enum err err = database_prepare_all(database, texts, ARRAY_LEN(texts), why);
    if (err == OK) { *out = TAKE(queue); }
    return err;
}

void receipt_queue_close(struct receipt_queue *queue)
{
    free(queue); /* the statements belong to the connection */
}

static enum err drop_sent(struct receipt_queue *queue, const char *alert_id, struct why *why)
{
    statement_bind_text(queue->drop_sent, ":alert_id", alert_id);
    return statement_run(queue->drop_sent, NULL, why);
}

enum err receipt_queue_push(struct receipt_queue *queue, const struct receipt *receipt,
                            struct why *why)
{
    statement_bind_text(queue->push, ":alert_id", receipt->alert_id);
    statement_bind_integer(queue->push, ":revision", receipt->revision);
    statement_bind_integer(queue->push, ":state", receipt->state);
    statement_bind_text(queue->push, ":reason", receipt->reason);
    statement_bind_integer(queue->push, ":at_us", receipt->at_us);
    enum err err = statement_run(queue->push, NULL, why);
    if (err == OK) { err = drop_sent(queue, receipt->alert_id, why); }
    if (err == OK) {
        statement_bind_integer(queue->drop_oldest, ":keep", RECEIPT_QUEUE_MAX);
        err = statement_run(queue->drop_oldest, NULL, why);
    }
    return err;
}

static void read_row(const struct statement *row, struct receipt *receipt)
{
    *receipt = (struct receipt){
        .revision = column_integer(row, 1),
        .state = (enum receipt_state)column_integer(row, 2),
        .at_us = column_integer(row, 4),
    };
    (void)!text_copy(receipt->alert_id, sizeof receipt->alert_id, column_text(row, 0));
    (void)!text_copy(receipt->reason, sizeof receipt->reason, column_text(row, 3));
}

enum err receipt_queue_repeat(struct receipt_queue *queue, const char *alert_id, struct why *why)
{
    struct receipt receipt = {0};
    bool sent = false;
    enum step step = STEP_DONE;
    statement_bind_text(queue->newest, ":alert_id", alert_id);
    const enum err err = statement_step(queue->newest, &step, why);
    if (err == OK && step == STEP_ROW) {
        read_row(queue->newest, &receipt);
        sent = column_integer(queue->newest, 5) != 0;
    }
    statement_reset(queue->newest);
    if (err != OK) { return err; }
    if (step == STEP_DONE) {
        return why_set(why, ERR_NOT_FOUND, "no receipt of alert %.36s is kept", alert_id);
    }
    return sent ? receipt_queue_push(queue, &receipt, why) : OK;
}

enum err receipt_queue_unsent(struct receipt_queue *queue, const int64_t range[2],
                              bool (*each)(void *context, int64_t number,
                                           const struct receipt *receipt),
                              void *context, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *rows = queue->unsent;
    statement_bind_integer(rows, ":after", range[0]);
    statement_bind_integer(rows, ":limit", range[1]);
    enum step step = STEP_DONE;
    enum err err = statement_step(rows, &step, why);
    while (err == OK && step == STEP_ROW) {
        struct receipt receipt;
        read_row(rows, &receipt);
        if (!each(context, column_integer(rows, 5), &receipt)) { break; }
        err = statement_step(rows, &step, why);
    }
    return err;
}

enum err receipt_queue_done(struct receipt_queue *queue, int64_t number, struct why *why)
{
    char alert_id[ID_TEXT_SIZE] = "";
    enum step step = STEP_DONE;
    statement_bind_integer(queue->done, ":number", number);
    const enum err err = statement_step(queue->done, &step, why);
    if (err == OK && step == STEP_ROW) {
        (void)!text_copy(alert_id, sizeof alert_id, column_text(queue->done, 0));
    }
    statement_reset(queue->done);
    return err == OK && alert_id[0] ? drop_sent(queue, alert_id, why) : err;
}

enum err receipt_queue_count(struct receipt_queue *queue, int64_t *count, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = queue->count;
    enum step step;
    const enum err err = statement_step(row, &step, why);
    if (err == OK) { *count = column_integer(row, 0); }
    return err;
}
