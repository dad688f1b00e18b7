/* The board: what browsers see of alerts. */
#include "alert/delivery_board.h"

#include "check.h"
#include "control_desk.h"

static int64_t count_of(const struct value *alert, const char *key)
{
    return value_integer_or(value_get(value_get(alert, "counts"), key), -1);
}

static void counts_say_who_is_silent(struct desk *desk, const struct id *id)
{
    CLEANUP(value_free_p) struct value *alert = NULL;
    CLEANUP(value_free_p) struct value *later = NULL;
    struct receipt receipt = desk_words(id, 1, RECEIPT_STATE_LIT);
    CHECK(desk_receipt(desk, "sign-1", &receipt) == RECEIPT_OUTCOME_CHANGED);
    CHECK(delivery_board_brief(desk->board, id->text, TEST_NOW_US, &alert, NULL) == OK);
    CHECK(count_of(alert, "targets") == 2 && count_of(alert, "lit") == 1);
    CHECK(count_of(alert, "queued") == 1 && count_of(alert, "silent") == 0);
    CHECK(value_get(alert, "deliveries") == NULL);
    CHECK_TEXT(value_text_or(value_get(alert, "created_by"), ""), "ada");
    CHECK_TEXT(value_text_or(value_get(alert, "tier"), ""), "advisory");
    CHECK(value_kind(value_get(alert, "cancelled_at")) == VALUE_KIND_NULL);
    const int64_t after_us = TEST_NOW_US + 5 * CLOCK_SECOND_US;
    CHECK(delivery_board_brief(desk->board, id->text, after_us, &later, NULL) == OK);
    CHECK(count_of(later, "silent") == 1);
    struct value *none = NULL;
    const struct delivery_board_view view = {.alert_id = "x", .now_us = TEST_NOW_US};
    CHECK(delivery_board_alert(desk->board, &view, &none, NULL) == ERR_NOT_FOUND);
}

static void one_delivery_is_a_live_message(struct desk *desk, const struct id *id)
{
    CLEANUP(value_free_p) struct value *delivery = NULL;
    struct delivery_board_key key = {id->text, "sign-1", TEST_NOW_US};
    CHECK(delivery_board_delivery(desk->board, &key, &delivery, NULL) == OK);
    CHECK_TEXT(value_text_or(value_get(delivery, "alert_id"), ""), id->text);
    CHECK_TEXT(value_text_or(value_get(delivery, "state"), ""), "lit");
    CHECK_TEXT(value_text_or(value_get(delivery, "lit_at"), ""), "2026-11-22T09:30:00.000001Z");
    CHECK(value_kind(value_get(delivery, "reason")) == VALUE_KIND_NULL);
    CHECK(count_of(delivery, "lit") == 1);
    struct value *none = NULL;
    key.device = "sign-3";
    CHECK(delivery_board_delivery(desk->board, &key, &none, NULL) == ERR_NOT_FOUND);
}

static void pages_go_from_new_to_old(struct desk *desk)
{
    struct id ids[5];
    for (int i = 0; i < 5; i++) {
        CHECK(desk_create(desk, DESK_NORTH, &ids[i]) == OK);
    }
    CHECK(desk_cancel(desk, &ids[0], TEST_NOW_US) == OK);
    struct delivery_board_query query = {
        .filter = DELIVERY_BOARD_FILTER_ACTIVE, .limit = 2, .now_us = TEST_NOW_US};
    char cursor[ID_TEXT_SIZE] = "";
    int64_t seen = 0;
    int pages = 0;
    do {
        CLEANUP(value_free_p) struct value *page = NULL;
        query.before = cursor[0] ? cursor : NULL;
        CHECK(delivery_board_list(desk->board, &query, &page, NULL) == OK);
        seen += (int64_t)value_count(value_get(page, "alerts"));
        (void)!text_copy(cursor, sizeof cursor, value_text_or(value_get(page, "next"), ""));
        pages++;
    } while (cursor[0] && pages < 10);
    CHECK(pages == 3 && seen == 5); /* four new ones and the first; not the cancelled one */
    query = (struct delivery_board_query){.filter = DELIVERY_BOARD_FILTER_ENDED};
    CLEANUP(value_free_p) struct value *ended = NULL;
    CHECK(delivery_board_list(desk->board, &query, &ended, NULL) == OK);
    CHECK(value_count(value_get(ended, "alerts")) == 1);
    struct value *none = NULL;
    query.before = "nonsense";
    CHECK(delivery_board_list(desk->board, &query, &none, NULL) == ERR_MALFORMED);
    query.before = NULL;
    query.limit = 201;
    CHECK(delivery_board_list(desk->board, &query, &none, NULL) == ERR_RANGE);
    int64_t count = 0;
    CHECK(delivery_board_count(desk->board, NULL, &count, NULL) == OK && count == 6);
}

int main(void)
{
    struct desk desk;
    struct id id = {""};
    enum delivery_board_filter filter;
    desk_open(&desk);
    CHECK(desk_create(&desk, DESK_NORTH, &id) == OK);
    counts_say_who_is_silent(&desk, &id);
    one_delivery_is_a_live_message(&desk, &id);
    pages_go_from_new_to_old(&desk);
    CHECK(delivery_board_filter_parse(&filter, "ended", NULL) == OK &&
          filter == DELIVERY_BOARD_FILTER_ENDED);
    CHECK(delivery_board_filter_parse(&filter, "old", NULL) == ERR_MALFORMED);
    desk_close(&desk);
    return CHECK_DONE();
}
