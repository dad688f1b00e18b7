/* An emergency waits until enough people have signed exactly this. */
#include "alert/draft.h"

#include "alert/lifecycle.h"
#include "check.h"
#include "control_desk.h"

#define DRAFT "{'tier':'emergency'," DESK_TEXTS ",'targets':{'zones':['north']},'duration_s':600}"

struct bench {
    struct desk desk;
    struct draft_store *store;
    struct anchors *anchors;
    struct chain_judge *judge;
    struct signer *anna, *ben;
    struct id draft;
    bool sent;
};

static void bench_open(struct bench *bench)
{
    *bench = (struct bench){.sent = false};
    struct why *why = &bench->desk.why;
    desk_open(&bench->desk);
    const struct test_site *site = &bench->desk.site;
    test_must(
        draft_store_open(&bench->store, bench->desk.tables.database, bench->desk.dispatch, why),
        why);
    test_must(anchors_open(&bench->anchors, TEST_PATH(site, "ca.crt"), why), why);
    test_must(chain_judge_new(&bench->judge, bench->anchors, "demo", why), why);
    bench->anna = test_site_signer(site, ROLE_OPERATOR, "anna");
    bench->ben = test_site_signer(site, ROLE_OPERATOR, "ben");
}

static void bench_close(struct bench *bench)
{
    signer_close(bench->anna);
    signer_close(bench->ben);
    chain_judge_free(bench->judge);
    anchors_free(bench->anchors);
    draft_store_close(bench->store);
    desk_close(&bench->desk);
}

/* A draft of `body` (NULL: a cancel), of the alert unless it is NULL. */
static enum err make(struct bench *bench, const char *body, const char *alert_id)
{
    CLEANUP(value_free_p) struct value *value = body ? json(body) : NULL;
    const struct dispatch_order order = {.alert_id = alert_id, .body = value, .actor = "anna"};
    return draft_create(bench->store, &order, TEST_NOW_US, &bench->draft, &bench->desk.why);
}

static struct value *look(struct bench *bench)
{
    struct value *draft = NULL;
    test_must(draft_get(bench->store, bench->draft.text, TEST_NOW_US, &draft, &bench->desk.why),
              &bench->desk.why);
    return draft;
}

static const char *state(struct bench *bench)
{
    static char words[128];
    CLEANUP(value_free_p) struct value *draft = look(bench);
    (void)snprintf(words, sizeof words, "%s %zu", value_text_or(value_get(draft, "state"), "?"),
                   value_count(value_get(draft, "approvals")));
    return words;
}

struct act {
    const struct signer *signer;
    const char *person;
    int64_t now_us;
};

static enum err act(struct bench *bench, const struct act *act)
{
    CLEANUP(value_free_p) struct value *draft = look(bench);
    struct value *approval = NULL;
    struct why *why = &bench->desk.why;
    test_must(signer_approve(act->signer, value_get(draft, "content"), &approval, why), why);
    const struct draft_approval all = {
        .draft_id = bench->draft.text,
        .person = act->person,
        .approval = approval,
        .court = {.judge = bench->judge, .site = "demo", .now_us = act->now_us},
        .needed = 2};
    enum err err = database_begin(bench->desk.tables.database, why);
    if (!err) { err = draft_approve(bench->store, &all, &bench->sent, why); }
    database_end(bench->desk.tables.database, &err, why);
    value_free(approval);
    return err;
}

static enum err approve(struct bench *bench, const struct signer *signer, const char *person)
{
    return act(bench, &(struct act){signer, person, TEST_NOW_US});
}

/* Its alert's id. */
static struct id alert_of(struct bench *bench)
{
    struct id id = {""};
    CLEANUP(value_free_p) struct value *draft = look(bench);
    (void)!text_copy(id.text, sizeof id.text, value_text_or(value_get(draft, "alert_id"), ""));
    return id;
}

/* How many people the signed bytes that go out have behind them; the alert's own verifier counts.
 */
static size_t people_sent(struct bench *bench)
{
    struct verifier *verifier = test_site_verifier(&bench->desk.site);
    struct outgoing_row row = {0};
    bool found = false;
    size_t count = 99;
    CLEANUP(envelope_deinit) struct envelope envelope = {0};
    test_must(outgoing_next(bench->desk.outgoing, 0, &row, &found, &bench->desk.why),
              &bench->desk.why);
    if (found && verifier_judge(verifier, row.payload, TEST_NOW_US, &envelope, &bench->desk.why) ==
                     VERDICT_ADMIT) {
        count = envelope.approvals.count;
    }
    verifier_close(verifier);
    return count;
}

