/* What may become an alert, and what may become of it. */
#include "alert/lifecycle.h"

#include "alerts.h"
#include "check.h"

#define BODY "'texts':[{'language':'en','text':'Path closed'}],'targets':{'zones':['north']}"

static enum err create(struct alert *alert, const char *body, struct why *why)
{
    CLEANUP(value_free_p) struct value *value = json(body);
    return lifecycle_create(alert, value, ROLE_CONTROL, TEST_NOW_US, why);
}

static enum err created(const char *body)
{
    CLEANUP(alert_deinit) struct alert alert = {0};
    struct why why = {0};
    const enum err err = create(&alert, body, &why);
    if (err != OK) { printf("# %s: %s\n", err_name(err), why.text); }
    return err;
}

static void creation_has_rules(void)
{
    CHECK(created("{'tier':'advisory'," BODY "}") == OK);
    CHECK(created("{'tier':'warning'," BODY "}") == OK);
    CHECK(created("{'tier':'emergency'," BODY "}") == ERR_DENIED);
    CHECK(created("{'tier':'ipaws'," BODY "}") == ERR_DENIED);
    CHECK(created("{'tier':'x'," BODY "}") == ERR_MALFORMED);
    CHECK(created("{" BODY "}") == ERR_MALFORMED);
    CHECK(created("[]") == ERR_MALFORMED);
    CHECK(created("{'tier':'advisory'," BODY ",'colour':'red'}") == ERR_MALFORMED);
    CHECK(created("{'tier':'advisory'," BODY ",'dur':1}") == ERR_MALFORMED);
    CHECK(created("{'tier':'advisory'," BODY ",'duration_s':60}") == OK);
    CHECK(created("{'tier':'advisory'," BODY ",'duration_s':0}") == ERR_MALFORMED);
    CHECK(created("{'tier':'warning'," BODY ",'duration_s':3600}") == ERR_MALFORMED);
    CHECK(created("{'tier':'advisory'," BODY ",'expire':'2026-11-22T09:00:00Z'}") == ERR_RANGE);
    CHECK(created("{'tier':'advisory'," BODY ",'expire':'2036-11-22T09:00:00Z'}") == ERR_RANGE);
    CHECK(created("{'tier':'advisory'," BODY ",'begin':'2027-11-22T09:00:00Z'}") == ERR_RANGE);
    CHECK(created("{'tier':'advisory'," BODY ",'duration_s':60,'expire':'2026-11-22T10:00:00Z'}") ==
          ERR_MALFORMED);
    CHECK(created("{'tier':'advisory'," BODY ",'begin':'2026-11-22T09:00:00Z',"
                  "'expire':'2026-11-22T09:20:00Z'}") == ERR_RANGE);
}

static void states_follow_the_clock(void)
{
    CLEANUP(alert_deinit) struct alert alert = {0};
    CHECK(create(&alert, "{'tier':'advisory'," BODY ",'begin':'2026-11-22T10:00:00Z'}", NULL) ==
          OK);
    CHECK(id_valid(alert.id) && alert.revision == 1);
    CHECK(lifecycle_state(&alert, TEST_NOW_US) == ALERT_STATE_PENDING);
    CHECK(lifecycle_next_us(&alert, TEST_NOW_US) == alert.begin_us);
    CHECK(lifecycle_state(&alert, alert.begin_us) == ALERT_STATE_ACTIVE);
    CHECK(lifecycle_next_us(&alert, alert.begin_us) == alert.expire_us);
    CHECK(lifecycle_state(&alert, alert.expire_us) == ALERT_STATE_EXPIRED);
    CHECK(lifecycle_next_us(&alert, alert.expire_us) == INT64_MAX);
    CLEANUP(alert_deinit) struct alert gone = {0};
    CHECK(lifecycle_cancel(&gone, &alert, TEST_NOW_US, NULL) == OK);
    CHECK(gone.revision == 2 && gone.action == ALERT_ACTION_CANCEL && gone.text_count == 1);
    CHECK(lifecycle_state(&gone, TEST_NOW_US) == ALERT_STATE_CANCELLED);
    CLEANUP(alert_deinit) struct alert again = {0};
    CHECK(lifecycle_cancel(&again, &gone, TEST_NOW_US, NULL) == ERR_CONFLICT);
    CHECK(lifecycle_cancel(&again, &alert, alert.expire_us, NULL) == ERR_CONFLICT);
}

static void an_update_is_the_next_revision(void)
{
    CLEANUP(alert_deinit) struct alert alert = {0};
    CLEANUP(alert_deinit) struct alert next = {0};
    CHECK(create(&alert, "{'tier':'warning'," BODY "}", NULL) == OK);
    CLEANUP(value_free_p)
    struct value *body =
        json("{'texts':[{'language':'en','text':'Open again at ten'}],'duration_s':240}");
    const int64_t later_us = TEST_NOW_US + 2 * CLOCK_MINUTE_US;
    CHECK(lifecycle_update(&next, &alert, body, later_us, NULL) == OK);
    CHECK(next.revision == 2 && strcmp(next.id, alert.id) == 0);
    CHECK_TEXT(next.texts[0].text, "Open again at ten");
    /* renewed beyond what its tier allows from the first begin: it begins anew */
    CHECK(next.expire_us == later_us + 4 * CLOCK_MINUTE_US && next.begin_us == later_us);
    CHECK(lifecycle_check_times(next.tier, next.begin_us, next.expire_us, NULL) == OK);
    CLEANUP(alert_deinit) struct alert none = {0};
    CLEANUP(value_free_p) struct value *bare = json("{'texts':[]}");
    CHECK(lifecycle_update(&none, &alert, bare, later_us, NULL) == ERR_MALFORMED);
    CHECK(lifecycle_update(&none, &alert, body, alert.expire_us, NULL) == ERR_CONFLICT);
    CLEANUP(value_free_p)
    struct value *past =
        json("{'texts':[{'language':'en','text':'x'}],'expire':'2026-11-22T09:00:00Z'}");
    CHECK(lifecycle_update(&none, &alert, past, later_us, NULL) == ERR_RANGE && !none.texts);
}

int main(void)
{
    creation_has_rules();
    states_follow_the_clock();
    an_update_is_the_next_revision();
    enum alert_state state;
    CHECK(alert_state_parse(&state, "expired", NULL) == OK && state == ALERT_STATE_EXPIRED);
    CHECK(alert_state_parse(&state, "gone", NULL) == ERR_MALFORMED);
    return CHECK_DONE();
}
