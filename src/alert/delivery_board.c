#include "alert/delivery_board.h"

#include <string.h>

#include "alert/alert.h"
#include "alert/delivery.h"
#include "alert/lifecycle.h"
#include "queries/alert_delivery_board.h"
#include "trust/envelope.h"

enum { DELIVERY_BOARD_LIMIT = 50 };

struct delivery_board {
    struct statement *list, *alert, *counts, *deliveries, *count, *zones, *reach;
};

enum err delivery_board_open(struct delivery_board **out, struct database *database,
                             struct why *why)
{
    CLEANUP(delivery_board_close_p) struct delivery_board *board = MEM_NEW(struct delivery_board);
    const struct statement_text texts[] = {
        {&board->list, SQL_BOARD_LIST},     {&board->alert, SQL_BOARD_ALERT},
        {&board->counts, SQL_BOARD_COUNTS}, {&board->deliveries, SQL_BOARD_DELIVERIES},
        {&board->count, SQL_BOARD_COUNT},   {&board->zones, SQL_BOARD_ZONES},
        {&board->reach, SQL_BOARD_REACH},
    };
    const enum err err = database_prepare_all(database, texts, ARRAY_LEN(texts), why);
    if (err == OK) { *out = TAKE(board); }
    return err;
}

void delivery_board_close(struct delivery_board *board)
{
    free(board); /* the statements belong to the connection */
}

enum err delivery_board_filter_parse(enum delivery_board_filter *filter, const char *name,
                                     struct why *why)
{
    static const char *const names[] = {"all", "active", "ended"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            *filter = (enum delivery_board_filter)i;
            return OK;
        }
    }
    return why_set(why, ERR_MALFORMED, "state is \"%.20s\", expected all, active or ended", name);
}

static void set_time(struct value *object, const char *key, const struct statement *row, int index)
{
    if (column_is_null(row, index)) {
        value_set(object, key, value_null());
    } else {
        value_set_time(object, key, column_integer(row, index));
    }
}

static enum err add_counts(struct delivery_board *board, struct value *object, const char *alert_id,
                           int64_t now_us, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = board->counts;
    statement_bind_text(row, ":alert_id", alert_id);
    statement_bind_integer(row, ":silent_us", now_us - DELIVERY_SILENT_AFTER_US);
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (err != OK) { return err; }
    static const char *const keys[] = {"targets",  "queued", "sent",    "refused",
                                       "received", "lit",    "cleared", "silent"};
    struct value *counts = value_object();
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        value_set_integer(counts, keys[i], column_integer(row, (int)i));
    }
    value_set(object, "counts", counts);
    return OK;
}

static void copy_member(struct value *to, const struct value *from, const char *key)
{
    const struct value *member = value_get(from, key);
    value_set(to, key, member ? value_copy(member) : value_null());
}

/* The row's alert without counts. Columns: id, revision, state, content, created at and by,
 * cancelled. */
static enum err read_alert(const struct statement *row, struct value **out, struct why *why)
{
    CLEANUP(value_free_p) struct value *content = NULL;
    const enum err err =
        value_parse(&content, span_text(column_text(row, 3)), ENVELOPE_SIZE_MAX, why);
    if (err != OK) { return err; }
    struct value *alert = value_object();
    value_set_text(alert, "id", column_text(row, 0));
    value_set_integer(alert, "revision", column_integer(row, 1));
    copy_member(alert, content, "tier");
    value_set_text(alert, "state", alert_state_name((enum alert_state)column_integer(row, 2)));
    value_set_text(alert, "status", value_text_or(value_get(content, "status"), "actual"));
    copy_member(alert, content, "texts");
    copy_member(alert, content, "targets");
    copy_member(alert, content, "begin");
    copy_member(alert, content, "expire");
    set_time(alert, "created_at", row, 4);
    value_set_text(alert, "created_by", column_text(row, 5));
    set_time(alert, "cancelled_at", row, 6);
    *out = alert;
    return OK;
}

