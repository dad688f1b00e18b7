/* A device's own word moves its delivery, upwards only. */
#include "alert/receipt_book.h"

#include "check.h"
#include "control_desk.h"

int main(void)
{
    struct desk desk;
    struct id id = {""};
    CLEANUP(text_deinit) struct text words = text_limited(4000);
    desk_open(&desk);
    CHECK(desk_create(&desk, DESK_NORTH, &id) == OK);
    struct receipt receipt = desk_words(&id, 1, RECEIPT_STATE_RECEIVED);
    CHECK(desk_receipt(&desk, "sign-1", &receipt) == RECEIPT_OUTCOME_CHANGED);
    CHECK(desk_receipt(&desk, "sign-1", &receipt) == RECEIPT_OUTCOME_KNOWN);
    receipt.state = RECEIPT_STATE_LIT;
    CHECK(desk_receipt(&desk, "sign-1", &receipt) == RECEIPT_OUTCOME_CHANGED);
    receipt.state = RECEIPT_STATE_RECEIVED;
    CHECK(desk_receipt(&desk, "sign-1", &receipt) == RECEIPT_OUTCOME_KNOWN);
    desk_publish(&desk, &words, TEST_NOW_US); /* the PUBACK comes after the receipts */
    desk_board(&desk, &id, &words, TEST_NOW_US);
    CHECK_TEXT(text_c(&words), "active sign-1:lit sign-2:sent");

    /* a device that came to stand in the zone later; one that is no target; unknown things */
    CHECK(desk_receipt(&desk, "new-1", &receipt) == RECEIPT_OUTCOME_CHANGED);
    const struct receipt_entry south = {
        .receipt = &receipt, .device = "sign-3", .zone = "south", .now_us = TEST_NOW_US};
    enum receipt_outcome outcome = RECEIPT_OUTCOME_KNOWN;
    CHECK(receipt_book_enter(desk.book, &south, &outcome, NULL) == OK);
    CHECK(outcome == RECEIPT_OUTCOME_STRANGE);
    receipt.revision = 2;
    CHECK(desk_receipt(&desk, "sign-1", &receipt) == RECEIPT_OUTCOME_STRANGE);
    receipt.revision = 1;
    receipt.alert_id[35] ^= 1;
    CHECK(desk_receipt(&desk, "sign-1", &receipt) == RECEIPT_OUTCOME_STRANGE);

    /* the words of an older revision say nothing of the newest */
    CHECK(desk_cancel(&desk, &id, TEST_NOW_US + 1) == OK);
    receipt = desk_words(&id, 1, RECEIPT_STATE_CLEARED);
    CHECK(desk_receipt(&desk, "sign-1", &receipt) == RECEIPT_OUTCOME_KNOWN);
    receipt.revision = 2;
    CHECK(desk_receipt(&desk, "sign-1", &receipt) == RECEIPT_OUTCOME_CHANGED);
    desk_board(&desk, &id, &words, TEST_NOW_US);
    CHECK_TEXT(text_c(&words), "cancelled new-1:queued sign-1:cleared sign-2:queued");
    desk_close(&desk);
    return CHECK_DONE();
}
