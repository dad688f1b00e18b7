/* The gate of a receiver, and its memory. */
#include "alert/inbox.h"

#include <signal.h>
#include <sys/wait.h>

#include "alert/lifecycle.h"
#include "inbox_device.h"
#include "migrations/gateway.h"

static void an_alert_lives_and_is_cancelled(void)
{
    struct device device;
    CLEANUP(text_deinit) struct text words = text_limited(1000);
    CLEANUP(alert_deinit) struct alert alert = {0};
    CLEANUP(alert_deinit) struct alert cancel = {0};
    device_open(&device);
    test_alert(&alert);
    CHECK(lifecycle_cancel(&cancel, &alert, TEST_NOW_US, NULL) == OK);

    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US), "show");
    CHECK_TEXT(owed(&device, &words), "received1 ");
    CHECK(report(&device, &alert, RECEIPT_STATE_LIT) == OK);
    CHECK(report(&device, &alert, RECEIPT_STATE_LIT) == OK);
    CHECK_TEXT(owed(&device, &words), "received1 lit1 ");
    device_reboot(&device);
    CHECK_TEXT(open_items(&device, &words, TEST_NOW_US + 1), "Path/1lit ");
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US + 1), "replayed");
    CHECK_TEXT(owed(&device, &words), "received1 lit1 "); /* the newest waits already */

    CHECK_TEXT(admit(&device, &cancel, TEST_NOW_US + 2), "cancel");
    CHECK_TEXT(open_items(&device, &words, TEST_NOW_US + 2), "");
    CHECK_TEXT(over_items(&device, &words, TEST_NOW_US + 2), "Path/2 ");
    CHECK(report(&device, &alert, RECEIPT_STATE_CLEARED) == ERR_NOT_FOUND);
    CHECK(report(&device, &cancel, RECEIPT_STATE_CLEARED) == OK);
    CHECK_TEXT(over_items(&device, &words, TEST_NOW_US + 2), "");
    CHECK_TEXT(owed(&device, &words), "received1 lit1 received2 cleared2 ");

    /* never again, whatever is retained or replayed, also after a reboot */
    device_reboot(&device);
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US + 3), "replayed");
    CHECK_TEXT(open_items(&device, &words, TEST_NOW_US + 3), "");
    device_close(&device);
}

static void a_cancel_before_its_alert_leaves_a_tombstone(void)
{
    struct device device;
    int64_t forgotten = 0;
    CLEANUP(text_deinit) struct text words = text_limited(1000);
    CLEANUP(alert_deinit) struct alert alert = {0};
    CLEANUP(alert_deinit) struct alert cancel = {0};
    device_open(&device);
    test_alert(&alert);
    CHECK(lifecycle_cancel(&cancel, &alert, TEST_NOW_US, NULL) == OK);
    CHECK_TEXT(admit(&device, &cancel, TEST_NOW_US), "cancel");
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US), "replayed");
    CHECK_TEXT(open_items(&device, &words, TEST_NOW_US), "");
    CHECK(report(&device, &cancel, RECEIPT_STATE_CLEARED) == OK);

    /* as long as an older revision could still be valid */
    const int64_t until_us = TEST_NOW_US + tier_validity_max_us(TIER_ADVISORY);
    CHECK(inbox_forget(device.inbox, until_us - 1, &forgotten, NULL) == OK && forgotten == 0);
    CHECK_TEXT(admit(&device, &alert, until_us - 1), "replayed");
    CHECK(inbox_forget(device.inbox, until_us, &forgotten, NULL) == OK && forgotten == 1);
    CHECK_TEXT(admit(&device, &alert, until_us), "expired");
    device_close(&device);
}

