/* How deliveries rise, and when they are tried again. */
#include "alert/delivery.h"

#include "check.h"

static int64_t due_s(enum delivery_state state, int64_t attempts, int64_t asks)
{
    const int64_t due_us = delivery_due_us(state, (struct delivery_tries){attempts, asks}, 0);
    return due_us == INT64_MAX ? -1 : due_us / CLOCK_SECOND_US;
}

int main(void)
{
    CHECK(delivery_after(DELIVERY_STATE_SENT, RECEIPT_STATE_RECEIVED) == DELIVERY_STATE_RECEIVED);
    CHECK(delivery_after(DELIVERY_STATE_QUEUED, RECEIPT_STATE_LIT) == DELIVERY_STATE_LIT);
    CHECK(delivery_after(DELIVERY_STATE_LIT, RECEIPT_STATE_RECEIVED) == DELIVERY_STATE_LIT);
    CHECK(delivery_after(DELIVERY_STATE_LIT, RECEIPT_STATE_SPOKEN) == DELIVERY_STATE_LIT);
    CHECK(delivery_after(DELIVERY_STATE_LIT, RECEIPT_STATE_REFUSED) == DELIVERY_STATE_LIT);
    CHECK(delivery_after(DELIVERY_STATE_SENT, RECEIPT_STATE_REFUSED) == DELIVERY_STATE_REFUSED);
    CHECK(delivery_after(DELIVERY_STATE_REFUSED, RECEIPT_STATE_RECEIVED) ==
          DELIVERY_STATE_RECEIVED);
    CHECK(delivery_after(DELIVERY_STATE_LIT, RECEIPT_STATE_CLEARED) == DELIVERY_STATE_CLEARED);
    CHECK(delivery_after(DELIVERY_STATE_CLEARED, RECEIPT_STATE_LIT) == DELIVERY_STATE_CLEARED);
    CHECK_TEXT(delivery_state_name(DELIVERY_STATE_REFUSED), "refused");
    CHECK_TEXT(delivery_state_name(DELIVERY_STATE_CLEARED), "cleared");

    CHECK(!delivery_silent(DELIVERY_STATE_SENT, 0, DELIVERY_SILENT_AFTER_US - 1));
    CHECK(delivery_silent(DELIVERY_STATE_SENT, 0, DELIVERY_SILENT_AFTER_US));
    CHECK(!delivery_silent(DELIVERY_STATE_REFUSED, 0, INT64_MAX));
    CHECK(!delivery_silent(DELIVERY_STATE_LIT, 0, INT64_MAX));

    CHECK(due_s(DELIVERY_STATE_QUEUED, 1, 0) == 2 && due_s(DELIVERY_STATE_SENT, 2, 0) == 4);
    CHECK(due_s(DELIVERY_STATE_SENT, 5, 0) == 32 && due_s(DELIVERY_STATE_SENT, 6, 0) == 60);
    CHECK(due_s(DELIVERY_STATE_SENT, 1000000, 0) == 60);
    CHECK(due_s(DELIVERY_STATE_RECEIVED, 9, 0) == 15 && due_s(DELIVERY_STATE_RECEIVED, 9, 1) == 30);
    CHECK(due_s(DELIVERY_STATE_RECEIVED, 9, DELIVERY_ASK_MAX) == -1);
    CHECK(due_s(DELIVERY_STATE_REFUSED, 1, 0) == -1 && due_s(DELIVERY_STATE_CLEARED, 1, 0) == -1);
    return CHECK_DONE();
}
