/* Orders, and what they leave in the tables. */
#include "alert/dispatch.h"

#include <signal.h>
#include <sys/wait.h>

#include "check.h"
#include "control_desk.h"

static void an_order_is_one_transaction(struct desk *desk)
{
    CLEANUP(text_deinit) struct text words = text_limited(4000);
    struct id id = {""};
    CHECK(desk_create(desk, DESK_NORTH, &id) == OK && id_valid(id.text));
    desk_board(desk, &id, &words, TEST_NOW_US);
    CHECK_TEXT(text_c(&words), "active sign-1:queued sign-2:queued");
    CHECK(tables_number(&desk->tables, "SELECT count(*) FROM outbox") == 1);
    CHECK(tables_number(&desk->tables, "SELECT count(*) FROM alert_history") == 1);

    /* what goes out is what a receiver admits */
    CLEANUP(verifier_close_p) struct verifier *verifier = test_site_verifier(&desk->site);
    CLEANUP(envelope_deinit) struct envelope envelope = {0};
    struct outgoing_row row;
    bool found = false;
    CHECK(outgoing_next(desk->outgoing, 0, &row, &found, NULL) == OK && found);
    CHECK(verifier_judge(verifier, row.payload, TEST_NOW_US, &envelope, &desk->why) ==
          VERDICT_ADMIT);
    CHECK_TEXT(envelope.type, "alert");
    outgoing_release(desk->outgoing);
}

static void every_target_has_its_topic(struct desk *desk)
{
    CLEANUP(text_deinit) struct text words = text_limited(4000);
    struct id id = {""};
    desk_publish(desk, &words, TEST_NOW_US);
    CHECK(desk_create(desk,
                      "{'tier':'advisory'," DESK_TEXTS
                      ",'targets':{'zones':['south','empty'],'devices':['sign-1','new-1']}}",
                      &id) == OK);
    desk_board(desk, &id, &words, TEST_NOW_US);
    CHECK_TEXT(text_c(&words), "active new-1:queued sign-1:queued sign-3:queued");
    desk_publish(desk, &words, TEST_NOW_US);
    CHECK_TEXT(text_c(&words), "alerts/zone/south:0:full alerts/zone/empty:0:full "
                               "alerts/device/sign-1:0:full alerts/device/new-1:0:full ");
    CHECK(desk_create(desk, "{'tier':'advisory'," DESK_TEXTS ",'targets':{'broadcast':true}}",
                      &id) == OK);
    desk_publish(desk, &words, TEST_NOW_US);
    CHECK_TEXT(text_c(&words), "alerts/broadcast:0:full ");
    desk_board(desk, &id, &words, TEST_NOW_US);
    CHECK_TEXT(text_c(&words), "active sign-1:sent sign-2:sent sign-3:sent");
}

static void a_key_makes_one_alert(struct desk *desk)
{
    CLEANUP(value_free_p) struct value *body = json(DESK_NORTH);
    CLEANUP(value_free_p)
    struct value *same =
        json("{'targets':{'zones':['north']},'tier':'advisory'," DESK_TEXTS "}"); /* other order */
    CLEANUP(value_free_p)
    struct value *other = json("{'tier':'warning'," DESK_TEXTS ",'targets':{'zones':['north']}}");
    struct dispatch_order order = {.body = body, .actor = "ada", .idempotency_key = "k-1"};
    struct id one = {""};
    struct id two = {""};
    const int64_t before = tables_number(&desk->tables, "SELECT count(*) FROM alerts");
    CHECK(dispatch_create(desk->dispatch, &order, TEST_NOW_US, &one, NULL) == OK);
    order.body = same;
    CHECK(dispatch_create(desk->dispatch, &order, TEST_NOW_US + 5, &two, NULL) == OK);
    CHECK_TEXT(one.text, two.text);
    order.body = other;
    CHECK(dispatch_create(desk->dispatch, &order, TEST_NOW_US, &two, &desk->why) == ERR_CONFLICT);
    order.actor = "bob"; /* another person's key is another key */
    CHECK(dispatch_create(desk->dispatch, &order, TEST_NOW_US, &two, NULL) == OK);
    CHECK(strcmp(one.text, two.text) != 0);
    CHECK(tables_number(&desk->tables, "SELECT count(*) FROM alerts") == before + 2);
    order.idempotency_key = "";
    CHECK(dispatch_create(desk->dispatch, &order, TEST_NOW_US, &two, NULL) == ERR_LIMIT);
    order.idempotency_key = "a b";
    CHECK(dispatch_create(desk->dispatch, &order, TEST_NOW_US, &two, NULL) == ERR_MALFORMED);
}