static void what_is_wrong_is_named(void)
{
    struct device device;
    CLEANUP(text_deinit) struct text words = text_limited(1000);
    CLEANUP(alert_deinit) struct alert alert = {0};
    device_open(&device);
    test_alert(&alert);
    CHECK_TEXT(admit(&device, &alert, alert.expire_us), "expired");
    CHECK_TEXT(owed(&device, &words), "refused1expired ");

    alert.expire_us = alert.begin_us + tier_validity_max_us(alert.tier) + 1;
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US), "too_long");
    alert.begin_us = TEST_NOW_US + 40 * CLOCK_DAY_US;
    alert.expire_us = alert.begin_us + 1;
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US), "too_long");
    alert.begin_us = TEST_NOW_US;
    alert.expire_us = TEST_NOW_US + CLOCK_HOUR_US;

    CLEANUP(envelope_deinit) struct envelope envelope = test_alert_envelope(&alert);
    CLEANUP(alert_deinit) struct alert none = {0};
    const struct inbox_message message = {.envelope = &envelope, .now_us = TEST_NOW_US};
    enum inbox_answer answer = INBOX_ANSWER_SHOW;
    envelope.tier = TIER_INFORMATIONAL;
    CHECK(inbox_admit(device.inbox, &message, &answer, &none, NULL) == OK);
    CHECK(answer == INBOX_ANSWER_OVER_TIER && none.texts == NULL);
    value_free(envelope.whole);
    envelope.whole = json("{'content':{'type':'alert'}}");
    envelope.content = value_get(envelope.whole, "content");
    CHECK(inbox_admit(device.inbox, &message, &answer, &none, NULL) == OK);
    CHECK(answer == INBOX_ANSWER_MALFORMED && none.texts == NULL);

    (void)!text_copy(alert.targets.zones[0].text, TARGET_NAME_SIZE, "south");
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US), "not_for_us");
    CHECK_TEXT(owed(&device, &words),
               "refused1expired refused1too_long refused1too_long refused1over_tier ");
    CHECK_TEXT(open_items(&device, &words, TEST_NOW_US), "");
    device_close(&device);
}

static void a_moved_sign_still_hears_the_cancel(void)
{
    struct device device;
    CLEANUP(alert_deinit) struct alert alert = {0};
    device_open(&device);
    test_alert(&alert);
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US), "show");
    (void)!text_copy(alert.targets.zones[0].text, TARGET_NAME_SIZE, "south");
    alert.revision = 2;
    alert.action = ALERT_ACTION_CANCEL;
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US), "cancel");
    device_close(&device);
}

/* Who may sign advisories only has found the id of a warning. */
static void a_lower_tier_cannot_meddle(void)
{
    struct device device;
    CLEANUP(text_deinit) struct text words = text_limited(1000);
    CLEANUP(alert_deinit) struct alert alert = {0};
    device_open(&device);
    test_alert(&alert);
    alert.expire_us = alert.begin_us + CLOCK_MINUTE_US;
    alert.tier = TIER_WARNING;
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US), "show");
    alert.tier = TIER_ADVISORY;
    alert.action = ALERT_ACTION_CANCEL;
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US), "over_tier");
    alert.revision = 99;
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US), "over_tier");
    CHECK_TEXT(open_items(&device, &words, TEST_NOW_US), "Path/1 ");
    CHECK_TEXT(owed(&device, &words), "received1 ");

    /* nor come before it and bury it */
    alert.id[35] = '2';
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US), "cancel");
    alert.revision = 1;
    alert.action = ALERT_ACTION_SHOW;
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US), "replayed");
    alert.tier = TIER_WARNING;
    (void)!text_copy(alert.texts[0].text, ALERT_TEXT_SIZE, "Fire");
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US), "show");
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US), "replayed");
    CHECK_TEXT(open_items(&device, &words, TEST_NOW_US), "Fire/1 Path/1 ");
    device_close(&device);
}