static struct value *read_delivery(const struct statement *row)
{
    struct value *delivery = value_object();
    const char *reason = column_text(row, 3);
    value_set_text(delivery, "device", column_text(row, 0));
    value_set_text(delivery, "zone", column_text(row, 1));
    value_set_text(delivery, "state",
                   delivery_state_name((enum delivery_state)column_integer(row, 2)));
    value_set_text(delivery, "reason", reason && reason[0] ? reason : NULL);
    set_time(delivery, "queued_at", row, 4);
    set_time(delivery, "sent_at", row, 5);
    set_time(delivery, "received_at", row, 6);
    set_time(delivery, "lit_at", row, 7);
    set_time(delivery, "cleared_at", row, 8);
    value_set_integer(delivery, "attempts", column_integer(row, 9));
    set_time(delivery, "last_contact", row, 10);
    return delivery;
}

/* The zones that an alert is for: [] when it is for everybody, whom `targets` names then. */
static enum err add_zones(struct delivery_board *board, struct value *alert, const char *alert_id,
                          struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *rows = board->zones;
    statement_bind_text(rows, ":alert_id", alert_id);
    CLEANUP(value_free_p) struct value *array = value_array();
    enum step step = STEP_DONE;
    enum err err = statement_step(rows, &step, why);
    while (err == OK && step == STEP_ROW) {
        const char *zone = column_text(rows, 0);
        if (zone[0] && strcmp(zone, "*") != 0) { value_append(array, value_text(zone)); }
        err = statement_step(rows, &step, why);
    }
    if (err == OK) { value_set(alert, "zones", TAKE(array)); }
    return err;
}

static enum err add_deliveries(struct delivery_board *board, struct value *alert,
                               const struct delivery_board_view *view, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *rows = board->deliveries;
    statement_bind_text(rows, ":alert_id", view->alert_id);
    statement_bind_text(rows, ":zones", view->zones);
    CLEANUP(value_free_p) struct value *array = value_array();
    enum step step = STEP_DONE;
    enum err err = statement_step(rows, &step, why);
    while (err == OK && step == STEP_ROW) {
        value_append(array, read_delivery(rows));
        err = statement_step(rows, &step, why);
    }
    if (err == OK) { value_set(alert, "deliveries", TAKE(array)); }
    return err;
}

enum err delivery_board_brief(struct delivery_board *board, const char *alert_id, int64_t now_us,
                              struct value **out, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = board->alert;
    CLEANUP(value_free_p) struct value *alert = NULL;
    statement_bind_text(row, ":alert_id", alert_id);
    enum step step = STEP_DONE;
    enum err err = statement_step(row, &step, why);
    if (err == OK && step == STEP_DONE) {
        return why_set(why, ERR_NOT_FOUND, "no alert has the id %.40s", alert_id);
    }
    if (err == OK) { err = read_alert(row, &alert, why); }
    if (err == OK) { err = add_counts(board, alert, alert_id, now_us, why); }
    if (err == OK) { err = add_zones(board, alert, alert_id, why); }
    if (err == OK) { *out = TAKE(alert); }
    return err;
}

enum err delivery_board_alert(struct delivery_board *board, const struct delivery_board_view *view,
                              struct value **out, struct why *why)
{
    CLEANUP(value_free_p) struct value *alert = NULL;
    enum err err = delivery_board_brief(board, view->alert_id, view->now_us, &alert, why);
    if (err == OK) { err = add_deliveries(board, alert, view, why); }
    if (err == OK) { *out = TAKE(alert); }
    return err;
}

enum err delivery_board_delivery(struct delivery_board *board, const struct delivery_board_key *key,
                                 struct value **out, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = board->deliveries;
    statement_bind_text(row, ":alert_id", key->alert_id);
    statement_bind_text(row, ":device", key->device);
    enum step step = STEP_DONE;
    enum err err = statement_step(row, &step, why);
    if (err != OK) { return err; }
    if (step == STEP_DONE) {
        return why_set(why, ERR_NOT_FOUND, "device %.63s has no delivery of alert %.36s",
                       key->device, key->alert_id);
    }
    CLEANUP(value_free_p) struct value *delivery = read_delivery(row);
    value_set_text(delivery, "alert_id", key->alert_id);
    value_set_integer(delivery, "revision", column_integer(row, 11));
    err = add_counts(board, delivery, key->alert_id, key->now_us, why);
    if (err == OK) { *out = TAKE(delivery); }
    return err;
}