static void revisions_overtake(struct desk *desk)
{
    CLEANUP(text_deinit) struct text words = text_limited(4000);
    struct id id = {""};
    desk_publish(desk, &words, TEST_NOW_US);
    CHECK(desk_create(desk, DESK_NORTH, &id) == OK);
    struct outgoing_row old;
    bool found = false;
    CHECK(outgoing_next(desk->outgoing, 0, &old, &found, NULL) == OK && found);
    outgoing_release(desk->outgoing);
    CLEANUP(value_free_p) struct value *body = json("{" DESK_TEXTS "}");
    const struct dispatch_order order = {.alert_id = id.text, .body = body, .actor = "ada"};
    CHECK(dispatch_update(desk->dispatch, &order, TEST_NOW_US + 1, NULL) == OK);
    CHECK(tables_number(&desk->tables, "SELECT count(*) FROM outbox") == 1);
    /* the PUBACK of revision 1 comes late: it proves nothing of revision 2 */
    CHECK(outgoing_done(desk->outgoing, &old, true, TEST_NOW_US, NULL) == OK);
    desk_board(desk, &id, &words, TEST_NOW_US);
    CHECK_TEXT(text_c(&words), "active sign-1:queued sign-2:queued");
    desk_publish(desk, &words, TEST_NOW_US);
    CHECK_TEXT(text_c(&words), "alerts/zone/north:0:full ");
    desk_board(desk, &id, &words, TEST_NOW_US);
    CHECK_TEXT(text_c(&words), "active sign-1:sent sign-2:sent");

    CHECK(desk_cancel(desk, &id, TEST_NOW_US + 2) == OK);
    CHECK(desk_cancel(desk, &id, TEST_NOW_US + 3) == OK); /* twice is once */
    desk_board(desk, &id, &words, TEST_NOW_US);
    CHECK_TEXT(text_c(&words), "cancelled sign-1:queued sign-2:queued");
    CHECK(dispatch_update(desk->dispatch, &order, TEST_NOW_US + 3, NULL) == ERR_CONFLICT);
    CHECK(tables_number(&desk->tables, "SELECT max(revision) FROM alert_history") == 3);
    const struct id none = {"019aaaaa-0000-7000-8000-0000000000ff"};
    CHECK(desk_cancel(desk, &none, TEST_NOW_US) == ERR_NOT_FOUND);
}

static void what_is_refused_leaves_nothing(struct desk *desk)
{
    struct id id = {"untouched"};
    const int64_t before = tables_number(&desk->tables, "SELECT count(*) FROM alerts");
    CHECK(desk_create(desk, "{'tier':'emergency'," DESK_TEXTS ",'targets':{'broadcast':true}}",
                      &id) == ERR_DENIED);
    CHECK(desk_create(desk, "{'tier':'advisory','texts':[],'targets':{'broadcast':true}}", &id) ==
          ERR_MALFORMED);
    CHECK_TEXT(id.text, "untouched");
    CHECK(tables_number(&desk->tables, "SELECT count(*) FROM alerts") == before);
    CHECK(!database_in_transaction(desk->tables.database));
}