static void updates_replace_and_may_end_it(void)
{
    struct device device;
    int64_t due_us = 0;
    CLEANUP(text_deinit) struct text words = text_limited(1000);
    CLEANUP(alert_deinit) struct alert alert = {0};
    device_open(&device);
    test_alert(&alert);
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US), "show");
    CHECK(report(&device, &alert, RECEIPT_STATE_LIT) == OK);
    CHECK(inbox_next_us(device.inbox, TEST_NOW_US, &due_us, NULL) == OK);
    CHECK(due_us == alert.expire_us);
    alert.revision = 3;
    (void)!text_copy(alert.texts[0].text, ALERT_TEXT_SIZE, "Open");
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US), "show");
    CHECK_TEXT(open_items(&device, &words, TEST_NOW_US), "Open/3 "); /* to be lit anew */
    CHECK_TEXT(over_items(&device, &words, alert.expire_us), "Open/3 ");
    CHECK_TEXT(open_items(&device, &words, alert.expire_us), "");

    /* an update that shortened it comes after its new end: what is shown must go */
    alert.revision = 4;
    alert.expire_us = TEST_NOW_US + CLOCK_MINUTE_US;
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US + 2 * CLOCK_MINUTE_US), "cancel");
    CHECK_TEXT(open_items(&device, &words, TEST_NOW_US + 2 * CLOCK_MINUTE_US), "");
    CHECK(inbox_next_us(device.inbox, alert.expire_us, &due_us, NULL) == OK);
    CHECK(due_us == INT64_MAX);
    device_close(&device);
}

static void the_gravest_comes_first(void)
{
    struct device device;
    CLEANUP(text_deinit) struct text words = text_limited(1000);
    CLEANUP(alert_deinit) struct alert alert = {0};
    device_open(&device);
    test_alert(&alert);
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US), "show");
    alert.id[35] = '2';
    alert.tier = TIER_WARNING;
    alert.expire_us = alert.begin_us + CLOCK_MINUTE_US;
    (void)!text_copy(alert.texts[0].text, ALERT_TEXT_SIZE, "Fire");
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US), "show");
    alert.id[35] = '3';
    alert.tier = TIER_INFORMATIONAL;
    (void)!text_copy(alert.texts[0].text, ALERT_TEXT_SIZE, "News");
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US + 5), "show");
    CHECK_TEXT(open_items(&device, &words, TEST_NOW_US), "Fire/1 Path/1 News/1 ");
    device_close(&device);
}

static void remember_payload(void *context, const struct inbox_item *item)
{
    text_add_bytes(context, item->payload);
}

static void a_gateway_keeps_all_with_its_bytes(void)
{
    struct device device = {0};
    CLEANUP(text_deinit) struct text bytes = text_limited(1000);
    CLEANUP(alert_deinit) struct alert alert = {0};
    CLEANUP(alert_deinit) struct alert stored = {0};
    enum inbox_answer answer = INBOX_ANSWER_FULL;
    int64_t forgotten = 0;
    tables_open(&device.tables, MIGRATIONS_GATEWAY, ARRAY_LEN(MIGRATIONS_GATEWAY));
    const struct inbox_config config = {.device = "gate", .zone = "west", .everything = true};
    CHECK(inbox_open(&device.inbox, device.tables.database, &config, NULL) == OK);
    test_alert(&alert);
    CLEANUP(envelope_deinit) struct envelope envelope = test_alert_envelope(&alert);
    const struct inbox_message message = {
        .envelope = &envelope, .bytes = span_text("{signed}"), .now_us = TEST_NOW_US};
    CHECK(inbox_admit(device.inbox, &message, &answer, &stored, NULL) == OK);
    CHECK(answer == INBOX_ANSWER_SHOW);
    CHECK(inbox_each_open(device.inbox, TEST_NOW_US, remember_payload, &bytes, NULL) == OK);
    CHECK_TEXT(text_c(&bytes), "{signed}");
    const int64_t after_us = TEST_NOW_US + tier_validity_max_us(alert.tier);
    CHECK(inbox_forget(device.inbox, after_us, &forgotten, NULL) == OK && forgotten == 1);
    inbox_close(device.inbox);
    tables_close(&device.tables);
}

/* Killed right after admit has returned: the alert and its receipt are both there. */
static void kill_9_loses_nothing(void)
{
    struct device device;
    CLEANUP(text_deinit) struct text words = text_limited(1000);
    CLEANUP(alert_deinit) struct alert alert = {0};
    device_open(&device);
    test_alert(&alert);
    (void)fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        tables_reopen(&device.tables);
        device_start(&device);
        if (strcmp(admit(&device, &alert, TEST_NOW_US), "show") != 0) { _exit(1); }
        (void)kill(getpid(), SIGKILL);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
    CHECK_TEXT(open_items(&device, &words, TEST_NOW_US), "Path/1 ");
    CHECK_TEXT(owed(&device, &words), "received1 ");
    device_close(&device);
}