static void two_send_it(struct bench *bench)
{
    CLEANUP(text_deinit) struct text words = text_limited(1024);
    CHECK(make(bench, DRAFT, NULL) == OK);
    const struct id alert = alert_of(bench);
    CHECK_TEXT(state(bench), "waiting 0");
    CHECK(people_sent(bench) == 99);                         /* nothing goes out yet */
    CHECK(approve(bench, bench->anna, "ben") == ERR_DENIED); /* another's key */
    CHECK(strstr(bench->desk.why.text, "operator anna, you are ben") != NULL);
    CHECK(approve(bench, bench->desk.signer, "control") == ERR_DENIED);
    CHECK(approve(bench, bench->anna, "anna") == OK && !bench->sent);
    CHECK(approve(bench, bench->anna, "anna") == ERR_CONFLICT);
    CHECK_TEXT(state(bench), "waiting 1");
    CHECK(approve(bench, bench->ben, "ben") == OK && bench->sent);
    CHECK_TEXT(state(bench), "sent 2");
    CHECK(people_sent(bench) == 2);
    desk_board(&bench->desk, &alert, &words, TEST_NOW_US);
    CHECK_TEXT(text_c(&words), "active sign-1:queued sign-2:queued");
    CHECK(approve(bench, bench->ben, "ben") == ERR_CONFLICT);
    desk_publish(&bench->desk, &words, TEST_NOW_US);

    /* Nobody changes it without approvals, control's operator included. */
    CHECK(desk_cancel(&bench->desk, &alert, TEST_NOW_US) == ERR_DENIED);
    CHECK(make(bench, "{" DESK_TEXTS "}", alert.text) == OK);
    const struct id update = bench->draft;
    CHECK(make(bench, NULL, alert.text) == OK);
    CHECK(approve(bench, bench->anna, "anna") == OK && !bench->sent);
    CHECK(approve(bench, bench->ben, "ben") == OK && bench->sent);
    CHECK(people_sent(bench) == 2);
    desk_board(&bench->desk, &alert, &words, TEST_NOW_US);
    CHECK(strncmp(text_c(&words), "cancelled", 9) == 0);

    /* What was written for the state before is void. */
    bench->draft = update;
    CHECK(approve(bench, bench->anna, "anna") == OK);
    CHECK(approve(bench, bench->ben, "ben") == ERR_CONFLICT);
    CHECK_TEXT(state(bench), "waiting 1"); /* with its transaction the last approval went */
}

static void it_ends(struct bench *bench)
{
    CHECK(make(bench, DRAFT, NULL) == OK);
    const struct act late = {bench->anna, "anna", TEST_NOW_US + 11 * CLOCK_MINUTE_US};
    CHECK(act(bench, &late) == ERR_CONFLICT);
    CHECK(strstr(bench->desk.why.text, "lapsed") != NULL);
    CHECK(draft_withdraw(bench->store, bench->draft.text, "ben", TEST_NOW_US, NULL) == OK);
    CHECK_TEXT(state(bench), "withdrawn 0");
    CHECK(approve(bench, bench->anna, "anna") == ERR_CONFLICT);
    CHECK(draft_withdraw(bench->store, bench->draft.text, "ben", TEST_NOW_US, NULL) ==
          ERR_CONFLICT);
    CHECK(draft_withdraw(bench->store, "nothing", "ben", TEST_NOW_US, NULL) == ERR_NOT_FOUND);
}

static void it_is_for_emergencies(struct bench *bench)
{
    struct id advisory = {""};
    CHECK(desk_create(&bench->desk, DESK_NORTH, &advisory) == OK);
    CHECK(make(bench, NULL, advisory.text) == ERR_DENIED);
    CHECK(make(bench, DESK_NORTH, NULL) == ERR_DENIED);
    CHECK(make(bench, "{'tier':'emergency'}", NULL) == ERR_MALFORMED);
    const enum err day = make(
        bench, "{'tier':'emergency'," DESK_TEXTS ",'targets':{'zones':['a']},'duration_s':86401}",
        NULL);
    CHECK(day == ERR_RANGE || day == ERR_MALFORMED);
    CHECK(strstr(bench->desk.why.text, "86400") != NULL);
    CHECK(desk_create(&bench->desk, DRAFT, &advisory) == ERR_DENIED);
    CHECK(make(bench, NULL, "nothing") == ERR_NOT_FOUND);
}

static void they_are_bounded(struct bench *bench)
{
    CLEANUP(value_free_p) struct value *list = NULL;
    enum err err = OK;
    for (int i = 0; i <= DRAFT_WAITING_OF_ONE_MAX && !err; i++) {
        err = make(bench, DRAFT, NULL);
    }
    CHECK(err == ERR_LIMIT);
    CHECK(draft_list(bench->store, TEST_NOW_US, &list, NULL) == OK);
    CHECK(value_count(list) == DRAFT_WAITING_OF_ONE_MAX);
    value_free(TAKE(list));
    /* Others still may, until there are too many for anybody to read. */
    CHECK(database_execute(bench->desk.tables.database, "UPDATE drafts SET created_by = 'others'",
                           NULL) == OK);
    err = OK;
    for (int i = DRAFT_WAITING_OF_ONE_MAX; i <= DRAFT_WAITING_MAX && !err; i++) {
        err = make(bench, DRAFT, NULL);
        CHECK(database_execute(bench->desk.tables.database,
                               "UPDATE drafts SET created_by = 'others'", NULL) == OK);
    }
    CHECK(err == ERR_LIMIT);
    CHECK(draft_list(bench->store, TEST_NOW_US, &list, NULL) == OK);
    CHECK(value_count(list) == DRAFT_WAITING_MAX);
    CHECK_TEXT(draft_state_name(DRAFT_STATE_LAPSED), "lapsed");
}

int main(void)
{
    struct bench bench;
    bench_open(&bench);
    two_send_it(&bench);
    it_ends(&bench);
    it_is_for_emergencies(&bench);
    they_are_bounded(&bench);
    bench_close(&bench);
    return CHECK_DONE();
}
