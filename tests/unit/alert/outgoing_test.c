/* Rows leave the outbox in order, and only when the broker has them. */
#include "alert/outgoing.h"

#include "check.h"
#include "control_desk.h"

int main(void)
{
    struct desk desk;
    struct id one = {""};
    struct id two = {""};
    struct outgoing_row row;
    int64_t count = -1;
    bool found = false;
    desk_open(&desk);
    CHECK(outgoing_next(desk.outgoing, 0, &row, &found, NULL) == OK && !found);
    CHECK(desk_create(&desk, DESK_NORTH, &one) == OK && desk_create(&desk, DESK_NORTH, &two) == OK);
    CHECK(outgoing_count(desk.outgoing, &count, NULL) == OK && count == 2);
    CHECK(outgoing_next(desk.outgoing, 0, &row, &found, NULL) == OK && found);
    CHECK_TEXT(row.alert_id, one.text);
    CHECK(row.revision == 1 && row.kind == OUTGOING_KIND_FIRST && row.payload.size > 500);
    CHECK(row.expire_us == TEST_NOW_US + CLOCK_HOUR_US);
    char topic[TARGET_TOPIC_SIZE];
    (void)snprintf(topic, sizeof topic, "alerts/zone/north/%s", one.text);
    CHECK_TEXT(row.topic, topic);
    CHECK(outgoing_next(desk.outgoing, row.number, &row, &found, NULL) == OK && found);
    CHECK_TEXT(row.alert_id, two.text);
    CHECK(outgoing_next(desk.outgoing, row.number, &row, &found, NULL) == OK && !found);

    /* a row that became worthless goes without a word to the deliveries */
    CHECK(outgoing_next(desk.outgoing, 0, &row, &found, NULL) == OK && found);
    CHECK(outgoing_done(desk.outgoing, &row, false, TEST_NOW_US, NULL) == OK);
    CHECK(tables_number(&desk.tables, "SELECT count(*) FROM deliveries WHERE state = 0") == 4);
    CHECK(outgoing_next(desk.outgoing, 0, &row, &found, NULL) == OK && found);
    CHECK(outgoing_done(desk.outgoing, &row, true, TEST_NOW_US + 9, NULL) == OK);
    CHECK(tables_number(&desk.tables, "SELECT count(*) FROM deliveries WHERE state = 1") == 2);
    CHECK(outgoing_count(desk.outgoing, &count, NULL) == OK && count == 0);
    desk_close(&desk);
    return CHECK_DONE();
}
