/*
 * tests/control_desk - control's tables with three devices (sign-1, sign-2 in north, sign-3 in
 * south) and a signer, for the tests of what control does with alerts.
 */
#pragma once

#include "alert/delivery_board.h"
#include "alert/dispatch.h"
#include "alert/outgoing.h"
#include "alert/receipt_book.h"
#include "alert/schedule.h"
#include "migrations/control.h"
#include "site.h"
#include "tables.h"

struct desk {
    struct test_site site;
    struct tables tables;
    struct signer *signer;
    struct dispatch *dispatch;
    struct outgoing *outgoing;
    struct schedule *schedule;
    struct receipt_book *book;
    struct delivery_board *board;
    struct why why;
};

static const char desk_devices[] =
    "INSERT INTO devices SELECT column1, 0, column2, 1, '1', '', 64, 32, 1, 1, 1, '', '', 1, '', "
    "0, 0 "
    "FROM (VALUES ('sign-1', 'north'), ('sign-2', 'north'), ('sign-3', 'south')) AS made";

static inline void desk_start(struct desk *desk)
{
    struct database *database = desk->tables.database;
    struct why *why = &desk->why;
    test_must(dispatch_open(&desk->dispatch, database, desk->signer, why), why);
    test_must(outgoing_open(&desk->outgoing, database, why), why);
    test_must(schedule_open(&desk->schedule, database, why), why);
    test_must(receipt_book_open(&desk->book, database, why), why);
    test_must(delivery_board_open(&desk->board, database, why), why);
}

static inline void desk_open(struct desk *desk)
{
    *desk = (struct desk){0};
    test_site_open(&desk->site, "demo");
    desk->signer = test_site_signer(&desk->site, ROLE_CONTROL, "control");
    tables_open(&desk->tables, MIGRATIONS_CONTROL, ARRAY_LEN(MIGRATIONS_CONTROL));
    test_must(database_execute(desk->tables.database, desk_devices, &desk->why), &desk->why);
    desk_start(desk);
}

static inline void desk_close(struct desk *desk)
{
    dispatch_close(desk->dispatch);
    outgoing_close(desk->outgoing);
    schedule_close(desk->schedule);
    receipt_book_close(desk->book);
    delivery_board_close(desk->board);
    tables_close(&desk->tables);
    signer_close(desk->signer);
    test_site_close(&desk->site);
}

/* Creates from a body in single quotes. */
static inline enum err desk_create(struct desk *desk, const char *body, struct id *alert_id)
{
    CLEANUP(value_free_p) struct value *value = json(body);
    const struct dispatch_order order = {.body = value, .actor = "ada"};
    return dispatch_create(desk->dispatch, &order, TEST_NOW_US, alert_id, &desk->why);
}

#define DESK_TEXTS "'texts':[{'language':'en','text':'Path closed'}]"
#define DESK_NORTH "{'tier':'advisory'," DESK_TEXTS ",'targets':{'zones':['north']}}"

static inline enum err desk_cancel(struct desk *desk, const struct id *alert_id, int64_t now_us)
{
    const struct dispatch_order order = {.alert_id = alert_id->text, .actor = "bob"};
    return dispatch_cancel(desk->dispatch, &order, now_us, &desk->why);
}

/* Takes every waiting row out, as acknowledged, and appends "topic/kind/bytes? " of each. */
static inline void desk_publish(struct desk *desk, struct text *words, int64_t now_us)
{
    bool found = true;
    struct outgoing_row row = {0};
    text_clear(words);
    while (outgoing_next(desk->outgoing, 0, &row, &found, &desk->why) == OK && found) {
        row.topic[strlen(row.topic) - ID_TEXT_SIZE] = '\0'; /* the id differs each time */
        text_format(words, "%s:%d:%s ", row.topic, (int)row.kind, row.payload.size ? "full" : "");
        test_must(outgoing_done(desk->outgoing, &row, true, now_us, &desk->why), &desk->why);
    }
}

static inline enum receipt_outcome desk_receipt(struct desk *desk, const char *device,
                                                const struct receipt *receipt)
{
    enum receipt_outcome outcome = RECEIPT_OUTCOME_KNOWN;
    const struct receipt_entry entry = {
        .receipt = receipt, .device = device, .zone = "north", .now_us = receipt->at_us};
    test_must(receipt_book_enter(desk->book, &entry, &outcome, &desk->why), &desk->why);
    return outcome;
}

static inline struct receipt desk_words(const struct id *alert_id, int64_t revision,
                                        enum receipt_state state)
{
    struct receipt receipt = {.revision = revision, .state = state, .at_us = TEST_NOW_US + 1};
    (void)!text_copy(receipt.alert_id, sizeof receipt.alert_id, alert_id->text);
    return receipt;
}

/* "state device:delivery ..." of an alert, from the board. */
static inline void desk_board(struct desk *desk, const struct id *alert_id, struct text *words,
                              int64_t now_us)
{
    CLEANUP(value_free_p) struct value *alert = NULL;
    text_clear(words);
    const struct delivery_board_view view = {.alert_id = alert_id->text, .now_us = now_us};
    if (delivery_board_alert(desk->board, &view, &alert, &desk->why) != OK) {
        text_add(words, desk->why.text);
        return;
    }
    text_add(words, value_text_or(value_get(alert, "state"), "?"));
    const struct value *deliveries = value_get(alert, "deliveries");
    for (size_t i = 0; i < value_count(deliveries); i++) {
        const struct value *delivery = value_at(deliveries, i);
        text_format(words, " %s:%s", value_text_or(value_get(delivery, "device"), "?"),
                    value_text_or(value_get(delivery, "state"), "?"));
    }
}