static enum err check_query(const struct delivery_board_query *query, struct why *why)
{
    if (query->limit < 0 || query->limit > DELIVERY_BOARD_LIMIT_MAX) {
        return why_set(why, ERR_RANGE, "limit is %lld, expected 1..%d", (long long)query->limit,
                       DELIVERY_BOARD_LIMIT_MAX);
    }
    if (query->before && !id_valid(query->before)) {
        return why_set(why, ERR_MALFORMED,
                       "before is \"%.40s\", expected the `next` of an earlier answer",
                       query->before);
    }
    return OK;
}

/* Fills `alerts`; `*next` is the cursor when there are more, else empty. */
static enum err read_list(struct delivery_board *board, const struct delivery_board_query *query,
                          struct value *alerts, struct id *next, struct why *why)
{
    const int64_t limit = query->limit ? query->limit : DELIVERY_BOARD_LIMIT;
    CLEANUP(statement_reset_p) struct statement *rows = board->list;
    statement_bind_text(rows, ":before", query->before);
    statement_bind_integer(rows, ":filter", query->filter);
    statement_bind_text(rows, ":zones", query->zones);
    statement_bind_integer(rows, ":limit", limit + 1);
    enum step step = STEP_DONE;
    enum err err = statement_step(rows, &step, why);
    for (int64_t i = 0; err == OK && step == STEP_ROW && i < limit; i++) {
        struct value *alert = NULL;
        err = read_alert(rows, &alert, why);
        if (err != OK) { return err; }
        err = add_counts(board, alert, column_text(rows, 0), query->now_us, why);
        if (err == OK) { err = add_zones(board, alert, column_text(rows, 0), why); }
        value_append(alerts, alert);
        if (i == limit - 1) {
            (void)!text_copy(next->text, sizeof next->text, column_text(rows, 0));
        }
        if (err == OK) { err = statement_step(rows, &step, why); }
    }
    if (err == OK && step == STEP_DONE) { next->text[0] = '\0'; }
    return err;
}

enum err delivery_board_list(struct delivery_board *board, const struct delivery_board_query *query,
                             struct value **out, struct why *why)
{
    enum err err = check_query(query, why);
    if (err != OK) { return err; }
    struct value *alerts = value_array();
    CLEANUP(value_free_p) struct value *answer = value_object();
    value_set(answer, "alerts", alerts);
    struct id next = {""};
    err = read_list(board, query, alerts, &next, why);
    if (err != OK) { return err; }
    value_set_text(answer, "next", next.text[0] ? next.text : NULL);
    *out = TAKE(answer);
    return OK;
}

enum err delivery_board_reach(struct delivery_board *board, const char *alert_id, const char *zones,
                              enum delivery_board_reach *reach, struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = board->reach;
    statement_bind_text(row, ":alert_id", alert_id);
    statement_bind_text(row, ":zones", zones);
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (err != OK) { return err; }
    const int64_t all = column_integer(row, 0);
    const int64_t within = column_integer(row, 1);
    const bool everywhere = column_integer(row, 2) > 0;
    if (all == 0 || (zones && within == 0 && !everywhere)) {
        return why_set(why, ERR_NOT_FOUND, "no alert has the id %.40s", alert_id);
    }
    *reach = !zones || within == all ? DELIVERY_BOARD_REACH_ALL : DELIVERY_BOARD_REACH_SOME;
    return OK;
}

enum err delivery_board_count(struct delivery_board *board, const char *zones, int64_t *count,
                              struct why *why)
{
    CLEANUP(statement_reset_p) struct statement *row = board->count;
    statement_bind_text(row, ":zones", zones);
    enum step step = STEP_DONE;
    const enum err err = statement_step(row, &step, why);
    if (err == OK) { *count = column_integer(row, 0); }
    return err;
}
