/* Receipts wait on disk, in order, once. */
#include "alert/receipt_queue.h"

#include "check.h"
#include "migrations/edge.h"
#include "tables.h"

static const char ONE[] = "019aaaaa-0000-7000-8000-000000000001";
static const char TWO[] = "019aaaaa-0000-7000-8000-000000000002";

static enum err push(struct receipt_queue *queue, const char *alert_id, enum receipt_state state)
{
    struct receipt receipt = {.revision = 1, .state = state, .at_us = 7};
    (void)!text_copy(receipt.alert_id, sizeof receipt.alert_id, alert_id);
    return receipt_queue_push(queue, &receipt, NULL);
}

struct seen {
    int64_t numbers[16];
    struct text words;
    size_t count, stop_after;
};

static bool see(void *context, int64_t number, const struct receipt *receipt)
{
    struct seen *seen = context;
    if (seen->count == seen->stop_after) { return false; }
    seen->numbers[seen->count++] = number;
    text_format(&seen->words, "%s%c ", receipt_state_name(receipt->state), receipt->alert_id[35]);
    return true;
}

/* The unsent receipts as words; their numbers in `seen`. */
static const char *unsent(struct receipt_queue *queue, struct seen *seen, int64_t after,
                          int64_t limit)
{
    text_deinit(&seen->words);
    *seen = (struct seen){.words = text_limited(1000), .stop_after = 16};
    const int64_t range[2] = {after, limit};
    if (receipt_queue_unsent(queue, range, see, seen, NULL) != OK) { return "failed"; }
    return text_c(&seen->words);
}

int main(void)
{
    struct tables tables;
    struct seen seen = {0};
    int64_t count = -1;
    struct receipt_queue *queue = NULL;
    tables_open(&tables, MIGRATIONS_EDGE, ARRAY_LEN(MIGRATIONS_EDGE));
    CHECK(receipt_queue_open(&queue, tables.database, NULL) == OK);
    CHECK(push(queue, ONE, RECEIPT_STATE_RECEIVED) == OK);
    CHECK(push(queue, TWO, RECEIPT_STATE_RECEIVED) == OK);
    CHECK(push(queue, ONE, RECEIPT_STATE_LIT) == OK);
    CHECK_TEXT(unsent(queue, &seen, 0, 10), "received1 received2 lit1 ");
    CHECK_TEXT(unsent(queue, &seen, 0, 2), "received1 received2 ");
    CHECK_TEXT(unsent(queue, &seen, seen.numbers[0], 10), "received2 lit1 ");
    CHECK(receipt_queue_count(queue, &count, NULL) == OK && count == 3);

    /* what the broker has is not sent again, but the newest of each alert is kept */
    (void)unsent(queue, &seen, 0, 10);
    CHECK(receipt_queue_repeat(queue, ONE, NULL) == OK); /* waits already: nothing is added */
    CHECK(receipt_queue_count(queue, &count, NULL) == OK && count == 3);
    for (size_t i = 0; i < 3; i++) {
        CHECK(receipt_queue_done(queue, seen.numbers[i], NULL) == OK);
    }
    CHECK(receipt_queue_done(queue, 12345, NULL) == OK);
    CHECK_TEXT(unsent(queue, &seen, 0, 10), "");
    CHECK(tables_number(&tables, "SELECT count(*) FROM receipts") == 2);

    receipt_queue_close(queue);
    tables_reopen(&tables);
    CHECK(receipt_queue_open(&queue, tables.database, NULL) == OK);
    CHECK(receipt_queue_repeat(queue, ONE, NULL) == OK);
    CHECK_TEXT(unsent(queue, &seen, 0, 10), "lit1 ");
    CHECK(seen.numbers[0] > 3); /* a new number: who asks for more than the last one sees it */
    struct why why = {0};
    CHECK(receipt_queue_repeat(queue, "019aaaaa-0000-7000-8000-000000000009", &why) ==
          ERR_NOT_FOUND);
    text_deinit(&seen.words);
    receipt_queue_close(queue);
    tables_close(&tables);
    return CHECK_DONE();
}
