/*
 * tests/inbox_device - a sign's inbox on a database of its own, and short words for what it answers
 * and keeps, for the tests of alert/inbox.
 */
#pragma once

#include "alert/inbox.h"
#include "alerts.h"
#include "check.h"
#include "migrations/edge.h"

struct device {
    size_t approvals; /* of the next message, as the verifier has counted them */
    int64_t needed;
    bool exercises;
    struct tables tables;
    struct receipt_queue *receipts;
    struct inbox *inbox;
    struct why why;
};

static inline void device_start(struct device *device)
{
    const struct inbox_config config = {.device = "sign-1",
                                        .zone = "north",
                                        .exercises = device->exercises,
                                        .emergency_approvals = device->needed};
    struct inbox_config whole = config;
    CHECK(receipt_queue_open(&device->receipts, device->tables.database, NULL) == OK);
    whole.receipts = device->receipts;
    CHECK(inbox_open(&device->inbox, device->tables.database, &whole, NULL) == OK);
}

static inline void device_open(struct device *device)
{
    *device = (struct device){.needed = 0};
    tables_open(&device->tables, MIGRATIONS_EDGE, ARRAY_LEN(MIGRATIONS_EDGE));
    device_start(device);
}

static inline void device_stop(struct device *device)
{
    inbox_close(device->inbox);
    receipt_queue_close(device->receipts);
}

static inline void device_reboot(struct device *device)
{
    device_stop(device);
    tables_reopen(&device->tables);
    device_start(device);
}

static inline void device_close(struct device *device)
{
    device_stop(device);
    tables_close(&device->tables);
}

static inline enum err judged(struct device *device, const struct alert *alert, int64_t now_us,
                              const char **word)
{
    CLEANUP(envelope_deinit) struct envelope envelope = test_alert_envelope(alert);
    CLEANUP(alert_deinit) struct alert stored = {0};
    envelope.approvals.count = device->approvals;
    const struct inbox_message message = {.envelope = &envelope, .now_us = now_us};
    enum inbox_answer answer = INBOX_ANSWER_FULL;
    device->why = (struct why){0};
    const enum err err = inbox_admit(device->inbox, &message, &answer, &stored, &device->why);
    *word = inbox_answer_name(answer);
    const bool filled = stored.texts != NULL;
    const bool taken = answer == INBOX_ANSWER_SHOW || answer == INBOX_ANSWER_CANCEL;
    if (filled != taken) { *word = "filled wrongly"; }
    if (!taken && device->why.text[0] == '\0') { *word = "refused without a reason"; }
    return err;
}

static inline const char *admit(struct device *device, const struct alert *alert, int64_t now_us)
{
    const char *word = NULL;
    return judged(device, alert, now_us, &word) == OK ? word : "failed";
}

/* The same while the database takes nothing. */
static inline const char *admit_unsaved(struct device *device, const struct alert *alert)
{
    const char *word = NULL;
    struct database *database = device->tables.database;
    CHECK(database_execute(database, "PRAGMA query_only = ON", NULL) == OK);
    const enum err err = judged(device, alert, TEST_NOW_US, &word);
    CHECK(database_execute(database, "PRAGMA query_only = OFF", NULL) == OK);
    return err == OK ? "stored" : word;
}

static inline bool add_words(void *context, int64_t number, const struct receipt *receipt)
{
    (void)number;
    text_format(context, "%s%lld%s ", receipt_state_name(receipt->state),
                (long long)receipt->revision, receipt->reason);
    return true;
}

/* Every receipt that waits, as words. */
static inline const char *owed(struct device *device, struct text *words)
{
    const int64_t range[2] = {0, 100};
    text_clear(words);
    if (receipt_queue_unsent(device->receipts, range, add_words, words, NULL) != OK) {
        return "failed";
    }
    return text_c(words);
}

static inline void add_item(void *context, const struct inbox_item *item)
{
    text_format(context, "%.4s/%lld%s%s ", item->alert.texts[0].text,
                (long long)item->alert.revision, item->lit ? "lit" : "",
                item->cleared ? "cleared" : "");
}

static inline const char *open_items(struct device *device, struct text *words, int64_t now_us)
{
    text_clear(words);
    return inbox_each_open(device->inbox, now_us, add_item, words, NULL) == OK ? text_c(words)
                                                                               : "failed";
}

static inline const char *over_items(struct device *device, struct text *words, int64_t now_us)
{
    text_clear(words);
    return inbox_each_over(device->inbox, now_us, add_item, words, NULL) == OK ? text_c(words)
                                                                               : "failed";
}

static inline enum err report(struct device *device, const struct alert *alert,
                              enum receipt_state state)
{
    struct receipt receipt = {.revision = alert->revision, .state = state, .at_us = TEST_NOW_US};
    (void)!text_copy(receipt.alert_id, sizeof receipt.alert_id, alert->id);
    return inbox_report(device->inbox, &receipt, NULL);
}