static void a_full_disk_keeps_no_sign_dark(void)
{
    struct device device;
    CLEANUP(text_deinit) struct text words = text_limited(1000);
    CLEANUP(alert_deinit) struct alert alert = {0};
    CLEANUP(alert_deinit) struct alert cancel = {0};
    device_open(&device);
    test_alert(&alert);
    CHECK_TEXT(admit_unsaved(&device, &alert), "show");
    CHECK_TEXT(admit_unsaved(&device, &alert), "replayed");
    CHECK_TEXT(owed(&device, &words), "");
    CHECK(report(&device, &alert, RECEIPT_STATE_LIT) == ERR_NOT_FOUND);
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US),
               "show"); /* the repetition is stored, and told */
    CHECK_TEXT(owed(&device, &words), "received1 ");

    CHECK(lifecycle_cancel(&cancel, &alert, TEST_NOW_US, NULL) == OK);
    CHECK_TEXT(admit_unsaved(&device, &cancel), "cancel");
    CHECK_TEXT(admit_unsaved(&device, &alert), "replayed");
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US), "replayed");
    CHECK_TEXT(admit(&device, &cancel, TEST_NOW_US), "cancel");

    /* a cancel of an alert that the database never saw, and the alert behind it */
    alert.id[35] = cancel.id[35] = '2';
    CHECK_TEXT(admit_unsaved(&device, &cancel), "cancel");
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US), "replayed");
    CHECK_TEXT(admit(&device, &cancel, TEST_NOW_US), "cancel");

    alert.id[35] = '3';
    (void)!text_copy(alert.targets.zones[0].text, TARGET_NAME_SIZE, "south");
    CHECK_TEXT(admit_unsaved(&device, &alert), "not_for_us");
    device_close(&device);
}

static void a_flood_leaves_room_for_what_is_graver(void)
{
    struct device device;
    CLEANUP(alert_deinit) struct alert alert = {0};
    device_open(&device);
    test_alert(&alert);
    CHECK(database_execute(device.tables.database,
                           "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n "
                           "WHERE i < 2048) INSERT INTO inbox SELECT 'x' || i, 1, 0, 0, '{}', '', "
                           "0, 0, 0, 0, 0, 0 FROM n",
                           NULL) == OK);
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US), "full");
    alert.tier = TIER_WARNING;
    alert.expire_us = alert.begin_us + CLOCK_MINUTE_US;
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US), "show");
    device_close(&device);
}

/* A sign counts by its own rule, for whatever may happen to an emergency. */
static void an_emergency_needs_its_approvals(void)
{
    struct device device;
    CLEANUP(text_deinit) struct text words = text_limited(1024);
    CLEANUP(alert_deinit) struct alert alert = {0};
    device_open(&device);
    test_alert(&alert);
    alert.tier = TIER_EMERGENCY;
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US), "unapproved");
    device.needed = 2;
    device_reboot(&device);
    device.approvals = 1;
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US), "unapproved");
    CHECK_TEXT(owed(&device, &words), "refused1unapproved_0_of_1 refused1unapproved_1_of_2 ");
    device.approvals = 2;
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US), "show");
    device.approvals = 1;
    alert.revision = 2;
    alert.action = ALERT_ACTION_CANCEL;
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US), "unapproved");
    CHECK_TEXT(open_items(&device, &words, TEST_NOW_US), "Path/1 ");
    device.approvals = 2;
    CHECK_TEXT(admit(&device, &alert, TEST_NOW_US), "cancel");
    device_close(&device);
}

int main(void)
{
    an_emergency_needs_its_approvals();
    an_alert_lives_and_is_cancelled();
    a_cancel_before_its_alert_leaves_a_tombstone();
    what_is_wrong_is_named();
    a_moved_sign_still_hears_the_cancel();
    a_lower_tier_cannot_meddle();
    updates_replace_and_may_end_it();
    the_gravest_comes_first();
    a_gateway_keeps_all_with_its_bytes();
    kill_9_loses_nothing();
    a_full_disk_keeps_no_sign_dark();
    a_flood_leaves_room_for_what_is_graver();
    return CHECK_DONE();
}