/* Killed in the middle of creating alerts: what was answered is whole, the rest is not there. */
static void kill_9_leaves_whole_orders(struct desk *desk)
{
    int ends[2];
    const int64_t before = tables_number(&desk->tables, "SELECT count(*) FROM alerts");
    if (pipe(ends) != 0) { exit(1); }
    (void)fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        tables_reopen(&desk->tables);
        desk_start(desk);
        struct id id;
        while (desk_create(desk, DESK_NORTH, &id) == OK && write(ends[1], "x", 1) == 1) {}
        _exit(1);
    }
    char told;
    int64_t answered = 0;
    while (answered < 30 && read(ends[0], &told, 1) == 1) {
        answered++;
    }
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
    (void)close(ends[1]);
    while (read(ends[0], &told, 1) == 1) {
        answered++;
    }
    (void)close(ends[0]);
    tables_reopen(&desk->tables);
    desk_start(desk); /* the old handles are of the old connection: they are not used again */
    const int64_t alerts = tables_number(&desk->tables, "SELECT count(*) FROM alerts") - before;
    CHECK(alerts == answered || alerts == answered + 1);
    CHECK(tables_number(&desk->tables,
                        "SELECT count(*) FROM alerts WHERE NOT EXISTS (SELECT 1 FROM deliveries "
                        "WHERE deliveries.alert_id = alerts.alert_id)") == 0);
    CHECK(tables_number(&desk->tables, "SELECT count(*) FROM outbox") >= alerts);
}

static void free_handles(struct desk *desk)
{
    dispatch_close(desk->dispatch);
    outgoing_close(desk->outgoing);
    schedule_close(desk->schedule);
    receipt_book_close(desk->book);
    delivery_board_close(desk->board);
}

static void payload_of(const struct desk *desk, const struct id *alert_id, struct text *payload)
{
    struct statement *row = NULL;
    enum step step = STEP_DONE;
    CLEANUP(database_close_p) struct database *database = tables_connect(&desk->tables);
    test_must(
        database_prepare(&row, database, "SELECT payload FROM alerts WHERE alert_id = :id", NULL),
        &(struct why){""});
    statement_bind_text(row, ":id", alert_id->text);
    CHECK(statement_step(row, &step, NULL) == OK && step == STEP_ROW);
    text_add_bytes(payload, column_bytes(row, 0));
}

/* Exercises have a key of their own, for every revision; without it there are none. */
static void an_exercise_has_its_own_key(struct desk *desk)
{
    static const char body[] =
        "{'tier':'advisory','status':'exercise'," DESK_TEXTS ",'targets':{'zones':['north']}}";
    struct id alert_id = {""};
    CHECK(desk_create(desk, body, &alert_id) == ERR_DENIED);
    CHECK(strstr(desk->why.text, "exercise.certificate") != NULL);
    struct signer *drill = test_site_signer(&desk->site, ROLE_EXERCISE, "drill");
    CLEANUP(verifier_close_p) struct verifier *verifier = test_site_verifier(&desk->site);
    dispatch_practise(desk->dispatch, drill);
    CHECK(desk_create(desk, body, &alert_id) == OK);
    for (int revision = 1; revision <= 2; revision++) {
        CLEANUP(envelope_deinit) struct envelope envelope = {0};
        CLEANUP(text_deinit) struct text payload = text_limited(ENVELOPE_SIZE_MAX);
        payload_of(desk, &alert_id, &payload);
        CHECK(verifier_judge(verifier, text_span(&payload), TEST_NOW_US, &envelope, &desk->why) ==
              VERDICT_ADMIT);
        CHECK_TEXT(envelope.signer.name, "drill");
        if (revision == 1) { CHECK(desk_cancel(desk, &alert_id, TEST_NOW_US) == OK); }
    }
    dispatch_practise(desk->dispatch, NULL);
    signer_close(drill);
}

int main(void)
{
    struct desk desk;
    desk_open(&desk);
    an_order_is_one_transaction(&desk);
    every_target_has_its_topic(&desk);
    a_key_makes_one_alert(&desk);
    revisions_overtake(&desk);
    what_is_refused_leaves_nothing(&desk);
    an_exercise_has_its_own_key(&desk);
    struct desk old = desk;
    kill_9_leaves_whole_orders(&desk);
    free_handles(&old);
    desk_close(&desk);
    return CHECK_DONE();
}
